-- name: session_page
-- Sessions, newest first, before an id; of a project, or all.
-- params: before int, page_size int
-- returns: id int, external_id text, project text
SELECT s.id, s.external_id, p.name
  FROM sessions s JOIN projects p ON p.id = s.project_id
 WHERE s.id < $1 ORDER BY s.id DESC LIMIT $2;

-- name: session_page_by_project
-- params: before int, page_size int, project text
-- returns: id int, external_id text, project text
SELECT s.id, s.external_id, p.name
  FROM sessions s JOIN projects p ON p.id = s.project_id
 WHERE s.project_id = (SELECT id FROM projects WHERE name = $3) AND s.id < $1
 ORDER BY s.id DESC LIMIT $2;

-- name: session_runs
-- The runs of sessions: those that are in it, and those with a call that is.
-- params: id int
-- returns: run_count int, first_at time, last_at time, ordinal int
-- sqlite:
SELECT count(*), min(coalesce(r.started_at, r.created_at)),
       max(coalesce(r.ended_at, r.started_at, r.created_at)), 1
  FROM (SELECT id AS run_id FROM runs WHERE session_id = $1
         UNION SELECT run_id FROM llm_calls WHERE session_id = $1) i
  JOIN runs r ON r.id = i.run_id;
-- postgres:
SELECT n.run_count, n.first_at, n.last_at, w.ordinal
  FROM unnest($1::bigint[]) WITH ORDINALITY AS w (id, ordinal)
 CROSS JOIN LATERAL (
       SELECT count(*) AS run_count, min(coalesce(r.started_at, r.created_at)) AS first_at,
              max(coalesce(r.ended_at, r.started_at, r.created_at)) AS last_at
         FROM (SELECT x.id AS run_id FROM runs x WHERE x.session_id = w.id
                UNION SELECT x.run_id FROM llm_calls x WHERE x.session_id = w.id) i
         JOIN runs r ON r.id = i.run_id) n;

-- name: session_usage
-- The leaf calls of sessions. A call without a session is in its run's.
-- params: id int
-- returns: llm_call_count int, input_tokens int, output_tokens int, cost money, ordinal int
-- sqlite:
SELECT count(*), coalesce(sum(c.input_tokens), 0), coalesce(sum(c.output_tokens), 0),
       CASE WHEN sum(c.cost / 1000000000) + count(*) >= 9223372036 THEN 9223372036854775807
            ELSE coalesce(sum(c.cost / 1000000000) * 1000000000 + sum(c.cost % 1000000000), 0) END, 1
  FROM (SELECT run_id, sequence, input_tokens, output_tokens, cost FROM llm_calls WHERE session_id = $1
        UNION ALL
        SELECT x.run_id, x.sequence, x.input_tokens, x.output_tokens, x.cost
          FROM runs r JOIN llm_calls x ON x.run_id = r.id
         WHERE r.session_id = $1 AND x.session_id IS NULL) c
  JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
 WHERE NOT e.usage_below;
-- postgres:
SELECT n.llm_call_count, n.input_tokens, n.output_tokens, n.cost, w.ordinal
  FROM unnest($1::bigint[]) WITH ORDINALITY AS w (id, ordinal)
 CROSS JOIN LATERAL (
       SELECT count(*) AS llm_call_count,
              least(coalesce(sum(c.input_tokens), 0), 9223372036854775807)::bigint AS input_tokens,
              least(coalesce(sum(c.output_tokens), 0), 9223372036854775807)::bigint AS output_tokens,
              least(coalesce(sum(c.cost), 0), 9223372036.854775807) AS cost
         FROM (SELECT x.run_id, x.sequence, x.input_tokens, x.output_tokens, x.cost
                 FROM llm_calls x WHERE x.session_id = w.id
               UNION ALL
               SELECT x.run_id, x.sequence, x.input_tokens, x.output_tokens, x.cost
                 FROM runs r JOIN llm_calls x ON x.run_id = r.id
                WHERE r.session_id = w.id AND x.session_id IS NULL) c
         JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
        WHERE NOT e.usage_below) n;
