/*
 * migrate/history.h - the log keel_migrations, and what it says is applied.
 */
#ifndef KEEL_MIGRATE_HISTORY_H
#define KEEL_MIGRATE_HISTORY_H

#include <keel/migrate.h>

#include "base/arena.h"

/* What the log says of one version. */
struct keel__standing {
    int64_t version;
    const char *version_text, *name, *file; /* of the last row; file without its folder */
    enum keel_migration_state state;   /* PENDING: reverted, or it failed before it did anything */
    enum keel_migration_action action; /* the last one */
    size_t step, steps;                /* of the last action: done, of */
    bool in_doubt;                     /* step + 1 was started, and nothing says how it ended */
    bool failed;                       /* step + 1 was tried by itself and failed */
    bool has_checksum;                 /* false: applied without a file (baseline) */
    struct keel_hash checksum, down_checksum, digest;
    int64_t applied_at, duration_us;
    const char *keel_version;
};

struct keel__standings {
    struct keel__standing *items; /* ascending by version */
    size_t count;
};

/* PostgreSQL: what the session was before a migration changed it; the strings live in the arena. */
struct keel__home {
    const char *schema, *search_path, *role;
};

/* Whether the database has a log. */
int keel__history_exists(struct keel_db *db, bool *exists, struct keel_error *err);
/* Makes the log where there is none; inside a transaction of the caller's. */
int keel__history_create(struct keel_db *db, struct keel_error *err);
/* What the log says of module, of one version (NULL: all); nothing where there is no log. */
int keel__history_read(struct keel__standings *out, struct keel_db *db, struct keel__arena *arena,
                       const char *module, const int64_t *version, struct keel_error *err);
const struct keel__standing *keel__standing_find(const struct keel__standings *standings,
                                                 int64_t version);

int keel__home_read(struct keel__home *out, struct keel_db *db, struct keel__arena *arena,
                    struct keel_error *err);

/* A row to add. */
struct keel__record {
    const char *module;
    const struct keel_migration *migration;
    enum keel_migration_action action;
    const char *state;
    size_t step, steps;
    const struct keel_hash *digest; /* NULL for an action of one step */
    int64_t duration_us;
};
/* Adds it, inside a transaction of the caller's. home may be NULL where nothing can have left it.
 */
int keel__history_add(struct keel_db *db, const struct keel__home *home,
                      const struct keel__record *record, struct keel_error *err);

#endif
