-- What the policy engine asks of its own records.

-- name: policies
SELECT id, name, state FROM policy WHERE archived IS NULL

-- name: settings_of
SELECT entity, mode FROM policy_setting WHERE name = ?1 AND archived IS NULL

-- name: setting_at
SELECT id FROM policy_setting WHERE name = ?1 AND entity = ?2 AND archived IS NULL ORDER BY id LIMIT 1

-- name: strict_settings
SELECT DISTINCT name FROM policy_setting WHERE mode <> 'report' AND archived IS NULL

-- name: exceptions
SELECT about, entity FROM policy_exception
 WHERE policy = ?1 AND state = 'granted' AND archived IS NULL AND ends >= ?2 AND (begins IS NULL OR begins <= ?2)

-- name: finding_of
SELECT id FROM finding WHERE policy = ?1 AND about = ?2 ORDER BY id LIMIT 1

-- name: findings_alive
SELECT about, state, entity, why, why_closely FROM finding
 WHERE policy = ?1 AND archived IS NULL AND state IN ('open', 'in_hand', 'excused')

-- name: finding_alive
SELECT about, state, entity, why, why_closely FROM finding
 WHERE policy = ?1 AND about = ?2 AND archived IS NULL AND state IN ('open', 'in_hand', 'excused')

-- name: finding_state
SELECT state FROM finding WHERE id = ?1

-- name: findings_of_retired
SELECT p.id, f.about FROM policy p JOIN finding f ON f.policy = p.id
 WHERE p.state = 'retired' AND f.archived IS NULL AND f.state IN ('open', 'in_hand', 'excused')

-- name: root
SELECT id FROM entity WHERE parent IS NULL AND archived IS NULL ORDER BY id LIMIT 1

-- name: finding_about
SELECT about FROM finding WHERE id = ?1 AND about_kind = ?2 AND policy IS NOT NULL

-- name: policies_about
SELECT policy FROM finding WHERE about = ?1 AND archived IS NULL AND state IN ('open', 'in_hand', 'excused')

-- name: count_alive
SELECT COUNT(*) FROM finding WHERE policy = ?1 AND archived IS NULL AND state IN ('open', 'in_hand', 'excused')
