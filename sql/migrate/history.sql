-- name: migrate_history_create
-- The log of all that was done with migrations. A row with state done and step = steps ends an action.
-- sqlite:
CREATE TABLE IF NOT EXISTS keel_migrations (
    id INTEGER PRIMARY KEY,
    module TEXT NOT NULL CHECK (length(module) BETWEEN 1 AND 63),
    version INTEGER NOT NULL CHECK (version >= 0),
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('up', 'down', 'baseline')),
    state TEXT NOT NULL CHECK (state IN ('started', 'done', 'failed')),
    step INTEGER NOT NULL CHECK (step >= 1),
    steps INTEGER NOT NULL,
    checksum TEXT CHECK (length(checksum) = 64),
    down_checksum TEXT CHECK (length(down_checksum) = 64),
    digest TEXT CHECK (length(digest) = 64),
    applied_at INTEGER NOT NULL,
    duration_us INTEGER NOT NULL CHECK (duration_us >= 0),
    keel_version TEXT NOT NULL,
    CHECK (step <= steps)
) STRICT;
-- postgres:
CREATE TABLE IF NOT EXISTS keel_migrations (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    module TEXT NOT NULL CHECK (length(module) BETWEEN 1 AND 63),
    version BIGINT NOT NULL CHECK (version >= 0),
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('up', 'down', 'baseline')),
    state TEXT NOT NULL CHECK (state IN ('started', 'done', 'failed')),
    step BIGINT NOT NULL CHECK (step >= 1),
    steps BIGINT NOT NULL,
    checksum TEXT CHECK (length(checksum) = 64),
    down_checksum TEXT CHECK (length(down_checksum) = 64),
    digest TEXT CHECK (length(digest) = 64),
    applied_at TIMESTAMPTZ NOT NULL,
    duration_us BIGINT NOT NULL CHECK (duration_us >= 0),
    keel_version TEXT NOT NULL,
    CHECK (step <= steps)
);

-- name: migrate_history_index
CREATE INDEX IF NOT EXISTS keel_migrations_module_version ON keel_migrations (module, version);

-- name: migrate_history_exists
-- Where PostgreSQL's search_path leads first, not anywhere on it.
-- returns: found bool
-- sqlite:
SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'keel_migrations');
-- postgres:
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               WHERE c.relname = 'keel_migrations' AND n.nspname = current_schema());

-- name: migrate_history_list
-- The log of one module, or of all where module is NULL; of one version, or of all where version is NULL.
-- params: module text, version int
-- returns: id int, module text, version int, name text, file text, action text, state text, step int, steps int
-- returns: checksum text, down_checksum text, digest text, applied_at time, duration_us int, keel_version text
SELECT id, module, version, name, file, action, state, step, steps,
       checksum, down_checksum, digest, applied_at, duration_us, keel_version
FROM keel_migrations
WHERE ($1 IS NULL OR module = $1) AND ($2 IS NULL OR version = $2)
ORDER BY id;

-- name: migrate_history_add
-- params: module text, version int, name text, file text, action text, state text, step int, steps int
-- params: checksum text, down_checksum text, digest text, applied_at time, duration_us int, keel_version text
INSERT INTO keel_migrations (module, version, name, file, action, state, step, steps,
                             checksum, down_checksum, digest, applied_at, duration_us, keel_version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);
