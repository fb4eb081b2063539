-- The store's core. Times are Unix microseconds UTC, money is nano-dollars, run ids are UUIDv7.
-- What belongs to a run is clustered by (run_id, sequence); contents and messages are named by
-- their BLAKE2b-256 hash. The same model stands in ../postgres.

CREATE TABLE projects (
    id         INTEGER PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE CHECK (name <> ''),
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE users (
    id          INTEGER PRIMARY KEY,
    external_id TEXT    NOT NULL UNIQUE CHECK (external_id <> ''),
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    id          INTEGER PRIMARY KEY,
    project_id  INTEGER NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
    external_id TEXT    NOT NULL CHECK (external_id <> ''),
    created_at  INTEGER NOT NULL,
    UNIQUE (project_id, external_id)
) STRICT;
CREATE INDEX sessions_external_id_idx ON sessions (external_id);
CREATE INDEX sessions_project_id_idx ON sessions (project_id, id);

CREATE TABLE models (
    id         INTEGER PRIMARY KEY,
    provider   TEXT    NOT NULL, -- '' where nobody said
    name       TEXT    NOT NULL CHECK (name <> ''),
    created_at INTEGER NOT NULL,
    UNIQUE (provider, name)
) STRICT;

-- Prices per million tokens, dated; a correction for the same date is a further version.
CREATE TABLE model_prices (
    id                   INTEGER PRIMARY KEY,
    provider             TEXT    NOT NULL, -- '' matches any provider
    model                TEXT    NOT NULL CHECK (model <> ''), -- a name, or a prefix that ends in *
    valid_from           INTEGER NOT NULL,
    version              INTEGER NOT NULL DEFAULT 1 CHECK (version >= 1),
    input_price          INTEGER CHECK (input_price >= 0),
    output_price         INTEGER CHECK (output_price >= 0),
    cache_read_price     INTEGER CHECK (cache_read_price >= 0),
    cache_creation_price INTEGER CHECK (cache_creation_price >= 0),
    reasoning_price      INTEGER CHECK (reasoning_price >= 0),
    source               TEXT,
    created_at           INTEGER NOT NULL,
    UNIQUE (provider, model, valid_from, version)
) STRICT;

CREATE TABLE contents (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    size       INTEGER NOT NULL CHECK (size >= 0), -- before compression
    encoding   TEXT    NOT NULL CHECK (encoding IN ('identity', 'zstd')),
    bytes      BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- A node of a conversation: what was said (content) after what (parent).
CREATE TABLE messages (
    hash         BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    parent_hash  BLOB    REFERENCES messages (hash) ON DELETE NO ACTION,
    role         TEXT    NOT NULL,
    format       TEXT    NOT NULL CHECK (format IN ('text', 'json')),
    content_hash BLOB    NOT NULL REFERENCES contents (hash) ON DELETE RESTRICT,
    depth        INTEGER NOT NULL CHECK (depth >= 1),
    CHECK ((parent_hash IS NULL) = (depth = 1))
) STRICT;
CREATE INDEX messages_parent_hash_idx ON messages (parent_hash) WHERE parent_hash IS NOT NULL;
CREATE INDEX messages_content_hash_idx ON messages (content_hash);

CREATE TABLE runs (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id    INTEGER NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
    parent_run_id BLOB    REFERENCES runs (id) ON DELETE SET NULL,
    session_id    INTEGER REFERENCES sessions (id) ON DELETE SET NULL,
    user_id       INTEGER REFERENCES users (id) ON DELETE SET NULL,
    origin        TEXT    NOT NULL CHECK (origin IN ('api', 'otlp', 'import')),
    name          TEXT,
    kind          TEXT    NOT NULL,
    status        TEXT    NOT NULL CHECK (status IN ('pending', 'in_progress', 'blocked', 'completed',
                                                     'failed', 'cancelled')),
    worktree      TEXT,
    created_at    INTEGER NOT NULL,
    started_at    INTEGER,
    ended_at      INTEGER
) STRICT, WITHOUT ROWID;
-- Lists of runs are in order of their start, or of their creation where they have not started.
CREATE INDEX runs_at_idx ON runs (coalesce(started_at, created_at), id);
CREATE INDEX runs_project_id_idx ON runs (project_id, coalesce(started_at, created_at), id);
CREATE INDEX runs_parent_run_id_idx ON runs (parent_run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_session_id_idx ON runs (session_id, coalesce(started_at, created_at), id)
    WHERE session_id IS NOT NULL;
CREATE INDEX runs_user_id_idx ON runs (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX runs_status_idx ON runs (status, coalesce(started_at, created_at), id);
CREATE INDEX runs_kind_idx ON runs (kind, coalesce(started_at, created_at), id);

-- External names of runs. A trace id is unique by itself, every other name inside its project.
CREATE TABLE run_aliases (
    id         INTEGER PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('trace', 'dedupe', 'correlation', 'legacy')),
    project_id INTEGER REFERENCES projects (id) ON DELETE RESTRICT,
    value      TEXT    NOT NULL CHECK (value <> ''),
    run_id     BLOB    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    CHECK ((kind = 'trace') = (project_id IS NULL))
) STRICT;
CREATE UNIQUE INDEX run_aliases_trace_idx ON run_aliases (value) WHERE project_id IS NULL;
CREATE UNIQUE INDEX run_aliases_project_id_idx ON run_aliases (project_id, kind, value)
    WHERE project_id IS NOT NULL;
CREATE INDEX run_aliases_run_id_idx ON run_aliases (run_id, kind);

-- Held by the one run that is in_progress or blocked in a worktree.
CREATE TABLE run_claims (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
    worktree   TEXT    NOT NULL CHECK (worktree <> ''),
    run_id     BLOB    NOT NULL UNIQUE REFERENCES runs (id) ON DELETE CASCADE,
    PRIMARY KEY (project_id, worktree)
) STRICT, WITHOUT ROWID;

-- Append-only; runs.status is the last row's.
CREATE TABLE run_status_log (
    run_id   BLOB    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    status   TEXT    NOT NULL CHECK (status IN ('pending', 'in_progress', 'blocked', 'completed',
                                                'failed', 'cancelled')),
    reason   TEXT, -- of a failure: the last error
    actor    TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (run_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_inputs (
    run_id       BLOB    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sequence     INTEGER NOT NULL CHECK (sequence >= 1),
    external_id  TEXT,
    name         TEXT,
    media_type   TEXT,
    content_hash BLOB    NOT NULL REFERENCES contents (hash) ON DELETE RESTRICT,
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (run_id, sequence),
    UNIQUE (run_id, external_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_inputs_content_hash_idx ON run_inputs (content_hash);

-- The token is handed out once; here is its BLAKE2b-256. At most one request of a run is open.
CREATE TABLE run_approvals (
    run_id       BLOB    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sequence     INTEGER NOT NULL CHECK (sequence >= 1),
    token_hash   BLOB    NOT NULL CHECK (length(token_hash) = 32),
    requested_at INTEGER NOT NULL,
    requested_by TEXT    NOT NULL,
    decided_at   INTEGER,
    decided_by   TEXT,
    decision     TEXT CHECK (decision IN ('approved', 'rejected', 'withdrawn')),
    PRIMARY KEY (run_id, sequence),
    CHECK ((decision IS NULL) = (decided_at IS NULL) AND (decision IS NULL) = (decided_by IS NULL))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX run_approvals_open_idx ON run_approvals (run_id) WHERE decision IS NULL;

-- Spans, span events, log records. What is large stands in contents (.._hash), else inline.
-- A parent that has not arrived yet is kind 'missing'. usage_below: an LLM call with token usage
-- lies beneath, so that this event's own call only repeats it.
CREATE TABLE events (
    run_id          BLOB    NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    sequence        INTEGER NOT NULL CHECK (sequence >= 1),
    parent_sequence INTEGER,
    event_key       TEXT    NOT NULL CHECK (event_key <> ''),
    kind            TEXT    NOT NULL CHECK (kind IN ('missing', 'span', 'workflow', 'agent', 'llm',
        'embedding', 'tool', 'retrieval', 'rerank', 'guardrail', 'evaluator', 'prompt', 'event', 'log')),
    name            TEXT    NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('unset', 'ok', 'error')),
    status_message  TEXT,
    severity        INTEGER CHECK (severity BETWEEN 1 AND 24),
    started_at      INTEGER,
    start_nanos     INTEGER NOT NULL CHECK (start_nanos BETWEEN 0 AND 999), -- below a microsecond
    ended_at        INTEGER,
    end_nanos       INTEGER NOT NULL CHECK (end_nanos BETWEEN 0 AND 999),
    agent_name      TEXT,
    tool_name       TEXT,
    tool_call_id    TEXT,
    usage_below     INTEGER NOT NULL CHECK (usage_below IN (0, 1)),
    attributes      TEXT CHECK (attributes IS NULL OR json_valid(attributes)),
    body            TEXT CHECK (body IS NULL OR json_valid(body)),
    input           TEXT,
    output          TEXT,
    attributes_hash BLOB REFERENCES contents (hash) ON DELETE RESTRICT,
    body_hash       BLOB REFERENCES contents (hash) ON DELETE RESTRICT,
    input_hash      BLOB REFERENCES contents (hash) ON DELETE RESTRICT,
    output_hash     BLOB REFERENCES contents (hash) ON DELETE RESTRICT,
    PRIMARY KEY (run_id, sequence),
    UNIQUE (run_id, event_key),
    FOREIGN KEY (run_id, parent_sequence) REFERENCES events (run_id, sequence) ON DELETE NO ACTION,
    CHECK (parent_sequence <> sequence),
    CHECK (attributes IS NULL OR attributes_hash IS NULL),
    CHECK (body IS NULL OR body_hash IS NULL),
    CHECK (input IS NULL OR input_hash IS NULL),
    CHECK (output IS NULL OR output_hash IS NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_parent_idx ON events (run_id, parent_sequence) WHERE parent_sequence IS NOT NULL;
CREATE INDEX events_attributes_hash_idx ON events (attributes_hash) WHERE attributes_hash IS NOT NULL;
CREATE INDEX events_body_hash_idx ON events (body_hash) WHERE body_hash IS NOT NULL;
CREATE INDEX events_input_hash_idx ON events (input_hash) WHERE input_hash IS NOT NULL;
CREATE INDEX events_output_hash_idx ON events (output_hash) WHERE output_hash IS NOT NULL;

-- The model call of an event. Tokens as OpenTelemetry means them: input includes cache read and
-- creation, output includes reasoning.
CREATE TABLE llm_calls (
    run_id                BLOB    NOT NULL,
    sequence              INTEGER NOT NULL,
    provider              TEXT,
    operation             TEXT,
    request_model_id      INTEGER REFERENCES models (id) ON DELETE RESTRICT,
    response_model_id     INTEGER REFERENCES models (id) ON DELETE RESTRICT,
    response_id           TEXT,
    session_id            INTEGER REFERENCES sessions (id) ON DELETE SET NULL,
    error_type            TEXT,
    finish_reason         TEXT,
    input_tokens          INTEGER CHECK (input_tokens >= 0),
    output_tokens         INTEGER CHECK (output_tokens >= 0),
    cache_read_tokens     INTEGER CHECK (cache_read_tokens >= 0),
    cache_creation_tokens INTEGER CHECK (cache_creation_tokens >= 0),
    reasoning_tokens      INTEGER CHECK (reasoning_tokens >= 0),
    cost                  INTEGER CHECK (cost >= 0),
    price_id              INTEGER REFERENCES model_prices (id) ON DELETE RESTRICT,
    prompt_name           TEXT,
    prompt_version        TEXT,
    tools_hash            BLOB REFERENCES contents (hash) ON DELETE RESTRICT,
    input_message_hash    BLOB REFERENCES messages (hash) ON DELETE RESTRICT, -- the last of the chain
    output_message_hash   BLOB REFERENCES messages (hash) ON DELETE RESTRICT, -- follows the input's
    started_at            INTEGER, -- the event's
    input_from_parts      INTEGER NOT NULL CHECK (input_from_parts IN (0, 1)), -- until a whole list is known
    output_from_parts     INTEGER NOT NULL CHECK (output_from_parts IN (0, 1)),
    PRIMARY KEY (run_id, sequence),
    FOREIGN KEY (run_id, sequence) REFERENCES events (run_id, sequence) ON DELETE CASCADE,
    CHECK ((cost IS NULL) = (price_id IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX llm_calls_request_model_id_idx ON llm_calls (request_model_id)
    WHERE request_model_id IS NOT NULL;
CREATE INDEX llm_calls_response_model_id_idx ON llm_calls (response_model_id)
    WHERE response_model_id IS NOT NULL;
CREATE INDEX llm_calls_session_id_idx ON llm_calls (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX llm_calls_price_id_idx ON llm_calls (price_id) WHERE price_id IS NOT NULL;
CREATE INDEX llm_calls_tools_hash_idx ON llm_calls (tools_hash) WHERE tools_hash IS NOT NULL;
CREATE INDEX llm_calls_input_message_hash_idx ON llm_calls (input_message_hash)
    WHERE input_message_hash IS NOT NULL;
CREATE INDEX llm_calls_output_message_hash_idx ON llm_calls (output_message_hash)
    WHERE output_message_hash IS NOT NULL;
CREATE INDEX llm_calls_started_at_idx ON llm_calls (started_at);

-- How many single messages of its parent's call a log record or span event (run_id, sequence) has
-- told. The call's messages are all of them in order of time, until a whole list is known.
CREATE TABLE llm_call_parts (
    run_id       BLOB    NOT NULL,
    sequence     INTEGER NOT NULL,
    input_count  INTEGER NOT NULL CHECK (input_count >= 0),
    output_count INTEGER NOT NULL CHECK (output_count >= 0),
    PRIMARY KEY (run_id, sequence),
    FOREIGN KEY (run_id, sequence) REFERENCES events (run_id, sequence) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE api_keys (
    id           INTEGER PRIMARY KEY,
    name         TEXT    NOT NULL CHECK (name <> ''),
    prefix       TEXT    NOT NULL,
    key_hash     BLOB    NOT NULL UNIQUE CHECK (length(key_hash) = 32),
    role         TEXT    NOT NULL CHECK (role IN ('read', 'ingest', 'admin')),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX api_keys_name_idx ON api_keys (name) WHERE revoked_at IS NULL;

CREATE TABLE audit_log (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    actor       TEXT    NOT NULL,
    action      TEXT    NOT NULL,
    object_type TEXT    NOT NULL,
    object_id   TEXT,
    detail      TEXT CHECK (detail IS NULL OR json_valid(detail))
) STRICT;
CREATE INDEX audit_log_at_idx ON audit_log (at);
CREATE INDEX audit_log_object_idx ON audit_log (object_type, object_id);

-- For people: ids as text, times in ISO 8601 UTC, money in dollars.

CREATE VIEW v_runs AS
SELECT lower(substr(hex(r.id), 1, 8) || '-' || substr(hex(r.id), 9, 4) || '-' || substr(hex(r.id), 13, 4)
             || '-' || substr(hex(r.id), 17, 4) || '-' || substr(hex(r.id), 21)) AS id,
       p.name AS project, r.name, r.kind, r.status, r.origin,
       t.value AS trace_id, s.external_id AS session_id, u.external_id AS user_id, r.worktree,
       strftime('%Y-%m-%dT%H:%M:%S', r.created_at / 1000000, 'unixepoch')
           || printf('.%06dZ', r.created_at % 1000000) AS created_at,
       strftime('%Y-%m-%dT%H:%M:%S', r.started_at / 1000000, 'unixepoch')
           || printf('.%06dZ', r.started_at % 1000000) AS started_at,
       strftime('%Y-%m-%dT%H:%M:%S', r.ended_at / 1000000, 'unixepoch')
           || printf('.%06dZ', r.ended_at % 1000000) AS ended_at,
       r.ended_at - r.started_at AS duration_us
  FROM runs r
  JOIN projects p ON p.id = r.project_id
  LEFT JOIN sessions s ON s.id = r.session_id
  LEFT JOIN users u ON u.id = r.user_id
  LEFT JOIN run_aliases t ON t.run_id = r.id AND t.kind = 'trace';

CREATE VIEW v_events AS
SELECT lower(substr(hex(e.run_id), 1, 8) || '-' || substr(hex(e.run_id), 9, 4) || '-'
             || substr(hex(e.run_id), 13, 4) || '-' || substr(hex(e.run_id), 17, 4) || '-'
             || substr(hex(e.run_id), 21)) AS run_id,
       e.sequence, e.parent_sequence, e.event_key, e.kind, e.name, e.status, e.status_message, e.severity,
       strftime('%Y-%m-%dT%H:%M:%S', e.started_at / 1000000, 'unixepoch')
           || printf('.%06d%03dZ', e.started_at % 1000000, e.start_nanos) AS started_at,
       strftime('%Y-%m-%dT%H:%M:%S', e.ended_at / 1000000, 'unixepoch')
           || printf('.%06d%03dZ', e.ended_at % 1000000, e.end_nanos) AS ended_at,
       e.ended_at - e.started_at AS duration_us,
       e.agent_name, e.tool_name, e.tool_call_id, e.attributes, e.body, e.input, e.output,
       nullif(lower(hex(e.attributes_hash)), '') AS attributes_hash, nullif(lower(hex(e.body_hash)), '') AS body_hash,
       nullif(lower(hex(e.input_hash)), '') AS input_hash, nullif(lower(hex(e.output_hash)), '') AS output_hash
  FROM events e;

CREATE VIEW v_llm_calls AS
SELECT lower(substr(hex(c.run_id), 1, 8) || '-' || substr(hex(c.run_id), 9, 4) || '-'
             || substr(hex(c.run_id), 13, 4) || '-' || substr(hex(c.run_id), 17, 4) || '-'
             || substr(hex(c.run_id), 21)) AS run_id,
       c.sequence, e.event_key, e.name, c.provider, c.operation,
       q.name AS request_model, a.name AS response_model, c.response_id,
       s.external_id AS session_id, e.status, c.error_type, e.status_message, c.finish_reason,
       c.input_tokens, c.output_tokens, c.cache_read_tokens, c.cache_creation_tokens, c.reasoning_tokens,
       iif(c.cost IS NULL, NULL, printf('%d.%09d', c.cost / 1000000000, c.cost % 1000000000)) AS cost_usd,
       e.usage_below = 0 AS is_leaf,
       strftime('%Y-%m-%dT%H:%M:%S', c.started_at / 1000000, 'unixepoch')
           || printf('.%06dZ', c.started_at % 1000000) AS started_at,
       e.ended_at - e.started_at AS duration_us,
       c.prompt_name, c.prompt_version,
       nullif(lower(hex(c.input_message_hash)), '') AS input_message_hash,
       nullif(lower(hex(c.output_message_hash)), '') AS output_message_hash
  FROM llm_calls c
  JOIN events e ON e.run_id = c.run_id AND e.sequence = c.sequence
  LEFT JOIN models q ON q.id = c.request_model_id
  LEFT JOIN models a ON a.id = c.response_model_id
  LEFT JOIN sessions s ON s.id = c.session_id;
