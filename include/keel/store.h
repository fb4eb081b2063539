/*
 * keel/store.h - runs, events, LLM calls, messages and costs in SQLite or PostgreSQL.
 *
 * A struct keel_store is a database whose schema is keel's, with a pool behind it. It may be used
 * by any thread. Text parameters are UTF-8, NUL-terminated where they are char*, borrowed until the
 * call returns. Results that a call fills are arena-backed: each reading call takes a struct
 * keel_result that owns what was read and is freed once with keel_result_free.
 *
 * Times are Unix microseconds, 0 where there is none; money is int64 nano-dollars; tokens are -1
 * where nobody said.
 */
#ifndef KEEL_STORE_H
#define KEEL_STORE_H

#include <keel/db.h>
#include <keel/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- opening --------------------------------------------------------------------------------- */

struct keel_store;

struct keel_store_options {
    struct keel_pool_options pool;
    bool read_only;
    bool no_migrate; /* fail with CONFLICT and a hint instead of migrating an older schema */
};

/* Opens the database and brings its schema up to date (migrations are embedded). A database whose
 * schema is newer than this library is refused. */
int keel_store_open(struct keel_store **out, const char *url,
                    const struct keel_store_options *options, struct keel_error *err);
void keel_store_close(struct keel_store *store);
struct keel_pool *
keel_store_pool(struct keel_store *store); /* borrowed; for migrate, ops and tests */

/* Owns the memory of what was read. Zero-initialise; may be reused after free. */
struct keel_result {
    void *arena;
};
void keel_result_free(struct keel_result *result);

/* ---- runs ------------------------------------------------------------------------------------ */

enum keel_run_status {
    KEEL_RUN_PENDING = 1,
    KEEL_RUN_IN_PROGRESS,
    KEEL_RUN_BLOCKED,
    KEEL_RUN_COMPLETED, /* this and the following are terminal */
    KEEL_RUN_FAILED,
    KEEL_RUN_CANCELLED
};
const char *keel_run_status_name(enum keel_run_status status); /* "in_progress", ... */
bool keel_run_status_parse(struct keel_slice text, enum keel_run_status *out);
/* pending -> in_progress, blocked, completed, failed, cancelled; in_progress -> blocked, completed,
 * failed, cancelled; blocked -> in_progress, completed, failed, cancelled; nothing leaves a
 * terminal status. */
bool keel_run_transition_legal(enum keel_run_status from, enum keel_run_status to);

/* What a run is created with. Zero-initialise; project is required. */
struct keel_run_new {
    bool has_id;
    struct keel_uuid id; /* else a new UUIDv7 */
    const char *project;
    const char *name;
    const char *kind;            /* free text, "run" when NULL */
    enum keel_run_status status; /* 0: pending */
    const char *session_id;      /* external id of the conversation */
    const char *user_id;
    const char *worktree;   /* one run in_progress or blocked per (project, worktree) */
    const char *dedupe_key; /* unique in the project */
    const char *trace_id;   /* 32 hex digits: an OTLP trace that joins this run */
    bool has_parent;
    struct keel_uuid parent_run_id;
    const char *actor;  /* for the status log; NULL: "api" */
    int64_t started_at; /* 0: when it becomes in_progress */
};
/* Creates a run; when one with this id, (project, dedupe_key) or trace exists, gives that one,
 * touches nothing, and sets *created (may be NULL) to false. CONFLICT: the worktree is taken by
 * another active run (named in the message). */
int keel_run_create(struct keel_store *store, const struct keel_run_new *run, struct keel_uuid *id,
                    bool *created, struct keel_error *err);
/* Appends to the status log. CONFLICT for an illegal transition, and for one that would pass over
 * an approval that is waited for. Setting the status it has is a no-op. */
int keel_run_set_status(struct keel_store *store, struct keel_uuid run_id,
                        enum keel_run_status status, const char *reason, const char *actor,
                        struct keel_error *err);
