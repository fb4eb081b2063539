/*
 * store/run.h - the row of a run inside a transaction, and the rules of its status.
 */
#ifndef STORE_RUN_H
#define STORE_RUN_H

#include "base/arena.h"

#include <keel/store.h>

enum keel__origin { KEEL__ORIGIN_API = 1, KEEL__ORIGIN_OTLP, KEEL__ORIGIN_IMPORT };

/* The columns of runs that change, and where its sequences stand. */
struct keel__run_row {
    struct keel_uuid id;
    int64_t project_id;
    int64_t session_id, user_id; /* 0: none */
    enum keel__origin origin;
    enum keel_run_status status;
    struct keel_slice name, kind, worktree; /* absent: NULL */
    int64_t started_at, ended_at;           /* 0: none */
    int64_t last_event, last_status;        /* highest sequence numbers */
    bool found;
};

/* Reads (PostgreSQL: locks) the run that row->id names, with its sequences. Texts go to arena.
 * NOTFOUND. */
int keel__run_lock(struct keel_db *db, struct keel__arena *arena, struct keel__run_row *row,
                   struct keel_error *err);
/* The same for many, in order of their ids; `found` says which there are. */
int keel__runs_lock(struct keel_db *db, struct keel__arena *arena, struct keel__run_row **rows,
                    size_t count, struct keel_error *err);
int keel__runs_update(struct keel_db *db, struct keel__arena *arena, struct keel__run_row **rows,
                      size_t count, struct keel_error *err);

/* What a change of status means beside runs.status and the log: takes or releases the claim on the
 * worktree, withdraws an open request for approval. from 0: the run is new. CONFLICT: another run
 * has the worktree. */
/* Whether somebody was asked to approve the run and has not answered. */
int keel__run_waits(struct keel_db *db, struct keel_uuid run_id, bool *waits,
                    struct keel_error *err);
int keel__run_settle_claim(struct keel_db *db, const struct keel__run_row *row,
                           enum keel_run_status from, enum keel_run_status to, const char *actor,
                           int64_t now_us, struct keel_error *err);

/* Brings a locked run to another status: claim, row, log. CONFLICT where that is illegal. */
int keel__run_change(struct keel_db *db, struct keel__arena *arena, struct keel__run_row *row,
                     enum keel_run_status to, const char *reason, const char *actor, int64_t now_us,
                     struct keel_error *err);

static inline struct keel_value keel__key_or_null(int64_t id)
{
    return id ? keel_int(id) : keel_null();
}

static inline struct keel_value keel__time_or_null(int64_t us)
{
    return us ? keel_time(us) : keel_null();
}

#endif
