#include "store/content.h"

#include "base/compress.h"
#include "base/error.h"
#include "base/hash.h"
#include "keel_sql_store.h"

#include <stdlib.h>

/* Below this zstd saves less than its frame and the time cost. */
#define COMPRESS_FROM_BYTES 256
/* As many bytes as one INSERT carries, about. */
#define CHUNK_BYTES (4u << 20)
#define CHUNK_ROWS 500

struct keel__content {
    struct keel_hash hash;
    struct keel_slice bytes;
    bool exists;
};

int keel__content_decode(struct keel__arena *arena, struct keel_slice encoding, int64_t size,
                         struct keel_slice stored, struct keel_slice *out, struct keel_error *err)
{
    if (encoding.size == 8 && memcmp(encoding.data, "identity", 8) == 0) {
        if (!stored.data)
            stored = keel_slice("", 0);
        *out = keel__arena_slice(arena, stored);
        return out->data ? 0 : keel__arena_error(arena, err);
    }
    struct keel__str plain;
    keel__str_init(&plain, 0);
    int code = keel__zstd_decompress(&plain, stored, (size_t)size, err);
    if (code == 0 && plain.size != (size_t)size)
        code = keel_error_set(err, KEEL_IO, "a stored content has %zu bytes instead of %lld",
                              plain.size, (long long)size);
    else if (code == KEEL_INVALID)
        code = err->code = KEEL_IO;
    if (code == 0) {
        *out = keel__arena_slice(arena, keel__str_view(&plain));
        if (!out->data)
            code = keel__arena_error(arena, err);
    }
    keel__str_fini(&plain);
    return code;
}

void keel_content_hash(struct keel_slice content, struct keel_hash *out)
{
    static const char domain[] = "keel.content.v1";
    struct keel__hasher hasher;
    keel__hasher_init(&hasher);
    keel__hasher_update(&hasher, domain, sizeof domain - 1);
    keel__hasher_update(&hasher, content.data, content.size);
    *out = keel__hasher_final(&hasher);
}

void keel__contents_init(struct keel__contents *contents, struct keel__arena *arena)
{
    contents->arena = arena;
    keel__map_init(&contents->by_hash, arena);
    contents->list = (struct keel__list){.size = sizeof(struct keel__content)};
}

static struct keel_slice hash_slice(const struct keel_hash *hash)
{
    return keel_slice((const char *)hash->bytes, sizeof hash->bytes);
}

int keel__contents_add(struct keel__contents *contents, const struct keel_hash *hash,
                       struct keel_slice bytes, struct keel_error *err)
{
    if (keel__map_get(&contents->by_hash, 0, hash_slice(hash)))
        return 0;
    struct keel_hash *key = keel__arena_memdup(contents->arena, hash, sizeof *hash);
    void **place = key ? keel__map_at(&contents->by_hash, 0, hash_slice(key)) : NULL;
    struct keel__content *content = place ? keel__list_add(&contents->list, contents->arena) : NULL;
    if (!content)
        return keel__arena_error(contents->arena, err);
    *place = key;
    content->hash = *hash;
    content->bytes = bytes.data ? bytes : keel_slice("", 0);
    return 0;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct keel__content *)a)->hash.bytes,
                  ((const struct keel__content *)b)->hash.bytes, sizeof(struct keel_hash));
}

static int mark_existing(void *context, size_t index, const struct keel_row *row,
                         struct keel_error *err)
{
    (void)row, (void)err;
    ((struct keel__content *)context)[index].exists = true;
    return 0;
}

/* One INSERT under way: rows whose bytes stand in `packed` at their offsets. */
struct chunk {
    struct keel__str packed;
    struct keel_value rows[CHUNK_ROWS][5];
    size_t offsets[CHUNK_ROWS]; /* SIZE_MAX: the row's bytes are the content's own */
    size_t count;
};

static int chunk_flush(struct chunk *chunk, struct keel_db *db, struct keel_error *err)
{
    for (size_t i = 0; i < chunk->count; i++)
        if (chunk->offsets[i] != SIZE_MAX)
            chunk->rows[i][3].as.bytes.data = chunk->packed.data + chunk->offsets[i];
    int code = chunk->count ? keel_db_batch(db, &keel_q_content_insert, chunk->rows[0],
                                            chunk->count, NULL, err)
                            : 0;
    chunk->count = 0;
    keel__str_clear(&chunk->packed);
    return code;
}

static int chunk_add(struct chunk *chunk, const struct keel__content *content, int64_t now_us,
                     struct keel_error *err)
{
    bool smaller = false;
    size_t offset = chunk->packed.size;
    if (content->bytes.size > COMPRESS_FROM_BYTES) {
        int code = keel__zstd_compress(&chunk->packed, content->bytes, 0, &smaller, err);
        if (code)
            return code;
    }
    struct keel_slice stored =
        smaller ? keel_slice("", chunk->packed.size - offset) : content->bytes;
    struct keel_value *row = chunk->rows[chunk->count];
    row[0] = keel_hash_value(&content->hash);
    row[1] = keel_int((int64_t)content->bytes.size);
    row[2] = keel_cstr(smaller ? "zstd" : "identity");
    row[3] = keel_bytes(stored);
    row[4] = keel_time(now_us);
    chunk->offsets[chunk->count++] = smaller ? offset : SIZE_MAX;
    return 0;
}

static int insert_missing(struct keel__contents *contents, struct keel_db *db, int64_t now_us,
                          struct keel_error *err)
{
    struct chunk *chunk = calloc(1, sizeof *chunk);
    if (!chunk)
        return keel__nomem(err);
    keel__str_init(&chunk->packed, 0);
    const struct keel__content *items = contents->list.items;
    size_t plain_bytes = 0;
    int code = 0;
    for (size_t i = 0; i < contents->list.count && code == 0; i++) {
        if (items[i].exists)
            continue;
        code = chunk_add(chunk, &items[i], now_us, err);
        plain_bytes += items[i].bytes.size;
        if (code == 0 && (chunk->count == CHUNK_ROWS || plain_bytes >= CHUNK_BYTES)) {
            code = chunk_flush(chunk, db, err);
            plain_bytes = 0;
        }
    }
    if (code == 0)
        code = chunk_flush(chunk, db, err);
    keel__str_fini(&chunk->packed);
    free(chunk);
    return code;
}

int keel__contents_write(struct keel__contents *contents, struct keel_db *db, int64_t now_us,
                         struct keel_error *err)
{
    size_t count = contents->list.count;
    if (count == 0)
        return 0;
    struct keel__content *items = contents->list.items;
    qsort(items, count, sizeof *items, by_hash);
    struct keel_value *hashes = keel__arena_calloc(contents->arena, count, sizeof *hashes);
    if (!hashes)
        return keel__arena_error(contents->arena, err);
    for (size_t i = 0; i < count; i++)
        hashes[i] = keel_hash_value(&items[i].hash);
    int code =
        keel_db_batch_each(db, &keel_q_content_find, hashes, count, mark_existing, items, err);
    return code ? code : insert_missing(contents, db, now_us, err);
}