/* Blocks the run and hands out a token once (64 hex digits and NUL; only its hash is stored). */
int keel_run_request_approval(struct keel_store *store, struct keel_uuid run_id, const char *reason,
                              const char *actor, char token[65], struct keel_error *err);
/* approve: back to in_progress; otherwise cancelled. NOTFOUND when the token is wrong (compared in
 * constant time) or used. */
int keel_run_decide(struct keel_store *store, struct keel_uuid run_id, const char *token,
                    bool approve, const char *reason, const char *actor, struct keel_error *err);

struct keel_run {
    struct keel_uuid id;
    const char *project;
    const char *name;
    const char *kind;
    enum keel_run_status status;
    const char *trace_id;   /* 32 hex digits or NULL */
    const char *session_id; /* or NULL */
    const char *user_id;    /* or NULL */
    const char *worktree;   /* or NULL */
    const char *dedupe_key; /* or NULL */
    bool has_parent;
    struct keel_uuid parent_run_id;
    const char *last_error; /* reason of a failed status, or NULL */
    int64_t created_at, started_at, ended_at;
    int64_t event_count;    /* placeholders not counted */
    int64_t llm_call_count; /* leaf calls; the sums below are over these */
    int64_t input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens;
    int64_t cost_nusd;
    int64_t unpriced_call_count; /* leaf calls with tokens and no price */
};

/* Full UUID, a unique prefix of at least 4 hex digits, or a 32-digit trace id -> run. NOTFOUND;
 * CONFLICT if ambiguous (the message names some candidates). */
int keel_run_resolve(struct keel_store *store, const char *text, struct keel_uuid *id,
                     struct keel_error *err);
int keel_run_get(struct keel_store *store, struct keel_uuid id, struct keel_run *run,
                 struct keel_result *result, struct keel_error *err);

/* NULL, 0: no filter. */
struct keel_run_filter {
    const char *project;
    enum keel_run_status status;
    const char *kind;
    const char *session_id;
    const char *text;     /* case-insensitive substring of name or last error */
    int64_t since, until; /* started (or created) in [since, until) */
    const char *after;    /* keyset cursor of the page before */
    int limit;            /* 0: 50; at most 1000 */
};
/* Newest first: by start, or by creation where a run has not started. *next is a cursor or NULL
 * when this was the last page; it lives in result. */
int keel_run_list(struct keel_store *store, const struct keel_run_filter *filter,
                  struct keel_run **runs, size_t *count, const char **next,
                  struct keel_result *result, struct keel_error *err);

struct keel_status_change {
    int64_t sequence;
    enum keel_run_status status;
    const char *reason; /* or NULL */
    const char *actor;
    int64_t at;
};
int keel_run_status_log(struct keel_store *store, struct keel_uuid run_id,
                        struct keel_status_change **changes, size_t *count,
                        struct keel_result *result, struct keel_error *err);

struct keel_input {
    int64_t sequence;
    const char *external_id; /* client's id: the same id again is a no-op */
    const char *name;
    const char *media_type;
    struct keel_slice content;
    int64_t created_at;
};
/* Appends; NOTFOUND for an unknown run; CONFLICT when the id exists with other content. */
int keel_run_add_inputs(struct keel_store *store, struct keel_uuid run_id,
                        const struct keel_input *inputs, size_t count, struct keel_error *err);
int keel_run_inputs(struct keel_store *store, struct keel_uuid run_id, struct keel_input **inputs,
                    size_t *count, struct keel_result *result, struct keel_error *err);

/* ---- writing events and LLM calls ------------------------------------------------------------ */

struct keel_write_result {
    int64_t inserted;   /* events stored for the first time */
    int64_t completed;  /* events that a fuller version or the awaited span completed */
    int64_t duplicates; /* records that said nothing new */
    int64_t rejected;   /* records refused, see message */
    char message[256];  /* why, for partial_success; "" if none */
};

/* Writes records in one transaction; on success all of it is durable. BUSY may be retried. */
int keel_store_write(struct keel_store *store, const struct keel_record *records, size_t count,
                     struct keel_write_result *result, struct keel_error *err);

