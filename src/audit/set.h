/*
 * audit/set.h - sets of 64-bit hashes, and the hash that fills them.
 *
 * Values are told apart by their hash alone: two of a million that are different count as one with
 * a chance of 1 in 20 million. The hash is keyed by the process, so that nobody can make values
 * that meet. All sets of a table share a budget: one that may not grow any more is full, lets go
 * of its memory and stays full.
 */
#ifndef KEEL_AUDIT_SET_H
#define KEEL_AUDIT_SET_H

#include <keel/types.h>

/* Never 0. kind keeps values of different types apart. */
uint64_t keel__value_hash(struct keel_slice bytes, uint64_t kind);
uint64_t keel__hash_pair(uint64_t a, uint64_t b);

struct keel__budget {
    size_t left; /* bytes */
};

/* A set (width 1) or a map (width 2: the value stands behind the key) in open addressing. A key of
 * 0 is a free slot. */
struct keel__set {
    struct keel__budget *budget;
    uint64_t *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    unsigned width;
    bool full;
};

void keel__set_init(struct keel__set *set, struct keel__budget *budget, bool map);
void keel__set_fini(struct keel__set *set); /* gives its bytes back to the budget */

/* The lowest bit of a key is the caller's: whether it was met again, say. */
#define KEEL__SET_MARK UINT64_C(1)

/* The slot of hash, whose lowest bit does not count; *added: it was not there. NULL when the set is
 * full (or memory is out, which is the same here). Valid until the next call. */
uint64_t *keel__set_at(struct keel__set *set, uint64_t hash, bool *added);
/* Asks for the memory that keel__set_at will need, when there is other work to do until then. */
static inline void keel__set_prefetch(const struct keel__set *set, uint64_t hash)
{
    if (set->capacity)
        __builtin_prefetch(&set->slots[((size_t)(hash >> 1) & (set->capacity - 1)) * set->width],
                           1);
}
bool keel__set_has(const struct keel__set *set, uint64_t hash);

#endif
