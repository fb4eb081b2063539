/* Opening a store: its schema is brought up to date by the migrations built into the program. */
#include "base/error.h"
#include "store/migrations.h"
#include "store/partition.h"
#include "store/store.h"

#include <stdlib.h>

/* An open store has partitions for the months to come, where that needs no rows to be moved. */
enum { MONTHS_AHEAD = 1 };

/* Refuses what was made by a newer keel. *pending: how many migrations are still to be applied. */
static int check_schema(struct keel_db *db, const struct keel_migrations *set, size_t *pending,
                        struct keel_error *err)
{
    struct keel_migration_statuses statuses = {0};
    int code = keel_migrate_status(&statuses, db, set, KEEL__STORE_MODULE, err);
    for (size_t i = 0; i < statuses.count && code == 0; i++)
        if (statuses.items[i].problem == KEEL_PROBLEM_MISSING)
            code = keel_error_set(err, KEEL_CONFLICT,
                                  "the store was made by a newer keel (schema version %s): use "
                                  "that version, or a newer one",
                                  statuses.items[i].version_text);
    *pending = statuses.pending;
    keel_migration_statuses_free(&statuses);
    return code;
}

static int migrate(struct keel_db *db, const struct keel_migrations *set,
                   const struct keel_store_options *options, struct keel_error *err)
{
    size_t pending;
    int code = check_schema(db, set, &pending, err);
    if (code || pending == 0)
        return code;
    if (options->read_only || options->no_migrate)
        return keel_error_set(err, KEEL_CONFLICT,
                              "the store's schema is not up to date (%zu migration%s pending): run "
                              "keel migrate up",
                              pending, pending == 1 ? "" : "s");
    return keel_migrate_run(db, set, KEEL_MIGRATE_UP,
                            &(struct keel_migrate_options){.module = KEEL__STORE_MODULE}, err);
}

static int prepare(struct keel_store *store, const struct keel_store_options *options,
                   struct keel_error *err)
{
    struct keel_db *db;
    struct keel_migrations *set = NULL;
    int64_t created;
    int code =
        keel_pool_acquire(store->pool, options->read_only ? KEEL_TX_READ : KEEL_TX_WRITE, &db, err);
    if (code)
        return code;
    code = keel__store_migrations(&set, keel_db_dialect(db), err);
    if (code == 0)
        code = migrate(db, set, options, err);
    if (code == 0 && !options->read_only)
        code = keel__price_seed(db, err);
    if (code == 0 && !options->read_only)
        code = keel__partitions_create(db, keel_time_now_us(), MONTHS_AHEAD, false, &created, err);
    keel_migrations_free(set);
    keel_pool_release(store->pool, db);
    return code;
}

int keel_store_open(struct keel_store **out, const char *url,
                    const struct keel_store_options *options, struct keel_error *err)
{
    static const struct keel_store_options defaults;
    struct keel_store *store = calloc(1, sizeof *store);
    if (!store)
        return keel__nomem(err);
    if (!options)
        options = &defaults;
    store->read_only = options->read_only;
    keel__price_cache_init(&store->prices);
    struct keel_pool_options pool = options->pool;
    pool.db.read_only |= options->read_only;
    int code = keel_pool_open(&store->pool, url, &pool, err);
    if (code == 0)
        code = prepare(store, options, err);
    if (code) {
        keel_store_close(store);
        return code;
    }
    *out = store;
    return 0;
}