/* A group-commit queue in front of keel_store_write: several producers, one writer thread (SQLite)
 * or a few (PostgreSQL). keel_queue_write blocks until its records are committed, and is what
 * servers call. BUSY at once when the queue holds more than max_bytes or max_records. Records of
 * one call stay in one transaction. */
struct keel_queue;
struct keel_queue_options {
    size_t max_records; /* 0: 100000 */
    size_t max_bytes;   /* 0: 64 MiB, as estimated from slices */
    int writers;        /* 0: 1 for SQLite, 4 for PostgreSQL */
};
int keel_queue_open(struct keel_queue **out, struct keel_store *store,
                    const struct keel_queue_options *options, struct keel_error *err);
int keel_queue_write(struct keel_queue *queue, const struct keel_record *records, size_t count,
                     struct keel_write_result *result, struct keel_error *err);
/* The same without blocking: done is called once, on a writer's thread, after the commit or the
 * failure. records must live until then. Returns BUSY (done is not called) when the queue is full.
 */
typedef void keel_queue_done_fn(void *context, int code, const struct keel_write_result *result,
                                const struct keel_error *err);
int keel_queue_submit(struct keel_queue *queue, const struct keel_record *records, size_t count,
                      keel_queue_done_fn *done, void *context, struct keel_error *err);
struct keel_queue_stats {
    int64_t depth_records, depth_bytes;           /* waiting now */
    int64_t batches, records, transactions, busy; /* since open */
};
void keel_queue_stats(struct keel_queue *queue, struct keel_queue_stats *out);
void keel_queue_close(struct keel_queue *queue); /* drains what was accepted, then stops */

/* ---- following ------------------------------------------------------------------------------- */

/* What one commit changed in one run. */
struct keel_run_change {
    struct keel_uuid run_id;
    int64_t first_sequence,
        last_sequence; /* events that are new; 0, 0: none, but the run changed */
};
/* Called after each commit through this store that created or changed runs, on the thread that
 * committed. It must be quick, and must not call the store. */
typedef void keel_run_change_fn(void *context, const struct keel_run_change *changes, size_t count);
/* One at a time; NULL removes it. Not while another thread uses the store. What other processes
 * write is not seen. */
void keel_store_observe(struct keel_store *store, keel_run_change_fn *changed, void *context);

/* ---- reading events and LLM calls ------------------------------------------------------------ */

struct keel_event {
    int64_t sequence;
    int64_t parent_sequence; /* 0: none */
    const char *event_key;
    enum keel_event_kind kind;
    const char *name;
    enum keel_event_status status;
    const char *status_message; /* or NULL */
    int severity;
    int64_t start_ns, end_ns;                          /* Unix nanoseconds, 0 where unknown */
    const char *agent_name, *tool_name, *tool_call_id; /* or NULL */
    struct keel_slice input, output, attributes, body; /* absent unless asked for with details */
    bool has_llm_call;
    int depth; /* filled by keel_run_timeline: 0 for roots */
};
/* Events of a run in order of sequence > after, at most limit (0: 200, at most 5000). details: also
 * input, output, attributes, body; a page stops early at about 8 MiB of them. *next_after is 0 when
 * this was the last page. */
int keel_event_list(struct keel_store *store, struct keel_uuid run_id, int64_t after, int limit,
                    bool details, struct keel_event **events, size_t *count, int64_t *next_after,
                    struct keel_result *result, struct keel_error *err);
int keel_event_get(struct keel_store *store, struct keel_uuid run_id, int64_t sequence,
                   struct keel_event *event, struct keel_result *result, struct keel_error *err);
/* The tree in order of display: children below their parent, siblings by start time; without
 * details. Of a run with more than limit events (0: 10000) those that arrived first, and *more. */
int keel_run_timeline(struct keel_store *store, struct keel_uuid run_id, size_t limit,
                      struct keel_event **events, size_t *count, bool *more,
                      struct keel_result *result, struct keel_error *err);

