-- title: No licence is used by more than it allows
-- about: licence
-- severity: high
-- controls: [nist-800-53/CM-10]
-- remedy: Buy more seats or take some back.
SELECT id, seats_used || ' of ' || seats || ' seats' AS why
FROM licence
WHERE state = 'active' AND seats_used > seats
