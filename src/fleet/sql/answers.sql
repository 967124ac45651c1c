-- Questions about inventories: how package sets of a device followed each other, and who saw what.

-- name: set_history
SELECT since, entry, package_set, earlier FROM (
  SELECT version, since, entry, package_set, LAG(package_set) OVER (ORDER BY version) AS earlier FROM (
    SELECT version, since, entry, package_set FROM device_history WHERE id = ?1
    UNION ALL
    SELECT version, since, entry, package_set FROM device WHERE id = ?1) AS versions) AS steps
 WHERE package_set IS NOT NULL AND (earlier IS NULL OR package_set <> earlier)
 ORDER BY version DESC LIMIT ?2

-- name: set_items
SELECT p.name, p.architecture, p.release FROM package_set_item i JOIN package p ON p.id = i.package
 WHERE i.package_set = ?1 ORDER BY p.name NULLS FIRST, p.architecture NULLS FIRST, p.release NULLS FIRST

-- name: entity_of
SELECT entity FROM device WHERE id = ?1

-- name: sightings
SELECT d.entity, s.device, s.source FROM inventory_sighting s JOIN device d ON d.id = s.device
 WHERE s.last_seen >= ?1 AND d.archived IS NULL
UNION
SELECT d.entity, l.device, 'stock_take' FROM stock_take_line l JOIN device d ON d.id = l.device
 WHERE l.seen_at >= ?1 AND l.result IN ('found', 'elsewhere', 'damaged', 'label_missing') AND l.archived IS NULL AND d.archived IS NULL
 ORDER BY 1, 2, 3
