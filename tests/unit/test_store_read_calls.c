/* Model calls as they are read: usage, agents, and the messages out of the hash chain. */
#include "storetest.h"

#include <stdio.h>
#include <stdlib.h>

static struct keel_uuid run_of(struct testdb *t, struct keel_store *store, unsigned trace)
{
    struct keel_uuid id;
    char text[33];
    snprintf(text, sizeof(text), "ab%024x%06x", 0, trace);
    assert_ok(keel_run_resolve(store, text, &id, &t->err), &t->err);
    return id;
}

static struct keel_record call_span(unsigned id, unsigned parent, const struct keel_llm_record *llm)
{
    struct keel_record record = storetest_span(1, id, parent, "chat");
    record.kind = KEEL_EVENT_LLM;
    record.llm = llm;
    return record;
}

static struct keel_message said(const char *role, const char *content)
{
    return (struct keel_message){.role = keel_slice_of(role), .content = keel_slice_of(content)};
}

static void check_message(const struct keel_stored_message *message, const char *role,
                          enum keel_message_format format, const char *content)
{
    assert_string_equal(message->role, role);
    assert_int_equal(message->format, format);
    assert_int_equal(message->content.size, strlen(content));
    assert_memory_equal(message->content.data, content, strlen(content));
}

static void a_call_has_all_that_was_said_of_it(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    const struct keel_message in[] = {
        said("system", "be brief"),
        said("user", "weather in Oslo?"),
    };
    const struct keel_message out[] = {
        {.role = keel_slice_of("assistant"),
         .format = KEEL_MESSAGE_JSON,
         .content = keel_slice_of("{\"tool_calls\":[{\"id\":\"c1\",\"name\":\"weather\","
                                  "\"arguments\":{\"city\":\"Oslo\"}}]}")},
    };
    struct keel_llm_record llm = {
        .provider = keel_slice_of("openai"),
        .operation = keel_slice_of("chat"),
        .request_model = keel_slice_of("gpt-4o-mini"),
        .response_model = keel_slice_of("gpt-4o-mini-2024-07-18"),
        .response_id = keel_slice_of("resp_1"),
        .finish_reason = keel_slice_of("tool_calls"),
        .error_type = keel_slice_of("rate_limit"),
        .input_tokens = 1000,
        .output_tokens = 200,
        .cache_read_tokens = 400,
        .cache_creation_tokens = KEEL_TOKENS_UNKNOWN,
        .reasoning_tokens = 0,
        .tools = keel_slice_of("[{\"name\":\"weather\"}]"),
        .input_messages = in,
        .input_message_count = 2,
        .output_messages = out,
        .output_message_count = 1,
    };
    struct keel_record records[] = {storetest_span(1, 1, 0, "agent"), call_span(2, 1, &llm)};
    records[0].kind = KEEL_EVENT_AGENT;
    records[0].agent_name = keel_slice_of("forecaster");
    records[1].session_id = keel_slice_of("s1");
    records[1].status = KEEL_STATUS_ERROR;
    records[1].status_message = keel_slice_of("too many requests");
    storetest_write(store, records, 2);
    struct keel_uuid id = run_of(t, store, 1);
    struct keel_result result = {0};
    struct keel_llm_call call;
    assert_ok(keel_llm_call_get(store, id, 2, &call, &result, &t->err), &t->err);
    assert_string_equal(call.id, "0000000000000002");
    assert_memory_equal(&call.run_id, &id, sizeof(id));
    assert_int_equal(call.sequence, 2);
    assert_string_equal(call.name, "chat");
    assert_string_equal(call.provider, "openai");
    assert_string_equal(call.operation, "chat");
    assert_string_equal(call.request_model, "gpt-4o-mini");
    assert_string_equal(call.response_model, "gpt-4o-mini-2024-07-18");
    assert_string_equal(call.response_id, "resp_1");
    assert_int_equal(call.status, KEEL_STATUS_ERROR);
    assert_string_equal(call.error_type, "rate_limit");
    assert_string_equal(call.error_message, "too many requests");
    assert_string_equal(call.finish_reason, "tool_calls");
    assert_int_equal(call.input_tokens, 1000);
    assert_int_equal(call.output_tokens, 200);
    assert_int_equal(call.cache_read_tokens, 400);
    assert_int_equal(call.cache_creation_tokens, KEEL_TOKENS_UNKNOWN);
    assert_int_equal(call.reasoning_tokens, 0);
    /* 600 x $0.15/M + 400 x $0.075/M + 200 x $0.60/M */
    assert_true(call.has_cost);
    assert_int_equal(call.cost_nusd, 90000 + 30000 + 120000);
    assert_true(call.is_leaf);
    assert_int_equal(call.started_at, storetest_epoch_us + 20);
    assert_int_equal(call.ended_at, storetest_epoch_us + 1020);
    assert_int_equal(call.duration_us, 1000);
    assert_string_equal(call.session_id, "s1");
    assert_string_equal(call.agent_name, "forecaster");
    assert_int_equal(call.tools.size, strlen("[{\"name\":\"weather\"}]"));
    assert_int_equal(call.input_message_count, 2);
    check_message(&call.input_messages[0], "system", KEEL_MESSAGE_TEXT, "be brief");
    check_message(&call.input_messages[1], "user", KEEL_MESSAGE_TEXT, "weather in Oslo?");
    assert_int_equal(call.output_message_count, 1);
    check_message(&call.output_messages[0], "assistant", KEEL_MESSAGE_JSON, out[0].content.data);
    assert_error(keel_llm_call_get(store, id, 1, &call, &result, &t->err), KEEL_NOTFOUND, &t->err,
                 "event 1");
    keel_result_free(&result);
    keel_store_close(store);
}

