/*
 * keel/migrate.h - numbered SQL files, applied to a database once each, in order, with a history.
 *
 * A set of migrations is read from a folder or from files built into a program. What was done with
 * them stands in the table keel_migrations of the database itself: a log to which every up, down
 * and baseline adds a row, and from which nothing is ever removed; what is applied now is derived
 * from it. A module is the name under which a set keeps its history, so that several sets can share
 * one database.
 *
 * Each migration is one transaction with its history row in it, unless it says that it cannot be
 * one (transaction:false, NO TRANSACTION); such a migration runs in steps, and each step is in the
 * history, so that a later run goes on where an earlier one was stopped. docs/migrate.md has the
 * rules.
 *
 * Thread rule: as for struct keel_db. A set may be read by any number of threads.
 */
#ifndef KEEL_MIGRATE_H
#define KEEL_MIGRATE_H

#include <keel/db.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- sets of migrations ---------------------------------------------------------------------- */

enum keel_migration_layout {
    KEEL_LAYOUT_AUTO = 0, /* recognised by names and contents */
    KEEL_LAYOUT_PAIRS,    /* NNNN_name.up.sql and NNNN_name.down.sql: keel, golang-migrate */
    KEEL_LAYOUT_DBMATE,   /* NNNN_name.sql with "-- migrate:up" and "-- migrate:down" */
    KEEL_LAYOUT_GOOSE,    /* NNNN_name.sql with "-- +goose Up" and "-- +goose Down" */
    KEEL_LAYOUT_PLAIN     /* NNNN_name.sql, up only */
};
/* "pairs", "dbmate", "goose", "plain"; "auto". */
const char *keel_migration_layout_name(enum keel_migration_layout layout);
/* Those words, and "keel" and "golang-migrate" for pairs. */
bool keel_migration_layout_parse(const char *text, enum keel_migration_layout *out);

struct keel_migration {
    int64_t version;          /* the number the file's name begins with, 0 or more */
    const char *version_text; /* as the name has it: "0001", "20261122101500" */
    const char *name;         /* what follows the number: "add_users" */
    const char *up_file;      /* path for people */
    const char *down_file;    /* the same file in layouts with one; NULL: it has no down part */
    /* BLAKE2b-256 of the up and down parts; line ends, trailing blanks and a byte order mark do
     * not matter. down_checksum is all zero where there is no down part. */
    struct keel_hash checksum, down_checksum;
};

struct keel_migrations;
struct keel_embedded_file; /* { const char *name, *data; size_t size; }, made by embed_sql.py */

/* Reads dir, not its subfolders. Files that are not *.sql, or whose name does not begin with a
 * digit, are passed over. INVALID, naming the file and line, for two files of one version, a down
 * without an up, a file that does not fit the layout, or layouts that are mixed. An empty folder is
 * an empty set. *out is the caller's, to be given to keel_migrations_free. */
int keel_migrations_open(struct keel_migrations **out, const char *dir,
                         enum keel_migration_layout layout, struct keel_error *err);
/* The same of files in memory, borrowed for as long as the set lives. label stands before their
 * names in messages ("store/sqlite"). */
int keel_migrations_embedded(struct keel_migrations **out, const struct keel_embedded_file *files,
                             size_t count, const char *label, struct keel_error *err);
void keel_migrations_free(struct keel_migrations *set);
size_t keel_migrations_count(const struct keel_migrations *set);
/* In ascending order of version; lives as long as the set. */
const struct keel_migration *keel_migrations_get(const struct keel_migrations *set, size_t index);
/* The layout that was named or recognised; AUTO while the folder is empty. */
enum keel_migration_layout keel_migrations_layout(const struct keel_migrations *set);

struct keel_migration_created {
    char up[4096], down[4096]; /* paths; down is "" where the layout has one file */
};
/* Makes the files of a new migration in dir (made if missing) under the next number, or the time
 * (UTC, YYYYMMDDHHMMSS) where timestamp is set or the folder's last version is one. name's letters
 * are lowered, other characters than letters and digits become "_". Never overwrites. */
