-- title: Nobody who has left holds a device
-- about: device
-- severity: high
-- controls: [nist-800-53/PS-4]
-- remedy: Take the device back and hand it to somebody else.
SELECT d.id
FROM device d JOIN person p ON p.id = d.holder
WHERE d.state = 'in_use' AND p.state = 'left'