static void what_nobody_said_is_unknown(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_llm_record llm = storetest_llm();
    struct keel_record record = call_span(1, 0, &llm);
    struct keel_result result = {0};
    struct keel_llm_call call;
    record.end_ns = 0;
    storetest_write(store, &record, 1);
    assert_ok(keel_llm_call_get(store, run_of(t, store, 1), 1, &call, &result, &t->err), &t->err);
    assert_null(call.provider);
    assert_null(call.request_model);
    assert_null(call.response_model);
    assert_null(call.session_id);
    assert_null(call.agent_name);
    assert_null(call.error_message);
    assert_int_equal(call.input_tokens, KEEL_TOKENS_UNKNOWN);
    assert_false(call.has_cost);
    assert_int_equal(call.ended_at, 0);
    assert_int_equal(call.duration_us, -1);
    assert_int_equal(call.input_message_count + call.output_message_count, 0);
    assert_null(call.tools.data);
    keel_result_free(&result);
    keel_store_close(store);
}

/* A conversation that sends its history again with every turn. */
static void messages_are_rebuilt_turn_by_turn(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { TURNS = 50 };
    char texts[2 * TURNS][40];
    struct keel_message history[2 * TURNS];
    struct keel_llm_record llms[TURNS];
    struct keel_record records[TURNS];
    for (unsigned i = 0; i < 2 * TURNS; i++) {
        snprintf(texts[i], sizeof(texts[i]), "message %u", i / 4); /* some say the same again */
        history[i] = said(i % 2 ? "assistant" : "user", texts[i]);
    }
    for (unsigned i = 0; i < TURNS; i++) {
        llms[i] = storetest_llm();
        llms[i].input_messages = history;
        llms[i].input_message_count = 2 * i + 1;
        llms[i].output_messages = &history[2 * i + 1];
        llms[i].output_message_count = 1;
        records[i] = call_span(i + 1, 0, &llms[i]);
    }
    storetest_write(store, records, TURNS);
    struct keel_uuid id = run_of(t, store, 1);
    int64_t after = 0;
    size_t total = 0;
    do {
        struct keel_result result = {0};
        struct keel_llm_call *calls;
        size_t count;
        assert_ok(keel_llm_call_list(store, id, after, 20, true, &calls, &count, &after, &result,
                                     &t->err),
                  &t->err);
        for (size_t i = 0; i < count; i++, total++) {
            assert_int_equal(calls[i].sequence, total + 1);
            assert_int_equal(calls[i].input_message_count, 2 * total + 1);
            for (size_t m = 0; m < calls[i].input_message_count; m++)
                check_message(&calls[i].input_messages[m], m % 2 ? "assistant" : "user",
                              KEEL_MESSAGE_TEXT, texts[m]);
            assert_int_equal(calls[i].output_message_count, 1);
            check_message(&calls[i].output_messages[0], "assistant", KEEL_MESSAGE_TEXT,
                          texts[2 * total + 1]);
        }
        keel_result_free(&result);
    } while (after);
    assert_int_equal(total, TURNS);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM messages"), 2 * TURNS);

    /* Without messages nothing of them is read. */
    struct keel_result result = {0};
    struct keel_llm_call *calls;
    size_t count;
    assert_ok(keel_llm_call_list(store, id, 0, 0, false, &calls, &count, &after, &result, &t->err),
              &t->err);
    assert_int_equal(count, TURNS);
    assert_int_equal(after, 0);
    assert_null(calls[49].input_messages);
    keel_result_free(&result);
    keel_store_close(store);
}

