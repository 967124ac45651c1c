-- title: Operating systems in use get security updates
-- about: device
-- severity: critical
-- controls: [nist-800-53/SI-2, nist-800-53/SA-22]
-- remedy: "Update the operating system, or take the device off the network."
SELECT id, 'supported until ' || os_end_of_support AS why
FROM device
WHERE state = 'in_use' AND os_end_of_support < today()
