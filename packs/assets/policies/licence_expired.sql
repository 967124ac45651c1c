-- title: Licences in use have not expired
-- about: licence
-- severity: high
-- remedy: Renew the licence or retire it.
SELECT id, 'expired on ' || expires AS why
FROM licence
WHERE state = 'active' AND expires < today()
