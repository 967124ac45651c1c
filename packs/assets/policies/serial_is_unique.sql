-- title: No two devices have the same maker and serial number
-- about: device
-- severity: medium
-- controls: [nist-800-53/CM-8]
-- remedy: Join the two records or correct one of them.
SELECT d.id, 'serial number ' || d.serial AS why
FROM device d
JOIN (SELECT maker, serial FROM device WHERE serial IS NOT NULL AND maker IS NOT NULL
      GROUP BY maker, serial HAVING COUNT(*) > 1) twice
  ON twice.maker = d.maker AND twice.serial = d.serial
