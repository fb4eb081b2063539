/*
 * base/arena.h - memory of one request, command or batch, freed at once.
 *
 * All functions return NULL when memory is out or the arena's limit would be passed;
 * keel__arena_error says which. Pointers live until reset or fini. One thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <keel/error.h>
#include <keel/types.h>

struct keel__arena_chunk;

struct keel__arena {
    struct keel__arena_chunk *chunks; /* newest first */
    char *next;
    size_t left;
    size_t used_bytes;  /* what chunks hold together */
    size_t limit_bytes; /* 0: none */
    bool over_limit;
};

/* limit_bytes is a hard bound on all memory the arena holds, its own overhead included; 0 for none.
 */
void keel__arena_init(struct keel__arena *arena, size_t limit_bytes);
void keel__arena_fini(struct keel__arena *arena);
/* Forgets everything but keeps one chunk to start again with. */
void keel__arena_reset(struct keel__arena *arena);

/* size bytes, aligned for any type, not zeroed. size 0 gives a valid pointer. */
void *keel__arena_alloc(struct keel__arena *arena, size_t size);
/* count * size zeroed bytes; NULL when the product overflows. */
void *keel__arena_calloc(struct keel__arena *arena, size_t count, size_t size);
/* Grows an array from old_count to new_count elements (in place when it was the last allocation).
 */
void *keel__arena_grow(struct keel__arena *arena, void *old, size_t old_count, size_t new_count,
                       size_t size);

void *keel__arena_memdup(struct keel__arena *arena, const void *data, size_t size);
/* NUL-terminated copies. keel__arena_dup of an absent slice is NULL. */
char *keel__arena_strdup(struct keel__arena *arena, const char *text);
char *keel__arena_dup(struct keel__arena *arena, struct keel_slice text);
/* A copy that is absent only if text is absent or memory is out. */
struct keel_slice keel__arena_slice(struct keel__arena *arena, struct keel_slice text);
char *keel__arena_printf(struct keel__arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* NOMEM: "out of memory", or "needs more than N bytes" when it was the limit. */
int keel__arena_error(const struct keel__arena *arena, struct keel_error *err);

#endif
