-- The kernel's own reading and keeping: the world, idempotent answers, proposals.

-- name: world_entities
SELECT id, parent FROM entity WHERE archived IS NULL ORDER BY id

-- name: world_roles
SELECT id, name, grants, own_grants FROM role WHERE archived IS NULL ORDER BY id

-- name: world_assignments
SELECT id, person, role, scope, valid_from, valid_until, ceiling, ceiling_currency
  FROM assignment WHERE archived IS NULL AND state = 'active' ORDER BY id

-- name: world_delegations
SELECT id, delegator, delegate, scope, valid_from, valid_until, ceiling, ceiling_currency, onward, functions
  FROM delegation WHERE archived IS NULL AND state = 'active' ORDER BY id

-- name: world_placements
SELECT id, entity, mode, functions, valid_from, valid_until, ceiling, ceiling_currency
  FROM placement WHERE archived IS NULL AND state = 'active' ORDER BY id

-- name: placed_entities
SELECT count(DISTINCT entity) FROM placement WHERE archived IS NULL AND state = 'active'

-- name: placement_find
SELECT id FROM placement WHERE name = ?1 ORDER BY id LIMIT 1

-- name: entity_root
SELECT id FROM entity WHERE parent IS NULL AND archived IS NULL ORDER BY id LIMIT 1

-- name: role_find
SELECT id FROM role WHERE name = ?1 AND archived IS NULL ORDER BY id LIMIT 1

-- name: idempotency_find
SELECT digest, answer, version, record, entity FROM idempotency WHERE account = ?1 AND key = ?2

-- name: idempotency_add
INSERT INTO idempotency (account, key, digest, answer, version, record, entity, created)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)

-- name: idempotency_forget
DELETE FROM idempotency WHERE created < ?1

-- name: proposals_about
SELECT id FROM proposal WHERE about = ?1 AND input IS NOT NULL ORDER BY id LIMIT 64

-- name: role_grants
SELECT grants, own_grants FROM role WHERE id = ?1

-- name: assignment_gives
SELECT role, scope, ceiling, ceiling_currency FROM assignment WHERE id = ?1 AND archived IS NULL AND state = 'active'

-- name: delegation_gives
SELECT delegator, functions, scope, ceiling, ceiling_currency
  FROM delegation WHERE id = ?1 AND archived IS NULL AND state = 'active'

-- name: person_delegated
SELECT delegator, functions, scope, ceiling, ceiling_currency
  FROM delegation WHERE delegate = ?1 AND archived IS NULL AND state = 'active' ORDER BY id

-- name: person_gives
SELECT role, scope, ceiling, ceiling_currency FROM assignment WHERE person = ?1 AND archived IS NULL AND state = 'active' ORDER BY id