struct keel_stored_message {
    struct keel_hash hash;
    const char *role;
    enum keel_message_format format;
    struct keel_slice content;
};
struct keel_llm_call {
    const char *id; /* the event's key */
    struct keel_uuid run_id;
    int64_t sequence; /* the event's */
    const char *name;
    const char *provider, *operation, *request_model, *response_model, *response_id; /* or NULL */
    enum keel_event_status status;
    const char *error_type, *error_message, *finish_reason; /* or NULL */
    int64_t input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens;
    bool has_cost;
    int64_t cost_nusd;
    bool is_leaf; /* counted in roll-ups */
    int64_t started_at, ended_at, duration_us;
    const char *session_id, *agent_name; /* agent: nearest enclosing agent event's name or NULL */
    struct keel_slice tools;             /* this and the following: */
    struct keel_stored_message *input_messages, *output_messages; /* with_messages only */
    size_t input_message_count, output_message_count;
};
/* Calls of a run in order of sequence > after, at most limit (0: 200, at most 1000); with messages
 * a page stops early at about 8 MiB of them. *next_after is 0 when this was the last page. */
int keel_llm_call_list(struct keel_store *store, struct keel_uuid run_id, int64_t after, int limit,
                       bool with_messages, struct keel_llm_call **calls, size_t *count,
                       int64_t *next_after, struct keel_result *result, struct keel_error *err);
int keel_llm_call_get(struct keel_store *store, struct keel_uuid run_id, int64_t sequence,
                      struct keel_llm_call *call, struct keel_result *result,
                      struct keel_error *err);

/* Hash of a message node: BLAKE2b-256 over "keel.message.v1", the parent's 32 bytes (32 zeros at
 * the root), role length (u32 little endian) and role, format byte, content hash. Of a content:
 * over "keel.content.v1" and the bytes. */
void keel_content_hash(struct keel_slice content, struct keel_hash *out);
void keel_message_hash(const struct keel_hash *parent, struct keel_slice role,
                       enum keel_message_format format, const struct keel_hash *content,
                       struct keel_hash *out);

/* ---- sessions, projects ---------------------------------------------------------------------- */

struct keel_session {
    const char *id; /* external */
    const char *project;
    int64_t first_at, last_at;
    int64_t run_count, llm_call_count, input_tokens, output_tokens, cost_nusd;
};
/* The latest first, by when their first run came. */
int keel_session_list(struct keel_store *store, const char *project, const char *after, int limit,
                      struct keel_session **sessions, size_t *count, const char **next,
                      struct keel_result *result, struct keel_error *err);

/* ---- costs and prices ------------------------------------------------------------------------ */

enum keel_cost_by {
    KEEL_COST_PROJECT = 1,
    KEEL_COST_MODEL, /* response model, else request model */
    KEEL_COST_AGENT, /* nearest enclosing agent event */
    KEEL_COST_DAY,   /* UTC */
    KEEL_COST_SESSION
};
const char *keel_cost_by_name(enum keel_cost_by by); /* "project", "model", ... */
bool keel_cost_by_parse(struct keel_slice text, enum keel_cost_by *out);
struct keel_cost {
    const char *key; /* NULL where there is none (no agent, no session) */
    int64_t llm_call_count, input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens,
        reasoning_tokens, cost_nusd, unpriced_call_count;
};
struct keel_cost_filter {
    const char *project;
    int64_t since, until; /* by the call's start */
};
/* Most expensive first; days in order. */
int keel_cost_report(struct keel_store *store, enum keel_cost_by by,
                     const struct keel_cost_filter *filter, struct keel_cost **costs, size_t *count,
                     struct keel_result *result, struct keel_error *err);

/* Dollars per million tokens, exact as nano-dollars per token * 1e6 would not be: kept as
 * nano-dollars per million tokens. Kinds are disjoint when priced: input without cache, cache read,
 * cache creation, output (reasoning included unless it has its own). */
