-- name: run_exists
-- params: id uuid
-- returns: id uuid
SELECT r.id FROM runs r WHERE r.id = $1;

-- name: run_read
-- Runs by their ids, without their counts.
-- params: id uuid
-- returns: id uuid, project text, name text, kind text, status text, trace_id text, session_id text
-- returns: user_id text, worktree text, dedupe_key text, parent_run_id uuid, last_error text
-- returns: created_at time, started_at time, ended_at time, ordinal int
-- sqlite:
SELECT r.id, p.name, r.name, r.kind, r.status,
       (SELECT a.value FROM run_aliases a WHERE a.run_id = r.id AND a.kind = 'trace' ORDER BY a.id LIMIT 1),
       s.external_id, u.external_id, r.worktree,
       (SELECT a.value FROM run_aliases a WHERE a.run_id = r.id AND a.kind = 'dedupe' ORDER BY a.id LIMIT 1),
       r.parent_run_id,
       CASE WHEN r.status = 'failed' THEN
            (SELECT l.reason FROM run_status_log l WHERE l.run_id = r.id AND l.status = 'failed'
              ORDER BY l.sequence DESC LIMIT 1) END,
       r.created_at, r.started_at, r.ended_at, 1
  FROM runs r
  JOIN projects p ON p.id = r.project_id
  LEFT JOIN sessions s ON s.id = r.session_id
  LEFT JOIN users u ON u.id = r.user_id
 WHERE r.id = $1;
-- postgres:
SELECT r.id, p.name, r.name, r.kind, r.status,
       (SELECT a.value FROM run_aliases a WHERE a.run_id = r.id AND a.kind = 'trace' ORDER BY a.id LIMIT 1),
       s.external_id, u.external_id, r.worktree,
       (SELECT a.value FROM run_aliases a WHERE a.run_id = r.id AND a.kind = 'dedupe' ORDER BY a.id LIMIT 1),
       r.parent_run_id,
       CASE WHEN r.status = 'failed' THEN
            (SELECT l.reason FROM run_status_log l WHERE l.run_id = r.id AND l.status = 'failed'
              ORDER BY l.sequence DESC LIMIT 1) END,
       r.created_at, r.started_at, r.ended_at, w.ordinal
  FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, ordinal)
  JOIN runs r ON r.id = w.id
  JOIN projects p ON p.id = r.project_id
  LEFT JOIN sessions s ON s.id = r.session_id
  LEFT JOIN users u ON u.id = r.user_id;

-- name: run_event_count
-- Events of runs, without the placeholders of those that have not arrived.
-- params: id uuid
-- returns: event_count int, ordinal int
-- sqlite:
SELECT count(*), 1 FROM events e WHERE e.run_id = $1 AND e.kind <> 'missing';
-- postgres:
SELECT n.event_count, w.ordinal
  FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, ordinal)
 CROSS JOIN LATERAL (SELECT count(*) AS event_count FROM events e
                      WHERE e.run_id = w.id AND e.kind <> 'missing') n;

-- name: run_usage
-- The leaf calls of runs, summed up. Sums stop at what 64 bits hold.
-- params: id uuid
-- returns: llm_call_count int, input_tokens int, output_tokens int, cache_read_tokens int
-- returns: cache_creation_tokens int, reasoning_tokens int, cost money, unpriced_call_count int, ordinal int
-- sqlite:
SELECT count(*), coalesce(sum(c.input_tokens), 0), coalesce(sum(c.output_tokens), 0),
       coalesce(sum(c.cache_read_tokens), 0), coalesce(sum(c.cache_creation_tokens), 0),
       coalesce(sum(c.reasoning_tokens), 0),
       CASE WHEN sum(c.cost / 1000000000) + count(*) >= 9223372036 THEN 9223372036854775807
            ELSE coalesce(sum(c.cost / 1000000000) * 1000000000 + sum(c.cost % 1000000000), 0) END,
       count(*) FILTER (WHERE c.cost IS NULL AND (c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)), 1
  FROM llm_calls c
 CROSS JOIN events e -- in this order: there are fewer calls than events
 WHERE c.run_id = $1 AND e.run_id = c.run_id AND e.sequence = c.sequence AND NOT e.usage_below;
