/*
 * migrate/apply.h - one run of up, down or baseline against a database.
 */
#ifndef KEEL_MIGRATE_APPLY_H
#define KEEL_MIGRATE_APPLY_H

#include "migrate/history.h"
#include "migrate/set.h"

struct keel__run {
    struct keel_db *db;
    enum keel_dialect dialect;
    const struct keel_migrations *set;
    const struct keel_migrate_options *options;
    struct keel__arena arena;  /* of the run */
    struct keel__arena looked; /* what was last read of the history */
    struct keel__home home;
    int64_t wait_until_us; /* keel__clock_us: when waiting for others ends */
    bool said_waiting;
    bool locked;
    int64_t lock_key, server_process; /* PostgreSQL: which session holds it */
    struct keel__standing standing; /* PostgreSQL: of the todo at work, which the lock keeps true */
    const struct keel_migration_todo *todo; /* the one at work, for messages */
    size_t statement, statement_count;      /* of it, for events */
};

/* ---- run.c */
bool keel__run_stopped(const struct keel__run *run);
/* BUSY, "interrupted". */
int keel__run_stopped_error(struct keel_error *err);
/* Sleeps a little, unless it is over or stopped: then returns false. */
bool keel__run_wait(struct keel__run *run);
/* Does what can be done again, and in SQLite again and again while other programs lock the
 * database, as long as the options say. */
typedef int keel__attempt_fn(struct keel__run *run, void *context, struct keel_error *err);
int keel__run_patiently(struct keel__run *run, keel__attempt_fn *attempt, void *context,
                        struct keel_error *err);
/* BEGIN IMMEDIATE or BEGIN; waits for other writers as long as the options say. Fails when the lock
 * was lost with its connection. */
int keel__run_begin(struct keel__run *run, struct keel_error *err);

/* ---- report.c */
/* Sends event with the todo at work. */
void keel__run_event(struct keel__run *run, struct keel_migrate_event event);
void keel__run_note(struct keel__run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
const char *keel__todo_file(const struct keel_migration_todo *todo);
/* Makes of err "file:line: statement 3 of 5 (CREATE TABLE x ...): what the database said". */
int keel__statement_error(struct keel__run *run, const struct keel_migration_statement *statement,
                          bool in_transaction, struct keel_error *err);
/* Adds what is left in the database after a failure at step k. */
void keel__outcome_add(struct keel__run *run, size_t k, struct keel_error *err);

/* ---- lock.c: PostgreSQL's advisory lock; does nothing in SQLite, where a transaction locks the
 * database */
int keel__lock_take(struct keel__run *run, struct keel_error *err);
/* IO when the connection that held it was lost, and quietly replaced, since. */
int keel__lock_check(struct keel__run *run, struct keel_error *err);
void keel__lock_release(struct keel__run *run);

/* ---- apply.c: does one todo. *did is false when another process did it meanwhile. */
int keel__todo_apply(struct keel__run *run, const struct keel_migration_todo *todo, bool *did,
                     struct keel_error *err);

/* ---- adopt.c: CONFLICT when dbmate, goose or golang-migrate applied these migrations. */
int keel__adopt_check(struct keel__run *run, struct keel_error *err);

/* ---- in_doubt.c */
enum keel__doubt { KEEL__DOUBT_RUN = 1, KEEL__DOUBT_DONE };
/* What to do with a statement outside transactions that an earlier run started and did not see the
 * end of, or saw fail: run it (again), or take it as done. Clears what it left half made. CONFLICT
 * when only a person can tell. */
int keel__in_doubt(struct keel__run *run, const struct keel_migration_statement *statement,
                   bool failed, enum keel__doubt *out, struct keel_error *err);

/* ---- foreign_keys.c: SQLite */
struct keel__foreign_keys {
    struct keel__arena *arena;
    bool were_on;
    struct keel__violations *before;
};
/* Switches them off; outside a transaction. */
int keel__foreign_keys_off(struct keel__foreign_keys *keys, struct keel_db *db,
                           struct keel__arena *arena, struct keel_error *err);
/* Puts them back as they were; outside a transaction. */
void keel__foreign_keys_restore(struct keel__foreign_keys *keys, struct keel_db *db);
/* Inside the transaction: takes down what is violated already, and CONSTRAINT when more is in the
 * end, step's renames of tables taken into account. */
int keel__foreign_keys_before(struct keel__foreign_keys *keys, struct keel_db *db,
                              struct keel_error *err);
int keel__foreign_keys_after(struct keel__foreign_keys *keys, struct keel_db *db,
                             const struct keel_migration_step *step, struct keel_error *err);

#endif
