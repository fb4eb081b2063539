-- name: llm_call_list
-- The model calls of a run after a sequence.
-- params: run_id uuid, after int, page_size int
-- returns: event_key text, run_id uuid, sequence int, name text, provider text, operation text
-- returns: request_model text, response_model text, response_id text, status text, error_type text
-- returns: status_message text, finish_reason text, input_tokens int, output_tokens int
-- returns: cache_read_tokens int, cache_creation_tokens int, reasoning_tokens int, cost money
-- returns: is_leaf bool, started_at time, start_nanos int, ended_at time, end_nanos int
-- returns: session_id text, tools_hash bytes, input_message_hash bytes, output_message_hash bytes
SELECT e.event_key, c.run_id, c.sequence, e.name, c.provider, c.operation, q.name, a.name, c.response_id,
       e.status, c.error_type, e.status_message, c.finish_reason, c.input_tokens, c.output_tokens,
       c.cache_read_tokens, c.cache_creation_tokens, c.reasoning_tokens, c.cost, NOT e.usage_below,
       e.started_at, e.start_nanos, e.ended_at, e.end_nanos, s.external_id, c.tools_hash,
       c.input_message_hash, c.output_message_hash
  FROM llm_calls c
  JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
  JOIN runs r ON r.id = c.run_id
  LEFT JOIN models q ON q.id = c.request_model_id
  LEFT JOIN models a ON a.id = c.response_model_id
  LEFT JOIN sessions s ON s.id = coalesce(c.session_id, r.session_id)
 WHERE c.run_id = $1 AND c.sequence > $2
 ORDER BY c.sequence LIMIT $3;

-- name: message_chain
-- A message and all before it, last one first.
-- params: hash bytes
-- returns: hash bytes, role text, format text, content_hash bytes, depth int
WITH RECURSIVE up (hash, parent_hash, role, format, content_hash, depth) AS (
    SELECT m.hash, m.parent_hash, m.role, m.format, m.content_hash, m.depth
      FROM messages m WHERE m.hash = $1
    UNION ALL
    SELECT m.hash, m.parent_hash, m.role, m.format, m.content_hash, m.depth
      FROM up u JOIN messages m ON m.hash = u.parent_hash)
SELECT hash, role, format, content_hash, depth FROM up ORDER BY depth DESC;

-- name: contents_read
-- params: hash bytes
-- returns: hash bytes, inlined bytes, encoding text, size int, bytes bytes, ordinal int
-- sqlite:
SELECT c.hash, NULL, c.encoding, c.size, c.bytes, 1 FROM contents c WHERE c.hash = $1;
-- postgres:
SELECT c.hash, NULL::bytea, c.encoding, c.size, c.bytes, w.ordinal
  FROM unnest($1::bytea[]) WITH ORDINALITY AS w (hash, ordinal)
  JOIN contents c ON c.hash = w.hash;
