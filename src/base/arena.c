#include "base/arena.h"

#include "base/error.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CHUNK_BYTES = 4096, LAST_CHUNK_BYTES = 1 << 20 };

struct keel__arena_chunk {
    struct keel__arena_chunk *older;
    size_t bytes; /* header included */
    alignas(max_align_t) char data[];
};

static size_t aligned(size_t size)
{
    return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

void keel__arena_init(struct keel__arena *arena, size_t limit_bytes)
{
    memset(arena, 0, sizeof *arena);
    arena->limit_bytes = limit_bytes;
}

static void free_chunks(struct keel__arena_chunk *chunk)
{
    while (chunk) {
        struct keel__arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void keel__arena_fini(struct keel__arena *arena)
{
    free_chunks(arena->chunks);
    keel__arena_init(arena, arena->limit_bytes);
}

void keel__arena_reset(struct keel__arena *arena)
{
    struct keel__arena_chunk *chunk = arena->chunks;
    arena->over_limit = false;
    if (!chunk)
        return;
    if (chunk->bytes > LAST_CHUNK_BYTES) {
        keel__arena_fini(arena);
        return;
    }
    free_chunks(chunk->older);
    chunk->older = NULL;
    arena->used_bytes = chunk->bytes;
    arena->next = chunk->data;
    arena->left = chunk->bytes - sizeof *chunk;
}

/* Chunks double from 4 KiB to 1 MiB; near the limit they shrink to what is asked for. */
static size_t chunk_bytes(const struct keel__arena *arena, size_t needed)
{
    size_t bytes = arena->chunks ? arena->chunks->bytes * 2 : FIRST_CHUNK_BYTES;
    if (bytes > LAST_CHUNK_BYTES)
        bytes = LAST_CHUNK_BYTES;
    if (arena->limit_bytes && bytes > arena->limit_bytes - arena->used_bytes)
        bytes = arena->limit_bytes - arena->used_bytes;
    return bytes > needed ? bytes : needed;
}

static bool add_chunk(struct keel__arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return false;
    size_t needed = size + sizeof(struct keel__arena_chunk);
    if (arena->limit_bytes && needed > arena->limit_bytes - arena->used_bytes) {
        arena->over_limit = true;
        return false;
    }
    size_t bytes = chunk_bytes(arena, needed);
    struct keel__arena_chunk *chunk = malloc(bytes);
    if (!chunk)
        return false;
    chunk->bytes = bytes;
    arena->used_bytes += bytes;
    if (size > LAST_CHUNK_BYTES / 4 && arena->chunks) {
        /* A big block gets a chunk of its own behind the one that is being filled. */
        chunk->older = arena->chunks->older;
        arena->chunks->older = chunk;
        return true;
    }
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = chunk->data;
    arena->left = bytes - sizeof *chunk;
    return true;
}

void *keel__arena_alloc(struct keel__arena *arena, size_t size)
{
    if (size > SIZE_MAX / 4)
        return NULL;
    size = aligned(size ? size : 1);
    if (size > arena->left) {
        struct keel__arena_chunk *filling = arena->chunks;
        if (!add_chunk(arena, size))
            return NULL;
        if (arena->chunks == filling)
            return filling->older->data;
    }
    char *block = arena->next;
    arena->next += size;
    arena->left -= size;
    return block;
}

void *keel__arena_calloc(struct keel__arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *block = keel__arena_alloc(arena, bytes);
    return block ? memset(block, 0, bytes) : NULL;
}

void *keel__arena_grow(struct keel__arena *arena, void *old, size_t old_count, size_t new_count,
                       size_t size)
{
    size_t old_bytes = old_count * size;
    size_t bytes;
    if (__builtin_mul_overflow(new_count, size, &bytes) || bytes > SIZE_MAX / 4)
        return NULL;
    if (old && (char *)old + aligned(old_bytes ? old_bytes : 1) == arena->next) {
        size_t more = aligned(bytes ? bytes : 1) - aligned(old_bytes ? old_bytes : 1);
        if (bytes >= old_bytes && more <= arena->left) {
            arena->next += more;
            arena->left -= more;
            return old;
        }
    }
    void *block = keel__arena_alloc(arena, bytes);
    if (block && old)
        memcpy(block, old, old_bytes < bytes ? old_bytes : bytes);
    return block;
}

void *keel__arena_memdup(struct keel__arena *arena, const void *data, size_t size)
{
    void *block = keel__arena_alloc(arena, size);
    if (block && size)
        memcpy(block, data, size);
    return block;
}

char *keel__arena_dup(struct keel__arena *arena, struct keel_slice text)
{
    if (!text.data || text.size > SIZE_MAX / 4)
        return NULL;
    char *copy = keel__arena_alloc(arena, text.size + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

char *keel__arena_strdup(struct keel__arena *arena, const char *text)
{
    return keel__arena_dup(arena, keel_slice_of(text));
}

struct keel_slice keel__arena_slice(struct keel__arena *arena, struct keel_slice text)
{
    char *copy = keel__arena_dup(arena, text);
    return keel_slice(copy, copy ? text.size : 0);
}

char *keel__arena_printf(struct keel__arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (size < 0)
        return NULL;
    char *text = keel__arena_alloc(arena, (size_t)size + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)size + 1, format, args);
    va_end(args);
    return text;
}

int keel__arena_error(const struct keel__arena *arena, struct keel_error *err)
{
    if (!arena->over_limit)
        return keel__nomem(err);
    return keel_error_set(err, KEEL_NOMEM, "this needs more than the %zu bytes allowed for it",
                          arena->limit_bytes);
}
