-- name: migrate_home
-- What a migration may change for its session, and history rows must not be written under.
-- returns: schema text, search_path text, role text
-- postgres:
SELECT current_schema()::text, current_setting('search_path'), current_setting('role');

-- name: migrate_go_home
-- Until the transaction ends.
-- params: search_path text, role text
-- returns: search_path text, role text
-- postgres:
SELECT set_config('search_path', $1, true), set_config('role', $2, true);

-- name: migrate_lock
-- Held by the session; a process that dies loses it when its server process ends. Two schemas of one
-- database have histories and locks of their own.
-- returns: locked bool, key int, server_process int
-- postgres:
SELECT pg_try_advisory_lock(key), key, pg_backend_pid()
FROM (SELECT hashtextextended('keel_migrations', oid::bigint) AS key
      FROM pg_catalog.pg_namespace WHERE nspname = current_schema()) k;

-- name: migrate_unlock
-- params: key int
-- returns: unlocked bool
-- postgres:
SELECT pg_advisory_unlock($1);

-- name: migrate_server_process
-- Another one than when the lock was taken: the connection was lost since, and the lock with it.
-- returns: server_process int
-- postgres:
SELECT pg_backend_pid();

-- name: migrate_lock_holder
-- returns: pid int, client text
-- postgres:
SELECT l.pid, coalesce(a.client_addr::text, 'this machine')
FROM (SELECT hashtextextended('keel_migrations', oid::bigint) AS key
      FROM pg_catalog.pg_namespace WHERE nspname = current_schema()) k
JOIN pg_catalog.pg_locks l ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    AND l.classid::bigint = ((k.key >> 32) & 4294967295) AND l.objid::bigint = (k.key & 4294967295)
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
LIMIT 1;

-- name: migrate_index_state
-- An index by its name and its table as a statement writes them.
-- params: index_name text, table_name text
-- returns: valid bool, full_name text
-- postgres:
SELECT i.indisvalid, format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = $1::name AND i.indrelid = to_regclass($2);
