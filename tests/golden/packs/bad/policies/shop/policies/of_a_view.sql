-- title: x
-- about: seen
SELECT id FROM seen
