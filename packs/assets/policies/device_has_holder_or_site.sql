-- title: Devices in use have a holder or a site
-- about: device
-- severity: high
-- controls: [nist-800-53/CM-8, gao-16-511/owner]
-- remedy: Say who holds the device or where it stands.
SELECT id FROM device WHERE state = 'in_use' AND holder IS NULL AND site IS NULL
