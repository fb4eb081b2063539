-- name: audit_fix_taken
-- Whether the database has a table, index or view of that name (in any schema), keel's own ones included.
-- params: name text
-- returns: taken int
-- sqlite:
SELECT count(*) FROM sqlite_schema WHERE name = $1 COLLATE NOCASE;
-- postgres:
SELECT count(*) FROM pg_catalog.pg_class WHERE relname = $1;
