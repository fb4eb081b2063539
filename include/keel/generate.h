/*
 * keel/generate.h - migrations made from the difference of two schemas, and what they would lose.
 *
 * Thread rule: as for struct keel_db.
 */
#ifndef KEEL_GENERATE_H
#define KEEL_GENERATE_H

#include <keel/diff.h>
#include <keel/migrate.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a destructive change takes away. */
struct keel_loss {
    const struct keel_change *change;
    bool counted;
    int64_t count;    /* of rows (a dropped table), or of values that are not NULL */
    const char *unit; /* "rows", "values" */
    const char *text; /* one line: "table users is dropped: 12 rows" */
};

struct keel_losses {
    struct keel_loss *items;
    size_t count;
    void *arena;
};

/* Every destructive change of diff, with what stands in db (of the diff's old schema; NULL: nothing
 * is counted). What db does not have is not counted. To be given to keel_losses_free. */
int keel_diff_losses(struct keel_losses *out, const struct keel_diff *diff, struct keel_db *db,
                     struct keel_error *err);
void keel_losses_free(struct keel_losses *losses);

struct keel_generate_options {
    struct keel_alter_options alter;   /* of the way up */
    enum keel_migration_layout layout; /* as for keel_migration_write */
    bool timestamp;
};

/* Writes the migration that makes diff's changes, with the way back. The layout "plain" has no way
 * back. INVALID when there are no changes; UNSUPPORTED names what cannot be written, in which
 * direction. options may be NULL. */
int keel_migration_generate(struct keel_migration_created *out, const char *dir, const char *name,
                            const struct keel_diff *diff,
                            const struct keel_generate_options *options, struct keel_error *err);

/* The diff the other way round, with its renames turned round, too. */
int keel_diff_reverse(struct keel_diff **out, const struct keel_diff *diff, struct keel_error *err);

#ifdef __cplusplus
}
#endif
#endif
