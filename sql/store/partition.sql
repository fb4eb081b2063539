-- Partitions of what belongs to runs; PostgreSQL alone has them.

-- name: partition_list
-- params: none
-- returns: parent text, name text, bound text, estimated_rows int, bytes int
-- postgres:
SELECT p.relname::text, c.relname::text, pg_get_expr(c.relpartbound, c.oid),
       greatest(c.reltuples, 0)::int8, pg_total_relation_size(c.oid)
  FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r'
  JOIN pg_class p ON p.oid = i.inhparent AND p.relkind = 'p'
 WHERE p.relname IN ('runs', 'run_status_log', 'run_inputs', 'run_approvals', 'events', 'llm_calls',
                     'llm_call_parts')
   AND pg_table_is_visible(p.oid)
 ORDER BY p.relname, pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT', c.relname;

-- name: partition_exists
-- params: name text
-- returns: count int
-- postgres:
SELECT count(*) FROM pg_class WHERE relname = $1 AND relispartition AND pg_table_is_visible(oid);

-- name: partition_lock
-- One at a time makes partitions.
-- params: none
-- returns: done text
-- postgres:
SELECT pg_advisory_xact_lock(7234307076)::text;

-- name: partition_has_rows
-- Are there rows of a month in the default partitions? All of them belong to a run, so its row tells.
-- params: from_id uuid, until_id uuid
-- returns: found bool
-- postgres:
SELECT EXISTS (SELECT FROM runs_default WHERE id >= $1 AND id < $2);
