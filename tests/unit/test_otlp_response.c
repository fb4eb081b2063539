/* The answers of OTLP, byte for byte. Expected bytes are made by hand from the .proto files of
 * OTLP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "ingest/otlp.h"

static void expect(struct keel_slice got, const char *bytes, size_t size)
{
    assert_non_null(got.data);
    assert_int_equal(got.size, size);
    assert_memory_equal(got.data, bytes, size);
}
#define EXPECT(got, literal) expect((got), (literal), sizeof(literal) - 1)

static void success_is_empty(void **state)
{
    (void)state;
    struct keel__arena arena;
    struct keel_slice out, none = {NULL, 0};
    keel__arena_init(&arena, 0);
    for (int signal = KEEL__OTLP_TRACES; signal <= KEEL__OTLP_METRICS; signal++) {
        assert_int_equal(keel__otlp_response(&arena, (enum keel__otlp_signal)signal,
                                             KEEL__OTLP_PROTOBUF, 0, none, &out, NULL),
                         0);
        EXPECT(out, "");
        assert_int_equal(keel__otlp_response(&arena, (enum keel__otlp_signal)signal,
                                             KEEL__OTLP_JSON, 0, none, &out, NULL),
                         0);
        EXPECT(out, "{}");
    }
    keel__arena_fini(&arena);
}

static void partial_success_counts_and_says_why(void **state)
{
    (void)state;
    struct keel__arena arena;
    struct keel_slice out, why = keel_slice_of("no \"id\"");
    keel__arena_init(&arena, 0);
    keel__otlp_response(&arena, KEEL__OTLP_TRACES, KEEL__OTLP_PROTOBUF, 300, why, &out, NULL);
    EXPECT(out, "\x0A\x0C\x08\xAC\x02\x12\x07no \"id\"");
    keel__otlp_response(&arena, KEEL__OTLP_TRACES, KEEL__OTLP_JSON, 300, why, &out, NULL);
    EXPECT(out,
           "{\"partialSuccess\":{\"rejectedSpans\":\"300\",\"errorMessage\":\"no \\\"id\\\"\"}}");
    keel__otlp_response(&arena, KEEL__OTLP_LOGS, KEEL__OTLP_JSON, 1, keel_slice_of(NULL), &out,
                        NULL);
    EXPECT(out, "{\"partialSuccess\":{\"rejectedLogRecords\":\"1\"}}");
    keel__otlp_response(&arena, KEEL__OTLP_METRICS, KEEL__OTLP_JSON, 1, why, &out, NULL);
    EXPECT(
        out,
        "{\"partialSuccess\":{\"rejectedDataPoints\":\"1\",\"errorMessage\":\"no \\\"id\\\"\"}}");
    /* A warning: nothing rejected, and a message. */
    keel__otlp_response(&arena, KEEL__OTLP_METRICS, KEEL__OTLP_JSON, 0, why, &out, NULL);
    EXPECT(out, "{\"partialSuccess\":{\"errorMessage\":\"no \\\"id\\\"\"}}");
    keel__otlp_response(&arena, KEEL__OTLP_METRICS, KEEL__OTLP_PROTOBUF, 0, why, &out, NULL);
    EXPECT(out, "\x0A\x09\x12\x07no \"id\"");
    keel__arena_fini(&arena);
}

static void status_has_the_canonical_code(void **state)
{
    (void)state;
    static const struct {
        int http, code;
    } codes[] = {{400, 3}, {401, 16}, {403, 7},  {404, 5},  {405, 9}, {413, 8},
                 {415, 3}, {429, 8},  {500, 13}, {503, 14}, {504, 4}, {501, 13}};
    struct keel__arena arena;
    struct keel_slice out, why = keel_slice_of("why");
    keel__arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        keel__otlp_status(&arena, KEEL__OTLP_PROTOBUF, codes[i].http, why, &out, NULL);
        assert_int_equal(out.size, 7);
        assert_int_equal(out.data[0], 0x08);
        assert_int_equal(out.data[1], codes[i].code);
        assert_memory_equal(out.data + 2, "\x12\x03why", 5);
    }
    keel__otlp_status(&arena, KEEL__OTLP_JSON, 413, why, &out, NULL);
    EXPECT(out, "{\"code\":8,\"message\":\"why\"}");
    keel__otlp_status(&arena, KEEL__OTLP_JSON, 400, keel_slice_of(NULL), &out, NULL);
    EXPECT(out, "{\"code\":3,\"message\":\"\"}");
    keel__arena_fini(&arena);
}

static void content_types(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int encoding; /* 0: refused */
    } cases[] = {
        {"application/x-protobuf", KEEL__OTLP_PROTOBUF},
        {"application/json", KEEL__OTLP_JSON},
        {"Application/JSON; charset=utf-8", KEEL__OTLP_JSON},
        {" application/x-protobuf ;a=b", KEEL__OTLP_PROTOBUF},
        {"application/jsonx", 0},
        {"application/protobuf", 0},
        {"text/plain", 0},
        {"", 0},
        {";", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum keel__otlp_encoding encoding;
        bool known = keel__otlp_encoding_parse(keel_slice_of(cases[i].text), &encoding);
        assert_int_equal(known, cases[i].encoding != 0);
        if (known)
            assert_int_equal(encoding, cases[i].encoding);
    }
    assert_string_equal(keel__otlp_content_type(KEEL__OTLP_PROTOBUF), "application/x-protobuf");
    assert_string_equal(keel__otlp_content_type(KEEL__OTLP_JSON), "application/json");
}

static void memory_is_bounded_by_the_arena(void **state)
{
    (void)state;
    struct keel__arena arena;
    struct keel_error err;
    struct keel_slice out, why = keel_slice_of("0123456789012345678901234567890123456789");
    keel__arena_init(&arena, 16);
    assert_int_equal(keel__otlp_status(&arena, KEEL__OTLP_JSON, 400, why, &out, &err), KEEL_NOMEM);
    assert_int_equal(err.code, KEEL_NOMEM);
    assert_int_equal(
        keel__otlp_response(&arena, KEEL__OTLP_LOGS, KEEL__OTLP_PROTOBUF, 1, why, &out, &err),
        KEEL_NOMEM);
    keel__arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(success_is_empty),
        cmocka_unit_test(partial_success_counts_and_says_why),
        cmocka_unit_test(status_has_the_canonical_code),
        cmocka_unit_test(content_types),
        cmocka_unit_test(memory_is_bounded_by_the_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
