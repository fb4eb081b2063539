-- Costs are summed over leaf calls only: a call above others with token usage repeats them.
-- Sums stop at what 64 bits hold. Rows come in no particular order.

-- Dimensions: 1 project, 2 model, 4 day, 5 session, as in enum keel_cost_by. Grouped by ids first,
-- by their names then: a model of two providers and a session id of two projects are one key.

-- name: cost_by
-- params: by int
-- returns: key text, llm_call_count int, input_tokens int, output_tokens int, cache_read_tokens int
-- returns: cache_creation_tokens int, reasoning_tokens int, cost money, unpriced_call_count int
-- sqlite:
SELECT CASE $1 WHEN 1 THEN (SELECT name FROM projects WHERE id = g.k) WHEN 2 THEN (SELECT name FROM models WHERE id = g.k)
               WHEN 4 THEN date(g.k * 86400, 'unixepoch') ELSE (SELECT external_id FROM sessions WHERE id = g.k) END AS key,
       sum(g.calls), coalesce(sum(g.input_tokens), 0), coalesce(sum(g.output_tokens), 0),
       coalesce(sum(g.cache_read_tokens), 0), coalesce(sum(g.cache_creation_tokens), 0), coalesce(sum(g.reasoning_tokens), 0),
       CASE WHEN sum(g.dollars) + sum(g.calls) >= 9223372036 THEN 9223372036854775807
            ELSE coalesce(sum(g.dollars) * 1000000000 + sum(g.nanos), 0) END,
       sum(g.unpriced)
  FROM (SELECT CASE $1 WHEN 1 THEN r.project_id WHEN 2 THEN coalesce(c.response_model_id, c.request_model_id)
                       WHEN 4 THEN c.started_at / 86400000000 ELSE coalesce(c.session_id, r.session_id) END AS k,
               count(*) AS calls, sum(c.input_tokens) AS input_tokens, sum(c.output_tokens) AS output_tokens,
               sum(c.cache_read_tokens) AS cache_read_tokens, sum(c.cache_creation_tokens) AS cache_creation_tokens,
               sum(c.reasoning_tokens) AS reasoning_tokens, sum(c.cost / 1000000000) AS dollars, sum(c.cost % 1000000000) AS nanos,
               count(*) FILTER (WHERE c.cost IS NULL AND (c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)) AS unpriced
          FROM llm_calls c
          JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
          JOIN runs r ON r.id = c.run_id
         WHERE NOT e.usage_below
         GROUP BY 1) g
 GROUP BY 1;
-- postgres:
SELECT CASE $1 WHEN 1 THEN (SELECT name FROM projects WHERE id = g.k) WHEN 2 THEN (SELECT name FROM models WHERE id = g.k)
               WHEN 4 THEN to_char(to_timestamp(g.k * 86400) AT TIME ZONE 'UTC', 'YYYY-MM-DD')
               ELSE (SELECT external_id FROM sessions WHERE id = g.k) END AS key,
       sum(g.calls)::bigint, least(coalesce(sum(g.input_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.output_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.cache_read_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.cache_creation_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.reasoning_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.cost), 0), 9223372036.854775807), sum(g.unpriced)::bigint
  FROM (SELECT CASE $1 WHEN 1 THEN r.project_id WHEN 2 THEN coalesce(c.response_model_id, c.request_model_id)
                       WHEN 4 THEN floor(extract(epoch FROM c.started_at) / 86400)::bigint
                       ELSE coalesce(c.session_id, r.session_id) END AS k,
               count(*) AS calls, sum(c.input_tokens) AS input_tokens, sum(c.output_tokens) AS output_tokens,
               sum(c.cache_read_tokens) AS cache_read_tokens, sum(c.cache_creation_tokens) AS cache_creation_tokens,
               sum(c.reasoning_tokens) AS reasoning_tokens, sum(c.cost) AS cost,
               count(*) FILTER (WHERE c.cost IS NULL AND (c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)) AS unpriced
          FROM llm_calls c
          JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
          JOIN runs r ON r.id = c.run_id
         WHERE NOT e.usage_below
         GROUP BY 1) g
 GROUP BY 1;

