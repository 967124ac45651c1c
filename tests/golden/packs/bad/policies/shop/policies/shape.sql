-- title: x
-- about: thing
-- fixed: perhaps
SELECT id FROM thing
