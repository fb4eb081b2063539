#include "migrate/apply.h"
#include "migrate/plan.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdlib.h>

enum { DEFAULT_LOCK_TIMEOUT_MS = 300000, WAIT_US = 50000 };

bool keel__run_stopped(const struct keel__run *run)
{
    return run->options->stopped && run->options->stopped(run->options->context);
}

int keel__run_stopped_error(struct keel_error *err)
{
    return keel_error_set(err, KEEL_BUSY, "interrupted");
}

bool keel__run_wait(struct keel__run *run)
{
    int64_t now_us = keel__clock_us();
    if (now_us >= run->wait_until_us || keel__run_stopped(run))
        return false;
    if (!run->said_waiting)
        keel__run_event(run, (struct keel_migrate_event){.kind = KEEL_MIGRATE_WAITING});
    run->said_waiting = true;
    keel__sleep_us(WAIT_US);
    return true;
}

int keel__run_patiently(struct keel__run *run, keel__attempt_fn *attempt, void *context,
                        struct keel_error *err)
{
    for (;;) {
        int rc = attempt(run, context, err);
        if (rc != KEEL_BUSY || run->dialect != KEEL_SQLITE || keel__run_stopped(run) ||
            !keel__run_wait(run))
            return rc;
    }
}

int keel__run_begin(struct keel__run *run, struct keel_error *err)
{
    for (;;) {
        int rc = keel_db_begin(run->db, KEEL_TX_WRITE, err);
        if (rc == 0 && keel__lock_check(run, err)) {
            keel_db_rollback(run->db);
            return KEEL_IO;
        }
        if (rc != KEEL_BUSY)
            return rc;
        if (!keel__run_wait(run))
            return keel__run_stopped(run) ? keel__run_stopped_error(err) : rc;
    }
}

static bool is_module(const char *module)
{
    size_t n = module ? strspn(module, "abcdefghijklmnopqrstuvwxyz0123456789_-") : 0;
    return n > 0 && n <= 63 && !module[n];
}

static int check_options(const struct keel_migrate_options *options, struct keel_error *err)
{
    if (is_module(options->module))
        return 0;
    return keel_error_set(err, KEEL_INVALID,
                          "a module's name is 1 to 63 of a-z, 0-9, _ and -, not '%s'",
                          options->module ? options->module : "");
}

static int read_plan(struct keel_migration_plan *plan, struct keel_db *db,
                     struct keel__arena *arena, const struct keel_migrations *set,
                     enum keel_migration_action action, const struct keel_migrate_options *options,
                     struct keel__standings *standings, struct keel_error *err)
{
    int rc = keel__history_read(standings, db, arena, options->module, NULL, err);
    if (rc)
        return rc;
    return keel__plan_make(plan, arena, set, standings, action, keel_db_dialect(db), options, err);
}

int keel_migrate_plan(struct keel_migration_plan *out, struct keel_db *db,
                      const struct keel_migrations *set, enum keel_migration_action action,
                      const struct keel_migrate_options *options, struct keel_error *err)
{
    struct keel__standings standings;
    struct keel__arena *arena = malloc(sizeof *arena);
    *out = (struct keel_migration_plan){.arena = arena};
    if (!arena)
        return keel__nomem(err);
    keel__arena_init(arena, 0);
    int rc = check_options(options, err);
    if (rc == 0)
        rc = read_plan(out, db, arena, set, action, options, &standings, err);
    if (rc)
        keel_migration_plan_free(out);
    return rc;
}

void keel_migration_plan_free(struct keel_migration_plan *plan)
{
    if (plan->arena)
        keel__arena_fini(plan->arena);
    free(plan->arena);
    *plan = (struct keel_migration_plan){0};
}

/* ---- a run ------------------------------------------------------------------------------------
 */

static int make_history(struct keel__run *run, void *context, struct keel_error *err)
{
    bool exists;
    (void)context;
    int rc = keel__history_exists(run->db, &exists, err);
    if (rc || exists)
        return rc;
    rc = keel__run_begin(run, err);
    if (rc)
        return rc;
    rc = keel__history_create(run->db, err);
    if (rc == 0)
        rc = keel_db_commit(run->db, err);
    if (rc) {
        keel_db_rollback(run->db);
        keel_error_context(err, "the table keel_migrations cannot be made");
    }
    return rc;
}

