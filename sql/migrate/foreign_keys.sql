-- name: migrate_foreign_keys
-- returns: enabled bool
-- sqlite:
PRAGMA foreign_keys;

-- name: migrate_foreign_keys_tables
-- Tables that have foreign keys.
-- returns: name text
-- sqlite:
SELECT t.name FROM sqlite_schema t
WHERE t.type = 'table' AND EXISTS (SELECT 1 FROM pragma_foreign_key_list(t.name))
ORDER BY t.name;

-- name: migrate_foreign_keys_check
-- Rows of one table whose parent is missing; rowid is NULL where the table has none.
-- params: table_name text
-- returns: rowid int, parent text
-- sqlite:
SELECT rowid, parent FROM pragma_foreign_key_check($1);
