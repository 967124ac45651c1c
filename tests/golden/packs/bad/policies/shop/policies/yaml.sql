-- title: x
-- about: [thing
SELECT id FROM thing
