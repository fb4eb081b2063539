#include "base/arena.h"
#include "base/json.h"

#include <keel/types.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <yyjson.h>

#include <cmocka.h>

static void write_sample(struct keel__json *json)
{
    keel__json_object_begin(json);
    keel__json_add_int(json, "least", INT64_MIN);
    keel__json_add_uint(json, "most", UINT64_MAX);
    keel__json_key(json, "list");
    keel__json_array_begin(json);
    keel__json_bool(json, true);
    keel__json_null(json);
    keel__json_object_begin(json);
    keel__json_object_end(json);
    keel__json_array_begin(json);
    keel__json_array_end(json);
    keel__json_array_end(json);
    keel__json_add_time(json, "at", 0);
    keel__json_add_money(json, "cost_usd", 1500000000);
    keel__json_add_raw(json, "raw", keel_slice_of("{\"a\":[1]}"));
    keel__json_add_hex(json, "hash", "\x01\xff", 2);
    keel__json_add_cstr(json, "nothing", NULL);
    keel__json_object_end(json);
}

static void writes_compact_and_pretty(void **state)
{
    (void)state;
    struct keel__str out;
    struct keel__json json;
    keel__str_init(&out, 0);
    keel__json_init(&json, &out, false);
    write_sample(&json);
    assert_string_equal(
        out.data,
        "{\"least\":-9223372036854775808,\"most\":18446744073709551615,\"list\":[true,null,{},[]],"
        "\"at\":\"1970-01-01T00:00:00.000000Z\",\"cost_usd\":\"1.5\",\"raw\":{\"a\":[1]},"
        "\"hash\":\"01ff\",\"nothing\":null}");
    keel__str_clear(&out);
    keel__json_init(&json, &out, true);
    write_sample(&json);
    assert_string_equal(out.data, "{\n"
                                  "  \"least\": -9223372036854775808,\n"
                                  "  \"most\": 18446744073709551615,\n"
                                  "  \"list\": [\n"
                                  "    true,\n"
                                  "    null,\n"
                                  "    {},\n"
                                  "    []\n"
                                  "  ],\n"
                                  "  \"at\": \"1970-01-01T00:00:00.000000Z\",\n"
                                  "  \"cost_usd\": \"1.5\",\n"
                                  "  \"raw\": {\"a\":[1]},\n"
                                  "  \"hash\": \"01ff\",\n"
                                  "  \"nothing\": null\n"
                                  "}");
    keel__str_fini(&out);
}

static void assert_text(struct keel_slice text, const char *expected)
{
    struct keel__str out;
    struct keel__json json;
    keel__str_init(&out, 0);
    keel__json_init(&json, &out, false);
    keel__json_text(&json, text);
    assert_string_equal(out.data, expected);
    keel__str_fini(&out);
}

