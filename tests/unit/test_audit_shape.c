/* What one value looks like: many values, and beside each its near misses. */
#include "audit/shape.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct keel__shape_scratch scratch;

#define BIT(name) KEEL__SHAPE_BIT(KEEL__SHAPE_##name)

static struct keel__shaped shaped(const char *bytes, size_t size)
{
    /* exactly as many bytes as the value has, so that the sanitizer sees one read beyond */
    char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    struct keel__shaped out = keel__shape_text(&scratch, keel_slice(copy, size));
    free(copy);
    return out;
}

static uint64_t of(const char *text)
{
    return shaped(text, strlen(text)).shapes;
}

static void expect(const char *text, uint64_t shapes)
{
    uint64_t found = of(text);
    if (found != shapes)
        fail_msg("\"%.60s\": %#llx instead of %#llx", text, (unsigned long long)found,
                 (unsigned long long)shapes);
}

static void has(const char *text, uint64_t shapes)
{
    uint64_t found = of(text);
    if ((found & shapes) != shapes)
        fail_msg("\"%.60s\": %#llx lacks %#llx", text, (unsigned long long)found,
                 (unsigned long long)(shapes & ~found));
}

static void has_not(const char *text, uint64_t shapes)
{
    uint64_t found = of(text);
    if (found & shapes)
        fail_msg("\"%.60s\": %#llx has %#llx", text, (unsigned long long)found,
                 (unsigned long long)(shapes & found));
}

static void numbers(void **state)
{
    (void)state;
    expect("0", BIT(INTEGER) | BIT(JSON_SCALAR));
    expect("-17", BIT(INTEGER) | BIT(JSON_SCALAR));
    expect("007", BIT(INTEGER) | BIT(LEADING_ZERO));
    expect("-007", BIT(INTEGER) | BIT(LEADING_ZERO));
    has("1.50", BIT(DECIMAL) | BIT(JSON_SCALAR));
    has("-0.001", BIT(DECIMAL) | BIT(JSON_SCALAR));
    has_not("0.5", BIT(LEADING_ZERO));
    has("00.5", BIT(DECIMAL) | BIT(LEADING_ZERO));
    has("1e5", BIT(SCIENTIFIC) | BIT(JSON_SCALAR));
    has("1.5E-10", BIT(SCIENTIFIC));
    static const char *const not_numbers[] = {"1.",  ".5",  "1,5", "+5", "--5", "1e",
                                              "0x1", "1_0", "e5",  "5 ", "-",   "1.2.3"};
    for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++)
        has_not(not_numbers[i], BIT(INTEGER) | BIT(DECIMAL) | BIT(SCIENTIFIC));
    has("1763049987", BIT(INTEGER) | BIT(EPOCH_S));
    has("1763049987.25", BIT(DECIMAL) | BIT(EPOCH_S));
    has("1763049987123", BIT(EPOCH_MS));
    has("1763049987123456", BIT(EPOCH_US));
    has_not("0176304998", BIT(EPOCH_S));
    has_not("17630499871", BIT(EPOCH_S) | BIT(EPOCH_MS)); /* between the two */
    has_not("99999999", BIT(EPOCH_S));
}

