-- name: migrate_table_exists
-- params: name text
-- returns: found bool
-- sqlite:
SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = $1);
-- postgres:
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relname = $1 AND n.nspname = current_schema());

-- name: migrate_adopt_schema_migrations
-- What dbmate (a row a version, as text) or golang-migrate (one row) applied last.
-- returns: version int
-- sqlite:
SELECT max(CAST(version AS INTEGER)) FROM schema_migrations WHERE CAST(version AS TEXT) GLOB '[0-9]*';
-- postgres:
SELECT max(version::text::bigint) FROM schema_migrations WHERE version::text ~ '^[0-9]{1,18}$';

-- name: migrate_adopt_goose
-- goose's log: older versions add a row with is_applied = false when they go down.
-- returns: version int
SELECT max(g.version_id) FROM goose_db_version g
WHERE g.is_applied AND NOT EXISTS (SELECT 1 FROM goose_db_version later
                                   WHERE later.version_id = g.version_id AND later.id > g.id AND NOT later.is_applied);