-- name: cost_by_between
-- params: by int, since time, until time, project text
-- returns: key text, llm_call_count int, input_tokens int, output_tokens int, cache_read_tokens int
-- returns: cache_creation_tokens int, reasoning_tokens int, cost money, unpriced_call_count int
-- sqlite:
SELECT CASE $1 WHEN 1 THEN (SELECT name FROM projects WHERE id = g.k) WHEN 2 THEN (SELECT name FROM models WHERE id = g.k)
               WHEN 4 THEN date(g.k * 86400, 'unixepoch') ELSE (SELECT external_id FROM sessions WHERE id = g.k) END AS key,
       sum(g.calls), coalesce(sum(g.input_tokens), 0), coalesce(sum(g.output_tokens), 0),
       coalesce(sum(g.cache_read_tokens), 0), coalesce(sum(g.cache_creation_tokens), 0), coalesce(sum(g.reasoning_tokens), 0),
       CASE WHEN sum(g.dollars) + sum(g.calls) >= 9223372036 THEN 9223372036854775807
            ELSE coalesce(sum(g.dollars) * 1000000000 + sum(g.nanos), 0) END,
       sum(g.unpriced)
  FROM (SELECT CASE $1 WHEN 1 THEN r.project_id WHEN 2 THEN coalesce(c.response_model_id, c.request_model_id)
                       WHEN 4 THEN c.started_at / 86400000000 ELSE coalesce(c.session_id, r.session_id) END AS k,
               count(*) AS calls, sum(c.input_tokens) AS input_tokens, sum(c.output_tokens) AS output_tokens,
               sum(c.cache_read_tokens) AS cache_read_tokens, sum(c.cache_creation_tokens) AS cache_creation_tokens,
               sum(c.reasoning_tokens) AS reasoning_tokens, sum(c.cost / 1000000000) AS dollars, sum(c.cost % 1000000000) AS nanos,
               count(*) FILTER (WHERE c.cost IS NULL AND (c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)) AS unpriced
          FROM llm_calls c
          JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
          JOIN runs r ON r.id = c.run_id
         WHERE NOT e.usage_below AND c.started_at >= $2 AND c.started_at < $3
           AND ($4 IS NULL OR r.project_id = (SELECT p.id FROM projects p WHERE p.name = $4))
         GROUP BY 1) g
 GROUP BY 1;
-- postgres:
SELECT CASE $1 WHEN 1 THEN (SELECT name FROM projects WHERE id = g.k) WHEN 2 THEN (SELECT name FROM models WHERE id = g.k)
               WHEN 4 THEN to_char(to_timestamp(g.k * 86400) AT TIME ZONE 'UTC', 'YYYY-MM-DD')
               ELSE (SELECT external_id FROM sessions WHERE id = g.k) END AS key,
       sum(g.calls)::bigint, least(coalesce(sum(g.input_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.output_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.cache_read_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.cache_creation_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.reasoning_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.cost), 0), 9223372036.854775807), sum(g.unpriced)::bigint
  FROM (SELECT CASE $1 WHEN 1 THEN r.project_id WHEN 2 THEN coalesce(c.response_model_id, c.request_model_id)
                       WHEN 4 THEN floor(extract(epoch FROM c.started_at) / 86400)::bigint
                       ELSE coalesce(c.session_id, r.session_id) END AS k,
               count(*) AS calls, sum(c.input_tokens) AS input_tokens, sum(c.output_tokens) AS output_tokens,
               sum(c.cache_read_tokens) AS cache_read_tokens, sum(c.cache_creation_tokens) AS cache_creation_tokens,
               sum(c.reasoning_tokens) AS reasoning_tokens, sum(c.cost) AS cost,
               count(*) FILTER (WHERE c.cost IS NULL AND (c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)) AS unpriced
          FROM llm_calls c
          JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
          JOIN runs r ON r.id = c.run_id
         WHERE NOT e.usage_below AND c.started_at >= $2 AND c.started_at < $3
           AND ($4 IS NULL OR r.project_id = (SELECT p.id FROM projects p WHERE p.name = $4))
         GROUP BY 1) g
 GROUP BY 1;

