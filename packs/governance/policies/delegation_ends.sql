-- title: Delegations end within two years
-- about: delegation
-- severity: low
-- controls: [nist-800-53/AC-2]
-- remedy: Give the delegation an end.
SELECT id
FROM delegation
WHERE state = 'active' AND (valid_until IS NULL OR days_between(today(), valid_until) > 731)
