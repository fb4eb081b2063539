#include "store/store.h"

#include "base/error.h"
#include "base/utf8.h"
#include "keel_sql_store.h"

#include <stdlib.h>

int keel__store_transact(struct keel_store *store, enum keel_tx kind, keel_tx_fn *fn, void *context,
                         struct keel_error *err)
{
    struct keel_db *db;
    int code = keel_pool_acquire(store->pool, kind, &db, err);
    if (code)
        return code;
    code = keel_db_transact(db, kind, fn, context, err);
    keel_pool_release(store->pool, db);
    return code;
}

int keel__name_check(const char *what, struct keel_slice text, struct keel_error *err)
{
    if (text.size > KEEL__NAME_MAX_BYTES)
        return keel_error_set(err, KEEL_INVALID, "the %s is longer than %d bytes", what,
                              KEEL__NAME_MAX_BYTES);
    if (!keel__utf8_valid(text) || (text.size && memchr(text.data, 0, text.size)))
        return keel_error_set(err, KEEL_INVALID, "the %s is not UTF-8 text without NUL bytes",
                              what);
    return 0;
}

void keel_store_close(struct keel_store *store)
{
    if (!store)
        return;
    keel_pool_close(store->pool);
    keel__price_cache_fini(&store->prices);
    free(store);
}

struct keel_pool *keel_store_pool(struct keel_store *store)
{
    return store->pool;
}
