-- title: Devices can be told apart by serial number or UUID
-- about: device
-- severity: medium
-- controls: [nist-800-53/CM-8, gao-16-511/components]
-- remedy: Enter the serial number that stands on the device.
SELECT id FROM device WHERE state IN ('in_stock', 'in_use', 'in_repair') AND serial IS NULL AND uuid IS NULL