static void identifiers(void **state)
{
    (void)state;
    has("8729a5a7-feb7-46f4-850c-600296b8b80e", BIT(UUID));
    has("00000000-0000-0000-0000-000000000000", BIT(UUID));
    has("8729A5A7-FEB7-46F4-850C-600296B8B80E", BIT(UUID_OTHER) | BIT(UPPER));
    has("8729a5a7-feb7-46f4-850c-600296b8b80E", BIT(UUID_OTHER));
    has("{8729a5a7-feb7-46f4-850c-600296b8b80e}", BIT(UUID_OTHER) | BIT(JSON_BROKEN));
    has("urn:uuid:8729a5a7-feb7-46f4-850c-600296b8b80e", BIT(UUID_OTHER));
    has("8d7a98b5d0de495db2f62af5bd95b3e3", BIT(UUID_OTHER) | BIT(HEX));
    has("0123456789abcdef0123456789abcdef", BIT(HEX));
    has_not("0123456789abcdef0123456789abcdef", BIT(UUID_OTHER)); /* version 0 */
    has_not("8d7a98b5d0de495d72f62af5bd95b3e3", BIT(UUID_OTHER)); /* another variant */
    has_not("8729a5a7-feb7-46f4-850c-600296b8b80", BIT(UUID) | BIT(UUID_OTHER));
    has_not("8729a5a7-feb7-46f4-850c-600296b8b80g", BIT(UUID) | BIT(UUID_OTHER));
    has_not("8729a5a7feb7-46f4-850c-600296b8b80e-", BIT(UUID) | BIT(UUID_OTHER));
    has_not("{8729a5a7-feb7-46f4-850c-600296b8b80e", BIT(UUID) | BIT(UUID_OTHER));
    has("00f067aa0ba902b7", BIT(HEX));
    has_not("00f067aa0ba902b7a", BIT(HEX)); /* odd */
    has_not("00f067aa0ba902", BIT(HEX));
    has_not("wf-000000", BIT(HEX) | BIT(UUID));
}

static void at(const char *text, uint64_t shapes, int64_t us)
{
    struct keel__shaped out = shaped(text, strlen(text));
    has(text, shapes);
    if (!out.has_time || out.time_us != us)
        fail_msg("\"%s\": %d, %lld instead of %lld", text, out.has_time, (long long)out.time_us,
                 (long long)us);
}

static void times(void **state)
{
    (void)state;
    const int64_t day = INT64_C(1795305600000000), hour = INT64_C(3600000000);
    at("2026-11-22", BIT(DATE), day);
    at("20261122", BIT(DATE_COMPACT) | BIT(INTEGER), day);
    at("2026-11-22T10:00:00Z", BIT(TIME_T_ZULU) | BIT(TIME_UTC), day + 10 * hour);
    at("2026-11-22T10:00Z", BIT(TIME_T_ZULU), day + 10 * hour);
    at("2026-11-22T10:00:00+02:00", BIT(TIME_T_OFFSET), day + 8 * hour);
    at("2026-11-22T10:00:00+0200", BIT(TIME_T_OFFSET), day + 8 * hour);
    at("2026-11-22T10:00:00-05:00", BIT(TIME_T_OFFSET), day + 15 * hour);
    at("2026-11-22T10:00:00+00:00", BIT(TIME_T_OFFSET) | BIT(TIME_UTC), day + 10 * hour);
    at("2026-11-22T10:00:00", BIT(TIME_T_LOCAL), day + 10 * hour);
    at("2026-11-22T10:00:00.5", BIT(TIME_T_LOCAL) | BIT(TIME_FRACTION), day + 10 * hour + 500000);
    at("2026-11-22 10:00:00", BIT(TIME_BLANK_LOCAL), day + 10 * hour);
    at("2026-11-22 10:00", BIT(TIME_BLANK_LOCAL), day + 10 * hour);
    at("2026-11-22 10:00:00Z", BIT(TIME_BLANK_ZULU), day + 10 * hour);
    at("2026-11-22 10:00:00 UTC", BIT(TIME_BLANK_ZULU) | BIT(TIME_UTC), day + 10 * hour);
    at("2026-11-22 10:00:00.123456+00", BIT(TIME_BLANK_OFFSET) | BIT(TIME_UTC) | BIT(TIME_FRACTION),
       day + 10 * hour + 123456);
    at("2026-11-22 10:00:00 +05:30", BIT(TIME_BLANK_OFFSET), day + 4 * hour + hour / 2);
    at("1900-02-28T24:00:00Z", BIT(TIME_T_ZULU), INT64_C(-2203891200000000));
    at("1969-12-31T23:59:59.999999999Z", BIT(TIME_T_ZULU), -1);
    at("1763049987", BIT(EPOCH_S), INT64_C(1763049987000000));
    at("1763049987123", BIT(EPOCH_MS), INT64_C(1763049987123000));

    has("2026-11-22T10:00:00.25Z", BIT(TIME_T_ZULU_FRACTION));
    has("2026-11-22T10:00:00.25+01:00", BIT(TIME_T_OFFSET_FRACTION));
    has("2026-11-22T10:00:00.25", BIT(TIME_T_LOCAL_FRACTION));
    has("2026-11-22 10:00:00.25Z", BIT(TIME_BLANK_ZULU_FRACTION));
    has("2026-11-22 10:00:00.25+01", BIT(TIME_BLANK_OFFSET_FRACTION));
    has("2026-11-22 10:00:00.25", BIT(TIME_BLANK_LOCAL_FRACTION));
    has_not("2026-11-22 10:00:00", BIT(TIME_FRACTION) | BIT(TIME_BLANK_LOCAL_FRACTION));
}

