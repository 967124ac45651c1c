-- Package sets: found by digest; packages by what identifies them.

-- name: set_find
SELECT id FROM package_set WHERE digest = ?1 AND archived IS NULL

-- name: package_find
SELECT id FROM package WHERE name = ?1 AND release = ?2 AND architecture = ?3 AND format = ?4 AND archived IS NULL LIMIT 1

-- name: package_add
INSERT INTO package (id, entity, version, since, entry, name, release, architecture, publisher, format)
VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: item_add
INSERT INTO package_set_item (id, entity, version, since, entry, package_set, package, ordinal, name)
VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8)

-- name: set_packages
SELECT p.name, p.release, p.architecture
  FROM package_set_item i JOIN package p ON p.id = i.package
 WHERE i.package_set = ?1 ORDER BY i.ordinal

-- Sets with their items, in the order their digests are over; a set of nothing has one row without an item.
-- name: verify_items
SELECT s.id, s.digest, s.packages, i.id, i.ordinal, i.name, p.name, p.release, p.architecture, p.format, i.entry, s.entry
  FROM package_set s LEFT JOIN package_set_item i ON i.package_set = s.id LEFT JOIN package p ON p.id = i.package
 WHERE s.id >= ?1 AND (s.id > ?1 OR i.ordinal > ?2) ORDER BY s.id, i.ordinal NULLS FIRST LIMIT ?3

-- name: verify_stray_item
SELECT i.id FROM package_set_item i WHERE NOT EXISTS (SELECT 1 FROM package_set s WHERE s.id = i.package_set) LIMIT 1

-- name: verify_stray_package
SELECT p.id FROM package p WHERE NOT EXISTS (SELECT 1 FROM package_set_item i WHERE i.package = p.id) LIMIT 1
