#include "store/run.h"

#include "base/hex.h"
#include "keel_sql_store.h"
#include "store/names.h"
#include "store/store.h"

struct creation {
    const struct keel_run_new *run;
    struct keel_uuid id; /* what the run has, or will have */
    char trace[33];
    bool created;
};

static const char *kind_of(const struct keel_run_new *run)
{
    return run->kind ? run->kind : "run";
}

static enum keel_run_status status_of(const struct keel_run_new *run)
{
    return run->status ? run->status : KEEL_RUN_PENDING;
}

static int check(const struct keel_run_new *run, char trace[33], struct keel_error *err)
{
    const struct {
        const char *what, *text;
    } names[] = {
        {"project", run->project},       {"name", run->name},    {"kind", run->kind},
        {"session", run->session_id},    {"user", run->user_id}, {"worktree", run->worktree},
        {"dedupe key", run->dedupe_key}, {"actor", run->actor},
    };
    uint8_t id[16];
    int code = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && code == 0; i++) {
        code = keel__name_check(names[i].what, keel_slice_of(names[i].text), err);
        if (code == 0 && i != 1 && names[i].text && !names[i].text[0])
            code = keel_error_set(err, KEEL_INVALID, "the run's %s is empty", names[i].what);
    }
    if (code)
        return code;
    if (!run->project)
        return keel_error_set(err, KEEL_INVALID, "a run needs a project");
    if (status_of(run) < KEEL_RUN_PENDING || status_of(run) > KEEL_RUN_CANCELLED)
        return keel_error_set(err, KEEL_INVALID, "unknown status %d", (int)run->status);
    trace[0] = '\0';
    if (run->trace_id) {
        if (!keel__hex_decode(id, sizeof id, keel_slice_of(run->trace_id)))
            return keel_error_set(err, KEEL_INVALID, "a trace id is 32 hex digits");
        keel__hex_encode(trace, id, sizeof id);
        trace[32] = '\0';
    }
    return 0;
}

/* Runs a query for one uuid; *found says whether there was a row. */
static int look_up(struct keel_db *db, const struct keel_query *query,
                   const struct keel_value *params, size_t count, struct keel_uuid *id, bool *found,
                   struct keel_error *err)
{
    const struct keel_row *row;
    int code = keel_db_maybe(db, query, params, count, &row, err);
    if (code || !row)
        return code;
    *id = keel_row_uuid(row, 0);
    *found = true;
    return 0;
}

static int take_trace(void *context, size_t index, const struct keel_row *row,
                      struct keel_error *err)
{
    (void)index, (void)err;
    struct creation *creation = context;
    creation->id = keel_row_uuid(row, 0);
    creation->created = false;
    return 0;
}

/* Looks for the run under its id and its trace; *found. */
static int find_existing(struct keel_db *db, struct creation *creation, bool *found,
                         struct keel_error *err)
{
    int code = 0;
    if (creation->run->has_id)
        code = look_up(db, &keel_q_run_find, KEEL_PARAMS(keel_uuid_value(creation->run->id)),
                       &creation->id, found, err);
    if (code || *found || !creation->trace[0])
        return code;
    struct keel_value trace = keel_cstr(creation->trace);
    creation->created = true;
    code = keel_db_batch_each(db, &keel_q_run_find_trace, &trace, 1, take_trace, creation, err);
    *found = !creation->created;
    return code;
}

static int insert_run(struct keel_db *db, const struct creation *creation,
                      const struct keel__run_row *row, int64_t now, struct keel_error *err)
{
    const struct keel_run_new *run = creation->run;
    int64_t inserted = 0;
    const struct keel_value params[] = {
        keel_uuid_value(row->id),
        keel_int(row->project_id),
        run->has_parent ? keel_uuid_value(run->parent_run_id) : keel_null(),
        keel__key_or_null(row->session_id),
        keel__key_or_null(row->user_id),
        keel_cstr("api"),
        keel_cstr(run->name),
        keel_cstr(kind_of(run)),
        keel_cstr(keel_run_status_name(row->status)),
        keel_cstr(run->worktree),
        keel_time(now),
        keel__time_or_null(row->started_at),
        keel__time_or_null(row->ended_at),
    };
    int code = keel_db_batch(db, &keel_q_run_insert, params, 1, &inserted, err);
    if (code == 0 && inserted == 0)
        code = keel_error_set(err, KEEL_BUSY, "another writer is creating this run");
    return code;
}

static int insert_alias(struct keel_db *db, const char *kind, struct keel_value project,
                        const char *value, struct keel_uuid id, struct keel_error *err)
{
    int64_t inserted = 0;
    const struct keel_value params[] = {keel_cstr(kind), project, keel_cstr(value),
                                        keel_uuid_value(id)};
    int code = keel_db_batch(db, &keel_q_run_alias_insert, params, 1, &inserted, err);
    if (code == 0 && inserted == 0)
        code = keel_error_set(err, KEEL_BUSY, "another writer is creating this run");
    return code;
}

