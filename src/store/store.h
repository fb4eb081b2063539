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
    keel_run_change_fn *changed; /* NULL: nobody observes */
    void *changed_context;
};

/* Tells the observer, if there is one, what has just been committed. */
void keel__store_changed(const struct keel_store *store, const struct keel_run_change *changes,
                         size_t count);

/* Names that become keys are at most this long: PostgreSQL indexes no more than 2,700 bytes. */
#define KEEL__NAME_MAX_BYTES 1024

/* Runs fn in a transaction on a connection of the pool, and again while that is BUSY. */
int keel__store_transact(struct keel_store *store, enum keel_tx kind, keel_tx_fn *fn, void *context,
                         struct keel_error *err);

/* INVALID when text (what: its name for the message) is longer than KEEL__NAME_MAX_BYTES, or is
 * not UTF-8 without NUL bytes. NULL and absent are fine. */
int keel__name_check(const char *what, struct keel_slice text, struct keel_error *err);

#endif
