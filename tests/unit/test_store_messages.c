/* Model calls: their messages as chains, and records that tell of their parent's call. */
#include "storetest.h"

#include <stdio.h>
#include <stdlib.h>

enum { TURNS = 50 };

static struct keel_message message(const char *role, const char *content)
{
    return (struct keel_message){.role = keel_slice_of(role), .content = keel_slice_of(content)};
}

/* The call of span `id`, with its messages, from the reading side. */
static struct keel_llm_call read_call(struct testdb *t, struct keel_store *store,
                                      struct keel_result *result)
{
    struct keel_llm_call *calls;
    struct keel_uuid run;
    size_t count;
    int64_t next;
    assert_ok(keel_run_resolve(store, "ab000000000000000000000000000001", &run, &t->err), &t->err);
    assert_ok(keel_llm_call_list(store, run, 0, 0, true, &calls, &count, &next, result, &t->err),
              &t->err);
    assert_int_equal(count, 1);
    return calls[0];
}

static void assert_messages(const struct keel_stored_message *messages, size_t count,
                            const char *expected)
{
    char text[2000] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "<%s>%.*s", messages[i].role,
                                 (int)messages[i].content.size, messages[i].content.data);
    assert_string_equal(text, expected);
}

/* 50 turns, each of which sends the whole history again. */
static void a_conversation_is_stored_once(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    static char texts[2 * TURNS + 1][1200];
    struct keel_message history[2 * TURNS + 2];
    int64_t distinct_bytes = 0;
    for (int i = 0; i <= 2 * TURNS; i++) {
        size_t size = 60 + (size_t)(i * 37 % 1000);
        for (size_t k = 0; k < size; k++)
            texts[i][k] = (char)(' ' + (k * k + (size_t)i * 7) % 90);
        snprintf(texts[i], 20, "message %d", i);
        texts[i][strlen(texts[i])] = ' ';
        history[i] = message(i == 0 ? "system" : i % 2 ? "user" : "assistant", texts[i]);
        distinct_bytes += (int64_t)strlen(texts[i]);
    }
    for (unsigned turn = 0; turn < TURNS; turn++) {
        struct keel_record record = storetest_span(1 + turn, turn + 1, 0, "turn");
        struct keel_llm_record llm = storetest_llm();
        llm.input_messages = history;
        llm.input_message_count = 2 * turn + 2;
        llm.output_messages = &history[2 * turn + 2];
        llm.output_message_count = 1;
        record.kind = KEEL_EVENT_LLM;
        record.llm = &llm;
        storetest_write(store, &record, 1);
    }
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM messages"), 2 * TURNS + 1);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM contents"), 2 * TURNS + 1);
    assert_int_equal(testdb_int(t, "SELECT max(depth) FROM messages"), 2 * TURNS + 1);
    assert_int_equal(testdb_int(t, "SELECT CAST(sum(size) AS bigint) FROM contents"),
                     distinct_bytes);
    /* what the rows hold, uncompressed, nodes and contents together */
    int64_t stored = testdb_int(t, "SELECT CAST(sum(size) + sum(length(hash)) AS bigint) FROM"
                                   " contents") +
                     testdb_int(t, "SELECT CAST(sum(length(hash) + length(content_hash) +"
                                   " coalesce(length(parent_hash), 0) + length(role) +"
                                   " length(format) + 4) AS bigint) FROM messages");
    print_message("stored %lld, distinct %lld, ratio %.2f\n", (long long)stored,
                  (long long)distinct_bytes, (double)stored / (double)distinct_bytes);
    assert_true((double)stored <= 1.5 * (double)distinct_bytes);
    keel_store_close(store);
}

static struct keel_record part_of(unsigned number, const struct keel_llm_record *part)
{
    static char keys[32][32];
    struct keel_record record = storetest_span(1, 1, 0, "gen_ai.message");
    snprintf(keys[number], sizeof keys[number], "%s#%u", "0000000000000001", number);
    record.event_key = keel_slice_of(keys[number]);
    record.parent_key = storetest_key(1);
    record.kind = KEEL_EVENT_EVENT;
    record.is_span = false;
    record.start_ns += number;
    record.llm_of_parent = part;
    return record;
}

static void single_messages_grow_a_call_in_order_of_time(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_result result = {0};
    struct keel_message said[] = {message("system", "be brief"), message("user", "hi"),
                                  message("assistant", "hello"), message("user", "more")};
    struct keel_llm_record parts[4];
    struct keel_record records[4];
    for (unsigned i = 0; i < 4; i++) {
        parts[i] = storetest_llm();
        parts[i].messages_partial = true;
        if (i == 2) {
            parts[i].output_messages = &said[i];
            parts[i].output_message_count = 1;
        } else {
            parts[i].input_messages = &said[i];
            parts[i].input_message_count = 1;
        }
        records[i] = part_of(i, &parts[i]);
    }
    storetest_write(store, &records[3], 1);
    storetest_write(store, &records[2], 1);
    /* one of them in two versions, of which only the second has the message */
    struct keel_record versions[] = {records[0], records[0]};
    versions[0].llm_of_parent = NULL;
    storetest_write(store, versions, 2);
    struct keel_llm_call call = read_call(t, store, &result);
    assert_messages(call.input_messages, call.input_message_count, "<system>be brief<user>more");
    assert_messages(call.output_messages, call.output_message_count, "<assistant>hello");
    keel_result_free(&result);
    storetest_write(store, records, 4);
    call = read_call(t, store, &result);
    assert_messages(call.input_messages, call.input_message_count,
                    "<system>be brief<user>hi<user>more");
    assert_messages(call.output_messages, call.output_message_count, "<assistant>hello");
    keel_result_free(&result);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM llm_call_parts"), 4);
    /* the span itself, with its tokens and no messages, leaves them */
    struct keel_record span = storetest_span(1, 1, 0, "chat");
    struct keel_llm_record own = storetest_llm();
    own.input_tokens = 7;
    span.llm = &own;
    assert_int_equal(storetest_write(store, &span, 1).completed, 1);
    call = read_call(t, store, &result);
    assert_int_equal(call.input_tokens, 7);
    assert_int_equal(call.started_at, span.start_ns / 1000);
    assert_messages(call.output_messages, call.output_message_count, "<assistant>hello");
    keel_result_free(&result);
    keel_store_close(store);
}

