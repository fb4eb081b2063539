-- name: event_find
-- Events by their keys: what linking needs to know of them.
-- params: run_id uuid, event_key text
-- returns: sequence int, parent_sequence int, kind text, usage_below bool, ordinal int
-- sqlite:
SELECT sequence, parent_sequence, kind, usage_below, 0 FROM events WHERE run_id = $1 AND event_key = $2;
-- postgres:
SELECT e.sequence, e.parent_sequence, e.kind, e.usage_below, n.ordinal
  FROM unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS n (run_id, event_key, ordinal)
  JOIN events e ON e.run_id = n.run_id AND e.event_key = n.event_key;

-- name: event_read
-- All that merging needs to know of an event.
-- params: run_id uuid, sequence int
-- returns: kind text, name text, status text, status_message text, severity int, started_at time, start_nanos int, ended_at time, end_nanos int, agent_name text, tool_name text, tool_call_id text, attributes json, body json, input text, output text, attributes_hash bytes, body_hash bytes, input_hash bytes, output_hash bytes, ordinal int
-- sqlite:
SELECT kind, name, status, status_message, severity, started_at, start_nanos, ended_at, end_nanos,
       agent_name, tool_name, tool_call_id, attributes, body, input, output,
       attributes_hash, body_hash, input_hash, output_hash, 0
  FROM events WHERE run_id = $1 AND sequence = $2;
-- postgres:
SELECT e.kind, e.name, e.status, e.status_message, e.severity, e.started_at, e.start_nanos, e.ended_at,
       e.end_nanos, e.agent_name, e.tool_name, e.tool_call_id, e.attributes, e.body, e.input, e.output,
       e.attributes_hash, e.body_hash, e.input_hash, e.output_hash, n.ordinal
  FROM unnest($1::uuid[], $2::int8[]) WITH ORDINALITY AS n (run_id, sequence, ordinal)
  JOIN events e ON e.run_id = n.run_id AND e.sequence = n.sequence;

-- name: event_ancestors
-- An event and what is above it, up to the root, or (when $3) up to the first whose usage_below is
-- set already.
-- params: run_id uuid, sequence int, until_marked bool
-- returns: sequence int, parent_sequence int, usage_below bool, ordinal int
-- sqlite:
WITH RECURSIVE up (sequence, parent_sequence, usage_below) AS (
    SELECT sequence, parent_sequence, usage_below FROM events WHERE run_id = $1 AND sequence = $2
    UNION ALL
    SELECT e.sequence, e.parent_sequence, e.usage_below
      FROM up JOIN events e ON e.run_id = $1 AND e.sequence = up.parent_sequence
     WHERE NOT (up.usage_below AND $3)
)
SELECT sequence, parent_sequence, usage_below, 0 FROM up;
-- postgres:
WITH RECURSIVE up (run_id, sequence, parent_sequence, usage_below, until_marked, ordinal) AS (
    SELECT e.run_id, e.sequence, e.parent_sequence, e.usage_below, n.until_marked, n.ordinal
      FROM unnest($1::uuid[], $2::int8[], $3::bool[])
           WITH ORDINALITY AS n (run_id, sequence, until_marked, ordinal)
      JOIN events e ON e.run_id = n.run_id AND e.sequence = n.sequence
    UNION ALL
    SELECT e.run_id, e.sequence, e.parent_sequence, e.usage_below, up.until_marked, up.ordinal
      FROM up JOIN events e ON e.run_id = up.run_id AND e.sequence = up.parent_sequence
     WHERE NOT (up.usage_below AND up.until_marked)
)
SELECT sequence, parent_sequence, usage_below, ordinal FROM up;

