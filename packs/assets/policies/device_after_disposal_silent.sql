-- title: What was disposed of is not seen again
-- about: device
-- severity: critical
-- controls: [nist-800-53/MP-6]
-- remedy: "Find the device and erase it, or bring its record back."
SELECT id, 'seen on ' || CAST(last_seen AS date) || ' though written off on ' || written_off_on AS why
FROM device
WHERE state IN ('written_off', 'disposed') AND last_seen > CAST(written_off_on AS timestamp)
