-- title: x
-- about: thing
-- mode: enforced
-- severity: dreadful
-- controls: [a/b, AC-2]
SELECT id FROM thing