-- name: event_insert
-- params: run_id uuid, sequence int, parent_sequence int, event_key text, kind text, name text, status text, status_message text, severity int, started_at time, start_nanos int, ended_at time, end_nanos int, agent_name text, tool_name text, tool_call_id text, usage_below bool, attributes json, body json, input text, output text, attributes_hash bytes, body_hash bytes, input_hash bytes, output_hash bytes
-- sqlite:
INSERT INTO events (run_id, sequence, parent_sequence, event_key, kind, name, status, status_message, severity,
                    started_at, start_nanos, ended_at, end_nanos, agent_name, tool_name, tool_call_id,
                    usage_below, attributes, body, input, output,
                    attributes_hash, body_hash, input_hash, output_hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
        $23, $24, $25);
-- postgres:
INSERT INTO events (run_id, sequence, parent_sequence, event_key, kind, name, status, status_message, severity,
                    started_at, start_nanos, ended_at, end_nanos, agent_name, tool_name, tool_call_id,
                    usage_below, attributes, body, input, output,
                    attributes_hash, body_hash, input_hash, output_hash)
SELECT * FROM unnest(
    $1::uuid[], $2::int8[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int8[],
    $10::timestamptz[], $11::int8[], $12::timestamptz[], $13::int8[], $14::text[], $15::text[], $16::text[],
    $17::bool[], $18::jsonb[], $19::jsonb[], $20::text[], $21::text[],
    $22::bytea[], $23::bytea[], $24::bytea[], $25::bytea[]);

-- name: event_update
-- params: run_id uuid, sequence int, parent_sequence int, event_key text, kind text, name text, status text, status_message text, severity int, started_at time, start_nanos int, ended_at time, end_nanos int, agent_name text, tool_name text, tool_call_id text, usage_below bool, attributes json, body json, input text, output text, attributes_hash bytes, body_hash bytes, input_hash bytes, output_hash bytes
-- sqlite:
UPDATE events
   SET parent_sequence = $3, kind = $5, name = $6, status = $7, status_message = $8, severity = $9,
       started_at = $10, start_nanos = $11, ended_at = $12, end_nanos = $13, agent_name = $14,
       tool_name = $15, tool_call_id = $16, usage_below = $17, attributes = $18, body = $19, input = $20,
       output = $21, attributes_hash = $22, body_hash = $23, input_hash = $24, output_hash = $25
 WHERE run_id = $1 AND sequence = $2 AND event_key = $4;
-- postgres:
UPDATE events e
   SET parent_sequence = n.parent_sequence, kind = n.kind, name = n.name, status = n.status,
       status_message = n.status_message, severity = n.severity, started_at = n.started_at,
       start_nanos = n.start_nanos, ended_at = n.ended_at, end_nanos = n.end_nanos, agent_name = n.agent_name,
       tool_name = n.tool_name, tool_call_id = n.tool_call_id, usage_below = n.usage_below,
       attributes = n.attributes, body = n.body, input = n.input, output = n.output,
       attributes_hash = n.attributes_hash, body_hash = n.body_hash, input_hash = n.input_hash,
       output_hash = n.output_hash
  FROM unnest(
    $1::uuid[], $2::int8[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int8[],
    $10::timestamptz[], $11::int8[], $12::timestamptz[], $13::int8[], $14::text[], $15::text[], $16::text[],
    $17::bool[], $18::jsonb[], $19::jsonb[], $20::text[], $21::text[],
    $22::bytea[], $23::bytea[], $24::bytea[], $25::bytea[])
    AS n (run_id, sequence, parent_sequence, event_key, kind, name, status, status_message, severity, started_at,
          start_nanos, ended_at, end_nanos, agent_name, tool_name, tool_call_id, usage_below, attributes, body,
          input, output, attributes_hash, body_hash, input_hash, output_hash)
 WHERE e.run_id = n.run_id AND e.sequence = n.sequence AND e.event_key = n.event_key;

-- name: event_mark_usage
-- params: run_id uuid, sequence int
-- sqlite:
UPDATE events SET usage_below = 1 WHERE run_id = $1 AND sequence = $2;
-- postgres:
UPDATE events e SET usage_below = true
  FROM unnest($1::uuid[], $2::int8[]) AS n (run_id, sequence)
 WHERE e.run_id = n.run_id AND e.sequence = n.sequence;