-- postgres:
SELECT n.llm_call_count, n.input_tokens, n.output_tokens, n.cache_read_tokens, n.cache_creation_tokens,
       n.reasoning_tokens, n.cost, n.unpriced_call_count, w.ordinal
  FROM unnest($1::uuid[]) WITH ORDINALITY AS w (id, ordinal)
 CROSS JOIN LATERAL (
       SELECT count(*) AS llm_call_count,
              least(coalesce(sum(c.input_tokens), 0), 9223372036854775807)::bigint AS input_tokens,
              least(coalesce(sum(c.output_tokens), 0), 9223372036854775807)::bigint AS output_tokens,
              least(coalesce(sum(c.cache_read_tokens), 0), 9223372036854775807)::bigint AS cache_read_tokens,
              least(coalesce(sum(c.cache_creation_tokens), 0), 9223372036854775807)::bigint
                  AS cache_creation_tokens,
              least(coalesce(sum(c.reasoning_tokens), 0), 9223372036854775807)::bigint AS reasoning_tokens,
              least(coalesce(sum(c.cost), 0), 9223372036.854775807) AS cost,
              count(*) FILTER (WHERE c.cost IS NULL AND (c.input_tokens IS NOT NULL
                                                         OR c.output_tokens IS NOT NULL)) AS unpriced_call_count
         FROM llm_calls c
         JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
        WHERE c.run_id = w.id AND NOT e.usage_below) n;

-- The pages of run_list: ids in order of start (or creation), newest first, strictly after
-- (after_at, after_id) and within [since, until). One statement for each index to walk; further
-- filters hold where they are not NULL. text is a LIKE pattern for the name or the last error.

