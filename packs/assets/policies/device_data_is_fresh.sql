-- title: Managed computers are seen by an inventory every 60 days
-- about: device
-- severity: medium
-- controls: [nist-800-53/CM-8, gao-16-511/updated]
-- remedy: "Find out whether it is still there, and why its agent is silent."
SELECT id, 'last seen on ' || CAST(last_seen AS date) AS why
FROM device
WHERE state = 'in_use' AND source IN ('agent', 'inventory') AND days_between(CAST(last_seen AS date), today()) > 60
