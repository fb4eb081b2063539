-- name: llm_call_read
-- All that merging needs to know of a call.
-- params: run_id uuid, sequence int
-- returns: provider text, operation text, request_model text, response_model text, response_id text, error_type text, finish_reason text, prompt_name text, prompt_version text, input_tokens int, output_tokens int, cache_read_tokens int, cache_creation_tokens int, reasoning_tokens int, session_id int, tools_hash bytes, input_message_hash bytes, output_message_hash bytes, input_from_parts bool, output_from_parts bool, started_at time, cost money, price_id int, ordinal int
-- sqlite:
SELECT c.provider, c.operation, q.name, a.name, c.response_id, c.error_type, c.finish_reason, c.prompt_name,
       c.prompt_version, c.input_tokens, c.output_tokens, c.cache_read_tokens, c.cache_creation_tokens,
       c.reasoning_tokens, c.session_id, c.tools_hash, c.input_message_hash, c.output_message_hash,
       c.input_from_parts, c.output_from_parts, c.started_at, c.cost, c.price_id, 0
  FROM llm_calls c
  LEFT JOIN models q ON q.id = c.request_model_id
  LEFT JOIN models a ON a.id = c.response_model_id
 WHERE c.run_id = $1 AND c.sequence = $2;
-- postgres:
SELECT c.provider, c.operation, q.name, a.name, c.response_id, c.error_type, c.finish_reason, c.prompt_name,
       c.prompt_version, c.input_tokens, c.output_tokens, c.cache_read_tokens, c.cache_creation_tokens,
       c.reasoning_tokens, c.session_id, c.tools_hash, c.input_message_hash, c.output_message_hash,
       c.input_from_parts, c.output_from_parts, c.started_at, c.cost, c.price_id, n.ordinal
  FROM unnest($1::uuid[], $2::int8[]) WITH ORDINALITY AS n (run_id, sequence, ordinal)
  JOIN llm_calls c ON c.run_id = n.run_id AND c.sequence = n.sequence
  LEFT JOIN models q ON q.id = c.request_model_id
  LEFT JOIN models a ON a.id = c.response_model_id;

-- name: llm_call_insert
-- params: run_id uuid, sequence int, provider text, operation text, request_model_id int, response_model_id int, response_id text, session_id int, error_type text, finish_reason text, input_tokens int, output_tokens int, cache_read_tokens int, cache_creation_tokens int, reasoning_tokens int, cost money, price_id int, prompt_name text, prompt_version text, tools_hash bytes, input_message_hash bytes, output_message_hash bytes, input_from_parts bool, output_from_parts bool, started_at time
-- sqlite:
INSERT INTO llm_calls (run_id, sequence, provider, operation, request_model_id, response_model_id, response_id,
                       session_id, error_type, finish_reason, input_tokens, output_tokens, cache_read_tokens,
                       cache_creation_tokens, reasoning_tokens, cost, price_id, prompt_name, prompt_version,
                       tools_hash, input_message_hash, output_message_hash, input_from_parts,
                       output_from_parts, started_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
        $23, $24, $25);
-- postgres:
INSERT INTO llm_calls (run_id, sequence, provider, operation, request_model_id, response_model_id, response_id,
                       session_id, error_type, finish_reason, input_tokens, output_tokens, cache_read_tokens,
                       cache_creation_tokens, reasoning_tokens, cost, price_id, prompt_name, prompt_version,
                       tools_hash, input_message_hash, output_message_hash, input_from_parts,
                       output_from_parts, started_at)
SELECT * FROM unnest(
    $1::uuid[], $2::int8[], $3::text[], $4::text[], $5::int8[], $6::int8[], $7::text[], $8::int8[], $9::text[],
    $10::text[], $11::int8[], $12::int8[], $13::int8[], $14::int8[], $15::int8[], $16::numeric[], $17::int8[],
    $18::text[], $19::text[], $20::bytea[], $21::bytea[], $22::bytea[], $23::bool[], $24::bool[],
    $25::timestamptz[]);

