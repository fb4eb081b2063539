#include "base/compress.h"

#include "base/error.h"

#include <pthread.h>
#include <zlib.h>
#include <zstd.h>

/* A zstd context takes longer to make than a small content to compress, so each thread keeps its
 * own. */
static pthread_key_t compressor_key, decompressor_key;

static void free_compressor(void *context)
{
    ZSTD_freeCCtx(context);
}

static void free_decompressor(void *context)
{
    ZSTD_freeDCtx(context);
}

static void make_keys(void)
{
    pthread_key_create(&compressor_key, free_compressor);
    pthread_key_create(&decompressor_key, free_decompressor);
}

static void ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_keys);
}

static ZSTD_CCtx *compressor(void)
{
    ready();
    ZSTD_CCtx *context = pthread_getspecific(compressor_key);
    if (!context) {
        context = ZSTD_createCCtx();
        pthread_setspecific(compressor_key, context);
    }
    return context;
}

static ZSTD_DCtx *decompressor(void)
{
    ready();
    ZSTD_DCtx *context = pthread_getspecific(decompressor_key);
    if (!context) {
        context = ZSTD_createDCtx();
        pthread_setspecific(decompressor_key, context);
    }
    return context;
}

int keel__zstd_compress(struct keel__str *out, struct keel_slice data, int level, bool *smaller,
                        struct keel_error *err)
{
    *smaller = false;
    if (data.size < 2)
        return KEEL_OK;
    /* A target one byte short of the input: zstd gives up by itself where there is nothing to win.
     */
    size_t room = data.size - 1;
    char *place = keel__str_reserve(out, room);
    ZSTD_CCtx *context = compressor();
    if (!place || !context)
        return place ? keel__nomem(err) : keel__str_error(out, err);
    size_t size = ZSTD_compressCCtx(context, place, room, data.data, data.size, level ? level : 3);
    if (!ZSTD_isError(size)) {
        keel__str_advance(out, size);
        *smaller = true;
        return KEEL_OK;
    }
    keel__str_advance(out, 0);
    if (strcmp(ZSTD_getErrorName(size), "Destination buffer is too small") == 0)
        return KEEL_OK;
    return keel_error_set(err, KEEL_NOMEM, "zstd: %s", ZSTD_getErrorName(size));
}

int keel__zstd_decompress(struct keel__str *out, struct keel_slice data, size_t max_bytes,
                          struct keel_error *err)
{
    unsigned long long size = ZSTD_getFrameContentSize(data.data, data.size);
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN)
        return keel_error_set(err, KEEL_INVALID, "not a zstd frame with its size in the header");
    if (size > max_bytes)
        return keel_error_set(err, KEEL_NOMEM,
                              "this decompresses to %llu bytes; at most %zu are allowed", size,
                              max_bytes);
    char *place = keel__str_reserve(out, (size_t)size);
    ZSTD_DCtx *context = decompressor();
    if (!place || !context)
        return place ? keel__nomem(err) : keel__str_error(out, err);
    size_t got = ZSTD_decompressDCtx(context, place, (size_t)size, data.data, data.size);
    keel__str_advance(out, ZSTD_isError(got) ? 0 : got);
    if (ZSTD_isError(got) || got != size)
        return keel_error_set(err, KEEL_INVALID, "damaged zstd frame: %s",
                              ZSTD_isError(got) ? ZSTD_getErrorName(got) : "wrong size");
    return KEEL_OK;
}

/* Inflates into out until the end of one member, in pieces, so that the memory taken follows what
 * comes out and not what a header claims. */
static int inflate_member(z_stream *stream, struct keel__str *out, size_t limit,
                          struct keel_error *err)
{
    int status = Z_OK;
    while (status != Z_STREAM_END) {
        size_t room = limit - out->size;
        if (room > 65536)
            room = 65536;
        char beyond;
        char *place = room > 0 ? keel__str_reserve(out, room) : &beyond;
        if (!place)
            return keel__str_error(out, err);
        stream->next_out = (Bytef *)place;
        stream->avail_out = room > 0 ? (uInt)room : 1;
        status = inflate(stream, Z_NO_FLUSH);
        bool passed = room == 0 && stream->avail_out == 0;
        if (room > 0)
            keel__str_advance(out, room - stream->avail_out);
        if (passed)
            return keel_error_set(err, KEEL_NOMEM,
                                  "this decompresses to more than the allowed size");
        if (status == Z_MEM_ERROR)
            return keel__nomem(err);
        if (status == Z_BUF_ERROR || (status == Z_OK && stream->avail_in == 0 && stream->avail_out))
            return keel_error_set(err, KEEL_INVALID, "the compressed data is cut short");
        if (status != Z_OK && status != Z_STREAM_END)
            return keel_error_set(err, KEEL_INVALID, "damaged gzip data: %s",
                                  stream->msg ? stream->msg : "unknown header");
    }
    return KEEL_OK;
}

int keel__inflate(struct keel__str *out, struct keel_slice data, size_t max_bytes,
                  struct keel_error *err)
{
    const int gzip_or_zlib = 15 + 32; /* zlib.h, inflateInit2 */
    if (data.size == 0)
        return keel_error_set(err, KEEL_INVALID, "the compressed data is empty");
    if (data.size > UINT32_MAX || max_bytes > SIZE_MAX - out->size)
        return keel_error_set(err, KEEL_NOMEM, "the compressed data is too large");
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data.data, .avail_in = (uInt)data.size};
    if (inflateInit2(&stream, gzip_or_zlib) != Z_OK)
        return keel__nomem(err);
    size_t limit = out->size + max_bytes;
    int rc = inflate_member(&stream, out, limit, err);
    while (!rc && stream.avail_in > 0) {
        rc = inflateReset(&stream) == Z_OK ? inflate_member(&stream, out, limit, err)
                                           : keel__nomem(err);
    }
    inflateEnd(&stream);
    return rc;
}