static void no_times(void **state)
{
    (void)state;
    const uint64_t any = BIT(DATE) | BIT(DATE_COMPACT) | BIT(TIME_T_ZULU) | BIT(TIME_T_OFFSET) |
                         BIT(TIME_T_LOCAL) | BIT(TIME_BLANK_ZULU) | BIT(TIME_BLANK_OFFSET) |
                         BIT(TIME_BLANK_LOCAL);
    static const char *const broken[] = {
        "2025-02-30",          "20250230",   "2025-13-01",          "2025-00-10",
        "2023-02-29",          "20230229",   "2026-02-30T10:00:00", "2026-11-22T25:00:00Z",
        "2026-11-22 10:60:00", "2100-02-29",
    };
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        has(broken[i], BIT(DATE_BROKEN));
        has_not(broken[i], any);
        assert_false(shaped(broken[i], strlen(broken[i])).has_time);
    }
    has("2024-02-29", BIT(DATE));
    has("2000-02-29", BIT(DATE));
    static const char *const nothing[] = {"2026-11-22T",
                                          "2026-11-22T10",
                                          "2026-11-22x10:00:00",
                                          "2026-11-22T10:00:00.Z",
                                          "2026-11-22T10:00:00X",
                                          "2026-1-2T10:00",
                                          "2026-11",
                                          "202611",
                                          "2026-11-22T10:00:00+1",
                                          "18991231",
                                          "21010101",
                                          "2026-11-22-1",
                                          "2026-11-22T10:00:00+99:00"};
    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
        has_not(nothing[i], any | BIT(DATE_BROKEN));
}

static void other_dates(void **state)
{
    (void)state;
    static const char *const other[] = {"22/11/2026",
                                        "11/22/2026",
                                        "1/2/2026",
                                        "22.11.2026",
                                        "2026/11/22",
                                        "22-11-2026",
                                        "11/22/26",
                                        "Nov 22 2026",
                                        "Nov 22, 2026",
                                        "22 Nov 2026",
                                        "22-Nov-2026",
                                        "November 22, 2026",
                                        "Sun, 22 Nov 2026 10:00:00 GMT",
                                        "Sun Nov 22 10:00:00 2026",
                                        "22/11/2026 10:00",
                                        "11/22/2026, 9:05:00 PM"};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        has(other[i], BIT(DATE_OTHER));
    static const char *const no_date[] = {
        "32/13/2026", "1.2.3",      "1.2.30",           "10/20",
        "3/4/5",      "May 2026",   "Marble 22 2026",   "22 Now 2026",
        "1/2/2026th", "99/99/9999", "Mon amour 20 2026"};
    for (size_t i = 0; i < sizeof no_date / sizeof *no_date; i++)
        has_not(no_date[i], BIT(DATE_OTHER));
    has("10:00", BIT(CLOCK));
    has("23:59:59.5", BIT(CLOCK));
    has_not("25:00", BIT(CLOCK));
    has_not("10:0", BIT(CLOCK));
    has_not("100:00", BIT(CLOCK));
}

