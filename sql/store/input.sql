-- name: input_find
-- params: run_id uuid, external_id text
-- returns: content_hash bytes
SELECT content_hash FROM run_inputs WHERE run_id = $1 AND external_id = $2;

-- name: input_insert
-- params: run_id uuid, external_id text, name text, media_type text, content_hash bytes, created_at time
INSERT INTO run_inputs (run_id, sequence, external_id, name, media_type, content_hash, created_at)
SELECT $1, coalesce(max(sequence), 0) + 1, $2, $3, $4, $5, $6 FROM run_inputs WHERE run_id = $1;
