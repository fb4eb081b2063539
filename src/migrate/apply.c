#include "migrate/apply.h"

#include "base/clock.h"
#include "migrate/steps.h"

enum { MAX_TRANSACTION_TRIES = 6 };

/* ---- what another process may have done -------------------------------------------------------
 */

enum progress { TO_DO, DONE_ALREADY, ALL_DONE };

static int read_standing(struct keel__run *run, struct keel__standing *out, struct keel_error *err)
{
    struct keel__standings found;
    keel__arena_reset(&run->looked);
    int rc = keel__history_read(&found, run->db, &run->looked, run->options->module,
                                &run->todo->migration->version, err);
    *out = rc == 0 && found.count ? found.items[0]
                                  : (struct keel__standing){.state = KEEL_MIGRATION_PENDING};
    return rc;
}

/* Compares what the history says with what is about to be done at step k. In SQLite, whose lock is
 * the transaction, it is read again in each; PostgreSQL's lock lasts as long as the run, and what
 * the migration did to its session might hide the history. */
static int look(struct keel__run *run, size_t k, enum progress *progress,
                struct keel__standing *standing, struct keel_error *err)
{
    const struct keel_migration_todo *todo = run->todo;
    bool down = todo->action == KEEL_MIGRATE_DOWN;
    *progress = TO_DO;
    *standing = run->standing;
    if (run->dialect == KEEL_POSTGRES) {
        if (k != todo->first_step)
            standing->in_doubt = standing->failed = false;
        return 0;
    }
    int rc = read_standing(run, standing, err);
    bool within = standing->state == KEEL_MIGRATION_INTERRUPTED && standing->action == todo->action;
    if (rc)
        return rc;
    if (standing->state == (down ? KEEL_MIGRATION_PENDING : KEEL_MIGRATION_APPLIED))
        *progress = ALL_DONE;
    else if (within && standing->step > k)
        *progress = DONE_ALREADY;
    else if (k > 0 && !(within && standing->step == k))
        return keel_error_set(err, KEEL_CONFLICT,
                              "%s: another process worked on it meanwhile: run it again",
                              keel__todo_file(todo));
    return 0;
}

static int add_record(struct keel__run *run, size_t k, const char *state, int64_t since_us,
                      struct keel_error *err)
{
    const struct keel_migration_todo *todo = run->todo;
    size_t last = k < todo->step_count ? k : todo->step_count - 1;
    struct keel__record record = {
        .module = run->options->module,
        .migration = todo->migration,
        .action = todo->action,
        .state = state,
        .step = last + 1,
        .steps = todo->step_count,
        .digest = todo->step_count > 1 ? &todo->steps[last].digest : NULL,
        .duration_us = keel__clock_us() - since_us,
    };
    return keel__history_add(run->db, &run->home, &record, err);
}

/* ---- steps in a transaction -------------------------------------------------------------------
 */

static int run_statements(struct keel__run *run, const struct keel_migration_step *step,
                          struct keel_error *err)
{
    for (size_t i = 0; i < step->count; i++) {
        if (keel__run_stopped(run))
            return keel__run_stopped_error(err);
        run->statement++;
        keel__run_event(run, (struct keel_migrate_event){.kind = KEEL_MIGRATE_STATEMENT,
                                                         .statement = run->statement - 1});
        int rc = keel_db_run(run->db, step->statements[i].sql, err);
        if (rc) {
            keel__statement_error(run, &step->statements[i], true, err);
            return rc;
        }
    }
    return 0;
}

/* One try of step k, from BEGIN to COMMIT. */
static int try_transaction(struct keel__run *run, size_t k, struct keel__foreign_keys *keys,
                           enum progress *progress, struct keel_error *err)
{
    const struct keel_migration_step *step = &run->todo->steps[k];
    struct keel__standing standing;
    int64_t since_us = keel__clock_us();
    int rc = keel__run_begin(run, err);
    if (rc)
        return rc;
    rc = look(run, k, progress, &standing, err);
    if (rc == 0 && *progress == TO_DO) {
        if (keys)
            rc = keel__foreign_keys_before(keys, run->db, err);
        if (rc == 0)
            rc = run_statements(run, step, err);
        if (rc == 0 && keys) {
            rc = keel__foreign_keys_after(keys, run->db, step, err);
            if (rc)
                keel_error_context(err, "%s", keel__todo_file(run->todo));
        }
        if (rc == 0)
            rc = add_record(run, k, "done", since_us, err);
        if (rc == 0) {
            rc = keel_db_commit(run->db, err);
            if (rc)
                keel_error_context(err, "%s: at the end of its transaction",
                                   keel__todo_file(run->todo));
        }
    }
    if (rc || *progress != TO_DO)
        keel_db_rollback(run->db);
    return rc;
}