static void json(void **state)
{
    (void)state;
    expect("{}", BIT(JSON_OBJECT));
    expect("[]", BIT(JSON_ARRAY));
    expect("\"a\"", BIT(JSON_STRING));
    has("null", BIT(JSON_SCALAR) | BIT(JSON_NULL) | BIT(NULL_WORD));
    has("true", BIT(JSON_SCALAR) | BIT(BOOLEAN_WORD));
    has_not("NULL", BIT(JSON_SCALAR) | BIT(JSON_NULL));
    has_not("True", BIT(JSON_SCALAR));
    has_not("nullx", BIT(JSON_SCALAR));
    has(" {\"a\": [1, 2.5e3, -0, \"\\u00e9\\n\", true, null, {}]} ",
        BIT(JSON_OBJECT) | BIT(BLANK_EDGE));
    expect("[[[[]]],{}]", BIT(JSON_ARRAY));
    static const char *const broken[] = {"{",           "[",
                                         "[1,]",        "[,1]",
                                         "{\"a\"}",     "{\"a\":}",
                                         "{\"a\":1,}",  "{a:1}",
                                         "{'a':1}",     "[01]",
                                         "[1.]",        "[.5]",
                                         "[+1]",        "[NaN]",
                                         "[1e]",        "[\"a]",
                                         "[\"\\x\"]",   "[\"\\u12g4\"]",
                                         "[\"a\tb\"]",  "[1] x",
                                         "[1]]",        "{} {}",
                                         "[INFO] said", "{name} wrote",
                                         "[tru]",       "[\"\\",
                                         "[\"\\u12",    "{\"a\":1]",
                                         "[1}",         "[1 2]",
                                         "{\"a\" 1}",   "{\"a\":1 \"b\":2}",
                                         "[undefined]", "[Infinity]"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        has(broken[i], BIT(JSON_BROKEN));
        has_not(broken[i], BIT(JSON_OBJECT) | BIT(JSON_ARRAY));
    }
    has("[\"Music\"]", BIT(JSON_NAMES));
    has_not("[\"Music\"]", BIT(JSON_NAMES_MANY));
    has("[\"Music\", \"News\"]", BIT(JSON_NAMES) | BIT(JSON_NAMES_MANY));
    has_not("[]", BIT(JSON_NAMES));
    has_not("[\"Music\", 1]", BIT(JSON_NAMES));
    has_not("[[\"Music\", \"News\"]]", BIT(JSON_NAMES));
    has_not("{\"a\": [\"Music\"]}", BIT(JSON_NAMES));
    has("{\"a\": 0.5, \"b\": 1, \"c\": 0}", BIT(JSON_SCORES));
    has_not("{\"a\": 0.5, \"b\": 1, \"c\": 0}", BIT(JSON_SCORES_OUT) | BIT(JSON_NAMES));
    has("{\"a\": 0.5, \"b\": 1.01, \"c\": 0}", BIT(JSON_SCORES) | BIT(JSON_SCORES_OUT));
    has("{\"a\": 0.5, \"b\": -1e-3, \"c\": 0}", BIT(JSON_SCORES_OUT));
    has_not("{\"a\": 0.5, \"b\": 1}", BIT(JSON_SCORES));
    has_not("{\"a\": 0.5, \"b\": 1, \"c\": \"0\"}", BIT(JSON_SCORES));
    has_not("{\"a\": 0.5, \"b\": 1, \"c\": {}}", BIT(JSON_SCORES));
    has_not("[1, 2, 3]", BIT(JSON_SCORES));
    has_not("\"open", BIT(JSON_BROKEN) | BIT(JSON_STRING));
    assert_true(shaped("[\"\xff\"]", 5).shapes & BIT(JSON_BROKEN));
    assert_true(shaped("[\"\xc3\xa9\"]", 6).shapes & BIT(JSON_ARRAY));
    assert_true(shaped("[1]\0", 4).shapes & BIT(JSON_BROKEN));
}

