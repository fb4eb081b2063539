/*
 * store/store.h - what a struct keel_store is, for the files of this layer.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "store/price.h"

#include <keel/store.h>

struct keel_store {
    struct keel_pool *pool;
    struct keel__price_cache prices;
    bool read_only;
    keel_change_fn *changed; /* NULL: nobody observes */
    void *changed_context;
};

/* Tells the observer, if there is one, what has just been committed. */
void keel__store_changed(const struct keel_store *store, const struct keel_change *changes,
                         size_t count);

#endif