static void a_whole_list_wins_whenever_it_arrives(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_result result = {0};
    struct keel_message list[] = {message("user", "a"), message("user", "b")};
    struct keel_message answer = message("assistant", "c"), single = message("user", "z");
    struct keel_llm_record part = storetest_llm(), own = storetest_llm(), details = storetest_llm();
    part.messages_partial = true;
    part.input_messages = part.output_messages = &single;
    part.input_message_count = part.output_message_count = 1;
    own.input_messages = list;
    own.input_message_count = 1;
    details.input_messages = list;
    details.input_message_count = 2;
    details.output_messages = &answer;
    details.output_message_count = 1;
    struct keel_record span = storetest_span(1, 1, 0, "chat");
    span.llm = &own;
    struct keel_record before = part_of(1, &part), after = part_of(2, &part),
                       all = part_of(3, &details);
    storetest_write(store, &before, 1);
    storetest_write(store, &span, 1);
    struct keel_llm_call call = read_call(t, store, &result);
    assert_messages(call.input_messages, call.input_message_count, "<user>a");
    assert_messages(call.output_messages, call.output_message_count, "<user>z");
    keel_result_free(&result);
    storetest_write(store, &all, 1);
    storetest_write(store, &after, 1);
    call = read_call(t, store, &result);
    assert_messages(call.input_messages, call.input_message_count, "<user>a<user>b");
    assert_messages(call.output_messages, call.output_message_count, "<assistant>c");
    keel_result_free(&result);
    struct keel_record again[] = {span, before, after, all};
    assert_int_equal(storetest_write(store, again, 4).duplicates, 4);
    keel_store_close(store);
}

static void hashes_are_as_documented(void **state)
{
    (void)state;
    struct keel_hash content, root, node, again;
    keel_content_hash(storetest_text("hello"), &content);
    keel_message_hash(NULL, storetest_text("user"), KEEL_MESSAGE_TEXT, &content, &root);
    keel_message_hash(&root, storetest_text("user"), KEEL_MESSAGE_TEXT, &content, &node);
    assert_memory_not_equal(root.bytes, node.bytes, 32);
    keel_message_hash(&(struct keel_hash){{0}}, storetest_text("user"), KEEL_MESSAGE_TEXT, &content,
                      &again);
    assert_memory_equal(root.bytes, again.bytes, 32);
    /* python3: hashlib.blake2b(b"keel.content.v1hello", digest_size=32).hexdigest() and
     * hashlib.blake2b(b"keel.message.v1" + bytes(32) + b"\4\0\0\0user\0" + content, ...) */
    static const uint8_t expected_content[32] = {0x75, 0xf1, 0x64, 0x55, 0xdd, 0x53, 0x18, 0xbf,
                                                 0xa6, 0x0a, 0x33, 0x9d, 0x18, 0xda, 0x2d, 0x8c,
                                                 0xc2, 0xe1, 0x49, 0x41, 0xcf, 0x39, 0x69, 0x81,
                                                 0xa2, 0x83, 0x42, 0x55, 0x0e, 0x5e, 0x31, 0x3b};
    static const uint8_t expected_root[32] = {0x2b, 0x57, 0xcd, 0xae, 0x4f, 0x6a, 0x3e, 0x05,
                                              0xd2, 0xa0, 0xb4, 0x43, 0x50, 0x38, 0xc9, 0x8d,
                                              0x16, 0x56, 0xbf, 0x09, 0xbc, 0x35, 0x91, 0x07,
                                              0x2f, 0x3e, 0x97, 0xf7, 0x37, 0xb5, 0xc9, 0x43};
    assert_memory_equal(content.bytes, expected_content, 32);
    assert_memory_equal(root.bytes, expected_root, 32);
}

static void a_long_conversation_takes_linear_work(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { MESSAGES = 20000 };
    struct keel_message *history = calloc(MESSAGES + 2, sizeof *history);
    char(*texts)[24] = calloc(MESSAGES + 2, sizeof *texts);
    assert_non_null(history);
    assert_non_null(texts);
    for (int i = 0; i < MESSAGES + 2; i++) {
        snprintf(texts[i], sizeof texts[i], "message %d", i);
        history[i] = message(i % 2 ? "assistant" : "user", texts[i]);
    }
    for (unsigned turn = 0; turn < 3; turn++) {
        struct keel_record record = storetest_span(1, turn + 1, 0, "turn");
        struct keel_llm_record llm = storetest_llm();
        llm.input_messages = history;
        llm.input_message_count = MESSAGES - 2 + 2 * turn;
        record.llm = &llm;
        storetest_write(store, &record, 1);
    }
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM messages"), MESSAGES + 2);
    free(history);
    free(texts);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(a_conversation_is_stored_once),
        testdb_test(single_messages_grow_a_call_in_order_of_time),
        testdb_test(a_whole_list_wins_whenever_it_arrives),
        testdb_test(hashes_are_as_documented),
        testdb_test(a_long_conversation_takes_linear_work),
    };
    return testdb_run(tests);
}
