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
};

#endif
