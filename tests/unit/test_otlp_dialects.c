/* The one conversation of tests/fixtures/otlp, told by every client in its own dialect, gives the
 * same LLM calls: byte for byte the same messages, the same tokens, models and tools, wherever the
 * client says them. */
#include "fixtures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define CALL_JSON                                                                                  \
    "{\"tool_calls\":[{\"id\":\"call_weather_1\",\"name\":\"get_weather\","                        \
    "\"arguments\":{\"city\":\"Reykjavík\",\"unit\":\"celsius\"}}]}"
#define TOOLS_JSON                                                                                 \
    "[{\"name\":\"get_weather\",\"description\":\"The present weather in a "                       \
    "city.\",\"parameters\":{"                                                                     \
    "\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"},\"unit\":{\"type\":"       \
    "\"string\",\"enum\":[\"celsius\",\"fahrenheit\"]}},\"required\":[\"city\",\"unit\"],"         \
    "\"additionalProperties\":false}}]"

struct message {
    const char *role, *content;
    enum keel_message_format format;
};
static const struct message said[] = {
    {"system", "You are a travel assistant. Answer in one sentence.", KEEL_MESSAGE_TEXT},
    {"user", "What is the weather in Reykjavík right now?", KEEL_MESSAGE_TEXT},
    {"assistant", CALL_JSON, KEEL_MESSAGE_JSON},
    {"tool",
     "{\"content\":\"{\\\"temperature\\\":4,\\\"sky\\\":\\\"rain\\\"}\",\"tool_call_id\":"
     "\"call_weather_1\"}",
     KEEL_MESSAGE_JSON},
    {"assistant", "It is 4 °C and raining in Reykjavík.", KEEL_MESSAGE_TEXT},
};

static const struct call {
    const char *chat_id, *responses_id, *finish_reason;
    int64_t input, output, cached, reasoning;
    size_t input_count; /* the first of said; the one after them is the output */
} calls[] = {
    {"chatcmpl-tool_call", "resp_tool_call", "tool_call", 157, 49, 64, 21, 2},
    {"chatcmpl-answer", "resp_answer", "stop", 231, 37, 128, 12, 4},
};

/* What a client does not say (tests/fixtures/otlp/README.md). */
enum { CACHED = 1, REASONING = 2, FINISH = 4, TOOLS = 8, OUTPUT_ID = 16 };
static const struct scenario {
    const char *path;
    unsigned unsaid;
} scenarios[] = {
    {"ai-sdk-5/chat", CACHED | REASONING},
    {"ai-sdk-5/responses", CACHED | REASONING},
    {"ai-sdk-5/stream", 0},
    {"ai-sdk-6/chat", 0},
    {"ai-sdk-6/responses", 0},
    {"ai-sdk-6/stream", 0},
    {"ai-sdk-7/chat", 0},
    {"ai-sdk-7/responses", 0},
    {"ai-sdk-7/stream", 0},
    {"openinference-openai/chat", 0},
    {"openinference-openai/responses", FINISH},
    {"openinference-openai/responses-stream", FINISH},
    {"openinference-openai/stream", 0},
    {"otel-genai-openai-event/chat", 0},
    {"otel-genai-openai-event/responses", 0},
    {"otel-genai-openai-event/stream", 0},
    {"otel-genai-openai-span/chat", 0},
    {"otel-genai-openai-span/responses", 0},
    {"otel-genai-openai-span/responses-stream", 0},
    {"otel-genai-openai-span/stream", 0},
    {"otel-js-events/chat", 0},
    {"otel-js-http/chat", 0},
    {"otel-js-proto/chat", 0},
    {"otel-openai-v2-event/chat", CACHED | REASONING | TOOLS},
    {"otel-openai-v2-event/stream", CACHED | REASONING | TOOLS},
    {"otel-openai-v2-legacy/chat", CACHED | REASONING | TOOLS},
    {"otel-openai-v2-legacy/stream", CACHED | REASONING | TOOLS},
    {"otel-openai-v2-span/chat", CACHED | REASONING | TOOLS},
    {"otel-openai-v2-span/stream", CACHED | REASONING | TOOLS},
    {"traceloop-openai/chat", 0},
    /* The id of the call in the output is the item's, not the one that the result refers to. */
    {"traceloop-openai/responses", OUTPUT_ID},
    {"traceloop-openai/stream", REASONING},
    {"traceloop-openai-indexed/chat", 0},
    {"traceloop-openai-indexed/stream", REASONING},
};

