#include "base/arena.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void arena_blocks_are_aligned_and_apart(void **state)
{
    (void)state;
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    char *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = keel__arena_alloc(&arena, i * 7);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        memset(blocks[i], (int)i, i * 7);
    }
    char *big = keel__arena_alloc(&arena, 3 << 20);
    memset(big, 0x55, 3 << 20);
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * 7; k++)
            assert_int_equal((unsigned char)blocks[i][k], i);
    keel__arena_fini(&arena);
}

static void arena_limit_is_hard(void **state)
{
    (void)state;
    struct keel__arena arena;
    struct keel_error err;
    keel__arena_init(&arena, 10000);
    size_t got = 0;
    while (keel__arena_alloc(&arena, 112))
        got += 112;
    assert_in_range(got, 9000, 10000);
    assert_true(arena.used_bytes <= 10000);
    assert_int_equal(keel__arena_error(&arena, &err), KEEL_NOMEM);
    assert_string_equal(err.message, "this needs more than the 10000 bytes allowed for it");
    keel__arena_reset(&arena);
    assert_non_null(keel__arena_alloc(&arena, 100));
    assert_null(keel__arena_alloc(&arena, SIZE_MAX - 10));
    assert_null(keel__arena_calloc(&arena, SIZE_MAX / 2, 3));
    keel__arena_fini(&arena);
    assert_int_equal(arena.used_bytes, 0);
}

static void arena_grow_keeps_contents(void **state)
{
    (void)state;
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    int *numbers = NULL;
    for (int count = 1; count <= 5000; count *= 3) {
        numbers = keel__arena_grow(&arena, numbers, (size_t)count / 3, (size_t)count, sizeof(int));
        for (int i = count / 3; i < count; i++)
            numbers[i] = i;
        if (count % 2)
            keel__arena_alloc(&arena, 1);
        for (int i = 0; i < count; i++)
            assert_int_equal(numbers[i], i);
    }
    keel__arena_fini(&arena);
}

static void arena_copies(void **state)
{
    (void)state;
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    assert_null(keel__arena_dup(&arena, keel_slice(NULL, 0)));
    assert_string_equal(keel__arena_dup(&arena, keel_slice("", 0)), "");
    assert_string_equal(keel__arena_dup(&arena, keel_slice("abcdef", 3)), "abc");
    assert_null(keel__arena_strdup(&arena, NULL));
    assert_string_equal(keel__arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
    struct keel_slice empty = keel__arena_slice(&arena, keel_slice("", 0));
    assert_non_null(empty.data);
    assert_int_equal(empty.size, 0);
    keel__arena_fini(&arena);
}

static void str_grows(void **state)
{
    (void)state;
    struct keel__str str;
    keel__str_init(&str, 0);
    assert_int_equal(keel__str_view(&str).size, 0);
    assert_non_null(keel__str_view(&str).data);
    for (int i = 0; i < 1000; i++)
        keel__str_printf(&str, "%d,", i);
    keel__str_char(&str, 'x');
    keel__str_append(&str, "\0y", 2);
    assert_int_equal(keel__str_error(&str, NULL), 0);
    assert_int_equal(str.size, 3 * 10 + 0 + 3 * 90 + 4 * 900 + 3 - 10);
    assert_memory_equal(str.data, "0,1,2,3,", 8);
    assert_memory_equal(str.data + str.size - 3, "x\0y", 4);
    char *stolen = keel__str_steal(&str);
    assert_memory_equal(stolen, "0,1,2,3,", 8);
    free(stolen);
    assert_int_equal(str.size, 0);
    keel__str_fini(&str);
}

static void str_limit_sticks(void **state)
{
    (void)state;
    struct keel__str str;
    struct keel_error err;
    keel__str_init(&str, 10);
    keel__str_text(&str, "0123456789");
    assert_int_equal(keel__str_error(&str, &err), 0);
    keel__str_char(&str, 'x');
    keel__str_clear(&str);
    keel__str_text(&str, "01234567890");
    keel__str_text(&str, "a");
    assert_int_equal(str.size, 0);
    assert_int_equal(keel__str_error(&str, &err), KEEL_NOMEM);
    assert_null(keel__str_steal(&str));
    keel__str_fini(&str);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_blocks_are_aligned_and_apart),
        cmocka_unit_test(arena_limit_is_hard),
        cmocka_unit_test(arena_grow_keeps_contents),
        cmocka_unit_test(arena_copies),
        cmocka_unit_test(str_grows),
        cmocka_unit_test(str_limit_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
