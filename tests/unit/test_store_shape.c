/* What is stored, as JSON: every member, nulls where nothing is known, messages as they came. */
#include "store/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct keel__str text;
static struct keel__json json;

static int set_up(void **state)
{
    (void)state;
    keel__str_init(&text, 0);
    keel__json_init(&json, &text, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    keel__str_fini(&text);
    return 0;
}

static const struct keel_uuid run_id = {
    {0x01, 0x93, 0x51, 0x2c, 0x00, 0x00, 0x70, 0x00, 0x80, 0, 0, 0, 0, 0, 0, 0x01}};
#define RUN_ID "0193512c-0000-7000-8000-000000000001"

static void run_with_all(void **state)
{
    (void)state;
    struct keel_run run = {
        .id = run_id,
        .project = "shop",
        .name = "order \"7\"",
        .kind = "run",
        .status = KEEL_RUN_FAILED,
        .trace_id = "000102030405060708090a0b0c0d0e0f",
        .session_id = "s1",
        .last_error = "no stock",
        .created_at = 1700000000000001,
        .started_at = 1700000000000002,
        .ended_at = 1700000001500002,
        .event_count = 3,
        .llm_call_count = 2,
        .input_tokens = 10,
        .output_tokens = 20,
        .cost_nusd = 1500000001,
        .unpriced_call_count = 1,
    };
    keel__shape_run(&json, &run);
    assert_string_equal(
        text.data,
        "{\"id\":\"" RUN_ID "\",\"project\":\"shop\",\"name\":\"order \\\"7\\\"\","
        "\"kind\":\"run\",\"status\":\"failed\",\"last_error\":\"no stock\","
        "\"trace_id\":\"000102030405060708090a0b0c0d0e0f\",\"session_id\":\"s1\","
        "\"user_id\":null,\"worktree\":null,\"dedupe_key\":null,\"parent_run_id\":null,"
        "\"created_at\":\"2023-11-14T22:13:20.000001Z\","
        "\"started_at\":\"2023-11-14T22:13:20.000002Z\","
        "\"ended_at\":\"2023-11-14T22:13:21.500002Z\",\"duration_us\":1500000,\"event_count\":3,"
        "\"llm_call_count\":2,\"input_tokens\":10,\"output_tokens\":20,\"cache_read_tokens\":0,"
        "\"cache_creation_tokens\":0,\"reasoning_tokens\":0,\"cost_usd\":\"1.500000001\","
        "\"unpriced_call_count\":1}");
}

static void event_kinds_of_detail(void **state)
{
    (void)state;
    struct keel_event event = {
        .sequence = 2,
        .parent_sequence = 1,
        .event_key = "00f067aa0ba902b7",
        .kind = KEEL_EVENT_TOOL,
        .name = "search",
        .status = KEEL_STATUS_OK,
        .start_ns = 1700000000123456789,
        .end_ns = 1700000000123556788,
        .tool_name = "search",
        .input = keel_slice_of("{\"q\":1}"),
        .attributes = keel_slice_of("{\"a\":[1,2]}"),
        .depth = 4,
    };
#define HEAD                                                                                       \
    "{\"id\":\"00f067aa0ba902b7\",\"run_id\":\"" RUN_ID "\",\"sequence\":2,\"parent_sequence\":1,"
#define BODY                                                                                       \
    "\"kind\":\"tool\",\"name\":\"search\",\"status\":\"ok\",\"status_message\":null,"             \
    "\"severity\":null,\"started_at\":\"2023-11-14T22:13:20.123456Z\","                            \
    "\"ended_at\":\"2023-11-14T22:13:20.123556Z\",\"duration_us\":99,"                             \
    "\"start_unix_nano\":\"1700000000123456789\",\"end_unix_nano\":\"1700000000123556788\","       \
    "\"agent_name\":null,\"tool_name\":\"search\",\"tool_call_id\":null,\"has_llm_call\":false"
    keel__shape_event(&json, run_id, &event, KEEL__EVENT_PLAIN);
    assert_string_equal(text.data, HEAD BODY "}");

    keel__str_clear(&text);
    keel__json_init(&json, &text, false);
    keel__shape_event(&json, run_id, &event, KEEL__EVENT_TREE);
    assert_string_equal(text.data, HEAD "\"depth\":4," BODY "}");

    keel__str_clear(&text);
    keel__json_init(&json, &text, false);
    keel__shape_event(&json, run_id, &event, KEEL__EVENT_DETAILS);
    assert_string_equal(text.data, HEAD BODY ",\"input\":\"{\\\"q\\\":1}\",\"output\":null,"
                                             "\"attributes\":{\"a\":[1,2]},\"body\":null}");
}

static void check_message(const char *role, enum keel_message_format format, const char *content,
                          const char *expected)
{
    struct keel_stored_message message = {
        .role = role, .format = format, .content = keel_slice_of(content)};
    keel__str_clear(&text);
    keel__json_init(&json, &text, false);
    keel__shape_message(&json, &message);
    assert_string_equal(text.data, expected);
}

static void messages(void **state)
{
    (void)state;
    check_message("user", KEEL_MESSAGE_TEXT, "a\nb", "{\"role\":\"user\",\"content\":\"a\\nb\"}");
    check_message("user", KEEL_MESSAGE_TEXT, "", "{\"role\":\"user\",\"content\":\"\"}");
    /* Text that looks like the other format stays text. */
    check_message("user", KEEL_MESSAGE_TEXT, "{\"content\":1}",
                  "{\"role\":\"user\",\"content\":\"{\\\"content\\\":1}\"}");
    check_message("user", KEEL_MESSAGE_JSON, "{\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}",
                  "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}");
    check_message("assistant", KEEL_MESSAGE_JSON,
                  "{\"tool_calls\":[{\"id\":\"1\",\"name\":\"f\",\"arguments\":{}}]}",
                  "{\"role\":\"assistant\",\"content\":null,"
                  "\"tool_calls\":[{\"id\":\"1\",\"name\":\"f\",\"arguments\":{}}]}");
    check_message("tool", KEEL_MESSAGE_JSON, "{\"content\":\"4\",\"tool_call_id\":\"1\"}",
                  "{\"role\":\"tool\",\"content\":\"4\",\"tool_call_id\":\"1\"}");
    check_message("tool", KEEL_MESSAGE_JSON, "{}", "{\"role\":\"tool\",\"content\":null}");
}

static void llm_call_unknowns_are_null(void **state)
{
    (void)state;
    struct keel_stored_message in = {.role = "user", .content = keel_slice_of("hi")};
    struct keel_llm_call call = {
        .id = "00f067aa0ba902b7",
        .run_id = run_id,
        .sequence = 5,
        .name = "chat",
        .status = KEEL_STATUS_UNSET,
        .input_tokens = 3,
        .output_tokens = -1,
        .cache_read_tokens = -1,
        .cache_creation_tokens = -1,
        .reasoning_tokens = 0,
        .is_leaf = true,
        .started_at = 1700000000000000,
        .ended_at = 0,
        .input_messages = &in,
        .input_message_count = 1,
    };
    keel__shape_llm_call(&json, &call, true);
    assert_string_equal(
        text.data,
        "{\"id\":\"00f067aa0ba902b7\",\"run_id\":\"" RUN_ID "\",\"sequence\":5,\"name\":\"chat\","
        "\"provider\":null,\"operation\":null,\"request_model\":null,\"response_model\":null,"
        "\"response_id\":null,\"status\":\"unset\",\"error_type\":null,\"error_message\":null,"
        "\"finish_reason\":null,\"input_tokens\":3,\"output_tokens\":null,"
        "\"cache_read_tokens\":null,\"cache_creation_tokens\":null,\"reasoning_tokens\":0,"
        "\"cost_usd\":null,\"is_leaf\":true,\"started_at\":\"2023-11-14T22:13:20.000000Z\","
        "\"ended_at\":null,\"duration_us\":null,\"session_id\":null,\"agent_name\":null,"
        "\"tools\":null,\"input_messages\":[{\"role\":\"user\",\"content\":\"hi\"}],"
        "\"output_messages\":[]}");
}

static void cost_is_named_after_its_dimension(void **state)
{
    (void)state;
    struct keel_cost cost = {
        .llm_call_count = 1, .input_tokens = 2, .output_tokens = 3, .cost_nusd = 250000000};
    keel__shape_cost(&json, KEEL_COST_AGENT, &cost);
    assert_string_equal(text.data,
                        "{\"agent\":null,\"llm_call_count\":1,\"input_tokens\":2,"
                        "\"output_tokens\":3,\"cache_read_tokens\":0,\"cache_creation_tokens\":0,"
                        "\"reasoning_tokens\":0,\"cost_usd\":\"0.25\",\"unpriced_call_count\":0}");
}

static void input_that_is_not_text(void **state)
{
    (void)state;
    struct keel_input input = {.sequence = 1,
                               .media_type = "image/png",
                               .content = keel_slice("\x89PNG", 4),
                               .created_at = 1700000000000000};
    keel__shape_input(&json, &input);
    assert_string_equal(text.data, "{\"sequence\":1,\"id\":null,\"name\":null,"
                                   "\"media_type\":\"image/png\",\"content\":null,"
                                   "\"content_base64\":\"iVBORw==\","
                                   "\"created_at\":\"2023-11-14T22:13:20.000000Z\"}");
}

static void words_read_back(void **state)
{
    (void)state;
    for (int i = KEEL_RUN_PENDING; i <= KEEL_RUN_CANCELLED; i++) {
        enum keel_run_status status;
        assert_true(keel_run_status_parse(
            keel_slice_of(keel_run_status_name((enum keel_run_status)i)), &status));
        assert_int_equal(status, i);
    }
    for (int i = KEEL_EVENT_MISSING; i <= KEEL_EVENT_LOG; i++) {
        enum keel_event_kind kind;
        assert_true(keel_event_kind_parse(
            keel_slice_of(keel_event_kind_name((enum keel_event_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    enum keel_role role;
    assert_false(keel_role_parse(keel_slice_of("Admin"), &role));
    assert_false(keel_role_parse(keel_slice(NULL, 0), &role));
    enum keel_cost_by by;
    assert_true(keel_cost_by_parse(keel_slice_of("session"), &by));
    assert_int_equal(by, KEEL_COST_SESSION);
}

static void transitions(void **state)
{
    (void)state;
    static const char legal[6][7] = {"011111", "001111", "010111", "000000", "000000", "000000"};
    for (int from = 0; from < 6; from++)
        for (int to = 0; to < 6; to++)
            assert_int_equal(keel_run_transition_legal((enum keel_run_status)(from + 1),
                                                       (enum keel_run_status)(to + 1)),
                             legal[from][to] == '1');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(run_with_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(event_kinds_of_detail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(messages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(llm_call_unknowns_are_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(cost_is_named_after_its_dimension, set_up, tear_down),
        cmocka_unit_test_setup_teardown(input_that_is_not_text, set_up, tear_down),
        cmocka_unit_test(words_read_back),
        cmocka_unit_test(transitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
