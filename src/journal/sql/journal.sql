-- The journal's statements, in the common subset of store/store.h. Neighbours: the .c files named in README.md.

-- name: entry_add
INSERT INTO journal_entry (id, leaf, seq, time, actor, entity, operation, salt, commitment, payload)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)

-- name: entry_next_leaf
SELECT CASE WHEN e.next > s.size THEN e.next ELSE s.size END
FROM journal_state AS s, (SELECT coalesce(max(leaf) + 1, 0) AS next FROM journal_entry) AS e
WHERE s.id = 1

-- name: entry_get
SELECT id, leaf, time, actor, entity, operation, payload FROM journal_entry WHERE id = ?1

-- name: entry_follow
SELECT id, leaf, time, actor, entity, operation, payload FROM journal_entry
WHERE leaf >= ?1 ORDER BY leaf LIMIT ?2

-- name: entry_leaves
SELECT leaf, time, commitment FROM journal_entry WHERE leaf >= ?1 AND leaf < ?2 ORDER BY leaf

-- name: entry_waiting
SELECT id FROM journal_entry WHERE leaf IS NULL ORDER BY seq, id LIMIT ?1

-- One statement for a batch; the ids were read before, so that what commits meanwhile waits for the next batch.
-- No index over leaf answers the coalesce: a plan made while the table was small leans on the ids alone.
-- name: entry_sequence
UPDATE journal_entry SET leaf = ?1 + n.place
FROM (SELECT id AS entry, row_number() OVER (ORDER BY seq, id) - 1 AS place FROM journal_entry WHERE id = ANY(?2)) AS n
WHERE id = n.entry AND coalesce(leaf, -1) < 0

-- name: entry_verify
SELECT id, leaf, time, actor, entity, operation, payload, salt, commitment FROM journal_entry
WHERE leaf >= ?1 ORDER BY leaf LIMIT ?2

-- name: entry_verify_waiting
SELECT id, leaf, time, actor, entity, operation, payload, salt, commitment FROM journal_entry
WHERE leaf IS NULL ORDER BY seq, id

-- name: state_start
INSERT INTO journal_state (id, generation, origin, size, root, checkpoint, previous)
VALUES (1, 1, ?1, 0, ?2, '', '') ON CONFLICT (id) DO NOTHING

-- name: state_lock
SELECT generation, origin, size, root, checkpoint, previous FROM journal_state WHERE id = 1 FOR UPDATE

-- name: state_read
SELECT generation, origin, size, root, checkpoint, previous FROM journal_state WHERE id = 1

-- name: state_size
SELECT size FROM journal_state WHERE id = 1

-- Compare-and-set: nobody else may have moved the tree or opened a new log meanwhile.
-- name: state_advance
UPDATE journal_state SET size = ?3, root = ?4, checkpoint = ?5 WHERE id = 1 AND generation = ?1 AND size = ?2

-- name: state_succeed
UPDATE journal_state SET generation = ?2, origin = ?3, checkpoint = ?4, previous = ?5
WHERE id = 1 AND generation = ?1

-- name: state_rename
UPDATE journal_state SET origin = ?1 WHERE id = 1 AND size = 0

-- A published tile never changes: it only grows, and never shrinks.
-- name: tile_put
INSERT INTO journal_tile (level, place, width, data) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (level, place) DO UPDATE SET width = excluded.width, data = excluded.data
WHERE journal_tile.width < excluded.width

-- name: tile_get
SELECT data FROM journal_tile WHERE level = ?1 AND place = ?2
