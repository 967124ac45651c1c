-- Inventory reports: which sections of a device the server has, and its parts.

-- name: digest_find
SELECT digest FROM inventory_digest WHERE device = ?1 AND section = ?2

-- name: digest_put
INSERT INTO inventory_digest (device, section, digest) VALUES (?1, ?2, ?3)
ON CONFLICT (device, section) DO UPDATE SET digest = excluded.digest
