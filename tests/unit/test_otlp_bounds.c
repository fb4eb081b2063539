/* Large requests within the bounds, and the bounds themselves: at whatever point memory runs out,
 * decoding ends with NOMEM. */
#include "base/str.h"
#include "fixtures.h"
#include "otlp.pb-c.h"
#include "recordcheck.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MIB = 1 << 20, LARGE = 15 * MIB, RUN_SPANS = 33000, RUN_DEPTH = 130 };
static const size_t default_bound = (size_t)160 * MIB;

static ProtobufCBinaryData bytes(const void *data, size_t size)
{
    return (ProtobufCBinaryData){.len = size, .data = (uint8_t *)(uintptr_t)data};
}

/* A request of one span with one attribute. */
static struct keel_slice one_attribute(enum keel__otlp_encoding encoding, const char *key,
                                       struct keel_slice value)
{
    static const uint8_t ids[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    if (encoding == KEEL__OTLP_JSON) {
        struct keel__str out;
        struct keel__json json;
        keel__str_init(&out, 0);
        keel__str_printf(
            &out,
            "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":"
            "\"0102030405060708090a0b0c0d0e0f10\",\"spanId\":\"0102030405060708\","
            "\"name\":\"s\",\"attributes\":[{\"key\":\"%s\",\"value\":{\"stringValue\":",
            key);
        keel__json_init(&json, &out, false);
        keel__json_text(&json, value);
        keel__str_text(&out, "}}]}]}]}]}");
        size_t size = out.size;
        return keel_slice(keel__str_steal(&out), size);
    }
    Otlp__AnyValue any = {.value_case = OTLP__ANY_VALUE__VALUE_STRING_VALUE};
    Otlp__KeyValue pair = OTLP__KEY_VALUE__INIT, *pairs = &pair;
    Otlp__Span span = OTLP__SPAN__INIT, *spans = &span;
    Otlp__ScopeSpans scope = OTLP__SCOPE_SPANS__INIT, *scopes = &scope;
    Otlp__ResourceSpans resource = OTLP__RESOURCE_SPANS__INIT, *resources = &resource;
    Otlp__TracesRequest request = OTLP__TRACES_REQUEST__INIT;
    any.base.descriptor = &otlp__any_value__descriptor;
    any.string_value = bytes(value.data, value.size);
    pair.key = bytes(key, strlen(key));
    pair.value = &any;
    span.trace_id = bytes(ids, 16);
    span.span_id = bytes(ids, 8);
    span.attributes = &pairs;
    scope.spans = &spans;
    resource.scope_spans = &scopes;
    request.resource_spans = &resources;
    span.n_attributes = scope.n_spans = resource.n_scope_spans = request.n_resource_spans = 1;
    size_t size = otlp__traces_request__get_packed_size(&request);
    uint8_t *body = malloc(size);
    otlp__traces_request__pack(&request, body);
    return keel_slice((char *)body, size);
}

static struct keel_slice large_text(const char *before, const char *after)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__str_text(&out, before);
    char *place = keel__str_reserve(&out, LARGE);
    for (size_t i = 0; i < LARGE; i++)
        place[i] = i % 80 ? 'x' : ' ';
    keel__str_advance(&out, LARGE);
    keel__str_text(&out, after);
    size_t size = out.size;
    return keel_slice(keel__str_steal(&out), size);
}

static void decode_one(struct keel__arena *arena, enum keel__otlp_encoding encoding,
                       const char *key, struct keel_slice value, struct keel__otlp_batch *batch)
{
    struct keel_error err;
    struct keel_slice body = one_attribute(encoding, key, value);
    keel__arena_init(arena, 0);
    if (keel__otlp_decode(arena, NULL, KEEL__OTLP_TRACES, encoding, body, batch, &err))
        fail_msg("%s", err.message);
    free((char *)(uintptr_t)body.data);
    assert_int_equal(batch->record_count, 1);
    assert_null(check_record(batch->records));
    assert_true(arena->used_bytes <= default_bound);
}

static void a_large_attribute(void **state)
{
    (void)state;
    struct keel_slice text = large_text("", "");
    for (int encoding = KEEL__OTLP_PROTOBUF; encoding <= KEEL__OTLP_JSON; encoding++) {
        struct keel__arena arena;
        struct keel__otlp_batch batch;
        decode_one(&arena, (enum keel__otlp_encoding)encoding, "k", text, &batch);
        assert_true(batch.records->attributes.size > LARGE);
        keel__arena_fini(&arena);
        decode_one(&arena, (enum keel__otlp_encoding)encoding, "gen_ai.prompt", text, &batch);
        keel__arena_fini(&arena);
    }
    free((char *)(uintptr_t)text.data);
}

