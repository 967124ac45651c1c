SELECT id FROM thing