enum { MAX_RECORDS = 500, MAX_MESSAGES = 16 };

/* A call with what records of its parent say, put together as the store does it. */
struct told {
    const struct keel_record *span;
    struct keel_llm_record llm;
    struct keel_message input[MAX_MESSAGES], output[MAX_MESSAGES];
};

static void append(struct keel_message *list, size_t *count, const struct keel_message *items,
                   size_t item_count)
{
    assert_true(*count + item_count <= MAX_MESSAGES);
    for (size_t i = 0; i < item_count; i++)
        list[(*count)++] = items[i];
}

static void tell(struct told *told, const struct keel_llm_record *more)
{
    bool whole_input = told->span->llm->input_message_count > 0;
    bool whole_output = told->span->llm->output_message_count > 0;
    if (!whole_input)
        append(told->input, &told->llm.input_message_count, more->input_messages,
               more->input_message_count);
    if (!whole_output)
        append(told->output, &told->llm.output_message_count, more->output_messages,
               more->output_message_count);
    if (!told->llm.finish_reason.data)
        told->llm.finish_reason = more->finish_reason;
}

static bool same(struct keel_slice a, struct keel_slice b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static int by_start(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    return x->span->start_ns < y->span->start_ns ? -1 : x->span->start_ns > y->span->start_ns;
}

static size_t tell_all(const struct keel_record **records, size_t count, struct told *told)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!records[i]->llm)
            continue;
        assert_true(found < 2);
        struct told *one = &told[found++];
        *one = (struct told){.span = records[i], .llm = *records[i]->llm};
        one->llm.input_message_count = one->llm.output_message_count = 0;
        append(one->input, &one->llm.input_message_count, records[i]->llm->input_messages,
               records[i]->llm->input_message_count);
        append(one->output, &one->llm.output_message_count, records[i]->llm->output_messages,
               records[i]->llm->output_message_count);
        for (size_t j = 0; j < count; j++)
            if (records[j]->llm_of_parent && same(records[j]->parent_key, records[i]->event_key))
                tell(one, records[j]->llm_of_parent);
    }
    qsort(told, found, sizeof *told, by_start);
    return found;
}

static void expect_text(const char *what, struct keel_slice got, const char *expected)
{
    if (!expected ? got.data != NULL
                  : got.size != strlen(expected) || memcmp(got.data, expected, got.size) != 0)
        fail_msg("%s: expected %s, got %.*s", what, expected ? expected : "nothing", (int)got.size,
                 got.data ? got.data : "");
}

static void expect_tokens(const char *what, int64_t got, int64_t expected)
{
    if (got != expected)
        fail_msg("%s: expected %lld, got %lld", what, (long long)expected, (long long)got);
}

static void expect_messages(const struct keel_message *got, size_t count,
                            const struct message *expected, size_t expected_count)
{
    assert_int_equal(count, expected_count);
    for (size_t i = 0; i < count; i++) {
        expect_text("role", got[i].role, expected[i].role);
        expect_text("content", got[i].content, expected[i].content);
        assert_int_equal(got[i].format, expected[i].format);
    }
}

static void expect_call(const struct told *told, const struct call *call, unsigned unsaid,
                        bool responses)
{
    const struct keel_llm_record *llm = &told->llm;
    expect_text("provider", llm->provider, "openai");
    expect_text("operation", llm->operation, "chat");
    expect_text("request model", llm->request_model, "stub-4o");
    expect_text("response model", llm->response_model, "stub-4o-2026-01-15");
    expect_text("response id", llm->response_id, responses ? call->responses_id : call->chat_id);
    expect_text("finish reason", llm->finish_reason, unsaid & FINISH ? NULL : call->finish_reason);
    expect_text("tools", llm->tools, unsaid & TOOLS ? NULL : TOOLS_JSON);
    expect_tokens("input", llm->input_tokens, call->input);
    expect_tokens("output", llm->output_tokens, call->output);
    expect_tokens("cache read", llm->cache_read_tokens,
                  unsaid & CACHED ? KEEL_TOKENS_UNKNOWN : call->cached);
    expect_tokens("reasoning", llm->reasoning_tokens,
                  unsaid & REASONING ? KEEL_TOKENS_UNKNOWN : call->reasoning);
    expect_tokens("cache creation", llm->cache_creation_tokens, KEEL_TOKENS_UNKNOWN);
    expect_messages(told->input, llm->input_message_count, said, call->input_count);
    if (!(unsaid & OUTPUT_ID) || call->input_count != 2)
        expect_messages(told->output, llm->output_message_count, &said[call->input_count], 1);
}

