-- Imports: what was staged, and what became of each row.

-- name: run_add
INSERT INTO import_run (id, kind, source, author, made, state, headers, mapping, lines) VALUES (?1, ?2, ?3, ?4, ?5, 'staged', ?6, ?7, 0)

-- name: run_find
SELECT kind, state, author, headers, mapping, lines FROM import_run WHERE id = ?1 FOR UPDATE

-- name: run_read
SELECT kind, state, author, headers, mapping, lines FROM import_run WHERE id = ?1

-- name: run_open_count
SELECT COUNT(*) FROM import_run WHERE author = ?1 AND state = 'staged'

-- name: run_lines_of
SELECT lines FROM import_run WHERE id = ?1

-- name: run_lines
UPDATE import_run SET lines = ?2 WHERE id = ?1

-- name: run_state
UPDATE import_run SET state = ?2 WHERE id = ?1

-- name: row_add
INSERT INTO import_row (import, line, outcome, done, target, version, entity, input, detail) VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8)

-- name: row_count
SELECT COUNT(*) FROM import_row WHERE import = ?1 AND outcome = ?2 AND done = ?3

-- name: row_page
SELECT line, outcome, done, target, detail FROM import_row WHERE import = ?1 AND line > ?2 ORDER BY line LIMIT ?3

-- name: row_page_of
SELECT line, outcome, done, target, detail FROM import_row WHERE import = ?1 AND line > ?2 AND outcome = ?4 ORDER BY line LIMIT ?3

-- name: row_due
SELECT line, outcome, target, version, entity, input FROM import_row
 WHERE import = ?1 AND done = 0 AND outcome IN ('create', 'change') ORDER BY line LIMIT ?2

-- name: row_done
UPDATE import_row SET done = 1, outcome = ?3, target = ?4, version = ?5, input = NULL, detail = ?6 WHERE import = ?1 AND line = ?2

-- name: row_due_count
SELECT COUNT(*) FROM import_row WHERE import = ?1 AND done = 0 AND outcome IN ('create', 'change')

-- name: rows_lapse
UPDATE import_row SET input = NULL, detail = '[]'
 WHERE done = 0 AND import IN (SELECT id FROM import_run WHERE state = 'staged' AND made < ?1)

-- name: runs_lapse
UPDATE import_run SET state = 'cancelled' WHERE state = 'staged' AND made < ?1

-- Cells may be about people: what is not needed any more is not kept.
-- name: rows_forget
UPDATE import_row SET input = NULL, detail = '[]' WHERE import = ?1 AND done = 0