static void escapes_strings(void **state)
{
    (void)state;
    assert_text(keel_slice_of(""), "\"\"");
    assert_text(keel_slice("a\0b", 3), "\"a\\u0000b\"");
    assert_text(keel_slice_of("\"\\/\b\f\n\r\t\x1b\x7f"),
                "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001b\\u007f\"");
    assert_text(keel_slice_of("gr\xC3\xBC\xC3\x9F \xF0\x9F\x9A\xA2"),
                "\"gr\xC3\xBC\xC3\x9F \xF0\x9F\x9A\xA2\"");
    assert_text(keel_slice_of("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
    assert_text(keel_slice_of("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    assert_text(keel_slice_of("cut \xF0\x9F\x9A"), "\"cut \xEF\xBF\xBD\"");
}

static void doubles_read_back_the_same(void **state)
{
    (void)state;
    const double values[] = {0.0,     -0.0,    0.1,    1.0,     1e300,
                             DBL_MIN, DBL_MAX, 5e-324, 1.0 / 3, 123456789.125};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct keel__str out;
        struct keel__json json;
        keel__str_init(&out, 0);
        keel__json_init(&json, &out, false);
        keel__json_double(&json, values[i]);
        yyjson_doc *doc;
        assert_int_equal(keel__json_read(&doc, keel__str_view(&out), NULL, NULL), 0);
        yyjson_val *root = yyjson_doc_get_root(doc);
        assert_true(yyjson_is_real(root));
        double read = yyjson_get_real(root);
        assert_memory_equal(&read, &values[i], sizeof read);
        yyjson_doc_free(doc);
        keel__str_fini(&out);
    }
    struct keel__str out;
    struct keel__json json;
    keel__str_init(&out, 0);
    keel__json_init(&json, &out, false);
    keel__json_array_begin(&json);
    keel__json_double(&json, (double)NAN);
    keel__json_double(&json, (double)INFINITY);
    keel__json_double(&json, 0.1);
    keel__json_array_end(&json);
    assert_string_equal(out.data, "[null,null,0.1]");
    keel__str_fini(&out);
}

static void assert_refused(const char *text, const struct keel__json_limits *limits,
                           const char *message)
{
    yyjson_doc *doc;
    struct keel_error err;
    assert_int_equal(keel__json_read(&doc, keel_slice_of(text), limits, &err), KEEL_INVALID);
    assert_null(doc);
    assert_non_null(strstr(err.message, message));
}

static void reads_within_limits(void **state)
{
    (void)state;
    yyjson_doc *doc;
    struct keel__json_limits limits = {.max_depth = 3, .max_values = 8};
    assert_int_equal(
        keel__json_read(&doc, keel_slice_of("[[[1,2]],\"[[[[,,,,::\\\"[[\"]"), &limits, NULL), 0);
    yyjson_doc_free(doc);
    assert_refused("[[[[1]]]]", &limits, "nested deeper than 3 levels");
    assert_refused("[1,2,3,4,5,6,7,8,9]", &limits, "more than 8 values");
    assert_refused("{\"a\": 1,\n \"b\": }", NULL, "line 2, column 7");
    assert_refused("", NULL, "empty");
    assert_refused("\"\\", NULL, "not valid JSON");
    assert_refused("\"a\xFF\"", NULL, "not valid JSON");
    assert_refused("[1] x", NULL, "not valid JSON");
}

static void depth_is_iterative(void **state)
{
    (void)state;
    const size_t depth = 1000000;
    char *text = malloc(2 * depth);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    yyjson_doc *doc;
    struct keel__json_limits limits = {.max_depth = (unsigned)depth};
    assert_int_equal(keel__json_read(&doc, keel_slice(text, 2 * depth), &limits, NULL), 0);
    yyjson_doc_free(doc);
    assert_int_equal(keel__json_read(&doc, keel_slice(text, 2 * depth), NULL, NULL), KEEL_INVALID);
    free(text);
}

static void reads_into_an_arena(void **state)
{
    (void)state;
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80"}, /* a pair */
        {"\"a\\ud83d\"", "a\xEF\xBF\xBD"},          /* its first half */
        {"\"\\uDE00z\"", "\xEF\xBF\xBDz"},          /* its second half */
        {"\"\\ud83d\\ud83d\\ude00\"", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
        {"\"\\\\ud83d\"", "\\ud83d"}, /* an escaped backslash, then plain text */
        {"\"\\ud83d\\n\"", "\xEF\xBF\xBD\n"},
        {"18446744073709551616", "18446744073709551616"},
        {"1e999", "1e999"},
    };
    struct keel__arena arena;
    struct keel_error err;
    yyjson_doc *doc;
    keel__arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(
            keel__json_read_arena(&doc, &arena, keel_slice_of(cases[i].json), NULL, &err), 0);
        yyjson_val *root = yyjson_doc_get_root(doc);
        assert_string_equal(yyjson_is_raw(root) ? yyjson_get_raw(root) : yyjson_get_str(root),
                            cases[i].text);
    }
    assert_int_equal(
        keel__json_read_arena(&doc, &arena, keel_slice_of("[\"\\n\\n\",\n x]"), NULL, &err),
        KEEL_INVALID);
    assert_non_null(strstr(err.message, "line 2, column 2"));
    assert_int_equal(keel__json_read_arena(&doc, &arena, keel_slice_of("\"\\ud8"), NULL, &err),
                     KEEL_INVALID);
    keel__arena_fini(&arena);
    keel__arena_init(&arena, 4096);
    char big[8192];
    memset(big, ' ', sizeof big);
    big[sizeof big - 1] = '1';
    assert_int_equal(keel__json_read_arena(&doc, &arena, keel_slice(big, sizeof big), NULL, &err),
                     KEEL_NOMEM);
    keel__arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_compact_and_pretty),  cmocka_unit_test(escapes_strings),
        cmocka_unit_test(doubles_read_back_the_same), cmocka_unit_test(reads_within_limits),
        cmocka_unit_test(depth_is_iterative),         cmocka_unit_test(reads_into_an_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
