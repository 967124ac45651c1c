-- Inventory reports: which sections of a device the server has, and its parts.

-- name: digests
SELECT section, digest FROM inventory_digest WHERE device = ?1 ORDER BY section

-- name: digest_put
INSERT INTO inventory_digest (device, section, digest) VALUES (?1, ?2, ?3)
ON CONFLICT (device, section) DO UPDATE SET digest = excluded.digest

-- name: device_entity
SELECT entity FROM device WHERE id = ?1