static void input_or_output_alone(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    const struct keel_message hi = said("user", "hi"), hello = said("assistant", "hello");
    struct keel_llm_record asked = storetest_llm(), answered = storetest_llm();
    asked.input_messages = &hi;
    asked.input_message_count = 1;
    answered.output_messages = &hello;
    answered.output_message_count = 1;
    const struct keel_record records[] = {call_span(1, 0, &asked), call_span(2, 0, &answered)};
    storetest_write(store, records, 2);
    struct keel_uuid id = run_of(t, store, 1);
    struct keel_result result = {0};
    struct keel_llm_call call;
    assert_ok(keel_llm_call_get(store, id, 1, &call, &result, &t->err), &t->err);
    assert_int_equal(call.input_message_count, 1);
    assert_int_equal(call.output_message_count, 0);
    check_message(&call.input_messages[0], "user", KEEL_MESSAGE_TEXT, "hi");
    assert_ok(keel_llm_call_get(store, id, 2, &call, &result, &t->err), &t->err);
    assert_int_equal(call.input_message_count, 0);
    assert_int_equal(call.output_message_count, 1);
    check_message(&call.output_messages[0], "assistant", KEEL_MESSAGE_TEXT, "hello");
    keel_result_free(&result);
    keel_store_close(store);
}

static void the_nearest_agent_is_named(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_llm_record llm = storetest_llm();
    struct keel_record records[] = {
        storetest_span(1, 1, 0, "outer agent"),
        storetest_span(1, 2, 1, "step"),
        storetest_span(1, 3, 2, "inner"),
        storetest_span(1, 4, 3, "step"),
        call_span(5, 4, &llm),
        call_span(6, 2, &llm),
        call_span(7, 1, &llm),
        call_span(8, 0, &llm),
        call_span(9, 4, &llm),
    };
    records[0].kind = KEEL_EVENT_AGENT; /* without an agent name: its own name serves */
    records[2].kind = KEEL_EVENT_AGENT;
    records[2].agent_name = keel_slice_of("writer");
    records[8].agent_name = keel_slice_of("told by the call itself");
    storetest_write(store, records, sizeof(records) / sizeof(records[0]));
    struct keel_result result = {0};
    struct keel_llm_call *calls;
    size_t count;
    int64_t next;
    assert_ok(keel_llm_call_list(store, run_of(t, store, 1), 0, 0, false, &calls, &count, &next,
                                 &result, &t->err),
              &t->err);
    assert_int_equal(count, 5);
    assert_string_equal(calls[0].agent_name, "writer");
    assert_string_equal(calls[1].agent_name, "outer agent");
    assert_string_equal(calls[2].agent_name, "outer agent");
    assert_null(calls[3].agent_name);
    assert_string_equal(calls[4].agent_name, "told by the call itself");
    /* A circle of parents has no agent, and an end. */
    testdb_sql(t, "UPDATE events SET parent_sequence = 7 WHERE sequence = 8", NULL);
    testdb_sql(t, "UPDATE events SET parent_sequence = 8 WHERE sequence = 7", NULL);
    assert_ok(keel_llm_call_list(store, run_of(t, store, 1), 6, 0, false, &calls, &count, &next,
                                 &result, &t->err),
              &t->err);
    assert_null(calls[0].agent_name);
    keel_result_free(&result);
    keel_store_close(store);
}

