-- name: event_list
-- Events of a run after a sequence, without what can be large.
-- params: run_id uuid, after int, page_size int
-- returns: sequence int, parent_sequence int, event_key text, kind text, name text, status text
-- returns: status_message text, severity int, started_at time, start_nanos int, ended_at time
-- returns: end_nanos int, agent_name text, tool_name text, tool_call_id text, has_llm_call bool
SELECT e.sequence, e.parent_sequence, e.event_key, e.kind, e.name, e.status, e.status_message, e.severity,
       e.started_at, e.start_nanos, e.ended_at, e.end_nanos, e.agent_name, e.tool_name, e.tool_call_id,
       EXISTS (SELECT 1 FROM llm_calls c WHERE c.run_id = e.run_id AND c.sequence = e.sequence)
  FROM events e
 WHERE e.run_id = $1 AND e.sequence > $2
 ORDER BY e.sequence LIMIT $3;

-- name: event_list_details
-- The same with input, output, attributes and body, each inline or as a row of contents.
-- params: run_id uuid, after int, page_size int
-- returns: sequence int, parent_sequence int, event_key text, kind text, name text, status text
-- returns: status_message text, severity int, started_at time, start_nanos int, ended_at time
-- returns: end_nanos int, agent_name text, tool_name text, tool_call_id text, has_llm_call bool
-- returns: input text, input_encoding text, input_size int, input_bytes bytes
-- returns: output text, output_encoding text, output_size int, output_bytes bytes
-- returns: attributes json, attributes_encoding text, attributes_size int, attributes_bytes bytes
-- returns: body json, body_encoding text, body_size int, body_bytes bytes
SELECT e.sequence, e.parent_sequence, e.event_key, e.kind, e.name, e.status, e.status_message, e.severity,
       e.started_at, e.start_nanos, e.ended_at, e.end_nanos, e.agent_name, e.tool_name, e.tool_call_id,
       EXISTS (SELECT 1 FROM llm_calls c WHERE c.run_id = e.run_id AND c.sequence = e.sequence),
       e.input, i.encoding, i.size, i.bytes, e.output, o.encoding, o.size, o.bytes,
       e.attributes, a.encoding, a.size, a.bytes, e.body, b.encoding, b.size, b.bytes
  FROM events e
  LEFT JOIN contents i ON i.hash = e.input_hash
  LEFT JOIN contents o ON o.hash = e.output_hash
  LEFT JOIN contents a ON a.hash = e.attributes_hash
  LEFT JOIN contents b ON b.hash = e.body_hash
 WHERE e.run_id = $1 AND e.sequence > $2
 ORDER BY e.sequence LIMIT $3;

-- name: event_agent
-- The agent that an event belongs to: the nearest one that names an agent, of the event itself and
-- those above it. No row when there is none. The level guards against a circle.
-- params: run_id uuid, sequence int
-- returns: agent_name text, ordinal int
-- sqlite:
WITH RECURSIVE up (parent_sequence, agent_name, level) AS (
    SELECT e.parent_sequence, coalesce(e.agent_name, CASE WHEN e.kind = 'agent' THEN e.name END), 1
      FROM events e WHERE e.run_id = $1 AND e.sequence = $2
    UNION ALL
    SELECT e.parent_sequence, coalesce(e.agent_name, CASE WHEN e.kind = 'agent' THEN e.name END), u.level + 1
      FROM up u JOIN events e ON e.run_id = $1 AND e.sequence = u.parent_sequence
     WHERE u.agent_name IS NULL AND u.level < 10000)
SELECT agent_name, 1 FROM up WHERE agent_name IS NOT NULL;
-- postgres:
SELECT a.agent_name, w.ordinal
  FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS w (run_id, sequence, ordinal)
 CROSS JOIN LATERAL (
    WITH RECURSIVE up (parent_sequence, agent_name, level) AS (
        SELECT e.parent_sequence, coalesce(e.agent_name, CASE WHEN e.kind = 'agent' THEN e.name END), 1
          FROM events e WHERE e.run_id = w.run_id AND e.sequence = w.sequence
        UNION ALL
        SELECT e.parent_sequence, coalesce(e.agent_name, CASE WHEN e.kind = 'agent' THEN e.name END), u.level + 1
          FROM up u JOIN events e ON e.run_id = w.run_id AND e.sequence = u.parent_sequence
         WHERE u.agent_name IS NULL AND u.level < 10000)
    SELECT agent_name FROM up WHERE agent_name IS NOT NULL) a;