/* All of a baseline is one transaction. */
static int apply_baseline(struct keel__run *run, void *context, struct keel_error *err)
{
    const struct keel_migration_plan *plan = context;
    bool did;
    int rc = keel__run_begin(run, err);
    for (size_t i = 0; rc == 0 && i < plan->count; i++)
        rc = keel__todo_apply(run, &plan->todos[i], &did, err);
    if (rc == 0)
        rc = keel_db_commit(run->db, err);
    if (rc)
        keel_db_rollback(run->db);
    return rc;
}

static int apply_plan(struct keel__run *run, struct keel_migration_plan *plan,
                      enum keel_migration_action action, struct keel_error *err)
{
    int rc = keel__run_patiently(run, make_history, NULL, err);
    if (rc == 0 && action == KEEL_MIGRATE_BASELINE)
        return apply_baseline(run, plan, err);
    for (size_t i = 0; rc == 0 && i < plan->count; i++) {
        bool did;
        rc = keel__run_stopped(run) ? keel__run_stopped_error(err)
                                    : keel__todo_apply(run, &plan->todos[i], &did, err);
    }
    return rc;
}

static void note_changed_down(struct keel__run *run, const struct keel__standings *standings)
{
    for (size_t i = 0; i < standings->count; i++) {
        const struct keel__migration *m = keel__set_find(run->set, standings->items[i].version);
        if (m && keel__problem_of(&standings->items[i], m) == KEEL_PROBLEM_DOWN_CHANGED)
            keel__run_note(run, "the down part of %s was changed after it was applied",
                           m->pub.up_file);
    }
}

struct planning {
    enum keel_migration_action action;
    struct keel_migration_plan plan;
    struct keel__standings standings;
};

static int make_plan(struct keel__run *run, void *context, struct keel_error *err)
{
    struct planning *p = context;
    int rc = read_plan(&p->plan, run->db, &run->arena, run->set, p->action, run->options,
                       &p->standings, err);
    bool first = rc == 0 && p->standings.count == 0 && p->plan.count > 0;
    return first && p->action == KEEL_MIGRATE_UP ? keel__adopt_check(run, err) : rc;
}

static int run_locked(struct keel__run *run, enum keel_migration_action action,
                      struct keel_error *err)
{
    struct planning planning = {.action = action};
    int rc = keel__run_patiently(run, make_plan, &planning, err);
    if (rc)
        return rc;
    note_changed_down(run, &planning.standings);
    return planning.plan.count ? apply_plan(run, &planning.plan, action, err) : 0;
}

int keel_migrate_run(struct keel_db *db, const struct keel_migrations *set,
                     enum keel_migration_action action, const struct keel_migrate_options *options,
                     struct keel_error *err)
{
    int64_t timeout_ms =
        options->lock_timeout_ms ? options->lock_timeout_ms : DEFAULT_LOCK_TIMEOUT_MS;
    struct keel__run run = {.db = db,
                            .dialect = keel_db_dialect(db),
                            .set = set,
                            .options = options,
                            .wait_until_us =
                                keel__clock_us() + (timeout_ms > 0 ? timeout_ms : 0) * 1000};
    int rc = check_options(options, err);
    if (rc == 0 && keel_db_in_transaction(db))
        rc = keel_error_set(err, KEEL_INVALID, "migrations run outside the caller's transaction");
    if (rc)
        return rc;
    keel__arena_init(&run.arena, 0);
    keel__arena_init(&run.looked, 0);
    rc = keel__home_read(&run.home, db, &run.arena, err);
    if (rc == 0)
        rc = keel__lock_take(&run, err);
    if (rc == 0)
        rc = run_locked(&run, action, err);
    keel__lock_release(&run);
    keel__arena_fini(&run.looked);
    keel__arena_fini(&run.arena);
    return rc;
}
