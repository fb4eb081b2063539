-- name: api_key_add
-- params: name text, prefix text, key_hash bytes, role text, created_at time
-- returns: id int
INSERT INTO api_keys (name, prefix, key_hash, role, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id;

-- name: api_key_active_named
-- params: name text
-- returns: id int
SELECT id FROM api_keys WHERE name = $1 AND revoked_at IS NULL;

-- name: api_key_list
-- params: none
-- returns: id int, name text, prefix text, role text, created_at time, last_used_at time, revoked_at time
SELECT id, name, prefix, role, created_at, last_used_at, revoked_at FROM api_keys ORDER BY id;

-- name: api_key_matching
-- Keys that a person may mean: by name, by prefix, by id (0: none).
-- params: which text, id int
-- returns: id int, name text, revoked_at time
SELECT id, name, revoked_at FROM api_keys WHERE name = $1 OR prefix = $1 OR id = $2 ORDER BY id;

-- name: api_key_revoke
-- params: id int, revoked_at time
UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL;

-- name: api_key_by_hash
-- params: key_hash bytes
-- returns: id int, key_hash bytes, role text, last_used_at time
SELECT id, key_hash, role, last_used_at FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL;

-- name: api_key_used
-- params: id int, at time
UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2);

-- name: api_key_count
-- params: none
-- returns: count int
SELECT count(*) FROM api_keys WHERE revoked_at IS NULL;
