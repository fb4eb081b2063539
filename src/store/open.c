/* Opening a store: its schema is brought up to date by the migrations built into the program. */
#include "base/error.h"
#include "keel_sql_store.h"
#include "store/store.h"

#include <stdlib.h>

static const struct keel_query has_schema = {
    .name = "store_has_schema",
    .sqlite = "SELECT count(*) FROM sqlite_master WHERE name = 'runs'",
    .postgres = "SELECT count(*) FROM pg_class WHERE relname = 'runs'"};

static int run_file(struct keel_db *db, const struct keel_embedded_file *file,
                    struct keel_error *err)
{
    const char *from = file->data, *end = file->data + file->size;
    int code = 0;
    while (from < end && code == 0) {
        const char *stop = strstr(from, ";\n");
        if (!stop)
            break;
        code = keel_db_run(db, keel_slice(from, (size_t)(stop - from)), err);
        from = stop + 2;
    }
    return code;
}

static int migrate_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    const struct keel_row *row;
    (void)context;
    int code = keel_db_one(db, &has_schema, KEEL_NO_PARAMS, &row, err);
    if (code || keel_row_int(row, 0) > 0)
        return code;
    const struct keel_embedded_file *files = keel_db_dialect(db) == KEEL_SQLITE
                                                 ? keel_migrations_store_sqlite
                                                 : keel_migrations_store_postgres;
    for (size_t i = 0; i < keel_migrations_store_sqlite_count && code == 0; i++)
        if (strstr(files[i].name, ".up.sql"))
            code = run_file(db, &files[i], err);
    return code;
}

static int prepare(struct keel_store *store, struct keel_error *err)
{
    struct keel_db *db;
    int code = keel_pool_acquire(store->pool, KEEL_TX_WRITE, &db, err);
    if (code)
        return code;
    code = keel_db_transact(db, KEEL_TX_WRITE, migrate_tx, NULL, err);
    if (code == 0)
        code = keel__price_seed(db, err);
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
    if (code == 0 && !options->read_only)
        code = prepare(store, err);
    if (code) {
        keel_store_close(store);
        return code;
    }
    *out = store;
    return 0;
}
