#include "base/compress.h"
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

static void zstd_reads_back(void **state)
{
    (void)state;
    struct keel__str packed, unpacked;
    bool smaller;
    keel__str_init(&packed, 0);
    keel__str_init(&unpacked, 0);
    char *text = malloc(1000000);
    memset(text, 'a', 1000000);
    keel__str_text(&packed, "kept");
    assert_int_equal(keel__zstd_compress(&packed, keel_slice(text, 1000000), 0, &smaller, NULL), 0);
    assert_true(smaller);
    assert_in_range(packed.size, 10, 1000);
    struct keel_slice frame = keel_slice(packed.data + 4, packed.size - 4);
    assert_int_equal(keel__zstd_decompress(&unpacked, frame, 1000000, NULL), 0);
    assert_int_equal(unpacked.size, 1000000);
    assert_memory_equal(unpacked.data, text, 1000000);
    keel__str_clear(&unpacked);
    assert_int_equal(keel__zstd_decompress(&unpacked, frame, 999999, NULL), KEEL_NOMEM);
    assert_int_equal(
        keel__zstd_decompress(&unpacked, keel_slice(frame.data, frame.size - 1), 1000000, NULL),
        KEEL_INVALID);
    assert_int_equal(keel__zstd_decompress(&unpacked, keel_slice_of("nonsense"), 1000000, NULL),
                     KEEL_INVALID);
    assert_int_equal(unpacked.size, 0);
    free(text);
    keel__str_fini(&packed);
    keel__str_fini(&unpacked);
}

static void zstd_leaves_what_does_not_shrink(void **state)
{
    (void)state;
    struct keel__str packed;
    bool smaller = true;
    char noise[4096];
    keel__random(noise, sizeof noise);
    keel__str_init(&packed, 0);
    assert_int_equal(
        keel__zstd_compress(&packed, keel_slice(noise, sizeof noise), 0, &smaller, NULL), 0);
    assert_false(smaller);
    assert_int_equal(packed.size, 0);
    assert_int_equal(keel__zstd_compress(&packed, keel_slice("", 0), 0, &smaller, NULL), 0);
    assert_false(smaller);
    keel__str_fini(&packed);
}

/* window_bits: 15 zlib, 31 gzip */
static void deflate_text(struct keel__str *out, const char *text, size_t size, int window_bits)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)size};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    size_t room = deflateBound(&stream, size);
    stream.next_out = (Bytef *)keel__str_reserve(out, room);
    stream.avail_out = (uInt)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    keel__str_advance(out, room - stream.avail_out);
    deflateEnd(&stream);
}

static void inflate_gzip_and_zlib(void **state)
{
    (void)state;
    for (int window_bits = 15; window_bits <= 31; window_bits += 16) {
        struct keel__str packed, unpacked;
        keel__str_init(&packed, 0);
        keel__str_init(&unpacked, 0);
        char *text = calloc(1, 300000);
        memcpy(text + 299990, "the end", 7);
        deflate_text(&packed, text, 300000, window_bits);
        assert_int_equal(keel__inflate(&unpacked, keel__str_view(&packed), 300000, NULL), 0);
        assert_int_equal(unpacked.size, 300000);
        assert_memory_equal(unpacked.data, text, 300000);
        keel__str_clear(&unpacked);
        assert_int_equal(keel__inflate(&unpacked, keel__str_view(&packed), 299999, NULL),
                         KEEL_NOMEM);
        assert_true(unpacked.capacity <= 1 << 19);
        for (size_t size = 1; size < packed.size; size++) {
            keel__str_clear(&unpacked);
            assert_int_equal(keel__inflate(&unpacked, keel_slice(packed.data, size), 300000, NULL),
                             KEEL_INVALID);
        }
        free(text);
        keel__str_fini(&packed);
        keel__str_fini(&unpacked);
    }
}

static void inflate_members_and_damage(void **state)
{
    (void)state;
    struct keel__str packed, unpacked;
    keel__str_init(&packed, 0);
    keel__str_init(&unpacked, 0);
    deflate_text(&packed, "one ", 4, 31);
    deflate_text(&packed, "", 0, 31);
    deflate_text(&packed, "two", 3, 31);
    assert_int_equal(keel__inflate(&unpacked, keel__str_view(&packed), 7, NULL), 0);
    assert_string_equal(unpacked.data, "one two");
    keel__str_text(&packed, "rubbish");
    assert_int_equal(keel__inflate(&unpacked, keel__str_view(&packed), 100, NULL), KEEL_INVALID);
    assert_int_equal(keel__inflate(&unpacked, keel_slice("", 0), 100, NULL), KEEL_INVALID);
    assert_int_equal(keel__inflate(&unpacked, keel_slice_of("plain text"), 100, NULL),
                     KEEL_INVALID);
    keel__str_fini(&packed);
    keel__str_fini(&unpacked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zstd_reads_back),
        cmocka_unit_test(zstd_leaves_what_does_not_shrink),
        cmocka_unit_test(inflate_gzip_and_zlib),
        cmocka_unit_test(inflate_members_and_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
