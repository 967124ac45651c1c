-- title: Disks of laptops are encrypted
-- about: device
-- severity: high
-- controls: [nist-800-53/SC-28]
-- remedy: Turn on full disk encryption.
SELECT id, 'disk encryption: ' || encryption AS why
FROM device
WHERE class = 'laptop' AND state = 'in_use' AND encryption IN ('partial', 'none')