-- name: cost_by_of_project
-- params: by int, project text
-- returns: key text, llm_call_count int, input_tokens int, output_tokens int, cache_read_tokens int
-- returns: cache_creation_tokens int, reasoning_tokens int, cost money, unpriced_call_count int
-- sqlite:
SELECT CASE $1 WHEN 1 THEN (SELECT name FROM projects WHERE id = g.k) WHEN 2 THEN (SELECT name FROM models WHERE id = g.k)
               WHEN 4 THEN date(g.k * 86400, 'unixepoch') ELSE (SELECT external_id FROM sessions WHERE id = g.k) END AS key,
       sum(g.calls), coalesce(sum(g.input_tokens), 0), coalesce(sum(g.output_tokens), 0),
       coalesce(sum(g.cache_read_tokens), 0), coalesce(sum(g.cache_creation_tokens), 0), coalesce(sum(g.reasoning_tokens), 0),
       CASE WHEN sum(g.dollars) + sum(g.calls) >= 9223372036 THEN 9223372036854775807
            ELSE coalesce(sum(g.dollars) * 1000000000 + sum(g.nanos), 0) END,
       sum(g.unpriced)
  FROM (SELECT CASE $1 WHEN 1 THEN r.project_id WHEN 2 THEN coalesce(c.response_model_id, c.request_model_id)
                       WHEN 4 THEN c.started_at / 86400000000 ELSE coalesce(c.session_id, r.session_id) END AS k,
               count(*) AS calls, sum(c.input_tokens) AS input_tokens, sum(c.output_tokens) AS output_tokens,
               sum(c.cache_read_tokens) AS cache_read_tokens, sum(c.cache_creation_tokens) AS cache_creation_tokens,
               sum(c.reasoning_tokens) AS reasoning_tokens, sum(c.cost / 1000000000) AS dollars, sum(c.cost % 1000000000) AS nanos,
               count(*) FILTER (WHERE c.cost IS NULL AND (c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)) AS unpriced
          FROM runs r
         CROSS JOIN llm_calls c -- in this order: there are fewer calls than events
         CROSS JOIN events e
         WHERE c.run_id = r.id AND e.run_id = c.run_id AND e.sequence = c.sequence AND NOT e.usage_below
           AND r.project_id = (SELECT p.id FROM projects p WHERE p.name = $2)
         GROUP BY 1) g
 GROUP BY 1;
-- postgres:
SELECT CASE $1 WHEN 1 THEN (SELECT name FROM projects WHERE id = g.k) WHEN 2 THEN (SELECT name FROM models WHERE id = g.k)
               WHEN 4 THEN to_char(to_timestamp(g.k * 86400) AT TIME ZONE 'UTC', 'YYYY-MM-DD')
               ELSE (SELECT external_id FROM sessions WHERE id = g.k) END AS key,
       sum(g.calls)::bigint, least(coalesce(sum(g.input_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.output_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.cache_read_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.cache_creation_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.reasoning_tokens), 0), 9223372036854775807)::bigint,
       least(coalesce(sum(g.cost), 0), 9223372036.854775807), sum(g.unpriced)::bigint
  FROM (SELECT CASE $1 WHEN 1 THEN r.project_id WHEN 2 THEN coalesce(c.response_model_id, c.request_model_id)
                       WHEN 4 THEN floor(extract(epoch FROM c.started_at) / 86400)::bigint
                       ELSE coalesce(c.session_id, r.session_id) END AS k,
               count(*) AS calls, sum(c.input_tokens) AS input_tokens, sum(c.output_tokens) AS output_tokens,
               sum(c.cache_read_tokens) AS cache_read_tokens, sum(c.cache_creation_tokens) AS cache_creation_tokens,
               sum(c.reasoning_tokens) AS reasoning_tokens, sum(c.cost) AS cost,
               count(*) FILTER (WHERE c.cost IS NULL AND (c.input_tokens IS NOT NULL OR c.output_tokens IS NOT NULL)) AS unpriced
          FROM runs r
          JOIN llm_calls c ON c.run_id = r.id
          JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
         WHERE NOT e.usage_below AND r.project_id = (SELECT p.id FROM projects p WHERE p.name = $2)
         GROUP BY 1) g
 GROUP BY 1;

