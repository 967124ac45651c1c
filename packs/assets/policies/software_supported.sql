-- title: Software in use is supported by its publisher
-- about: software
-- severity: high
-- controls: [nist-800-53/SA-22]
-- remedy: Replace the software or pay for longer support.
SELECT id, 'supported until ' || end_of_support AS why
FROM software
WHERE end_of_support < today()
