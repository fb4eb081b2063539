/*
 * base/hash.h - BLAKE2b-256 (RFC 7693), random bytes and comparison of secrets, by libsodium.
 * Thread-safe; a struct keel__hasher belongs to one thread at a time.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <keel/types.h>

#include <stdalign.h>

struct keel__hasher {
    alignas(64) unsigned char state[384]; /* crypto_generichash_state */
};

struct keel_hash keel__hash_of(const void *data, size_t size);
void keel__hasher_init(struct keel__hasher *hasher);
void keel__hasher_update(struct keel__hasher *hasher, const void *data, size_t size);
struct keel_hash keel__hasher_final(struct keel__hasher *hasher);

/* 64 lower-case hex digits and NUL. */
void keel__hash_format(const struct keel_hash *hash, char out[65]);
/* 64 hex digits of any case; false on anything else. */
bool keel__hash_parse(struct keel_slice text, struct keel_hash *out);

/* Cryptographically secure; never fails (the process stops if the kernel has no randomness). */
void keel__random(void *out, size_t size);
/* Takes the same time wherever the two differ. */
bool keel__equal_constant_time(const void *a, const void *b, size_t size);

#endif