-- name: llm_call_update
-- params: run_id uuid, sequence int, provider text, operation text, request_model_id int, response_model_id int, response_id text, session_id int, error_type text, finish_reason text, input_tokens int, output_tokens int, cache_read_tokens int, cache_creation_tokens int, reasoning_tokens int, cost money, price_id int, prompt_name text, prompt_version text, tools_hash bytes, input_message_hash bytes, output_message_hash bytes, input_from_parts bool, output_from_parts bool, started_at time
-- sqlite:
UPDATE llm_calls
   SET provider = $3, operation = $4, request_model_id = $5, response_model_id = $6, response_id = $7,
       session_id = $8, error_type = $9, finish_reason = $10, input_tokens = $11, output_tokens = $12,
       cache_read_tokens = $13, cache_creation_tokens = $14, reasoning_tokens = $15, cost = $16,
       price_id = $17, prompt_name = $18, prompt_version = $19, tools_hash = $20, input_message_hash = $21,
       output_message_hash = $22, input_from_parts = $23, output_from_parts = $24, started_at = $25
 WHERE run_id = $1 AND sequence = $2;
-- postgres:
UPDATE llm_calls c
   SET provider = n.provider, operation = n.operation, request_model_id = n.request_model_id,
       response_model_id = n.response_model_id, response_id = n.response_id, session_id = n.session_id,
       error_type = n.error_type, finish_reason = n.finish_reason, input_tokens = n.input_tokens,
       output_tokens = n.output_tokens, cache_read_tokens = n.cache_read_tokens,
       cache_creation_tokens = n.cache_creation_tokens, reasoning_tokens = n.reasoning_tokens, cost = n.cost,
       price_id = n.price_id, prompt_name = n.prompt_name, prompt_version = n.prompt_version,
       tools_hash = n.tools_hash, input_message_hash = n.input_message_hash,
       output_message_hash = n.output_message_hash, input_from_parts = n.input_from_parts,
       output_from_parts = n.output_from_parts, started_at = n.started_at
  FROM unnest(
    $1::uuid[], $2::int8[], $3::text[], $4::text[], $5::int8[], $6::int8[], $7::text[], $8::int8[], $9::text[],
    $10::text[], $11::int8[], $12::int8[], $13::int8[], $14::int8[], $15::int8[], $16::numeric[], $17::int8[],
    $18::text[], $19::text[], $20::bytea[], $21::bytea[], $22::bytea[], $23::bool[], $24::bool[],
    $25::timestamptz[])
    AS n (run_id, sequence, provider, operation, request_model_id, response_model_id, response_id, session_id,
          error_type, finish_reason, input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens,
          reasoning_tokens, cost, price_id, prompt_name, prompt_version, tools_hash, input_message_hash,
          output_message_hash, input_from_parts, output_from_parts, started_at)
 WHERE c.run_id = n.run_id AND c.sequence = n.sequence;

-- name: llm_call_part_insert
-- params: run_id uuid, sequence int, input_count int, output_count int
-- sqlite:
INSERT INTO llm_call_parts (run_id, sequence, input_count, output_count) VALUES ($1, $2, $3, $4);
-- postgres:
INSERT INTO llm_call_parts (run_id, sequence, input_count, output_count)
SELECT * FROM unnest($1::uuid[], $2::int8[], $3::int8[], $4::int8[]);

-- name: llm_call_parts_of
-- The parts of a call's messages.
-- params: run_id uuid, sequence int
-- returns: sequence int, event_key text, started_at time, start_nanos int, input_count int, output_count int
SELECT p.sequence, e.event_key, e.started_at, e.start_nanos, p.input_count, p.output_count
  FROM events e
  JOIN llm_call_parts p ON p.run_id = e.run_id AND p.sequence = e.sequence
 WHERE e.run_id = $1 AND e.parent_sequence = $2;