static void json_for_postgres(void **state)
{
    (void)state;
    has("{\"a\": \"x\\u0000y\"}", BIT(JSON_OBJECT) | BIT(JSON_NUL));
    has("[\"\\ud83d\"]", BIT(JSON_NUL));
    has("[\"\\ude00\"]", BIT(JSON_NUL));
    has("[\"\\ud83d\\u0041\"]", BIT(JSON_NUL));
    has_not("[\"\\ud83d\\ude00\"]", BIT(JSON_NUL));
    has_not("[\"\\\\u0000\"]", BIT(JSON_NUL));
    has_not("[\"\\u00001\" ", BIT(JSON_NUL)); /* not valid at all */
    has("{\"a\":1,\"b\":2,\"a\":3}", BIT(JSON_DUPLICATE_KEY));
    has("{\"a\":1,\"\\u0061\":3}", BIT(JSON_DUPLICATE_KEY));
    has("{\"\xc3\xa9\":1,\"\\u00e9\":3}", BIT(JSON_DUPLICATE_KEY));
    has("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":3}", BIT(JSON_DUPLICATE_KEY));
    has("[{\"x\":{\"a\":1,\"b\":{},\"a\":3}}]", BIT(JSON_DUPLICATE_KEY));
    has_not("{\"a\":{\"a\":{\"a\":1}}}", BIT(JSON_DUPLICATE_KEY));
    has_not("[{\"a\":1},{\"a\":1}]", BIT(JSON_DUPLICATE_KEY));
    has_not("{\"a\":\"a\",\"A\":1,\"\":1,\"aa\":1}", BIT(JSON_DUPLICATE_KEY));
    has("{\"cost\": 0.30000000000000004}", BIT(JSON_DUST));
    has_not("{\"cost\": 0.3, \"x\": 0.123456789012345678}", BIT(JSON_DUST));
    has_not("{\"cost\": \"0.30000000000000004\"}", BIT(JSON_DUST));
    has("\"{\\\"a\\\": 1}\"", BIT(JSON_STRING) | BIT(JSON_IN_STRING));
    has("\"[1,2]\"", BIT(JSON_IN_STRING));
    has_not("\"12\"", BIT(JSON_IN_STRING));
    has_not("\"{a}\"", BIT(JSON_IN_STRING));
    has_not("[\"{}\"]", BIT(JSON_IN_STRING));
    has_not("\"\"", BIT(JSON_IN_STRING));
}

static void json_bounds(void **state)
{
    (void)state;
    enum { DEEP = 1000, WIDE = 70000 };
    static char text[WIDE * 16 + 64];
    for (size_t depth = DEEP; depth <= DEEP + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[depth * 2] = '\0';
        expect(text, depth == DEEP ? BIT(JSON_ARRAY) : BIT(JSON_BROKEN));
    }
    memset(text, '[', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    expect(text, BIT(JSON_BROKEN));

    /* the last key again: seen among 1,000, beyond what is remembered not, and never an error */
    static const size_t widths[] = {15, 16, 17, 1000, WIDE};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; w++) {
        size_t size = 0;
        text[size++] = '{';
        for (size_t i = 0; i < widths[w]; i++)
            size += (size_t)snprintf(text + size, 32, "\"%zu\":null,", i);
        snprintf(text + size, 32, "\"%zu\":null}", widths[w] - 1);
        expect(text, BIT(JSON_OBJECT) | (widths[w] < WIDE ? BIT(JSON_DUPLICATE_KEY) : 0));
        snprintf(text + size, 32, "\"%zu\":null}", widths[w]);
        expect(text, BIT(JSON_OBJECT));
    }
}

