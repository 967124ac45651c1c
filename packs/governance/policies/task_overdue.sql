-- title: Tasks are done by their day
-- about: task
-- severity: low
-- remedy: "Do it, move the day, or cancel it."
SELECT id, 'due on ' || due AS why FROM task WHERE state IN ('open', 'doing') AND due < today()
