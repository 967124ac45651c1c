-- title: Critical findings have an owner within a week
-- about: finding
-- severity: high
-- controls: [nist-800-53/CA-5]
-- remedy: Name somebody who puts it right.
SELECT id
FROM finding
WHERE state = 'open' AND severity = 'critical' AND owner IS NULL AND days_between(CAST(seen AS date), today()) > 7
