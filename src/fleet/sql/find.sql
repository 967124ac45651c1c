-- Which device a report is about.

-- name: by_uuid
SELECT id, serial, maker, uuid FROM device WHERE uuid = ?1 AND archived IS NULL ORDER BY id LIMIT 2

-- name: by_serial
SELECT id, serial, maker, uuid FROM device WHERE serial = ?1 AND archived IS NULL ORDER BY id LIMIT 8

-- name: by_source
SELECT d.id, d.serial, d.maker, d.uuid
  FROM inventory_sighting s JOIN device d ON d.id = s.device
 WHERE s.source = ?1 AND s.source_id = ?2 AND d.archived IS NULL ORDER BY d.id LIMIT 2

-- name: by_mac
SELECT d.id, d.serial, d.maker, d.uuid FROM device d WHERE d.mac = ?1 AND d.archived IS NULL
UNION
SELECT d.id, d.serial, d.maker, d.uuid
  FROM network_interface n JOIN device d ON d.id = n.device
 WHERE n.mac = ?1 AND n.archived IS NULL AND d.archived IS NULL
LIMIT 2

-- name: by_ip
SELECT DISTINCT d.id FROM network_interface n JOIN device d ON d.id = n.device
 WHERE n.ipv4 = ?1 AND n.archived IS NULL AND d.archived IS NULL LIMIT 2
