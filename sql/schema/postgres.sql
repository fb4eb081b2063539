-- The catalogues of PostgreSQL 13 and newer, everything of one kind in one statement. Objects of the system, of temporary
-- schemas and of extensions are left out. A schema name is NULL where it is the first of the search path. $1 is a JSON
-- array of the schemas asked for, NULL for all.

-- name: schema_postgres_version
-- returns: version int
-- postgres:
SELECT current_setting('server_version_num')::int8;

-- name: schema_postgres_extensions
-- returns: name text
-- postgres:
SELECT extname::text FROM pg_catalog.pg_extension WHERE extname <> 'plpgsql' ORDER BY extname;

-- name: schema_postgres_types
-- Enums (labels as a JSON array) and domains; kind is pg_type.typtype.
-- params: schemas json
-- returns: oid int, schema_name text, name text, kind text, labels json, base_type text, is_not_null bool
-- returns: default_text text, comment text
-- postgres:
SELECT t.oid::int8, nullif(n.nspname, current_schema())::text, t.typname::text, t.typtype::text,
       (SELECT jsonb_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
       CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
            || CASE WHEN t.typcollation <> b.typcollation THEN ' COLLATE ' || quote_ident(c.collname) ELSE '' END END,
       t.typnotnull, t.typdefault, pg_catalog.obj_description(t.oid, 'pg_type')
FROM pg_catalog.pg_type t
JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
LEFT JOIN pg_catalog.pg_collation c ON c.oid = t.typcollation
WHERE t.typtype IN ('e', 'd') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND ($1::jsonb IS NULL OR $1::jsonb ? n.nspname)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e')
ORDER BY t.oid;

-- name: schema_postgres_domain_checks
-- returns: domain_oid int, name text, expression text, is_valid bool
-- postgres:
SELECT c.contypid::int8, c.conname::text, pg_catalog.pg_get_expr(c.conbin, 0), c.convalidated
FROM pg_catalog.pg_constraint c WHERE c.contypid <> 0 AND c.contype = 'c' ORDER BY c.contypid, c.conname;

-- name: schema_postgres_sequences
-- Those of identity columns are part of their columns.
-- params: schemas json
-- returns: schema_name text, name text, type text, start int, increment int, minimum int, maximum int, cache int
-- returns: is_cycle bool, owner_table text, owner_column text
-- postgres:
SELECT nullif(n.nspname, current_schema())::text, c.relname::text, pg_catalog.format_type(s.seqtypid, NULL),
       s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle, o.relname::text, a.attname::text
FROM pg_catalog.pg_sequence s
JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid
     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')
LEFT JOIN pg_catalog.pg_class o ON o.oid = d.refobjid
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.deptype IS DISTINCT FROM 'i' AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND ($1::jsonb IS NULL OR $1::jsonb ? n.nspname)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                  WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname;

-- name: schema_postgres_relations
-- Tables (r, p, f) and views (v, m); body is a view's.
-- params: schemas json
-- returns: oid int, schema_name text, name text, kind text, is_partition bool, persistence text, options text
-- returns: partition_by text, parent_schema text, parent text, bound text, body text, comment text, inherits bool
-- postgres:
SELECT c.oid::int8, nullif(n.nspname, current_schema())::text, c.relname::text, c.relkind::text, c.relispartition,
       c.relpersistence::text, array_to_string(c.reloptions, ', '),
       CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
       nullif(pn.nspname, current_schema())::text, p.relname::text,
       CASE WHEN c.relispartition THEN pg_catalog.pg_get_expr(c.relpartbound, c.oid) END,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
       pg_catalog.obj_description(c.oid, 'pg_class'),
       p.oid IS NOT NULL AND NOT c.relispartition
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid AND i.inhseqno = 1
LEFT JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND ($1::jsonb IS NULL OR $1::jsonb ? n.nspname)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                  WHERE e.classid = 'pg_catalog.pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
ORDER BY n.nspname, c.relname;

-- name: schema_postgres_columns
-- type_kind is pg_type.typtype of the type, or of an array's element; owned: of a sequence that its default takes from.
-- returns: table_oid int, name text, declared_type text, type_kind text, type_name text, is_not_null bool
-- returns: default_text text, generated text, identity text, is_owned bool, collation_name text, comment text
-- returns: seq_type text, seq_start int, seq_increment int, seq_min int, seq_max int, seq_cache int, seq_cycle bool
-- returns: storage text
-- postgres:
SELECT a.attrelid::int8, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod),
       coalesce(e.typtype, t.typtype)::text, pg_catalog.format_type(coalesce(e.oid, t.oid), NULL), a.attnotnull,
       pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text, a.attidentity::text,
       EXISTS (SELECT 1 FROM pg_catalog.pg_depend own
               JOIN pg_catalog.pg_depend uses ON uses.refobjid = own.objid AND uses.refclassid = own.classid
               WHERE own.classid = 'pg_catalog.pg_class'::regclass AND own.deptype = 'a'
                 AND own.refclassid = 'pg_catalog.pg_class'::regclass
                 AND own.refobjid = a.attrelid AND own.refobjsubid = a.attnum
                 AND uses.classid = 'pg_catalog.pg_attrdef'::regclass AND uses.objid = d.oid),
       CASE WHEN a.attcollation <> t.typcollation THEN
            CASE WHEN pg_catalog.pg_collation_is_visible(l.oid) THEN '' ELSE quote_ident(ln.nspname) || '.' END
            || quote_ident(l.collname) END,
       pg_catalog.col_description(a.attrelid, a.attnum),
       pg_catalog.format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
       CASE WHEN a.attstorage <> t.typstorage THEN
            CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'f', 'v', 'm')
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
LEFT JOIN pg_catalog.pg_depend sd ON a.attidentity <> '' AND sd.refclassid = 'pg_catalog.pg_class'::regclass
     AND sd.refobjid = a.attrelid AND sd.refobjsubid = a.attnum AND sd.deptype = 'i'
     AND sd.classid = 'pg_catalog.pg_class'::regclass
LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = sd.objid
WHERE a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum;

-- name: schema_postgres_constraints
-- Keys, checks and exclusions that a table has by itself, not from its parent. columns, parent_columns, set_columns
-- and include are JSON arrays.
-- returns: table_oid int, kind text, name text, columns json, parent_schema text, parent text, parent_columns json
-- returns: on_update text, on_delete text, set_columns json, match text, is_deferrable bool, is_deferred bool
-- returns: is_valid bool, no_inherit bool, expression text, include json, definition text
-- postgres:
SELECT c.conrelid::int8, c.contype::text, c.conname::text,
       (SELECT jsonb_agg(a.attname::text ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k(num, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num
        WHERE x.indnkeyatts IS NULL OR c.contype = 'f' OR k.n <= x.indnkeyatts),
       nullif(pn.nspname, current_schema())::text, p.relname::text,
       (SELECT jsonb_agg(a.attname::text ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k(num, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num),
       c.confupdtype::text, c.confdeltype::text,
       (SELECT jsonb_agg(a.attname::text ORDER BY k.n)
        FROM jsonb_array_elements_text(to_jsonb(c) -> 'confdelsetcols') WITH ORDINALITY k(num, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num::int2
        WHERE jsonb_typeof(to_jsonb(c) -> 'confdelsetcols') = 'array'),
       c.confmatchtype::text, c.condeferrable, c.condeferred, c.convalidated, c.connoinherit,
       pg_catalog.pg_get_expr(c.conbin, c.conrelid),
       (SELECT jsonb_agg(a.attname::text ORDER BY k.n) FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(num, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num
        WHERE c.contype IN ('p', 'u') AND k.n > x.indnkeyatts),
       CASE WHEN c.contype IN ('x', 'u') THEN pg_catalog.pg_get_constraintdef(c.oid) END
FROM pg_catalog.pg_constraint c
JOIN pg_catalog.pg_class r ON r.oid = c.conrelid
JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
LEFT JOIN pg_catalog.pg_class p ON p.oid = c.confrelid
LEFT JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
LEFT JOIN pg_catalog.pg_index x ON x.indexrelid = c.conindid
WHERE c.contype IN ('p', 'u', 'f', 'c', 'x') AND c.conparentid = 0
  AND (c.conislocal OR c.contype <> 'c')
ORDER BY c.conrelid, c.conname;

-- name: schema_postgres_index_parts
-- A row for each part of each index that is no constraint's and no partition of another index; number is from 1.
-- returns: table_oid int, index_oid int, name text, method text, is_unique bool, is_valid bool, options text
-- returns: where_text text, definition text, number int, is_key bool, column_name text, expression text
-- returns: is_descending bool, is_nulls_first bool, collation_name text, opclass text
-- postgres:
SELECT x.indrelid::int8, x.indexrelid::int8, i.relname::text, m.amname::text, x.indisunique, x.indisvalid,
       array_to_string(i.reloptions, ', '), pg_catalog.pg_get_expr(x.indpred, x.indrelid, true),
       pg_catalog.pg_get_indexdef(x.indexrelid, 0, true), k.n, k.n <= x.indnkeyatts, a.attname::text,
       CASE WHEN k.num = 0 THEN pg_catalog.pg_get_indexdef(x.indexrelid, k.n::int4, false) END,
       coalesce((x.indoption[k.n - 1] & 1) = 1, false), coalesce((x.indoption[k.n - 1] & 2) = 2, false),
       CASE WHEN l.oid <> ia.typcollation_of THEN
            CASE WHEN pg_catalog.pg_collation_is_visible(l.oid) THEN '' ELSE quote_ident(ln.nspname) || '.' END
            || quote_ident(l.collname) END,
       CASE WHEN o.opcdefault AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute p
                                              WHERE p.attrelid = x.indexrelid AND p.attnum = k.n AND p.attoptions IS NOT NULL)
            THEN NULL
            ELSE CASE WHEN pg_catalog.pg_opclass_is_visible(o.oid) THEN '' ELSE quote_ident(onn.nspname) || '.' END
                 || quote_ident(o.opcname)
                 || coalesce((SELECT ' (' || array_to_string(p.attoptions, ', ') || ')' FROM pg_catalog.pg_attribute p
                              WHERE p.attrelid = x.indexrelid AND p.attnum = k.n AND p.attoptions IS NOT NULL), '') END
FROM pg_catalog.pg_index x
JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
JOIN pg_catalog.pg_am m ON m.oid = i.relam
JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
CROSS JOIN LATERAL unnest(x.indkey::int2[]) WITH ORDINALITY k(num, n)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.num AND k.num <> 0
LEFT JOIN LATERAL (SELECT coalesce(a.attcollation, t.typcollation) AS typcollation_of
                   FROM pg_catalog.pg_attribute p JOIN pg_catalog.pg_type t ON t.oid = p.atttypid
                   WHERE p.attrelid = x.indexrelid AND p.attnum = k.n) ia ON true
LEFT JOIN pg_catalog.pg_collation l ON l.oid = x.indcollation[k.n - 1]
LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
LEFT JOIN pg_catalog.pg_opclass o ON o.oid = x.indclass[k.n - 1]
LEFT JOIN pg_catalog.pg_namespace onn ON onn.oid = o.opcnamespace
WHERE NOT i.relispartition
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint c WHERE c.conindid = x.indexrelid AND c.contype IN ('p', 'u', 'x'))
ORDER BY x.indrelid, i.relname, k.n;

-- name: schema_postgres_triggers
-- returns: table_oid int, name text, function_name text, enabled text, definition text
-- postgres:
SELECT t.tgrelid::int8, t.tgname::text,
       CASE WHEN pg_catalog.pg_function_is_visible(p.oid) THEN '' ELSE quote_ident(pn.nspname) || '.' END || quote_ident(p.proname),
       t.tgenabled::text, pg_catalog.pg_get_triggerdef(t.oid, true)
FROM pg_catalog.pg_trigger t
JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
JOIN pg_catalog.pg_proc p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_namespace pn ON pn.oid = p.pronamespace
WHERE NOT t.tgisinternal AND t.tgparentid = 0
ORDER BY t.tgrelid, t.tgname;

-- name: schema_postgres_functions
-- Functions and procedures; early: a default, check, index or domain depends on it.
-- params: schemas json
-- returns: schema_name text, name text, arguments text, definition text, is_early bool
-- postgres:
SELECT nullif(n.nspname, current_schema())::text, p.proname::text, pg_catalog.pg_get_function_identity_arguments(p.oid),
       pg_catalog.pg_get_functiondef(p.oid),
       EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
               WHERE d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.refobjid = p.oid
                 AND d.classid IN ('pg_catalog.pg_attrdef'::regclass, 'pg_catalog.pg_constraint'::regclass,
                                   'pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass))
FROM pg_catalog.pg_proc p
JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind IN ('f', 'p', 'w') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND ($1::jsonb IS NULL OR $1::jsonb ? n.nspname)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                  WHERE e.classid = 'pg_catalog.pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')
ORDER BY n.nspname, p.proname, p.oid;

-- name: schema_postgres_view_dependencies
-- Views that a view is made of.
-- returns: view_oid int, needs_oid int
-- postgres:
SELECT DISTINCT r.ev_class::int8, d.refobjid::int8
FROM pg_catalog.pg_rewrite r
JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
     AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
JOIN pg_catalog.pg_class v ON v.oid = d.refobjid AND v.relkind IN ('v', 'm')
ORDER BY 1, 2;

-- name: schema_postgres_unmodelled
-- What the model has no place for, in the words of pg_describe_object where it has them; those are asked for last, since
-- they take long.
-- params: schemas json
-- returns: description text
-- postgres:
SELECT d.prefix || pg_catalog.pg_describe_object(d.described, d.described_oid, 0) AS what FROM (
    SELECT CASE t.typtype WHEN 'c' THEN 'composite ' WHEN 'r' THEN 'range ' ELSE 'base ' END,
           'pg_catalog.pg_type'::regclass, t.oid, t.typnamespace, 'pg_catalog.pg_type'::regclass, t.oid
    FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
    WHERE (t.typtype IN ('r', 'b') AND t.typcategory <> 'A') OR (t.typtype = 'c' AND c.relkind = 'c')
    UNION ALL
    SELECT 'aggregate ', 'pg_catalog.pg_proc'::regclass, p.oid, p.pronamespace, 'pg_catalog.pg_proc'::regclass, p.oid
    FROM pg_catalog.pg_proc p WHERE p.prokind = 'a'
    UNION ALL
    SELECT '', 'pg_catalog.pg_rewrite'::regclass, r.oid, c.relnamespace, 'pg_catalog.pg_class'::regclass, c.oid
    FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class WHERE r.rulename <> '_RETURN'
    UNION ALL
    SELECT '', 'pg_catalog.pg_policy'::regclass, p.oid, c.relnamespace, 'pg_catalog.pg_class'::regclass, c.oid
    FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid
    UNION ALL
    SELECT 'row level security of ', 'pg_catalog.pg_class'::regclass, c.oid, c.relnamespace, 'pg_catalog.pg_class'::regclass, c.oid
    FROM pg_catalog.pg_class c WHERE c.relrowsecurity
    UNION ALL
    SELECT '', 'pg_catalog.pg_statistic_ext'::regclass, s.oid, s.stxnamespace, 'pg_catalog.pg_statistic_ext'::regclass, s.oid
    FROM pg_catalog.pg_statistic_ext s
    UNION ALL
    SELECT '', 'pg_catalog.pg_collation'::regclass, l.oid, l.collnamespace, 'pg_catalog.pg_collation'::regclass, l.oid
    FROM pg_catalog.pg_collation l
    UNION ALL
    SELECT '', 'pg_catalog.pg_operator'::regclass, o.oid, o.oprnamespace, 'pg_catalog.pg_operator'::regclass, o.oid
    FROM pg_catalog.pg_operator o) d (prefix, described, described_oid, namespace, class, oid)
JOIN pg_catalog.pg_namespace n ON n.oid = d.namespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND ($1::jsonb IS NULL OR $1::jsonb ? n.nspname)
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e
                  WHERE e.classid = d.class AND e.objid = d.oid AND e.deptype = 'e')
ORDER BY what;
