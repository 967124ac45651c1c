-- title: Nobody who has left can sign in
-- about: account
-- severity: critical
-- controls: [nist-800-53/PS-4, nist-800-53/AC-2]
-- remedy: Disable the account.
SELECT a.id
FROM account a JOIN person p ON p.id = a.person
WHERE a.state = 'active' AND p.state = 'left'