int keel_migration_create(struct keel_migration_created *out, const char *dir, const char *name,
                          enum keel_migration_layout layout, bool timestamp,
                          struct keel_error *err);

/* The same with what they say. up and down may begin with the lines "-- transaction:false" and
 * "-- foreign_keys:false", which are written as the layout has them, UNSUPPORTED where it cannot.
 * The layout plain has no down. Each file appears whole and on disk, or not at all. */
int keel_migration_write(struct keel_migration_created *out, const char *dir, const char *name,
                         enum keel_migration_layout layout, bool timestamp, const char *up,
                         const char *down, struct keel_error *err);

/* ---- what would be done ---------------------------------------------------------------------- */

enum keel_migration_action { KEEL_MIGRATE_UP = 1, KEEL_MIGRATE_DOWN, KEEL_MIGRATE_BASELINE };
const char *keel_migration_action_name(enum keel_migration_action action); /* "up", ... */

struct keel_migration_statement {
    struct keel_slice sql; /* without the semicolon; lives as long as the set */
    const char *file;
    size_t line;
};

/* What is done at once: in one transaction with its history row, or, of a migration that is none,
 * one statement that has to stand alone. */
struct keel_migration_step {
    const struct keel_migration_statement *statements;
    size_t count;
    bool transaction;            /* ran inside one; PostgreSQL falls back to none where it must */
    bool foreign_keys_off;       /* SQLite: it rebuilds tables */
    bool foreign_keys_unchecked; /* SQLite: and what it leaves is not checked: foreign_keys:false */
    struct keel_hash digest;     /* of this and all steps before it */
};

struct keel_migration_todo {
    const struct keel_migration *migration;
    enum keel_migration_action action;
    const struct keel_migration_step *steps; /* none for baseline */
    size_t step_count;
    size_t first_step; /* > 0: an earlier run did the steps before it */
};

struct keel_migration_plan {
    const struct keel_migration_todo *todos;
    size_t count;
    void *arena; /* owns all of it */
};

struct keel_migrate_event {
    enum {
        KEEL_MIGRATE_WAITING = 1, /* another process holds the lock */
        KEEL_MIGRATE_BEGIN,       /* todo is about to run */
        KEEL_MIGRATE_STATEMENT,   /* statement (0-based) of all statements is about to run */
        KEEL_MIGRATE_DONE,        /* it is committed; duration_us is set */
        KEEL_MIGRATE_NOTE         /* text says something worth knowing */
    } kind;
    const struct keel_migration_todo *todo;
    size_t statement, statement_count;
    int64_t duration_us;
    const char *text;
};
typedef void keel_migrate_event_fn(void *context, const struct keel_migrate_event *event);

/* What to do with the one statement that a killed process left without saying how it ended. */
enum keel_migrate_in_doubt {
    KEEL_IN_DOUBT_REFUSE = 0, /* CONFLICT, unless running it again is known to be harmless */
    KEEL_IN_DOUBT_RETRY,
    KEEL_IN_DOUBT_SKIP /* it was done */
};

struct keel_migrate_options {
    const char *module; /* required: lower-case letters, digits, "_", "-" */
    bool has_to;        /* to is set */
    int64_t to;         /* up, baseline: the last version; down: the last that stays, 0 for none */
    int steps;          /* down without to: how many; 0: 1 */
    bool allow_out_of_order; /* up: also versions below the highest that is applied */
    enum keel_migrate_in_doubt in_doubt;
    int lock_timeout_ms; /* 0: 300,000; negative: do not wait */
    /* Asked between statements: true, and nothing further begins. May be NULL. */
    bool (*stopped)(void *context);
    keel_migrate_event_fn *event; /* may be NULL */
    void *context;
};

/* What up, down or baseline would do now, without doing it; fails as they would where the files and
 * the history do not agree. Statements are those of the database's dialect. */
