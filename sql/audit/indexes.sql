-- name: audit_index_usage
-- How often each index was used since the statistics were last reset (or, where that is not known, since the server
-- started: an index may have been used before that, so this says less, never more). Indexes that enforce something are
-- left out, and so are those of partitions.
-- returns: schema_name text, table_name text, index_name text, scans int, table_scans int, size_bytes int, since time
-- postgres:
SELECT nullif(s.schemaname::text, current_schema()::text), s.relname::text, s.indexrelname::text, s.idx_scan,
       coalesce(t.seq_scan, 0) + coalesce(t.idx_scan, 0), pg_catalog.pg_relation_size(s.indexrelid),
       coalesce(d.stats_reset, pg_catalog.pg_postmaster_start_time())
FROM pg_catalog.pg_stat_user_indexes s
JOIN pg_catalog.pg_stat_user_tables t ON t.relid = s.relid
JOIN pg_catalog.pg_index i ON i.indexrelid = s.indexrelid
JOIN pg_catalog.pg_class c ON c.oid = s.relid AND NOT c.relispartition
JOIN pg_catalog.pg_stat_database d ON d.datname = pg_catalog.current_database()
WHERE s.idx_scan = 0 AND NOT i.indisunique AND NOT i.indisexclusion AND i.indisvalid AND NOT i.indisreplident
ORDER BY 1, 2, 3;
