#include "base/map.h"

#include "base/arena.h"
#include "base/hash.h"

#include <pthread.h>
#include <sodium.h>

struct keel__map_slot {
    uint64_t hash; /* 0: free */
    uint64_t scope;
    struct keel_slice key;
    void *value;
};

static unsigned char process_key[crypto_shorthash_KEYBYTES];

static void make_process_key(void)
{
    keel__random(process_key, sizeof process_key);
}

void keel__map_init(struct keel__map *map, struct keel__arena *arena)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_process_key);
    memset(map, 0, sizeof *map);
    map->arena = arena;
}

static uint64_t hash_of(uint64_t scope, struct keel_slice key)
{
    uint64_t hash;
    _Static_assert(sizeof hash == crypto_shorthash_BYTES, "SipHash-2-4 gives 64 bits");
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)key.data, key.size,
                     process_key);
    hash ^= scope * UINT64_C(0x9E3779B97F4A7C15);
    return hash ? hash : 1;
}

/* The slot of the key, or the free one where it would go. There is always a free one. */
static struct keel__map_slot *slot_of(const struct keel__map *map, uint64_t hash, uint64_t scope,
                                      struct keel_slice key)
{
    size_t mask = map->capacity - 1;
    for (size_t i = (size_t)hash & mask;; i = (i + 1) & mask) {
        struct keel__map_slot *slot = &map->slots[i];
        if (!slot->hash)
            return slot;
        if (slot->hash == hash && slot->scope == scope && slot->key.size == key.size &&
            (key.size == 0 || memcmp(slot->key.data, key.data, key.size) == 0))
            return slot;
    }
}

static bool grow(struct keel__map *map)
{
    struct keel__map old = *map;
    size_t capacity = old.capacity ? old.capacity * 2 : 16;
    struct keel__map_slot *slots = keel__arena_calloc(map->arena, capacity, sizeof *slots);
    if (!slots)
        return false;
    map->slots = slots;
    map->capacity = capacity;
    for (size_t i = 0; i < old.capacity; i++) {
        const struct keel__map_slot *slot = &old.slots[i];
        if (slot->hash)
            *slot_of(map, slot->hash, slot->scope, slot->key) = *slot;
    }
    return true;
}

void **keel__map_at(struct keel__map *map, uint64_t scope, struct keel_slice key)
{
    if (map->count + map->count / 2 >= map->capacity && !grow(map))
        return NULL;
    uint64_t hash = hash_of(scope, key);
    struct keel__map_slot *slot = slot_of(map, hash, scope, key);
    if (!slot->hash) {
        slot->hash = hash;
        slot->scope = scope;
        slot->key = key;
        map->count++;
    }
    return &slot->value;
}

void *keel__map_get(const struct keel__map *map, uint64_t scope, struct keel_slice key)
{
    if (map->count == 0)
        return NULL;
    return slot_of(map, hash_of(scope, key), scope, key)->value;
}
