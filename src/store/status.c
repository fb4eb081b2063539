/* The row of a run in a transaction, and what a change of its status takes. */
#include "base/arena.h"
#include "keel_sql_store.h"
#include "store/run.h"

static enum keel__origin origin_parse(struct keel_slice text)
{
    if (text.size == 4)
        return KEEL__ORIGIN_OTLP;
    return text.size == 3 ? KEEL__ORIGIN_API : KEEL__ORIGIN_IMPORT;
}

struct reading {
    struct keel__arena *arena;
    struct keel__run_row **rows;
};

static int take_row(void *context, size_t index, const struct keel_row *row, struct keel_error *err)
{
    struct reading *reading = context;
    struct keel__run_row *run = reading->rows[index];
    run->project_id = keel_row_int(row, 0);
    run->origin = origin_parse(keel_row_text(row, 1));
    if (!keel_run_status_parse(keel_row_text(row, 2), &run->status))
        return keel_error_set(err, KEEL_IO, "a run has an unknown status");
    run->name = keel__arena_slice(reading->arena, keel_row_text(row, 3));
    run->kind = keel__arena_slice(reading->arena, keel_row_text(row, 4));
    run->session_id = keel_row_int(row, 5);
    run->user_id = keel_row_int(row, 6);
    run->worktree = keel__arena_slice(reading->arena, keel_row_text(row, 7));
    run->started_at = keel_row_time(row, 8);
    run->ended_at = keel_row_time(row, 9);
    run->found = true;
    return run->kind.data ? 0 : keel__arena_error(reading->arena, err);
}

static int take_tail(void *context, size_t index, const struct keel_row *row,
                     struct keel_error *err)
{
    (void)err;
    struct keel__run_row *run = ((struct reading *)context)->rows[index];
    run->last_event = keel_row_int(row, 0);
    run->last_status = keel_row_int(row, 1);
    return 0;
}

int keel__runs_lock(struct keel_db *db, struct keel__arena *arena, struct keel__run_row **rows,
                    size_t count, struct keel_error *err)
{
    struct reading reading = {arena, rows};
    struct keel_value *ids = keel__arena_calloc(arena, count, sizeof *ids);
    if (!ids)
        return keel__arena_error(arena, err);
    for (size_t i = 0; i < count; i++)
        ids[i] = keel_uuid_value(rows[i]->id);
    int code = keel_db_batch_each(db, &keel_q_run_lock, ids, count, take_row, &reading, err);
    if (code == 0)
        code = keel_db_batch_each(db, &keel_q_run_tail, ids, count, take_tail, &reading, err);
    return code;
}

int keel__run_lock(struct keel_db *db, struct keel__arena *arena, struct keel__run_row *row,
                   struct keel_error *err)
{
    int code = keel__runs_lock(db, arena, &row, 1, err);
    if (code || row->found)
        return code;
    char id[37];
    keel_uuid_format(row->id, id);
    return keel_error_set(err, KEEL_NOTFOUND, "there is no run %s", id);
}

int keel__runs_update(struct keel_db *db, struct keel__arena *arena, struct keel__run_row **rows,
                      size_t count, struct keel_error *err)
{
    enum { WIDTH = 9 };
    struct keel_value *params = keel__arena_calloc(arena, count * WIDTH, sizeof *params);
    if (!params)
        return keel__arena_error(arena, err);
    for (size_t i = 0; i < count; i++) {
        const struct keel__run_row *row = rows[i];
        struct keel_value *param = params + i * WIDTH;
        param[0] = keel_uuid_value(row->id);
        param[1] = keel_int(row->project_id);
        param[2] = keel__key_or_null(row->session_id);
        param[3] = keel__key_or_null(row->user_id);
        param[4] = keel_text(row->name);
        param[5] = keel_text(row->kind);
        param[6] = keel_cstr(keel_run_status_name(row->status));
        param[7] = keel__time_or_null(row->started_at);
        param[8] = keel__time_or_null(row->ended_at);
    }
    return keel_db_batch(db, &keel_q_run_update, params, count, NULL, err);
}

static bool holds_worktree(enum keel_run_status status)
{
    return status == KEEL_RUN_IN_PROGRESS || status == KEEL_RUN_BLOCKED;
}

static int claim(struct keel_db *db, const struct keel__run_row *row, struct keel_error *err)
{
    int64_t taken;
    const struct keel_row *holder;
    int code = keel_db_exec(
        db, &keel_q_run_claim,
        KEEL_PARAMS(keel_int(row->project_id), keel_text(row->worktree), keel_uuid_value(row->id)),
        &taken, err);
    if (code || taken)
        return code;
    code = keel_db_maybe(db, &keel_q_run_claim_holder,
                         KEEL_PARAMS(keel_int(row->project_id), keel_text(row->worktree)), &holder,
                         err);
    if (code)
        return code;
    if (!holder)
        return keel_error_set(err, KEEL_BUSY, "the worktree is changing hands");
    char id[37];
    keel_uuid_format(keel_row_uuid(holder, 0), id);
    return keel_error_set(err, KEEL_CONFLICT,
                          "worktree %.*s is taken by run %s; end that run or use another worktree",
                          (int)(row->worktree.size < 200 ? row->worktree.size : 200),
                          row->worktree.data, id);
}

int keel__run_settle_claim(struct keel_db *db, const struct keel__run_row *row,
                           enum keel_run_status from, enum keel_run_status to, const char *actor,
                           int64_t now_us, struct keel_error *err)
{
    int code = 0;
    if (row->worktree.data && holds_worktree(to) && !holds_worktree(from))
        code = claim(db, row, err);
    else if (row->worktree.data && holds_worktree(from) && !holds_worktree(to))
        code = keel_db_exec(db, &keel_q_run_claim_release, KEEL_PARAMS(keel_uuid_value(row->id)),
                            NULL, err);
    if (code == 0 && from == KEEL_RUN_BLOCKED)
        code = keel_db_exec(db, &keel_q_approval_close,
                            KEEL_PARAMS(keel_uuid_value(row->id), keel_cstr("withdrawn"),
                                        keel_time(now_us), keel_cstr(actor)),
                            NULL, err);
    return code;
}

int keel__run_change(struct keel_db *db, struct keel__arena *arena, struct keel__run_row *row,
                     enum keel_run_status to, const char *reason, const char *actor, int64_t now_us,
                     struct keel_error *err)
{
    enum keel_run_status from = row->status;
    if (!keel_run_transition_legal(from, to)) {
        char id[37];
        keel_uuid_format(row->id, id);
        return keel_error_set(err, KEEL_CONFLICT, "run %s is %s and cannot become %s", id,
                              keel_run_status_name(from), keel_run_status_name(to));
    }
    int code = keel__run_settle_claim(db, row, from, to, actor, now_us, err);
    if (code)
        return code;
    row->status = to;
    if (to == KEEL_RUN_IN_PROGRESS && !row->started_at)
        row->started_at = now_us;
    if (to >= KEEL_RUN_COMPLETED && !row->ended_at)
        row->ended_at = now_us;
    code = keel__runs_update(db, arena, &row, 1, err);
    if (code)
        return code;
    return keel_db_batch(
        db, &keel_q_run_status_insert,
        (const struct keel_value[]){keel_uuid_value(row->id), keel_int(++row->last_status),
                                    keel_cstr(keel_run_status_name(to)), keel_cstr(reason),
                                    keel_cstr(actor), keel_time(now_us)},
        1, NULL, err);
}
