-- Projects, users, sessions, models: the rows behind the names that records carry.

-- name: project_find
-- params: name text
-- returns: id int, ordinal int
-- sqlite:
SELECT id, 0 FROM projects WHERE name = $1;
-- postgres:
SELECT p.id, n.ordinal FROM unnest($1::text[]) WITH ORDINALITY AS n (name, ordinal)
  JOIN projects p ON p.name = n.name;

-- name: project_insert
-- params: name text, created_at time
-- sqlite:
INSERT INTO projects (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING;
-- postgres:
INSERT INTO projects (name, created_at) SELECT * FROM unnest($1::text[], $2::timestamptz[])
ON CONFLICT DO NOTHING;

-- name: user_find
-- params: external_id text
-- returns: id int, ordinal int
-- sqlite:
SELECT id, 0 FROM users WHERE external_id = $1;
-- postgres:
SELECT u.id, n.ordinal FROM unnest($1::text[]) WITH ORDINALITY AS n (external_id, ordinal)
  JOIN users u ON u.external_id = n.external_id;

-- name: user_insert
-- params: external_id text, created_at time
-- sqlite:
INSERT INTO users (external_id, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING;
-- postgres:
INSERT INTO users (external_id, created_at) SELECT * FROM unnest($1::text[], $2::timestamptz[])
ON CONFLICT DO NOTHING;

-- name: session_find
-- params: project_id int, external_id text
-- returns: id int, ordinal int
-- sqlite:
SELECT id, 0 FROM sessions WHERE project_id = $1 AND external_id = $2;
-- postgres:
SELECT s.id, n.ordinal
  FROM unnest($1::int8[], $2::text[]) WITH ORDINALITY AS n (project_id, external_id, ordinal)
  JOIN sessions s ON s.project_id = n.project_id AND s.external_id = n.external_id;

-- name: session_insert
-- params: project_id int, external_id text, created_at time
-- sqlite:
INSERT INTO sessions (project_id, external_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;
-- postgres:
INSERT INTO sessions (project_id, external_id, created_at)
SELECT * FROM unnest($1::int8[], $2::text[], $3::timestamptz[])
ON CONFLICT DO NOTHING;

-- name: model_find
-- params: provider text, name text
-- returns: id int, ordinal int
-- sqlite:
SELECT id, 0 FROM models WHERE provider = $1 AND name = $2;
-- postgres:
SELECT m.id, n.ordinal
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n (provider, name, ordinal)
  JOIN models m ON m.provider = n.provider AND m.name = n.name;

-- name: model_insert
-- params: provider text, name text, created_at time
-- sqlite:
INSERT INTO models (provider, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;
-- postgres:
INSERT INTO models (provider, name, created_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[])
ON CONFLICT DO NOTHING;