-- By agent, which is the nearest event, of the call's own and those above it, that names one: the
-- events of the runs concerned in their order, with the leaf call of each. Climbing the tree for
-- each call by itself costs ten times as much where trees are deep.

-- name: cost_agent_events
-- params: none
-- returns: run_id uuid, sequence int, parent_sequence int, agent_name text, has_call bool, input_tokens int
-- returns: output_tokens int, cache_read_tokens int, cache_creation_tokens int, reasoning_tokens int, cost money
SELECT e.run_id, e.sequence, e.parent_sequence, coalesce(e.agent_name, CASE WHEN e.kind = 'agent' THEN e.name END),
       c.run_id IS NOT NULL AND NOT e.usage_below, c.input_tokens, c.output_tokens, c.cache_read_tokens,
       c.cache_creation_tokens, c.reasoning_tokens, c.cost
  FROM events e
  LEFT JOIN llm_calls c ON c.run_id = e.run_id AND c.sequence = e.sequence
 ORDER BY e.run_id, e.sequence;

-- name: cost_agent_events_between
-- params: since time, until time, project text
-- returns: run_id uuid, sequence int, parent_sequence int, agent_name text, has_call bool, input_tokens int
-- returns: output_tokens int, cache_read_tokens int, cache_creation_tokens int, reasoning_tokens int, cost money
SELECT e.run_id, e.sequence, e.parent_sequence, coalesce(e.agent_name, CASE WHEN e.kind = 'agent' THEN e.name END),
       c.run_id IS NOT NULL AND NOT e.usage_below, c.input_tokens, c.output_tokens, c.cache_read_tokens,
       c.cache_creation_tokens, c.reasoning_tokens, c.cost
  FROM events e
  LEFT JOIN llm_calls c ON c.run_id = e.run_id AND c.sequence = e.sequence AND c.started_at >= $1 AND c.started_at < $2
 WHERE e.run_id IN (SELECT x.run_id FROM llm_calls x JOIN runs r ON r.id = x.run_id
                     WHERE x.started_at >= $1 AND x.started_at < $2
                       AND ($3 IS NULL OR r.project_id = (SELECT p.id FROM projects p WHERE p.name = $3)))
 ORDER BY e.run_id, e.sequence;

-- name: cost_agent_events_of_project
-- params: project text
-- returns: run_id uuid, sequence int, parent_sequence int, agent_name text, has_call bool, input_tokens int
-- returns: output_tokens int, cache_read_tokens int, cache_creation_tokens int, reasoning_tokens int, cost money
SELECT e.run_id, e.sequence, e.parent_sequence, coalesce(e.agent_name, CASE WHEN e.kind = 'agent' THEN e.name END),
       c.run_id IS NOT NULL AND NOT e.usage_below, c.input_tokens, c.output_tokens, c.cache_read_tokens,
       c.cache_creation_tokens, c.reasoning_tokens, c.cost
  FROM events e
  LEFT JOIN llm_calls c ON c.run_id = e.run_id AND c.sequence = e.sequence
 WHERE e.run_id IN (SELECT r.id FROM runs r
                     WHERE r.project_id = (SELECT p.id FROM projects p WHERE p.name = $1))
 ORDER BY e.run_id, e.sequence;
