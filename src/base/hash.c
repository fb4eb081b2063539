#include "base/hash.h"

#include "base/hex.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

_Static_assert(sizeof(struct keel__hasher) >= sizeof(crypto_generichash_state), "hasher too small");
_Static_assert(alignof(struct keel__hasher) >= alignof(crypto_generichash_state), "misaligned");

static void start_sodium(void)
{
    if (sodium_init() < 0)
        abort(); /* no source of randomness: nothing that follows would be safe */
}

static void ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_sodium);
}

struct keel_hash keel__hash_of(const void *data, size_t size)
{
    struct keel_hash hash;
    ready();
    crypto_generichash(hash.bytes, sizeof hash.bytes, data, size, NULL, 0);
    return hash;
}

static crypto_generichash_state *state_of(struct keel__hasher *hasher)
{
    return (crypto_generichash_state *)(void *)hasher->state;
}

void keel__hasher_init(struct keel__hasher *hasher)
{
    ready();
    crypto_generichash_init(state_of(hasher), NULL, 0, sizeof(struct keel_hash));
}

void keel__hasher_update(struct keel__hasher *hasher, const void *data, size_t size)
{
    crypto_generichash_update(state_of(hasher), data, size);
}

struct keel_hash keel__hasher_final(struct keel__hasher *hasher)
{
    struct keel_hash hash;
    crypto_generichash_final(state_of(hasher), hash.bytes, sizeof hash.bytes);
    return hash;
}

void keel__hash_format(const struct keel_hash *hash, char out[65])
{
    keel__hex_encode(out, hash->bytes, sizeof hash->bytes);
    out[64] = '\0';
}

bool keel__hash_parse(struct keel_slice text, struct keel_hash *out)
{
    return keel__hex_decode(out->bytes, sizeof out->bytes, text);
}

void keel__random(void *out, size_t size)
{
    ready();
    randombytes_buf(out, size);
}

bool keel__equal_constant_time(const void *a, const void *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}