/* Other sessions may be in the way: SQLite's other writers for as long as the options say,
 * PostgreSQL's deadlocks and serialization failures a few times. */
static bool try_again(struct keel__run *run, int rc, int tries)
{
    if (rc != KEEL_BUSY || keel__run_stopped(run))
        return false;
    if (run->dialect == KEEL_POSTGRES && tries >= MAX_TRANSACTION_TRIES)
        return false;
    return keel__run_wait(run);
}

static int transaction_step(struct keel__run *run, size_t k, enum progress *progress,
                            struct keel_error *err)
{
    const struct keel_migration_step *step = &run->todo->steps[k];
    struct keel__foreign_keys keys;
    size_t statement = run->statement;
    int rc = 0;
    if (step->foreign_keys_off)
        rc = keel__foreign_keys_off(&keys, run->db, &run->arena, err);
    /* A file that switched them off itself, and is no transaction, rebuilds over several steps. */
    bool checks = step->foreign_keys_off && !step->foreign_keys_unchecked && rc == 0 &&
                  (step->transaction || keys.were_on);
    for (int tries = 1; rc == 0; tries++) {
        run->statement = statement;
        rc = try_transaction(run, k, checks ? &keys : NULL, progress, err);
        if (!try_again(run, rc, tries))
            break;
        rc = 0;
    }
    if (step->foreign_keys_off)
        keel__foreign_keys_restore(&keys, run->db);
    return rc;
}

/* ---- steps outside one ------------------------------------------------------------------------
 */

/* A row of its own. In SQLite nothing keeps another process from having gone on meanwhile: then
 * that stands. */
struct note {
    size_t step;
    const char *state;
    int64_t since_us;
    enum progress *progress;
};

static int write_note(struct keel__run *run, void *context, struct keel_error *err)
{
    const struct note *note = context;
    struct keel__standing standing;
    int rc = keel__run_begin(run, err);
    if (rc)
        return rc;
    rc = look(run, note->step, note->progress, &standing, err);
    if (rc == 0 && *note->progress == TO_DO)
        rc = add_record(run, note->step, note->state, note->since_us, err);
    if (rc == 0)
        rc = keel_db_commit(run->db, err);
    if (rc)
        keel_db_rollback(run->db);
    return rc;
}

static int record_alone(struct keel__run *run, size_t k, const char *state, int64_t since_us,
                        enum progress *progress, struct keel_error *err)
{
    struct note note = {k, state, since_us, progress};
    return keel__run_patiently(run, write_note, &note, err);
}

static int run_once(struct keel__run *run, void *context, struct keel_error *err)
{
    const struct keel_migration_statement *statement = context;
    return keel_db_run(run->db, statement->sql, err);
}

static int run_alone(struct keel__run *run, const struct keel_migration_statement *statement,
                     struct keel_error *err)
{
    struct keel_migration_statement once = *statement;
    run->statement++;
    keel__run_event(run, (struct keel_migrate_event){.kind = KEEL_MIGRATE_STATEMENT,
                                                     .statement = run->statement - 1});
    int rc = keel__run_patiently(run, run_once, &once, err);
    if (rc)
        keel__statement_error(run, statement, false, err);
    return rc;
}

/* Says in the history that it begins, and how it ended: whoever finds only the first knows what to
 * ask. */
static int bare_step(struct keel__run *run, size_t k, enum progress *progress,
                     struct keel_error *err)
{
    const struct keel_migration_statement *statement = &run->todo->steps[k].statements[0];
    struct keel__standing standing;
    enum keel__doubt doubt = KEEL__DOUBT_RUN;
    int64_t since_us = keel__clock_us();
    int rc = look(run, k, progress, &standing, err);
    if (rc || *progress != TO_DO)
        return rc;
    if (standing.in_doubt || standing.failed) {
        rc = keel__in_doubt(run, statement, standing.failed, &doubt, err);
        if (rc)
            return keel_error_context(err, "%s:%zu", statement->file, statement->line);
    }
    if (doubt == KEEL__DOUBT_DONE) {
        run->statement++;
        return record_alone(run, k, "done", since_us, progress, err);
    }
    bool postgres = run->dialect == KEEL_POSTGRES; /* SQLite's kind may be run twice */
    if (postgres)
        rc = record_alone(run, k, "started", since_us, progress, err);
    if (rc)
        return rc;
    rc = run_alone(run, statement, err);
    if (rc == 0)
        return record_alone(run, k, "done", since_us, progress, err);
    if (postgres)
        record_alone(run, k, "failed", since_us, progress, NULL);
    return rc;
}

/* PostgreSQL tells which statements cannot be in a transaction (25001), or end one themselves
 * (2D000). */
