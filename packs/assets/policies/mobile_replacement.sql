-- title: Mobile devices are replaced in time
-- about: device
-- severity: medium
-- controls: [nist-800-53/SA-22]
-- remedy: "Replace it, or record why it stays in use and until when."
SELECT id, 'delivered on ' || delivered || ', faults so far: ' || COALESCE(fault_count, 0) AS why
FROM device
WHERE class IN ('mobile', 'tablet') AND state = 'in_use' AND role IS DISTINCT FROM 'spare'
  AND (days_between(delivered, today()) > 4 * 365 OR battery_health < 60)
  AND (replace_by IS NULL OR replace_by < today())