-- name: run_page
-- params: after_at time, after_id uuid, since time, until time, project text, status text, kind text
-- params: session text, text text, page_size int
-- returns: id uuid, at time
SELECT r.id, coalesce(r.started_at, r.created_at)
  FROM runs r
 WHERE ($5 IS NULL OR r.project_id = (SELECT p.id FROM projects p WHERE p.name = $5))
   AND ($6 IS NULL OR r.status = $6) AND ($7 IS NULL OR r.kind = $7)
   AND ($8 IS NULL OR r.session_id IN (SELECT s.id FROM sessions s WHERE s.external_id = $8))
   AND (coalesce(r.started_at, r.created_at), r.id) < ($1, $2)
   AND coalesce(r.started_at, r.created_at) >= $3 AND coalesce(r.started_at, r.created_at) < $4
   AND ($9 IS NULL OR lower(r.name) LIKE lower($9) ESCAPE '\'
        OR r.status = 'failed' AND EXISTS (SELECT 1 FROM run_status_log l WHERE l.run_id = r.id
               AND l.status = 'failed' AND lower(l.reason) LIKE lower($9) ESCAPE '\'))
 ORDER BY coalesce(r.started_at, r.created_at) DESC, r.id DESC LIMIT $10;

-- name: run_page_by_project
-- params: after_at time, after_id uuid, since time, until time, project text, status text, kind text
-- params: session text, text text, page_size int
-- returns: id uuid, at time
SELECT r.id, coalesce(r.started_at, r.created_at)
  FROM runs r
 WHERE r.project_id = (SELECT p.id FROM projects p WHERE p.name = $5)
   AND ($6 IS NULL OR r.status = $6) AND ($7 IS NULL OR r.kind = $7)
   AND ($8 IS NULL OR r.session_id IN (SELECT s.id FROM sessions s WHERE s.external_id = $8))
   AND (coalesce(r.started_at, r.created_at), r.id) < ($1, $2)
   AND coalesce(r.started_at, r.created_at) >= $3 AND coalesce(r.started_at, r.created_at) < $4
   AND ($9 IS NULL OR lower(r.name) LIKE lower($9) ESCAPE '\'
        OR r.status = 'failed' AND EXISTS (SELECT 1 FROM run_status_log l WHERE l.run_id = r.id
               AND l.status = 'failed' AND lower(l.reason) LIKE lower($9) ESCAPE '\'))
 ORDER BY coalesce(r.started_at, r.created_at) DESC, r.id DESC LIMIT $10;

-- name: run_page_by_status
-- params: after_at time, after_id uuid, since time, until time, project text, status text, kind text
-- params: session text, text text, page_size int
-- returns: id uuid, at time
SELECT r.id, coalesce(r.started_at, r.created_at)
  FROM runs r
 WHERE ($5 IS NULL OR r.project_id = (SELECT p.id FROM projects p WHERE p.name = $5))
   AND r.status = $6 AND ($7 IS NULL OR r.kind = $7)
   AND ($8 IS NULL OR r.session_id IN (SELECT s.id FROM sessions s WHERE s.external_id = $8))
   AND (coalesce(r.started_at, r.created_at), r.id) < ($1, $2)
   AND coalesce(r.started_at, r.created_at) >= $3 AND coalesce(r.started_at, r.created_at) < $4
   AND ($9 IS NULL OR lower(r.name) LIKE lower($9) ESCAPE '\'
        OR r.status = 'failed' AND EXISTS (SELECT 1 FROM run_status_log l WHERE l.run_id = r.id
               AND l.status = 'failed' AND lower(l.reason) LIKE lower($9) ESCAPE '\'))
 ORDER BY coalesce(r.started_at, r.created_at) DESC, r.id DESC LIMIT $10;

-- name: run_page_by_kind
-- params: after_at time, after_id uuid, since time, until time, project text, status text, kind text
-- params: session text, text text, page_size int
-- returns: id uuid, at time
SELECT r.id, coalesce(r.started_at, r.created_at)
  FROM runs r
 WHERE ($5 IS NULL OR r.project_id = (SELECT p.id FROM projects p WHERE p.name = $5))
   AND ($6 IS NULL OR r.status = $6) AND r.kind = $7
   AND ($8 IS NULL OR r.session_id IN (SELECT s.id FROM sessions s WHERE s.external_id = $8))
   AND (coalesce(r.started_at, r.created_at), r.id) < ($1, $2)
   AND coalesce(r.started_at, r.created_at) >= $3 AND coalesce(r.started_at, r.created_at) < $4
   AND ($9 IS NULL OR lower(r.name) LIKE lower($9) ESCAPE '\'
        OR r.status = 'failed' AND EXISTS (SELECT 1 FROM run_status_log l WHERE l.run_id = r.id
               AND l.status = 'failed' AND lower(l.reason) LIKE lower($9) ESCAPE '\'))
 ORDER BY coalesce(r.started_at, r.created_at) DESC, r.id DESC LIMIT $10;

-- name: run_page_by_session
-- params: after_at time, after_id uuid, since time, until time, project text, status text, kind text
-- params: session text, text text, page_size int
-- returns: id uuid, at time
SELECT r.id, coalesce(r.started_at, r.created_at)
  FROM runs r
 WHERE ($5 IS NULL OR r.project_id = (SELECT p.id FROM projects p WHERE p.name = $5))
   AND ($6 IS NULL OR r.status = $6) AND ($7 IS NULL OR r.kind = $7)
   AND r.session_id IN (SELECT s.id FROM sessions s WHERE s.external_id = $8)
   AND (coalesce(r.started_at, r.created_at), r.id) < ($1, $2)
   AND coalesce(r.started_at, r.created_at) >= $3 AND coalesce(r.started_at, r.created_at) < $4
   AND ($9 IS NULL OR lower(r.name) LIKE lower($9) ESCAPE '\'
        OR r.status = 'failed' AND EXISTS (SELECT 1 FROM run_status_log l WHERE l.run_id = r.id
               AND l.status = 'failed' AND lower(l.reason) LIKE lower($9) ESCAPE '\'))
 ORDER BY coalesce(r.started_at, r.created_at) DESC, r.id DESC LIMIT $10;

-- name: run_status_log
-- params: run_id uuid
-- returns: sequence int, status text, reason text, actor text, at time
SELECT l.sequence, l.status, l.reason, l.actor, l.at
  FROM run_status_log l WHERE l.run_id = $1 ORDER BY l.sequence;

-- name: run_inputs
-- params: run_id uuid
-- returns: sequence int, external_id text, name text, media_type text, created_at time
-- returns: inlined text, encoding text, size int, bytes bytes
SELECT i.sequence, i.external_id, i.name, i.media_type, i.created_at, NULL, c.encoding, c.size, c.bytes
  FROM run_inputs i JOIN contents c ON c.hash = i.content_hash
 WHERE i.run_id = $1 ORDER BY i.sequence;

-- name: run_ids_between
-- Some of the runs whose ids start with the same digits.
-- params: first uuid, last uuid
-- returns: id uuid
SELECT r.id FROM runs r WHERE r.id >= $1 AND r.id <= $2 ORDER BY r.id LIMIT 4;

-- name: run_of_trace
-- params: trace_id text
-- returns: run_id uuid
SELECT a.run_id FROM run_aliases a WHERE a.project_id IS NULL AND a.value = $1;