static bool must_be_bare(const struct keel_error *err)
{
    return strcmp(err->sqlstate, "25001") == 0 || strcmp(err->sqlstate, "2D000") == 0;
}

static int single_step(struct keel__run *run, size_t k, enum progress *progress,
                       struct keel_error *err)
{
    struct keel_slice sql = run->todo->steps[k].statements[0].sql;
    struct keel_error inner = {0};
    size_t statement = run->statement;
    if (run->dialect == KEEL_SQLITE)
        return keel__statement_nature(sql, KEEL_SQLITE).kind == KEEL__ALONE
                   ? bare_step(run, k, progress, err)
                   : transaction_step(run, k, progress, err);
    int rc = transaction_step(run, k, progress, &inner);
    if (rc && must_be_bare(&inner)) {
        run->statement = statement;
        return bare_step(run, k, progress, err);
    }
    if (rc && err)
        *err = inner;
    return rc;
}

/* ---- a todo -----------------------------------------------------------------------------------
 */

/* What the steps before first did to the session is gone with the session that ran them. */
static int replay_session(struct keel__run *run, size_t first, struct keel_error *err)
{
    int rc = 0;
    run->statement = 0;
    for (size_t k = 0; rc == 0 && k < first; k++) {
        const struct keel_migration_step *step = &run->todo->steps[k];
        bool again = !step->transaction &&
                     keel__statement_nature(step->statements[0].sql, run->dialect).is_session;
        if (again)
            rc = run_alone(run, &step->statements[0], err);
        else
            run->statement += step->count;
    }
    return rc;
}

static int run_step(struct keel__run *run, size_t k, enum progress *progress,
                    struct keel_error *err)
{
    if (keel__run_stopped(run))
        return keel__run_stopped_error(err);
    return run->todo->steps[k].transaction ? transaction_step(run, k, progress, err)
                                           : single_step(run, k, progress, err);
}

/* All that was left of it was taken out of the file: only its end is to be written down. */
static int close_todo(struct keel__run *run, struct keel_error *err)
{
    enum progress progress;
    return record_alone(run, run->todo->step_count, "done", keel__clock_us(), &progress, err);
}

static int run_steps(struct keel__run *run, bool *did, struct keel_error *err)
{
    const struct keel_migration_todo *todo = run->todo;
    int rc = read_standing(run, &run->standing, err);
    if (rc == 0)
        rc = replay_session(run, todo->first_step, err);
    *did = false;
    if (rc == 0 && todo->first_step == todo->step_count) {
        *did = true;
        return close_todo(run, err);
    }
    for (size_t k = todo->first_step; rc == 0 && k < todo->step_count; k++) {
        enum progress progress = TO_DO;
        rc = run_step(run, k, &progress, err);
        if (rc)
            keel__outcome_add(run, k, err);
        else if (progress == ALL_DONE)
            break;
        else if (progress == TO_DO)
            *did = true;
        else
            run->statement += todo->steps[k].count;
    }
    return rc;
}

static int baseline(struct keel__run *run, struct keel_error *err)
{
    struct keel__record record = {.module = run->options->module,
                                  .migration = run->todo->migration,
                                  .action = KEEL_MIGRATE_BASELINE,
                                  .state = "done",
                                  .step = 1,
                                  .steps = 1};
    return keel__history_add(run->db, &run->home, &record, err);
}

/* What a migration changed in its session must not reach the next one. */
static int reset_session(struct keel__run *run, void *context, struct keel_error *err)
{
    (void)context;
    return keel_db_reset_session(run->db, err);
}

int keel__todo_apply(struct keel__run *run, const struct keel_migration_todo *todo, bool *did,
                     struct keel_error *err)
{
    int64_t since_us = keel__clock_us();
    int rc;
    run->todo = todo;
    run->statement = run->statement_count = 0;
    for (size_t k = 0; k < todo->step_count; k++)
        run->statement_count += todo->steps[k].count;
    keel__run_event(run, (struct keel_migrate_event){.kind = KEEL_MIGRATE_BEGIN});
    *did = true;
    if (todo->action == KEEL_MIGRATE_BASELINE)
        rc = baseline(run, err);
    else
        rc = run_steps(run, did, err);
    if (rc == 0 && todo->action != KEEL_MIGRATE_BASELINE)
        rc = keel__run_patiently(run, reset_session, NULL, err);
    else if (todo->action != KEEL_MIGRATE_BASELINE)
        keel_db_reset_session(run->db, NULL);
    if (rc == 0 && *did)
        keel__run_event(run,
                        (struct keel_migrate_event){.kind = KEEL_MIGRATE_DONE,
                                                    .duration_us = keel__clock_us() - since_us});
    return rc;
}
