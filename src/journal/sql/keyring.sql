-- Keys per person. Neighbours: keyring.c.

-- name: keyring_start
INSERT INTO keyring_state (id, destroyed) VALUES (1, 0) ON CONFLICT (id) DO NOTHING

-- name: keyring_destroyed
SELECT destroyed FROM keyring_state WHERE id = 1

-- name: keyring_count_destroyed
UPDATE keyring_state SET destroyed = destroyed + 1 WHERE id = 1

-- name: key_get
SELECT wrapped FROM subject_key WHERE subject = ?1

-- name: key_add
INSERT INTO subject_key (subject, wrapped) VALUES (?1, ?2)

-- name: key_destroy
INSERT INTO subject_key (subject, wrapped) VALUES (?1, NULL)
ON CONFLICT (subject) DO UPDATE SET wrapped = NULL