static void large_messages(void **state)
{
    (void)state;
    struct keel_slice text =
        large_text("[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"", "\"}]}]");
    for (int encoding = KEEL__OTLP_PROTOBUF; encoding <= KEEL__OTLP_JSON; encoding++) {
        struct keel__arena arena;
        struct keel__otlp_batch batch;
        decode_one(&arena, (enum keel__otlp_encoding)encoding, "gen_ai.input.messages", text,
                   &batch);
        assert_int_equal(batch.records->input.size,
                         sizeof "[{\"role\":\"user\",\"content\":\"\"}]" - 1 + LARGE);
        keel__arena_fini(&arena);
    }
    free((char *)(uintptr_t)text.data);
}

static void a_run_of_many_spans(void **state)
{
    (void)state;
    struct keel__str out;
    struct keel__arena arena;
    struct keel__otlp_batch batch;
    struct keel_error err;
    keel__str_init(&out, 0);
    keel__str_text(&out, "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[");
    for (int i = 1; i <= RUN_SPANS; i++)
        keel__str_printf(&out,
                         "%s{\"traceId\":\"0102030405060708090a0b0c0d0e0f10\",\"spanId\":\"%016x\","
                         "\"parentSpanId\":\"%016x\",\"name\":\"step\"}",
                         i > 1 ? "," : "", i, i % RUN_DEPTH == 1 ? 0 : i - 1);
    keel__str_text(&out, "]}]}]}");
    keel__arena_init(&arena, 0);
    if (keel__otlp_decode(&arena, NULL, KEEL__OTLP_TRACES, KEEL__OTLP_JSON, keel__str_view(&out),
                          &batch, &err))
        fail_msg("%s", err.message);
    assert_int_equal(batch.record_count, RUN_SPANS);
    for (size_t i = 0; i < batch.record_count; i++) {
        assert_null(check_record(&batch.records[i]));
        assert_int_equal(batch.records[i].parent_key.size, i % RUN_DEPTH ? 16 : 0);
    }
    keel__arena_fini(&arena);
    struct keel__otlp_options options = {.max_records = RUN_SPANS - 1};
    keel__arena_init(&arena, 0);
    assert_int_equal(keel__otlp_decode(&arena, &options, KEEL__OTLP_TRACES, KEEL__OTLP_JSON,
                                       keel__str_view(&out), &batch, &err),
                     KEEL_NOMEM);
    assert_int_equal(batch.record_count, 0);
    keel__arena_fini(&arena);
    keel__str_fini(&out);
}

/* Memory that is enough for the first n bytes only, for every n: each capture ends in NOMEM until
 * it passes, and then it is what it is with memory enough. */
static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    static const char *const scenarios[] = {"otel-genai-openai-event/chat",
                                            "openinference-openai/embeddings",
                                            "ai-sdk-6/chat",
                                            "otel-js-events/chat",
                                            "traceloop-openai-indexed/chat",
                                            "otel-openai-v2-legacy/chat"};
    struct keel__arena held;
    keel__arena_init(&held, 0);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++) {
        size_t count, refused = 0;
        struct capture *captures = fixture_captures(&held, scenarios[i], &count);
        for (size_t j = 0; j < count; j++) {
            int rc = KEEL_NOMEM;
            for (size_t bound = 64; rc != KEEL_OK; bound += 61) {
                struct keel__arena arena;
                struct keel__otlp_batch batch;
                struct keel_error err;
                const struct keel__otlp_options options = {.max_memory_bytes = bound};
                keel__arena_init(&arena, 0);
                rc = keel__otlp_decode(&arena, &options, captures[j].signal, captures[j].encoding,
                                       captures[j].body, &batch, &err);
                assert_true(arena.used_bytes <= bound);
                if (rc) {
                    assert_int_equal(rc, KEEL_NOMEM);
                    assert_int_equal(batch.record_count, 0);
                    refused++;
                }
                keel__arena_fini(&arena);
                assert_true(bound < 4 * MIB);
            }
        }
        assert_true(refused > 100);
    }
    keel__arena_fini(&held);
}

/* The arena of a caller who has a bound of his own, and things in it. */
static void the_arenas_own_bound_holds(void **state)
{
    (void)state;
    struct keel__arena arena;
    struct keel__otlp_batch batch;
    size_t count;
    struct keel__arena held;
    keel__arena_init(&held, 0);
    struct capture *captures = fixture_captures(&held, "otel-js-http/chat", &count);
    keel__arena_init(&arena, 20000);
    void *kept = keel__arena_alloc(&arena, 1000);
    memset(kept, 7, 1000);
    assert_int_equal(keel__otlp_decode(&arena, NULL, captures->signal, captures->encoding,
                                       captures->body, &batch, NULL),
                     KEEL_NOMEM);
    assert_true(arena.used_bytes <= 20000);
    assert_int_equal(arena.limit_bytes, 20000);
    assert_int_equal(((char *)kept)[999], 7);
    keel__arena_fini(&arena);
    keel__arena_fini(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_attribute),          cmocka_unit_test(large_messages),
        cmocka_unit_test(a_run_of_many_spans),        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(the_arenas_own_bound_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
