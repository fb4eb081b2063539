#include "audit/set.h"

#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

/* A multiplication of 64 by 64 bits whose halves are folded together, as wyhash and its kin have
 * it: https://github.com/wangyi-fudan/wyhash */
static uint64_t seeds[4];

static void make_seeds(void)
{
    keel__random(seeds, sizeof seeds);
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t word_at(const char *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

static inline uint64_t tail_of(const char *data, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, data, size);
    return word;
}

uint64_t keel__value_hash(struct keel_slice bytes, uint64_t kind)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_seeds);
    uint64_t hash = seeds[0] ^ fold(kind ^ seeds[1], bytes.size ^ seeds[2]);
    const char *data = bytes.data;
    size_t size = bytes.size;
    for (; size >= 16; data += 16, size -= 16)
        hash = fold(word_at(data) ^ seeds[1], word_at(data + 8) ^ hash);
    if (size >= 8) {
        hash = fold(word_at(data) ^ seeds[2], hash ^ seeds[3]);
        data += 8;
        size -= 8;
    }
    if (size)
        hash = fold(tail_of(data, size) ^ seeds[3], hash ^ seeds[1]);
    hash = fold(hash ^ seeds[2], seeds[0] | 1);
    return hash > 1 ? hash : 2;
}

uint64_t keel__hash_pair(uint64_t a, uint64_t b)
{
    uint64_t hash = fold(a ^ seeds[3], b ^ seeds[1]) ^ a;
    return hash > 1 ? hash : 2;
}

void keel__set_init(struct keel__set *set, struct keel__budget *budget, bool map)
{
    *set = (struct keel__set){.budget = budget, .width = map ? 2 : 1};
}

static size_t bytes_of(const struct keel__set *set, size_t capacity)
{
    return capacity * set->width * sizeof *set->slots;
}

void keel__set_fini(struct keel__set *set)
{
    free(set->slots);
    if (set->budget)
        set->budget->left += bytes_of(set, set->capacity);
    set->slots = NULL;
    set->capacity = 0;
}

static size_t place_of(const struct keel__set *set, uint64_t hash)
{
    size_t mask = set->capacity - 1;
    size_t i = (size_t)(hash >> 1) & mask;
    while (set->slots[i * set->width] &&
           ((set->slots[i * set->width] ^ hash) & ~KEEL__SET_MARK) != 0)
        i = (i + 1) & mask;
    return i;
}

/* Big sets are hit at random places: with pages of 2 MiB most hits need no walk through the page
 * tables, which costs more than the hit itself. */
static uint64_t *allocate(size_t bytes)
{
    const size_t huge = 2 << 20;
    if (bytes < huge)
        return calloc(1, bytes);
    void *memory = aligned_alloc(huge, bytes);
    if (!memory)
        return NULL;
    madvise(memory, bytes, MADV_HUGEPAGE); /* a wish: without it all is well, only slower */
    return memset(memory, 0, bytes);
}

static bool grow(struct keel__set *set)
{
    size_t capacity = set->capacity ? set->capacity * 2 : 256;
    struct keel__set old = *set;
    size_t bytes = bytes_of(set, capacity);
    uint64_t *slots = bytes <= set->budget->left ? allocate(bytes) : NULL;
    if (!slots) {
        keel__set_fini(set);
        set->full = true;
        return false;
    }
    set->slots = slots;
    set->capacity = capacity;
    for (size_t i = 0; i < old.capacity; i++) {
        const uint64_t *from = &old.slots[i * set->width];
        if (*from)
            memcpy(&slots[place_of(set, *from) * set->width], from, set->width * sizeof *from);
    }
    free(old.slots);
    set->budget->left -= bytes - bytes_of(set, old.capacity);
    return true;
}

uint64_t *keel__set_at(struct keel__set *set, uint64_t hash, bool *added)
{
    *added = false;
    if (set->full)
        return NULL;
    if (set->count * 8 >= set->capacity * 5 && !grow(set))
        return NULL;
    uint64_t *slot = &set->slots[place_of(set, hash) * set->width];
    if (!*slot) {
        *slot = hash & ~KEEL__SET_MARK;
        set->count++;
        *added = true;
    }
    return slot;
}

bool keel__set_has(const struct keel__set *set, uint64_t hash)
{
    return set->capacity && set->slots[place_of(set, hash) * set->width] != 0;
}
