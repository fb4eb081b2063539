-- name: run_lock
-- Runs as they are now; in PostgreSQL locked until the end of the transaction, in the given order
-- (all writers give them in the order of their ids).
-- params: id uuid
-- returns: project_id int, origin text, status text, name text, kind text, session_id int, user_id int, worktree text, started_at time, ended_at time, ordinal int
-- sqlite:
SELECT project_id, origin, status, name, kind, session_id, user_id, worktree, started_at, ended_at, 0
  FROM runs WHERE id = $1;
-- postgres:
SELECT r.project_id, r.origin, r.status, r.name, r.kind, r.session_id, r.user_id, r.worktree,
       r.started_at, r.ended_at, n.ordinal
  FROM unnest($1::uuid[]) WITH ORDINALITY AS n (id, ordinal)
  JOIN runs r ON r.id = n.id
 ORDER BY n.ordinal
   FOR NO KEY UPDATE OF r;

-- name: run_tail
-- The last sequence numbers of locked runs. A statement of its own: PostgreSQL reads subqueries of
-- run_lock as of before the lock was got.
-- params: run_id uuid
-- returns: event_sequence int, status_sequence int, ordinal int
-- sqlite:
SELECT coalesce((SELECT max(sequence) FROM events WHERE run_id = $1), 0),
       coalesce((SELECT max(sequence) FROM run_status_log WHERE run_id = $1), 0), 0;
-- postgres:
SELECT coalesce((SELECT max(e.sequence) FROM events e WHERE e.run_id = n.run_id), 0),
       coalesce((SELECT max(l.sequence) FROM run_status_log l WHERE l.run_id = n.run_id), 0), n.ordinal
  FROM unnest($1::uuid[]) WITH ORDINALITY AS n (run_id, ordinal);

-- name: run_insert
-- params: id uuid, project_id int, parent_run_id uuid, session_id int, user_id int, origin text, name text, kind text, status text, worktree text, created_at time, started_at time, ended_at time
-- sqlite:
INSERT INTO runs (id, project_id, parent_run_id, session_id, user_id, origin, name, kind, status, worktree,
                  created_at, started_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT DO NOTHING;
-- postgres:
INSERT INTO runs (id, project_id, parent_run_id, session_id, user_id, origin, name, kind, status, worktree,
                  created_at, started_at, ended_at)
SELECT * FROM unnest($1::uuid[], $2::int8[], $3::uuid[], $4::int8[], $5::int8[], $6::text[], $7::text[],
                     $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[],
                     $13::timestamptz[])
ON CONFLICT DO NOTHING;

-- name: run_update
-- params: id uuid, project_id int, session_id int, user_id int, name text, kind text, status text, started_at time, ended_at time
-- sqlite:
UPDATE runs
   SET project_id = $2, session_id = $3, user_id = $4, name = $5, kind = $6, status = $7, started_at = $8,
       ended_at = $9
 WHERE id = $1;
-- postgres:
UPDATE runs r
   SET project_id = n.project_id, session_id = n.session_id, user_id = n.user_id, name = n.name,
       kind = n.kind, status = n.status, started_at = n.started_at, ended_at = n.ended_at
  FROM unnest($1::uuid[], $2::int8[], $3::int8[], $4::int8[], $5::text[], $6::text[], $7::text[],
              $8::timestamptz[], $9::timestamptz[])
       AS n (id, project_id, session_id, user_id, name, kind, status, started_at, ended_at)
 WHERE r.id = n.id;

-- name: run_status_insert
-- params: run_id uuid, sequence int, status text, reason text, actor text, at time
-- sqlite:
INSERT INTO run_status_log (run_id, sequence, status, reason, actor, at)
VALUES ($1, $2, $3, $4, $5, $6);
-- postgres:
INSERT INTO run_status_log (run_id, sequence, status, reason, actor, at)
SELECT * FROM unnest($1::uuid[], $2::int8[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]);

-- name: run_find
-- params: id uuid
-- returns: id uuid
SELECT id FROM runs WHERE id = $1;

-- name: run_find_trace
-- params: value text
-- returns: run_id uuid, ordinal int
-- sqlite:
SELECT run_id, 0 FROM run_aliases WHERE value = $1 AND project_id IS NULL;
-- postgres:
SELECT a.run_id, n.ordinal
  FROM unnest($1::text[]) WITH ORDINALITY AS n (value, ordinal)
  JOIN run_aliases a ON a.value = n.value AND a.project_id IS NULL;

-- name: run_find_alias
-- params: project_id int, kind text, value text
-- returns: run_id uuid
SELECT run_id FROM run_aliases
 WHERE project_id = $1 AND kind = $2 AND value = $3;

-- name: run_alias_insert
-- params: kind text, project_id int, value text, run_id uuid
-- sqlite:
INSERT INTO run_aliases (kind, project_id, value, run_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;
-- postgres:
INSERT INTO run_aliases (kind, project_id, value, run_id)
SELECT * FROM unnest($1::text[], $2::int8[], $3::text[], $4::uuid[])
ON CONFLICT DO NOTHING;

-- name: run_claim
-- params: project_id int, worktree text, run_id uuid
INSERT INTO run_claims (project_id, worktree, run_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: run_claim_holder
-- params: project_id int, worktree text
-- returns: run_id uuid
SELECT run_id FROM run_claims WHERE project_id = $1 AND worktree = $2;

-- name: run_claim_release
-- params: run_id uuid
DELETE FROM run_claims WHERE run_id = $1;

-- name: run_lead
-- The root spans of a run, as they are stored; the earliest one leads the run.
-- params: run_id uuid
-- returns: event_key text, name text, kind text, status text, status_message text, started_at time, start_nanos int, ended_at time
SELECT event_key, name, kind, status, status_message, started_at, start_nanos, ended_at
  FROM events
 WHERE run_id = $1 AND parent_sequence IS NULL AND kind NOT IN ('missing', 'event', 'log')
 ORDER BY started_at IS NULL, started_at, start_nanos, event_key
 LIMIT 1;
