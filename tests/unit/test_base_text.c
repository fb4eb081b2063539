#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void utf8_is_strict(void **state)
{
    (void)state;
    const char *const good[] = {"",
                                "a",
                                "\xC2\x80",
                                "\xE0\xA0\x80",
                                "\xED\x9F\xBF",
                                "\xEE\x80\x80",
                                "\xF0\x90\x80\x80",
                                "\xF4\x8F\xBF\xBF"};
    const char *const bad[] = {"\x80",
                               "\xC0\x80",
                               "\xC1\xBF",
                               "\xC2",
                               "\xE0\x9F\xBF",
                               "\xED\xA0\x80",
                               "\xE2\x82",
                               "\xF0\x8F\xBF\xBF",
                               "\xF4\x90\x80\x80",
                               "\xF5\x80\x80\x80",
                               "\xFF",
                               "a\xC2z"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(keel__utf8_valid(keel_slice_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(keel__utf8_valid(keel_slice_of(bad[i])));
}

static void utf8_clean_replaces(void **state)
{
    (void)state;
    struct keel__arena arena;
    keel__arena_init(&arena, 0);
    struct keel_slice good = keel_slice_of("gr\xC3\xBCn");
    assert_ptr_equal(keel__utf8_clean(&arena, good).data, good.data);
    assert_null(keel__utf8_clean(&arena, keel_slice(NULL, 0)).data);
    assert_string_equal(keel__utf8_clean(&arena, keel_slice("a\0b\xE2\x82z\xFF", 7)).data,
                        "a\xEF\xBF\xBD"
                        "b\xEF\xBF\xBDz\xEF\xBF\xBD");
    assert_int_equal(keel__utf8_cut(keel_slice_of("a\xE2\x82\xAC"), 3).size, 1);
    assert_int_equal(keel__utf8_cut(keel_slice_of("a\xE2\x82\xAC"), 4).size, 4);
    keel__arena_fini(&arena);
}

static void errors_are_one_line(void **state)
{
    (void)state;
    struct keel_error err = {.native = 5};
    assert_int_equal(keel_error_set(&err, KEEL_INVALID, "bad\n\tthing %d\n", 7), KEEL_INVALID);
    assert_string_equal(err.message, "bad  thing 7");
    assert_int_equal(err.native, 0);
    assert_int_equal(keel_error_context(&err, "file %s", "x.sql"), KEEL_INVALID);
    assert_string_equal(err.message, "file x.sql: bad  thing 7");
    assert_int_equal(keel_error_set(&err, KEEL_IO, "again: %s", err.message), KEEL_IO);
    assert_string_equal(err.message, "again: file x.sql: bad  thing 7");
    assert_int_equal(keel_error_set(NULL, KEEL_BUSY, "x"), KEEL_BUSY);
    assert_int_equal(keel__error_errno(&err, KEEL_IO, ENOENT, "cannot open %s", "f"), KEEL_IO);
    assert_string_equal(err.message, "cannot open f: No such file or directory");
    assert_int_equal(err.native, ENOENT);
    assert_string_equal(keel_code_name(KEEL_UNCERTAIN), "uncertain");
    assert_string_equal(keel_code_name((enum keel_code)99), "unknown");
}

static void errors_are_cut_between_characters(void **state)
{
    (void)state;
    struct keel_error err;
    char text[1001];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xE2\x82\xAC", 4);
        keel_error_set(&err, KEEL_INVALID, "%s", text);
        assert_in_range(strlen(err.message), 505, 511);
        assert_true(keel__utf8_valid(keel_slice_of(err.message)));
        keel_error_context(&err, "here");
        assert_true(keel__utf8_valid(keel_slice_of(err.message)));
    }
}

static void log_escapes(void **state)
{
    (void)state;
    int ends[2];
    char line[512];
    assert_int_equal(pipe(ends), 0);
    keel__log_descriptor(ends[1]);
    keel__log(KEEL__LOG_WARN, "took\nlong", keel__log_int("ms", -12),
              keel__log_cstr("path", "/a b\"c\x1b[2J"), keel__log_cstr("who", NULL),
              keel__log_cstr("plain", "ok"), keel__log_text("bad", keel_slice("\xFF\xC2\x85", 3)));
    keel__log(KEEL__LOG_DEBUG, "not shown");
    keel__log(KEEL__LOG_ERROR, "alone");
    keel__log_descriptor(STDERR_FILENO);
    close(ends[1]);
    ssize_t size = 0, got;
    while ((got = read(ends[0], line + size, sizeof line - 1 - (size_t)size)) > 0)
        size += got;
    line[size] = '\0';
    close(ends[0]);
    const char *first =
        " WARN  took\\x0along ms=-12 path=\"/a b\\\"c\\x1b[2J\" who=null plain=ok bad=\\xff\\x85\n";
    const size_t time_size = 27;
    assert_memory_equal(line + time_size, first, strlen(first));
    assert_string_equal(line + 2 * time_size + strlen(first), " ERROR alone\n");
    enum keel__log_level level;
    assert_true(keel__log_level_parse("debug", &level));
    assert_int_equal(level, KEEL__LOG_DEBUG);
    assert_false(keel__log_level_parse("loud", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_is_strict),      cmocka_unit_test(utf8_clean_replaces),
        cmocka_unit_test(errors_are_one_line), cmocka_unit_test(errors_are_cut_between_characters),
        cmocka_unit_test(log_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
