-- Cables between ports, as neighbours tell of them.

-- name: device_number
SELECT number FROM device WHERE id = ?1

-- name: cable_between
SELECT id FROM cable
 WHERE archived IS NULL AND a_device = ?1 AND b_device = ?2 AND (a_port = ?3 OR b_port = ?4) ORDER BY id LIMIT 1

-- name: cables_at
SELECT id FROM cable
 WHERE archived IS NULL AND source = 'discovery' AND state = 'connected' AND a_device = ?1 AND a_port = ?2
UNION
SELECT id FROM cable
 WHERE archived IS NULL AND source = 'discovery' AND state = 'connected' AND b_device = ?1 AND b_port = ?2
LIMIT 8
