-- Which source has seen which device.

-- name: sighting_put
INSERT INTO inventory_sighting (device, source, source_id, first_seen, last_seen) VALUES (?1, ?2, ?3, ?4, ?4)
ON CONFLICT (device, source) DO UPDATE SET source_id = excluded.source_id, last_seen = excluded.last_seen