int keel_migrate_plan(struct keel_migration_plan *out, struct keel_db *db,
                      const struct keel_migrations *set, enum keel_migration_action action,
                      const struct keel_migrate_options *options, struct keel_error *err);
void keel_migration_plan_free(struct keel_migration_plan *plan);

/* ---- doing it -------------------------------------------------------------------------------- */

/* up applies what is pending, in ascending order of version; down reverts the highest versions;
 * baseline records that everything up to options->to is in the database as the files say, without
 * running it. Nothing runs before every file that would run has been read and understood.
 *
 * CONFLICT when an applied file was changed or is missing, when a pending one is out of order, when
 * a statement's outcome is in doubt, or when what another tool (dbmate, goose, golang-migrate)
 * applied is not baselined yet; INVALID for files that cannot be run, and NOTFOUND for an unknown
 * version; BUSY when the lock could not be had in time; UNCERTAIN when the connection broke during
 * a commit (run it again: it goes on from what the database has). The message names file, line and
 * statement. What was done before the error stays done. */
int keel_migrate_run(struct keel_db *db, const struct keel_migrations *set,
                     enum keel_migration_action action, const struct keel_migrate_options *options,
                     struct keel_error *err);

/* ---- what was done --------------------------------------------------------------------------- */

enum keel_migration_state {
    KEEL_MIGRATION_PENDING = 1,
    KEEL_MIGRATION_APPLIED,
    KEEL_MIGRATION_INTERRUPTED /* some of its steps are done, up or down */
};
enum keel_migration_problem {
    KEEL_PROBLEM_NONE = 0,
    KEEL_PROBLEM_CHANGED,      /* its up part is not what was applied */
    KEEL_PROBLEM_DOWN_CHANGED, /* its down part is not what it was then; up goes on all the same */
    KEEL_PROBLEM_MISSING,      /* it is applied and there is no file */
    KEEL_PROBLEM_OUT_OF_ORDER  /* it is pending below the highest version that is applied */
};
const char *keel_migration_state_name(enum keel_migration_state state);
const char *keel_migration_problem_name(enum keel_migration_problem problem); /* NULL for NONE */

struct keel_migration_status {
    int64_t version;
    const char *version_text, *name;
    const char *file; /* NULL when it is missing */
    enum keel_migration_state state;
    enum keel_migration_problem problem;
    bool has_down;
    enum keel_migration_action action; /* the last one; 0 for never */
    size_t step, steps;                /* of the last action: done, of */
    int64_t applied_at;                /* of the last action; 0 for never */
    int64_t duration_us;
    struct keel_hash checksum; /* as applied; all zero for never */
    const char *keel_version;  /* "" for never */
};

struct keel_migration_statuses {
    struct keel_migration_status *items; /* ascending by version */
    size_t count;
    size_t applied, pending, problems;
    void *arena;
};
/* Changes nothing; a database without keel_migrations has nothing applied. */
int keel_migrate_status(struct keel_migration_statuses *out, struct keel_db *db,
                        const struct keel_migrations *set, const char *module,
                        struct keel_error *err);
void keel_migration_statuses_free(struct keel_migration_statuses *statuses);

/* One row of the log. A row with state "done" and step == steps ends an action. */
struct keel_migration_record {
    int64_t id;
    const char *module;
    int64_t version;
    const char *version_text, *name;
    enum keel_migration_action action;
    const char *state; /* "started", "done", "failed" */
    int64_t step, steps;
    bool has_checksum; /* false: recorded without a file (baseline) */
    struct keel_hash checksum, down_checksum;
    struct keel_hash digest; /* of the steps so far */
    int64_t applied_at, duration_us;
    const char *keel_version;
};
typedef int keel_migration_record_fn(void *context, const struct keel_migration_record *record,
                                     struct keel_error *err);
/* The log in the order it was written; module NULL: of all modules. each must not use db. */
int keel_migrate_history(struct keel_db *db, const char *module, keel_migration_record_fn *each,
                         void *context, struct keel_error *err);

#ifdef __cplusplus
}
#endif
#endif