static void words(void **state)
{
    (void)state;
    expect("completed", BIT(WORD));
    expect("In Progress", BIT(WORD) | BIT(UPPER));
    expect(" failed", BIT(BLANK_EDGE));
    expect("", BIT(EMPTY));
    expect(" ", BIT(BLANK_EDGE));
    has("N/A", BIT(NULL_WORD));
    has("None", BIT(NULL_WORD) | BIT(WORD));
    has("NaN", BIT(NULL_WORD));
    has_not("nonexistent", BIT(NULL_WORD));
    has("Y", BIT(BOOLEAN_WORD));
    has("OFF", BIT(BOOLEAN_WORD));
    has_not("offer", BIT(BOOLEAN_WORD));
    has_not("1", BIT(WORD) | BIT(BOOLEAN_WORD));
    has_not("what?", BIT(WORD));
    has_not("a word that is much longer than forty chars", BIT(WORD));
    has("v1", BIT(VERSION));
    has("1.2", BIT(VERSION) | BIT(DECIMAL));
    has("1.2.3-rc.1", BIT(VERSION));
    has("v2025.06.04", BIT(VERSION));
    has_not("1", BIT(VERSION));
    has_not("v", BIT(VERSION));
    has_not("1.2.", BIT(VERSION));
    has_not("value1", BIT(VERSION));
    has_not("1.5-2.5", BIT(VERSION));
    has("ann@example.com", BIT(EMAIL));
    has("a.b+c@mail.example.co.uk", BIT(EMAIL));
    static const char *const no_mail[] = {"ann@example",  "@example.com",     "ann@.com",
                                          "a b@x.com",    "ann@example..com", "ann@ex@ample.com",
                                          "ann@example.c"};
    for (size_t i = 0; i < sizeof no_mail / sizeof *no_mail; i++)
        has_not(no_mail[i], BIT(EMAIL));
    has("https://example.com/a?b=c", BIT(URL));
    has("postgres://u@h/d", BIT(URL));
    has_not("https:/example.com", BIT(URL));
    has_not("see https://example.com", BIT(URL));
    has_not("https://exa mple.com", BIT(URL));
    has("sk-FAKE0000000000000000", BIT(SECRET));
    has("ghp_FAKE00000000000000000000000000000000", BIT(SECRET));
    has("AKIAFAKE000000000000", BIT(SECRET));
    has("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.FAKE0000000000", BIT(SECRET));
    has("-----BEGIN RSA PRIVATE KEY-----\nFAKE", BIT(SECRET));
    has_not("-----BEGIN CERTIFICATE-----\nFAKE", BIT(SECRET));
    has_not("sk-short", BIT(SECRET));
    has_not("sk-is the prefix of a key, says the manual", BIT(SECRET));
    has_not("eyJub3RhdG9rZW4ifQ", BIT(SECRET));
}

static void bytes(void **state)
{
    (void)state;
    assert_true(shaped("a\0b", 3).shapes & BIT(NUL_BYTE));
    assert_true(shaped("a\xff", 2).shapes & BIT(BAD_UTF8));
    assert_true(shaped("\xed\xa0\x80", 3).shapes & BIT(BAD_UTF8)); /* a surrogate */
    assert_true(shaped("\xc0\xaf", 2).shapes & BIT(BAD_UTF8));     /* overlong */
    assert_false(shaped("\xc3\xa9\xf0\x9f\x98\x80", 6).shapes & BIT(BAD_UTF8));
    assert_int_equal(shaped("\xc3\xa9\xf0\x9f\x98\x80", 6).characters, 2);
    assert_int_equal(shaped("0123456789\xc3\xa9 0123456789", 23).characters, 22);
    assert_int_equal(shaped("plain", 5).characters, 5);

    assert_true(keel__shape_blob(keel_slice_of("hello\n")).shapes & BIT(BLOB_TEXT));
    assert_true(keel__shape_blob(keel_slice_of("\xc3\xa9")).shapes & BIT(BLOB_TEXT));
    assert_int_equal(keel__shape_blob(keel_slice("a\0b", 3)).shapes, 0);
    assert_int_equal(keel__shape_blob(keel_slice_of("a\x7f")).shapes, 0);
    assert_int_equal(keel__shape_blob(keel_slice_of("\xff\xfe")).shapes, 0);
    assert_int_equal(keel__shape_blob(keel_slice("", 0)).shapes, BIT(EMPTY));
}

