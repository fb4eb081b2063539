/*
 * store/price.h - the price table in memory, and what a call costs by it.
 *
 * A book is all prices of a store as they were when it was read; it never changes and is shared by
 * reference. The store keeps the newest one in a struct keel__price_cache.
 *
 * Which price a call has: among the prices that are valid at its start, those of its provider come
 * before those of any provider (""); among these the exact name before a prefix ("gpt-4o-2024-*"),
 * a longer prefix before a shorter; of one name the newest valid_from, of that the row added last.
 * Names match without regard to ASCII case. The response model is looked up first, then the request
 * model; each as it is, then without what stands before its last "/" ("models/gemini-2.5-pro",
 * "openai/gpt-4o").
 */
#ifndef STORE_PRICE_H
#define STORE_PRICE_H

#include <keel/store.h>

#include <pthread.h>

struct keel__price_book;

struct keel__price_cache {
    pthread_mutex_t lock;
    struct keel__price_book *book; /* NULL until it is first asked for */
};

void keel__price_cache_init(struct keel__price_cache *cache);
void keel__price_cache_fini(struct keel__price_cache *cache);

/* The book as db sees it now: read anew only when prices were added since. To be given to
 * keel__price_book_close. Thread-safe; db is the caller's. */
int keel__price_book_open(const struct keel__price_book **out, struct keel__price_cache *cache,
                          struct keel_db *db, struct keel_error *err);
void keel__price_book_close(const struct keel__price_book *shared); /* NULL is fine */

struct keel__priced {
    int64_t id; /* of its row */
    struct keel_price price;
};
/* NULL where the book has none. Borrowed from book. Absent slices are unknown names. */
const struct keel__priced *keel__price_find(const struct keel__price_book *book,
                                            struct keel_slice provider,
                                            struct keel_slice request_model,
                                            struct keel_slice response_model, int64_t at_us);

/* Tokens as OpenTelemetry means them, -1 where nobody said. */
struct keel__usage {
    int64_t input, output, cache_read, cache_creation, reasoning;
};
/* The cost in nano-dollars, exact and rounded once, half up. The buckets priced are disjoint: input
 * less cache read and creation, cache read, cache creation, output less reasoning, reasoning; none
 * below 0. Cache kinds without a price of their own cost what input does, reasoning what output
 * does. false, and nothing in *nusd, when no tokens are known, a bucket that is not empty has no
 * price, or the cost does not fit. */
bool keel__price_cost(const struct keel_price *price, const struct keel__usage *usage,
                      int64_t *nusd);

/* Imports the price table that keel is shipped with, where this store does not have that version or
 * a later one yet (versions are dates); for keel_store_open, after the migrations. Names whose
 * price somebody else has set are left alone. db: a connection for writing, outside a transaction.
 */
int keel__price_seed(struct keel_db *db, struct keel_error *err);

#endif
