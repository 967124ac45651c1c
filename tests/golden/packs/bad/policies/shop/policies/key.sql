-- title: x
-- about: thing
-- sevrity: high
SELECT id FROM thing
