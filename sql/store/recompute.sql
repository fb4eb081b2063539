-- name: recompute_count
-- params: since time, until time, undated bool
-- returns: count int
SELECT count(*) FROM llm_calls c
 WHERE c.started_at >= $1 AND c.started_at < $2 OR $3 AND c.started_at IS NULL;

-- name: recompute_page
-- Calls that started in [since, until), in order of (started_at, run_id, sequence), after one;
-- in PostgreSQL locked.
-- params: since time, until time, after_at time, after_run uuid, after_sequence int, page_size int
-- returns: started_at time, run_id uuid, sequence int, provider text, request_model text
-- returns: response_model text, input_tokens int, output_tokens int, cache_read_tokens int
-- returns: cache_creation_tokens int, reasoning_tokens int, cost money, price_id int
-- sqlite:
SELECT c.started_at, c.run_id, c.sequence, c.provider, q.name, a.name, c.input_tokens, c.output_tokens,
       c.cache_read_tokens, c.cache_creation_tokens, c.reasoning_tokens, c.cost, c.price_id
  FROM llm_calls c
  LEFT JOIN models q ON q.id = c.request_model_id
  LEFT JOIN models a ON a.id = c.response_model_id
 WHERE c.started_at >= $1 AND c.started_at < $2
   AND c.started_at >= $3 AND (c.started_at, c.run_id, c.sequence) > ($3, $4, $5)
 ORDER BY c.started_at, c.run_id, c.sequence LIMIT $6;
-- postgres:
SELECT c.started_at, c.run_id, c.sequence, c.provider, q.name, a.name, c.input_tokens, c.output_tokens,
       c.cache_read_tokens, c.cache_creation_tokens, c.reasoning_tokens, c.cost, c.price_id
  FROM llm_calls c
  LEFT JOIN models q ON q.id = c.request_model_id
  LEFT JOIN models a ON a.id = c.response_model_id
 WHERE c.started_at >= $1 AND c.started_at < $2
   AND c.started_at >= $3 AND (c.started_at, c.run_id, c.sequence) > ($3, $4, $5)
 ORDER BY c.started_at, c.run_id, c.sequence LIMIT $6
   FOR NO KEY UPDATE OF c;

-- name: recompute_page_undated
-- The same for calls without a start, which are priced as of the creation of their run.
-- params: after_run uuid, after_sequence int, page_size int
-- returns: started_at time, run_id uuid, sequence int, provider text, request_model text
-- returns: response_model text, input_tokens int, output_tokens int, cache_read_tokens int
-- returns: cache_creation_tokens int, reasoning_tokens int, cost money, price_id int
-- sqlite:
SELECT r.created_at, c.run_id, c.sequence, c.provider, q.name, a.name, c.input_tokens,
       c.output_tokens, c.cache_read_tokens, c.cache_creation_tokens, c.reasoning_tokens, c.cost, c.price_id
  FROM llm_calls c
  JOIN runs r ON r.id = c.run_id
  LEFT JOIN models q ON q.id = c.request_model_id
  LEFT JOIN models a ON a.id = c.response_model_id
 WHERE c.started_at IS NULL AND (c.run_id, c.sequence) > ($1, $2)
 ORDER BY c.run_id, c.sequence LIMIT $3;
-- postgres:
SELECT r.created_at, c.run_id, c.sequence, c.provider, q.name, a.name, c.input_tokens,
       c.output_tokens, c.cache_read_tokens, c.cache_creation_tokens, c.reasoning_tokens, c.cost, c.price_id
  FROM llm_calls c
  JOIN runs r ON r.id = c.run_id
  LEFT JOIN models q ON q.id = c.request_model_id
  LEFT JOIN models a ON a.id = c.response_model_id
 WHERE c.started_at IS NULL AND (c.run_id, c.sequence) > ($1, $2)
 ORDER BY c.run_id, c.sequence LIMIT $3
   FOR NO KEY UPDATE OF c;

-- name: recompute_set
-- params: run_id uuid, sequence int, cost money, price_id int
-- sqlite:
UPDATE llm_calls SET cost = $3, price_id = $4 WHERE run_id = $1 AND sequence = $2;
-- postgres:
UPDATE llm_calls c SET cost = n.cost, price_id = n.price_id
  FROM unnest($1::uuid[], $2::bigint[], $3::numeric[], $4::bigint[]) AS n (run_id, sequence, cost, price_id)
 WHERE c.run_id = n.run_id AND c.sequence = n.sequence;
