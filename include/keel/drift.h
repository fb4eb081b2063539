/*
 * keel/drift.h - a database against what its migrations give: what was done to it by hand.
 *
 * Thread rule: as for struct keel_db.
 */
#ifndef KEEL_DRIFT_H
#define KEEL_DRIFT_H

#include <keel/diff.h>
#include <keel/migrate.h>
#include <keel/source.h>

#ifdef __cplusplus
extern "C" {
#endif

struct keel_drift {
    struct keel_diff *diff; /* from what the migrations give to what the database is */
    struct keel_schema *expected, *found;
    bool has_history; /* false: nothing says what was applied, and all migrations were replayed */
    size_t pending;   /* not applied, and left out */
};

/* Replays the migrations of set that module's history in the database at url says are applied into
 * a scratch database, and compares. options->dialect may be 0; without scratch_url the database's
 * own server is used. partitions_vary: partitions may come and go as the rows do, and are no drift.
 * Changes nothing in the database. CONFLICT when an applied migration has no
 * file, or one is half done. To be given to keel_drift_free. */
int keel_migrate_drift(struct keel_drift *out, const char *url, const struct keel_migrations *set,
                       const char *module, bool partitions_vary,
                       const struct keel_source_options *options, struct keel_error *err);
void keel_drift_free(struct keel_drift *drift);

#ifdef __cplusplus
}
#endif
#endif
