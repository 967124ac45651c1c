-- title: x
-- about: thin
SELECT id FROM thing
