-- The record module's fixed statements, in the common subset of store/store.h; those of kinds are built from their
-- fields (texts.c, versions.c). Neighbours: schema.c, write.c.

-- name: version_newest
SELECT version, previous, digest, wanted, layout FROM schema_version ORDER BY version DESC LIMIT 1

-- name: version_get
SELECT version, previous, digest, wanted, layout FROM schema_version WHERE version = ?1

-- name: version_add
INSERT INTO schema_version (version, applied, previous, digest, wanted, layout, steps)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)

-- name: person_entity
SELECT entity FROM person WHERE id = ?1

-- name: entry_payload
SELECT time, payload FROM journal_entry WHERE id = ?1

-- name: entry_payloads
SELECT id, payload FROM journal_entry WHERE id > ?1 ORDER BY id LIMIT ?2

-- name: entities_there
SELECT count(*) FROM entity WHERE id = ANY(?1) AND archived IS NULL

-- name: time_of_size
SELECT time FROM journal_entry WHERE leaf < ?1 ORDER BY leaf DESC LIMIT 1
