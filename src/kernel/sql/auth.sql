-- Sign-in: sessions, access tokens, one-time links, passwords. Accounts and tokens themselves are records
-- (kinds `account` and `access_token` of packs/core); here are the secrets' digests and what expires.

-- name: session_find
SELECT s.account, a.person, a.login, s.expires
  FROM session s JOIN account a ON a.id = s.account
 WHERE s.hash = ?1 AND s.expires > ?2 AND a.state = 'active' AND a.archived IS NULL

-- name: session_add
INSERT INTO session (hash, account, created, expires, address) VALUES (?1, ?2, ?3, ?4, ?5)

-- name: session_remove
DELETE FROM session WHERE hash = ?1

-- name: session_remove_account
DELETE FROM session WHERE account = ?1

-- name: session_expire
DELETE FROM session WHERE expires <= ?1

-- name: token_find
SELECT t.id, t.account, a.person, a.login, t.expires, t.functions, t.scope
  FROM token_secret h JOIN access_token t ON t.id = h.token JOIN account a ON a.id = t.account
 WHERE h.hash = ?1 AND t.state = 'active' AND t.archived IS NULL AND (t.expires IS NULL OR t.expires > ?2)
   AND a.state = 'active' AND a.archived IS NULL

-- name: token_add
INSERT INTO token_secret (hash, token) VALUES (?1, ?2)

-- name: token_remove
DELETE FROM token_secret WHERE token = ?1

-- name: account_find
SELECT id, person, entity FROM account WHERE login = ?1 AND state = 'active' AND archived IS NULL

-- name: account_entity
SELECT entity, person, login FROM account WHERE id = ?1 AND archived IS NULL

-- name: account_count
SELECT count(*) FROM account WHERE archived IS NULL

-- name: credential_get
SELECT hash, failed, locked_until FROM credential WHERE account = ?1

-- name: credential_any
SELECT count(*) FROM credential WHERE hash IS NOT NULL

-- name: credential_put
INSERT INTO credential (account, hash, failed, locked_until) VALUES (?1, ?2, 0, 0)
ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, failed = 0, locked_until = 0

-- name: credential_failed
INSERT INTO credential (account, hash, failed, locked_until) VALUES (?1, NULL, 1, 0)
ON CONFLICT (account) DO UPDATE SET
  locked_until = CASE WHEN credential.failed + 1 >= ?2 THEN ?3 ELSE credential.locked_until END,
  failed = CASE WHEN credential.failed + 1 >= ?2 THEN 0 ELSE credential.failed + 1 END

-- name: credential_good
UPDATE credential SET failed = 0, locked_until = 0 WHERE account = ?1 AND (failed <> 0 OR locked_until <> 0)

-- name: link_add
INSERT INTO sign_in_link (hash, account, expires) VALUES (?1, ?2, ?3)

-- name: link_use
DELETE FROM sign_in_link WHERE hash = ?1 AND expires > ?2 RETURNING account

-- name: link_expire
DELETE FROM sign_in_link WHERE expires <= ?1

-- name: account_named
SELECT id FROM account WHERE login = ?1 AND archived IS NULL

-- name: account_person
SELECT person FROM account WHERE id = ?1
