-- title: Access tokens end within a year
-- about: access_token
-- severity: medium
-- controls: [nist-800-53/AC-2]
-- remedy: Make a new token with an end and revoke this one.
SELECT id
FROM access_token
WHERE state = 'active' AND (expires IS NULL OR days_between(today(), CAST(expires AS date)) > 366)