static void stored_numbers(void **state)
{
    (void)state;
    assert_int_equal(keel__shape_integer(1763049987).shapes, BIT(EPOCH_S));
    assert_int_equal(keel__shape_integer(1763049987).time_us, INT64_C(1763049987000000));
    assert_int_equal(keel__shape_integer(INT64_C(1763049987123)).shapes, BIT(EPOCH_MS));
    assert_int_equal(keel__shape_integer(INT64_C(1763049987123456)).shapes, BIT(EPOCH_US));
    assert_int_equal(keel__shape_integer(INT64_C(1763049987123456789)).shapes, BIT(EPOCH_US));
    static const int64_t plain[] = {
        0, 1, -1, 20261122, 631151999, INT64_C(4102444800), INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        assert_int_equal(keel__shape_integer(plain[i]).shapes, 0);

    assert_int_equal(keel__shape_real((double)NAN).shapes, BIT(NAN));
    assert_int_equal(keel__shape_real((double)INFINITY).shapes, BIT(INFINITE));
    assert_int_equal(keel__shape_real((double)-INFINITY).shapes, BIT(INFINITE));
    assert_int_equal(keel__shape_real(1763049987.25).shapes, BIT(EPOCH_S));
    double tenth = 0.1, sum = 0;
    assert_int_equal(keel__shape_real(tenth + 0.2).shapes, BIT(FLOAT_DUST));
    assert_int_equal(keel__shape_real(-(tenth + 0.2)).shapes, BIT(FLOAT_DUST));
    assert_int_equal(keel__shape_real(tenth * 3 + 8 - 0.2).shapes, BIT(FLOAT_DUST));
    for (int i = 0; i < 71; i++)
        sum += tenth;
    assert_int_equal(keel__shape_real(sum).shapes, BIT(FLOAT_DUST));
    static const double clean[] = {
        0,      0.1,  0.3,     -17.25, 1e-7, 123456.789, 1e300, 1 / 3.0, 2.718281828459045,
        5e-324, 1e11, 0.002397};
    for (size_t i = 0; i < sizeof clean / sizeof *clean; i++)
        assert_int_equal(keel__shape_real(clean[i]).shapes, 0);
}

/* Any bytes give an answer. The sanitizers watch. */
static void garbage(void **state)
{
    (void)state;
    static const char alphabet[] =
        "{}[]\",:0123456789-+.eETZtrufalsn \\u/@abcdefABCDEF\0\xc3\xa9\xff";
    uint64_t seed = 20261122;
    for (int round = 0; round < 200000; round++) {
        char text[48];
        size_t size = 0;
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        size_t length = (size_t)(seed >> 59);
        while (size < length) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            text[size++] = alphabet[(seed >> 33) % (sizeof alphabet - 1)];
        }
        struct keel__shaped out = shaped(text, size);
        uint64_t kinds = out.shapes & (BIT(JSON_OBJECT) | BIT(JSON_ARRAY) | BIT(JSON_STRING) |
                                       BIT(JSON_SCALAR) | BIT(JSON_BROKEN));
        assert_true((kinds & (kinds - 1)) == 0);
        assert_true(out.characters <= (int64_t)size);
    }
}

static int release(void **state)
{
    (void)state;
    keel__shape_scratch_fini(&scratch);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),        cmocka_unit_test(identifiers),
        cmocka_unit_test(times),          cmocka_unit_test(no_times),
        cmocka_unit_test(other_dates),    cmocka_unit_test(json),
        cmocka_unit_test(json_bounds),    cmocka_unit_test(json_for_postgres),
        cmocka_unit_test(words),          cmocka_unit_test(bytes),
        cmocka_unit_test(stored_numbers), cmocka_unit_test(garbage),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
