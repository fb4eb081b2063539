-- name: schema_sqlite_version
-- returns: version text
-- sqlite:
SELECT sqlite_version();

-- name: schema_sqlite_tables
-- What SQLite takes each table for: table, view, virtual or shadow.
-- returns: name text, kind text, without_rowid bool, strict bool
-- sqlite:
SELECT name, type, wr, strict FROM pragma_table_list WHERE schema = 'main' ORDER BY name;

-- name: schema_sqlite_objects
-- The statements that made everything; those of indexes that a key made have none.
-- returns: kind text, name text, table_name text, statement text
-- sqlite:
SELECT type, name, tbl_name, sql FROM main.sqlite_schema
WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'view' THEN 1 ELSE 2 END, name;

-- name: schema_sqlite_columns
-- Columns of all tables that are stored; hidden: 2 generated, virtual; 3 generated, stored.
-- returns: table_name text, name text, declared_type text, is_not_null bool, hidden int
-- sqlite:
SELECT m.name, x.name, x.type, x."notnull", x.hidden
FROM main.sqlite_schema m, pragma_table_xinfo(m.name, 'main') x
WHERE m.type = 'table' AND m.rootpage > 0 AND m.name NOT LIKE 'sqlite!_%' ESCAPE '!'
ORDER BY m.name, x.cid;

-- name: schema_sqlite_columns_of
-- Columns of one virtual table or view; fails when it is broken.
-- params: table_name text
-- returns: name text, declared_type text, is_not_null bool, hidden int
-- sqlite:
SELECT name, type, "notnull", hidden FROM pragma_table_xinfo($1, 'main') ORDER BY cid;
