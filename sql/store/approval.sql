-- name: approval_open
-- The request that waits for a decision.
-- params: run_id uuid
-- returns: sequence int, token_hash bytes
SELECT sequence, token_hash FROM run_approvals WHERE run_id = $1 AND decision IS NULL;

-- name: approval_insert
-- params: run_id uuid, token_hash bytes, requested_at time, requested_by text
INSERT INTO run_approvals (run_id, sequence, token_hash, requested_at, requested_by)
SELECT $1, coalesce(max(sequence), 0) + 1, $2, $3, $4 FROM run_approvals WHERE run_id = $1;

-- name: approval_close
-- params: run_id uuid, decision text, decided_at time, decided_by text
UPDATE run_approvals SET decision = $2, decided_at = $3, decided_by = $4
 WHERE run_id = $1 AND decision IS NULL;
