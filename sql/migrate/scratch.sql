-- name: migrate_scratch_like
-- What a scratch database has to be like to read as the database at hand does.
-- returns: encoding text, collate text, ctype text
-- postgres:
SELECT pg_catalog.pg_encoding_to_char(encoding), datcollate::text, datctype::text
FROM pg_catalog.pg_database WHERE datname = current_database();
