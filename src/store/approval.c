/* Runs that wait for somebody's approval. The token is shown once; the store knows its hash. */
#include "base/hash.h"
#include "base/hex.h"
#include "keel_sql_store.h"
#include "store/run.h"
#include "store/store.h"

struct request {
    struct keel_uuid run_id;
    const char *reason, *actor;
    struct keel_hash token_hash;
    bool approve;
};

/* The open request of a run: its token's hash. */
static int open_request(struct keel_db *db, struct keel_uuid run_id, bool *found,
                        struct keel_hash *token_hash, struct keel_error *err)
{
    const struct keel_row *row;
    int code =
        keel_db_maybe(db, &keel_q_approval_open, KEEL_PARAMS(keel_uuid_value(run_id)), &row, err);
    *found = code == 0 && row;
    if (*found) {
        struct keel_slice hash = keel_row_bytes(row, 1);
        if (hash.size != sizeof token_hash->bytes)
            return keel_error_set(err, KEEL_IO, "a stored token hash has the wrong length");
        memcpy(token_hash->bytes, hash.data, hash.size);
    }
    return code;
}

int keel__run_waits(struct keel_db *db, struct keel_uuid run_id, bool *waits,
                    struct keel_error *err)
{
    struct keel_hash hash;
    return open_request(db, run_id, waits, &hash, err);
}

static int request_in(struct keel_db *db, struct keel__arena *arena, const struct request *request,
                      struct keel_error *err)
{
    struct keel__run_row row = {.id = request->run_id};
    struct keel_hash other;
    bool waiting = false;
    int64_t now = keel_time_now_us();
    int code = keel__run_lock(db, arena, &row, err);
    if (code == 0)
        code = open_request(db, row.id, &waiting, &other, err);
    if (code)
        return code;
    if (waiting)
        return keel_error_set(err, KEEL_CONFLICT, "the run waits for an approval already");
    if (row.status != KEEL_RUN_BLOCKED)
        code = keel__run_change(db, arena, &row, KEEL_RUN_BLOCKED, request->reason, request->actor,
                                now, err);
    if (code)
        return code;
    return keel_db_exec(db, &keel_q_approval_insert,
                        KEEL_PARAMS(keel_uuid_value(row.id), keel_hash_value(&request->token_hash),
                                    keel_time(now), keel_cstr(request->actor)),
                        NULL, err);
}

static int decide_in(struct keel_db *db, struct keel__arena *arena, const struct request *request,
                     struct keel_error *err)
{
    struct keel__run_row row = {.id = request->run_id};
    struct keel_hash stored = {{0}};
    bool waiting = false;
    int64_t now = keel_time_now_us();
    int code = keel__run_lock(db, arena, &row, err);
    if (code == 0)
        code = open_request(db, row.id, &waiting, &stored, err);
    if (code)
        return code;
    bool same = keel__equal_constant_time(&stored, &request->token_hash, sizeof stored);
    if (!waiting || !same)
        return keel_error_set(err, KEEL_NOTFOUND, "this token is wrong, or has been used already");
    code = keel_db_exec(db, &keel_q_approval_close,
                        KEEL_PARAMS(keel_uuid_value(row.id),
                                    keel_cstr(request->approve ? "approved" : "rejected"),
                                    keel_time(now), keel_cstr(request->actor)),
                        NULL, err);
    if (code)
        return code;
    return keel__run_change(db, arena, &row,
                            request->approve ? KEEL_RUN_IN_PROGRESS : KEEL_RUN_CANCELLED,
                            request->reason, request->actor, now, err);
}

typedef int step_fn(struct keel_db *db, struct keel__arena *arena, const struct request *request,
                    struct keel_error *err);

static int with_arena(step_fn *step, struct keel_db *db, void *context, struct keel_error *err)
{
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    int code = step(db, &arena, context, err);
    keel__arena_fini(&arena);
    return code;
}

static int request_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    return with_arena(request_in, db, context, err);
}

static int decide_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    return with_arena(decide_in, db, context, err);
}

int keel_run_request_approval(struct keel_store *store, struct keel_uuid run_id, const char *reason,
                              const char *actor, char token[65], struct keel_error *err)
{
    uint8_t secret[32];
    char text[65];
    keel__random(secret, sizeof secret);
    keel__hex_encode(text, secret, sizeof secret);
    text[64] = '\0';
    struct request request = {.run_id = run_id,
                              .reason = reason,
                              .actor = actor ? actor : "api",
                              .token_hash = keel__hash_of(text, 64)};
    int code = keel__store_transact(store, KEEL_TX_WRITE, request_tx, &request, err);
    if (code)
        return code;
    memcpy(token, text, sizeof text);
    keel__store_changed(store, &(struct keel_run_change){.run_id = run_id}, 1);
    return 0;
}

int keel_run_decide(struct keel_store *store, struct keel_uuid run_id, const char *token,
                    bool approve, const char *reason, const char *actor, struct keel_error *err)
{
    struct request request = {.run_id = run_id,
                              .reason = reason,
                              .actor = actor ? actor : "api",
                              .token_hash =
                                  keel__hash_of(token ? token : "", token ? strlen(token) : 0),
                              .approve = approve};
    int code = keel__store_transact(store, KEEL_TX_WRITE, decide_tx, &request, err);
    if (code == 0)
        keel__store_changed(store, &(struct keel_run_change){.run_id = run_id}, 1);
    return code;
}
