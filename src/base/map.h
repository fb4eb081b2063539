/*
 * base/map.h - a hash map from bytes to pointers, in an arena.
 *
 * Keys are borrowed: they must live as long as the map. A key stands in a scope, so that the same
 * bytes can mean different things (the span ids of several runs, say). Keys from outside cannot
 * make it slow: it hashes with SipHash and a key of this process. One thread at a time.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <keel/types.h>

struct keel__arena;
struct keel__map_slot;

struct keel__map {
    struct keel__arena *arena;
    struct keel__map_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
};

void keel__map_init(struct keel__map *map, struct keel__arena *arena);
/* The place of the value for this key, for reading and writing until the next call; it holds NULL
 * when the key is new. NULL when memory is out (see keel__arena_error). */
void **keel__map_at(struct keel__map *map, uint64_t scope, struct keel_slice key);
/* The value, or NULL. */
void *keel__map_get(const struct keel__map *map, uint64_t scope, struct keel_slice key);

#endif
