/*
 * cli/migrate.h - what the files of `keel migrate` share.
 */
#ifndef KEEL_CLI_MIGRATE_H
#define KEEL_CLI_MIGRATE_H

#include <keel/generate.h>

#include "cli/cli.h"

enum { KEEL__MAX_RENAMES = 256 };

/* The command line. */
struct keel__migrate_own {
    struct keel__words words;
    const char *dir; /* NULL: the store's own */
    enum keel_migration_layout layout;
    struct keel_migrate_options options;
    bool dry_run, timestamp;
    const char *to, *from, *scratch; /* as given */
    enum keel_dialect dialect;       /* 0: not given */
    bool allow_destructive, concurrently;
    struct keel_rename renames[KEEL__MAX_RENAMES];
    size_t rename_count;
};

/* A database and the migrations meant for it. */
struct keel__migration_target {
    const struct keel__global *global;
    struct keel__migrate_own *own;
    enum keel_migration_action action; /* 0: only looks */
    struct keel_db *db;
    struct keel_migrations *set;
    const char *module;
};

/* Says what is wrong and returns an exit code. A SQLite file that does not exist is an empty
 * database to whoever only looks. */
int keel__migration_target_open(struct keel__migration_target *target);
void keel__migration_target_close(struct keel__migration_target *target);

/* up, down, baseline; each of these returns an exit code. */
int keel__migrate_act(struct keel__migration_target *target);
int keel__migrate_status(struct keel__migration_target *target);
int keel__migrate_history(struct keel__migration_target *target);
int keel__migrate_verify(struct keel__migration_target *target);
int keel__migrate_drift(struct keel__migration_target *target);

/* generate NAME */
int keel__migrate_generate(const struct keel__global *global, const struct keel__migrate_own *own);

#endif