static void a_wrapper_is_no_leaf(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_llm_record llm = storetest_llm();
    llm.input_tokens = 10;
    llm.output_tokens = 1;
    const struct keel_record records[] = {call_span(1, 0, &llm), call_span(2, 1, &llm)};
    storetest_write(store, records, 2);
    struct keel_uuid id = run_of(t, store, 1);
    struct keel_result result = {0};
    struct keel_llm_call *calls;
    struct keel_run run;
    size_t count;
    int64_t next;
    assert_ok(keel_llm_call_list(store, id, 0, 0, false, &calls, &count, &next, &result, &t->err),
              &t->err);
    assert_int_equal(count, 2);
    assert_false(calls[0].is_leaf);
    assert_true(calls[1].is_leaf);
    assert_ok(keel_run_get(store, id, &run, &result, &t->err), &t->err);
    assert_int_equal(run.llm_call_count, 1);
    assert_int_equal(run.input_tokens, 10);
    assert_int_equal(run.unpriced_call_count, 1);
    keel_result_free(&result);
    keel_store_close(store);
}

static void a_page_of_messages_is_bounded_in_bytes(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { CALLS = 5, BYTES = 5 << 20 };
    char *large = malloc(BYTES);
    struct keel_llm_record llm = storetest_llm();
    struct keel_record records[CALLS];
    struct keel_result result = {0};
    struct keel_llm_call *calls;
    size_t count, total = 0;
    int64_t after = 0;
    assert_non_null(large);
    memset(large, 'x', BYTES);
    struct keel_message message = {.role = keel_slice_of("user"),
                                   .content = keel_slice(large, BYTES)};
    llm.input_messages = &message;
    llm.input_message_count = 1;
    for (unsigned i = 0; i < CALLS; i++)
        records[i] = call_span(i + 1, 0, &llm);
    storetest_write(store, records, CALLS);
    struct keel_uuid id = run_of(t, store, 1);
    do {
        assert_ok(
            keel_llm_call_list(store, id, after, 0, true, &calls, &count, &after, &result, &t->err),
            &t->err);
        assert_int_equal(count, after ? 2 : 1);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(calls[i].sequence, ++total);
            assert_int_equal(calls[i].input_messages[0].content.size, BYTES);
            /* What is shared is held once. */
            assert_ptr_equal(calls[i].input_messages[0].content.data,
                             calls[0].input_messages[0].content.data);
        }
        keel_result_free(&result);
    } while (after);
    assert_int_equal(total, CALLS);
    free(large);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(a_call_has_all_that_was_said_of_it),
        testdb_test(what_nobody_said_is_unknown),
        testdb_test(messages_are_rebuilt_turn_by_turn),
        testdb_test(input_or_output_alone),
        testdb_test(the_nearest_agent_is_named),
        testdb_test(a_wrapper_is_no_leaf),
        testdb_test(a_page_of_messages_is_bounded_in_bytes),
    };
    return testdb_run(tests);
}