static size_t decode_all(struct keel__arena *arena, const char *path,
                         const struct keel_record **records)
{
    size_t capture_count, count = 0;
    struct capture *captures = fixture_captures(arena, path, &capture_count);
    for (size_t i = 0; i < capture_count; i++) {
        struct keel__otlp_batch batch;
        assert_int_equal(keel__otlp_decode(arena, NULL, captures[i].signal, captures[i].encoding,
                                           captures[i].body, &batch, NULL),
                         0);
        assert_int_equal(batch.rejected, 0);
        for (size_t j = 0; j < batch.record_count; j++) {
            assert_true(count < MAX_RECORDS);
            records[count++] = &batch.records[j];
        }
    }
    return count;
}

/* The tool that was run, the agent that ran it, and whose the run is. */
static void expect_run(const struct keel_record **records, size_t count)
{
    size_t tools = 0, agents = 0, roots = 0, sessions = 0, users = 0;
    for (size_t i = 0; i < count; i++) {
        const struct keel_record *record = records[i];
        expect_text("project", record->project, "travel-desk");
        sessions += record->session_id.data != NULL;
        users += record->user_id.data != NULL;
        if (record->session_id.data)
            expect_text("session", record->session_id, "session-reykjavik-1");
        if (record->user_id.data)
            expect_text("user", record->user_id, "user-7");
        if (record->kind == KEEL_EVENT_TOOL) {
            expect_text("tool", record->tool_name, "get_weather");
            assert_non_null(strstr(record->input.data, "Reykjav"));
            assert_non_null(strstr(record->output.data, "rain"));
            tools++;
        }
        if (record->kind == KEEL_EVENT_AGENT) {
            expect_text("agent", record->agent_name, "travel-agent");
            agents++;
        }
        roots += record->is_span && !record->parent_key.data;
    }
    assert_int_equal(tools, 1);
    assert_int_equal(agents, 1);
    assert_int_equal(roots, 1);
    assert_true(sessions >= 1 && users >= 1);
}

static void tells_the_same(void **state)
{
    const struct scenario *scenario = *state;
    struct keel__arena arena;
    const struct keel_record *records[MAX_RECORDS];
    struct told *told = calloc(2, sizeof *told);
    keel__arena_init(&arena, 0);
    size_t count = decode_all(&arena, scenario->path, records);
    assert_int_equal(tell_all(records, count, told), 2);
    for (size_t i = 0; i < 2; i++)
        expect_call(&told[i], &calls[i], scenario->unsaid, strstr(scenario->path, "responses"));
    expect_run(records, count);
    free(told);
    keel__arena_fini(&arena);
}

/* A capture that is added must be listed above. */
static void no_capture_is_left_out(void **state)
{
    (void)state;
    struct keel__arena arena;
    size_t clients, variants, found = 0;
    keel__arena_init(&arena, 0);
    char **names = fixture_list(&arena, "fixtures/otlp", &clients);
    for (size_t i = 0; i < clients; i++) {
        char **list = fixture_list(&arena, keel__arena_printf(&arena, "fixtures/otlp/%s", names[i]),
                                   &variants);
        for (size_t j = 0; j < variants; j++)
            found += strcmp(list[j], "chat") == 0 || strcmp(list[j], "stream") == 0 ||
                     strncmp(list[j], "responses", 9) == 0;
    }
    assert_int_equal(found, sizeof scenarios / sizeof scenarios[0]);
    keel__arena_fini(&arena);
}

int main(void)
{
    enum { COUNT = sizeof scenarios / sizeof scenarios[0] };
    struct CMUnitTest tests[COUNT + 1];
    for (size_t i = 0; i < COUNT; i++)
        tests[i] = (struct CMUnitTest){.name = scenarios[i].path,
                                       .test_func = tells_the_same,
                                       .initial_state = (void *)(uintptr_t)&scenarios[i]};
    tests[COUNT] = (struct CMUnitTest)cmocka_unit_test(no_capture_is_left_out);
    return _cmocka_run_group_tests("otlp_dialects", tests, COUNT + 1, NULL, NULL);
}