static int fill_row(struct keel_db *db, const struct keel_run_new *run, struct keel__run_row *row,
                    int64_t now, struct keel_error *err)
{
    int code = 0;
    row->worktree = keel_slice_of(run->worktree);
    row->status = status_of(run);
    row->started_at = run->started_at;
    if (!row->started_at && row->status == KEEL_RUN_IN_PROGRESS)
        row->started_at = now;
    if (row->status >= KEEL_RUN_COMPLETED)
        row->ended_at = now;
    if (run->session_id)
        code = keel__session_id(db, row->project_id, keel_slice_of(run->session_id), now,
                                &row->session_id, err);
    if (code == 0 && run->user_id)
        code = keel__user_id(db, keel_slice_of(run->user_id), now, &row->user_id, err);
    if (code == 0 && run->has_parent) {
        bool found = false;
        struct keel_uuid parent;
        code = look_up(db, &keel_q_run_find, KEEL_PARAMS(keel_uuid_value(run->parent_run_id)),
                       &parent, &found, err);
        if (code == 0 && !found)
            code = keel_error_set(err, KEEL_NOTFOUND, "the parent run does not exist");
    }
    return code;
}

static int insert_all(struct keel_db *db, struct creation *creation, int64_t project_id,
                      int64_t now, struct keel_error *err)
{
    const struct keel_run_new *run = creation->run;
    struct keel__run_row row = {.id = run->has_id ? run->id : keel_uuid_new(),
                                .project_id = project_id};
    int code = fill_row(db, run, &row, now, err);
    if (code == 0)
        code = insert_run(db, creation, &row, now, err);
    if (code == 0 && creation->trace[0])
        code = insert_alias(db, "trace", keel_null(), creation->trace, row.id, err);
    if (code == 0 && run->dedupe_key)
        code = insert_alias(db, "dedupe", keel_int(project_id), run->dedupe_key, row.id, err);
    if (code == 0)
        code = keel__run_settle_claim(db, &row, 0, row.status, run->actor, now, err);
    if (code)
        return code;
    creation->id = row.id;
    creation->created = true;
    return keel_db_batch(
        db, &keel_q_run_status_insert,
        (const struct keel_value[]){keel_uuid_value(row.id), keel_int(1),
                                    keel_cstr(keel_run_status_name(row.status)), keel_null(),
                                    keel_cstr(run->actor ? run->actor : "api"), keel_time(now)},
        1, NULL, err);
}

static int create(struct keel_db *db, void *context, struct keel_error *err)
{
    struct creation *creation = context;
    const struct keel_run_new *run = creation->run;
    int64_t now = keel_time_now_us(), project_id = 0;
    bool found = false;
    int code = find_existing(db, creation, &found, err);
    if (code == 0 && !found)
        code = keel__project_id(db, keel_slice_of(run->project), now, &project_id, err);
    if (code == 0 && !found && run->dedupe_key)
        code = look_up(
            db, &keel_q_run_find_alias,
            KEEL_PARAMS(keel_int(project_id), keel_cstr("dedupe"), keel_cstr(run->dedupe_key)),
            &creation->id, &found, err);
    creation->created = false;
    if (code || found)
        return code;
    return insert_all(db, creation, project_id, now, err);
}

int keel_run_create(struct keel_store *store, const struct keel_run_new *run, struct keel_uuid *id,
                    bool *created, struct keel_error *err)
{
    struct creation creation = {.run = run};
    int code = check(run, creation.trace, err);
    if (code == 0)
        code = keel__store_transact(store, KEEL_TX_WRITE, create, &creation, err);
    if (code)
        return code;
    *id = creation.id;
    if (created)
        *created = creation.created;
    if (creation.created)
        keel__store_changed(store, &(struct keel_run_change){.run_id = creation.id}, 1);
    return 0;
}

struct change {
    struct keel_uuid run_id;
    enum keel_run_status status;
    const char *reason, *actor;
};

/* What waits for an approval goes on through it alone; ending it is everybody's. */
static int check_approval(struct keel_db *db, const struct keel__run_row *row,
                          enum keel_run_status to, struct keel_error *err)
{
    bool waits;
    if (row->status != KEEL_RUN_BLOCKED || to == KEEL_RUN_FAILED || to == KEEL_RUN_CANCELLED)
        return 0;
    int code = keel__run_waits(db, row->id, &waits, err);
    if (code || !waits)
        return code;
    return keel_error_set(err, KEEL_CONFLICT,
                          "the run waits for an approval: decide it with its token, or cancel it");
}

static int set_status(struct keel_db *db, void *context, struct keel_error *err)
{
    const struct change *change = context;
    struct keel__run_row row = {.id = change->run_id};
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    int code = keel__run_lock(db, &arena, &row, err);
    if (code == 0 && row.status != change->status) {
        code = check_approval(db, &row, change->status, err);
        if (code == 0)
            code = keel__run_change(db, &arena, &row, change->status, change->reason, change->actor,
                                    keel_time_now_us(), err);
    }
    keel__arena_fini(&arena);
    return code;
}

int keel_run_set_status(struct keel_store *store, struct keel_uuid run_id,
                        enum keel_run_status status, const char *reason, const char *actor,
                        struct keel_error *err)
{
    struct change change = {run_id, status, reason, actor ? actor : "api"};
    if (status < KEEL_RUN_PENDING || status > KEEL_RUN_CANCELLED)
        return keel_error_set(err, KEEL_INVALID, "unknown status %d", (int)status);
    int code = keel__store_transact(store, KEEL_TX_WRITE, set_status, &change, err);
    if (code == 0)
        keel__store_changed(store, &(struct keel_run_change){.run_id = run_id}, 1);
    return code;
}
