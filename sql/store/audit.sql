-- name: audit_append
-- params: at time, actor text, action text, object_type text, object_id text, detail json
INSERT INTO audit_log (at, actor, action, object_type, object_id, detail) VALUES ($1, $2, $3, $4, $5, $6);

-- name: audit_list
-- params: after int, page_size int
-- returns: id int, at time, actor text, action text, object_type text, object_id text, detail json
SELECT id, at, actor, action, object_type, object_id, detail
  FROM audit_log WHERE id > $1 ORDER BY id LIMIT $2;