struct keel_price {
    const char *provider; /* "" matches any provider */
    const char
        *model; /* exact name, or a prefix ending in "*": the longest match wins, exact first */
    int64_t valid_from; /* Unix microseconds */
    int64_t input_nusd, output_nusd, cache_read_nusd, cache_creation_nusd,
        reasoning_nusd; /* per million; -1: not said
(cache kinds fall back to input, reasoning to output) */
    const char *source;
};
/* In order of provider and model: what is in force now, or with history every version of it. */
int keel_price_list(struct keel_store *store, bool history, struct keel_price **prices,
                    size_t *count, struct keel_result *result, struct keel_error *err);
/* Appends a dated version; the same price again is a no-op. */
int keel_price_set(struct keel_store *store, const struct keel_price *price, const char *actor,
                   struct keel_error *err);
/* JSON as in data/prices.json. All or nothing. *count: versions added. */
int keel_price_import(struct keel_store *store, struct keel_slice json, const char *actor,
                      int64_t *count, struct keel_error *err);
/* Prices every call that started in [since, until) again; *changed calls got another cost.
 * Audit-logged. progress may be NULL. */
int keel_cost_recompute(struct keel_store *store, int64_t since, int64_t until, const char *actor,
                        void (*progress)(void *context, int64_t done, int64_t total), void *context,
                        int64_t *changed, struct keel_error *err);

/* ---- API keys -------------------------------------------------------------------------------- */

enum keel_role { KEEL_ROLE_READ = 1, KEEL_ROLE_INGEST, KEEL_ROLE_ADMIN };
const char *keel_role_name(enum keel_role role);
bool keel_role_parse(struct keel_slice text, enum keel_role *out);
struct keel_api_key {
    int64_t id;
    const char *name;
    const char *prefix; /* first characters of the key, to recognise it */
    enum keel_role role;
    int64_t created_at, last_used_at, revoked_at;
};
/* key: "keel_" + 64 hex digits of 256 random bits, shown once; its BLAKE2b-256 is stored. */
int keel_api_key_create(struct keel_store *store, const char *name, enum keel_role role,
                        const char *actor, char key[70], struct keel_api_key *out,
                        struct keel_result *result, struct keel_error *err);
int keel_api_key_list(struct keel_store *store, struct keel_api_key **keys, size_t *count,
                      struct keel_result *result, struct keel_error *err);
/* By name, prefix or id. */
int keel_api_key_revoke(struct keel_store *store, const char *which, const char *actor,
                        struct keel_error *err);
/* NOTFOUND for an unknown or revoked key. Constant-time comparison. */
int keel_api_key_check(struct keel_store *store, const char *key, enum keel_role *role,
                       struct keel_error *err);
int keel_api_key_count(struct keel_store *store, int64_t *active, struct keel_error *err);

/* ---- partitions (PostgreSQL) ----------------------------------------------------------------- */

struct keel_partition {
    const char *table;
    const char *name;
    int64_t from, until; /* 0, 0 for the default partition */
    int64_t estimated_rows;
    int64_t bytes;
};
/* UNSUPPORTED on SQLite. */
int keel_partition_list(struct keel_store *store, struct keel_partition **partitions, size_t *count,
                        struct keel_result *result, struct keel_error *err);
/* Creates the partitions of the current month and `months` ahead, moving rows that already stand in
 * the default partition; *created partitions are new. */
int keel_partition_create(struct keel_store *store, int months, int64_t *created,
                          struct keel_error *err);

/* ---- audit log ------------------------------------------------------------------------------- */

struct keel_audit_entry {
    int64_t id, at;
    const char *actor, *action, *object_type, *object_id;
    struct keel_slice detail; /* JSON or absent */
};
/* In order of id > after, at most limit (0: 100, at most 1000). */
int keel_audit_log(struct keel_store *store, int64_t after, int limit,
                   struct keel_audit_entry **entries, size_t *count, struct keel_result *result,
                   struct keel_error *err);

#ifdef __cplusplus
}
#endif
#endif
