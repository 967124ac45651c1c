-- title: No device in use stands at a site that is closed
-- about: device
-- severity: medium
-- remedy: Move the device to where it is now.
SELECT d.id, 'site ' || s.name AS why
FROM device d JOIN site s ON s.id = d.site
WHERE d.state = 'in_use' AND s.state = 'closed'
