-- title: Desktop computers are replaced in time
-- about: device
-- severity: medium
-- controls: [nist-800-53/SA-22]
-- remedy: "Replace it, or record why it stays in use and until when."
SELECT id, 'delivered on ' || delivered || ', faults so far: ' || COALESCE(fault_count, 0) AS why
FROM device
WHERE class IN ('desktop', 'workstation', 'thin_client') AND state = 'in_use' AND role IS DISTINCT FROM 'spare'
  AND (days_between(delivered, today()) > 6 * 365 OR (days_between(delivered, today()) > 5 * 365 AND fault_count >= 3))
  AND (hours_in_use IS NULL OR hours_in_use >= 0.5) AND (replace_by IS NULL OR replace_by < today())
