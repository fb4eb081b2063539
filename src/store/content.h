/*
 * store/content.h - bytes stored once under their hash, compressed where that pays.
 */
#ifndef STORE_CONTENT_H
#define STORE_CONTENT_H

#include "base/map.h"
#include "store/result.h"

#include <keel/store.h>

/* The bytes of a row of contents (encoding "identity" or "zstd", size before compression) in
 * arena. IO when they are damaged. */
int keel__content_decode(struct keel__arena *arena, struct keel_slice encoding, int64_t size,
                         struct keel_slice stored, struct keel_slice *out, struct keel_error *err);

/* Contents that a transaction refers to, each once. */
struct keel__contents {
    struct keel__arena *arena;
    struct keel__map by_hash;
    struct keel__list list;
};
void keel__contents_init(struct keel__contents *contents, struct keel__arena *arena);
/* hash is that of bytes, which are borrowed until the write; NOMEM when memory is out. */
int keel__contents_add(struct keel__contents *contents, const struct keel_hash *hash,
                       struct keel_slice bytes, struct keel_error *err);
/* Inserts those that are not there yet, in order of their hashes (so that writers of the same
 * contents wait for each other and never in a circle). */
int keel__contents_write(struct keel__contents *contents, struct keel_db *db, int64_t now_us,
                         struct keel_error *err);

#endif
