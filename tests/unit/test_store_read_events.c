/* Events as they are read: page by page, one, and as a tree. */
#include "storetest.h"

#include <stdio.h>
#include <stdlib.h>

#define T0 storetest_epoch_us

static struct keel_uuid run_of(struct testdb *t, struct keel_store *store, unsigned trace)
{
    struct keel_uuid id;
    char text[33];
    snprintf(text, sizeof(text), "ab%024x%06x", 0, trace);
    assert_ok(keel_run_resolve(store, text, &id, &t->err), &t->err);
    return id;
}

/* ---- pages ----------------------------------------------------------------------------------- */

static void pages_in_order_of_sequence(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { EVENTS = 25 };
    struct keel_record records[EVENTS];
    struct keel_event *events;
    struct keel_uuid id;
    int64_t after = 0;
    size_t count, total = 0;
    for (unsigned i = 0; i < EVENTS; i++)
        records[i] = storetest_span(1, i + 1, i ? 1 : 0, "step");
    storetest_write(store, records, EVENTS);
    id = run_of(t, store, 1);
    do {
        struct keel_result result = {0};
        assert_ok(
            keel_event_list(store, id, after, 7, false, &events, &count, &after, &result, &t->err),
            &t->err);
        for (size_t i = 0; i < count; i++) {
            total++;
            assert_int_equal(events[i].sequence, total);
            assert_int_equal(events[i].parent_sequence, total == 1 ? 0 : 1);
            assert_int_equal(events[i].start_ns,
                             (T0 + (int64_t)total * 10) * 1000 + (int64_t)total);
            assert_int_equal(events[i].end_ns - events[i].start_ns, 1000000);
        }
        assert_int_equal(count, after ? 7 : EVENTS % 7);
        keel_result_free(&result);
    } while (after);
    assert_int_equal(total, EVENTS);

    /* The last full page says that it is the last. */
    struct keel_result result = {0};
    assert_ok(keel_event_list(store, id, 20, 5, false, &events, &count, &after, &result, &t->err),
              &t->err);
    assert_int_equal(count, 5);
    assert_int_equal(after, 0);
    assert_ok(keel_event_list(store, id, 25, 5, false, &events, &count, &after, &result, &t->err),
              &t->err);
    assert_int_equal(count, 0);
    keel_result_free(&result);
    keel_store_close(store);
}

static void details_come_when_asked_for(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    size_t size = 200000;
    char *large = malloc(size + 1);
    struct keel_result result = {0};
    struct keel_event *events, event;
    size_t count;
    int64_t next;
    assert_non_null(large);
    for (size_t i = 0; i < size; i++)
        large[i] = (char)('a' + i * i % 26);
    large[size] = '\0';
    struct keel_record records[] = {storetest_span(1, 1, 0, "root"),
                                    storetest_span(1, 2, 1, "search")};
    struct keel_llm_record llm = storetest_llm();
    records[0].llm = &llm;
    records[1].kind = KEEL_EVENT_TOOL;
    records[1].status = KEEL_STATUS_ERROR;
    records[1].status_message = storetest_text("timeout");
    records[1].severity = 17;
    records[1].agent_name = storetest_text("writer");
    records[1].tool_name = storetest_text("search");
    records[1].tool_call_id = storetest_text("call_1");
    records[1].input = keel_slice(large, size);
    records[1].output = storetest_text("");
    records[1].attributes = storetest_text("{\"a\":[1,null]}");
    records[1].body = storetest_text("\"b\"");
    storetest_write(store, records, 2);
    struct keel_uuid id = run_of(t, store, 1);

    assert_ok(keel_event_list(store, id, 0, 0, false, &events, &count, &next, &result, &t->err),
              &t->err);
    assert_int_equal(count, 2);
    assert_true(events[0].has_llm_call);
    assert_false(events[1].has_llm_call);
    assert_null(events[1].input.data);
    assert_null(events[1].attributes.data);

    assert_ok(keel_event_get(store, id, 2, &event, &result, &t->err), &t->err);
    assert_string_equal(event.event_key, "0000000000000002");
    assert_int_equal(event.kind, KEEL_EVENT_TOOL);
    assert_string_equal(event.name, "search");
    assert_int_equal(event.status, KEEL_STATUS_ERROR);
    assert_string_equal(event.status_message, "timeout");
    assert_int_equal(event.severity, 17);
    assert_string_equal(event.agent_name, "writer");
    assert_string_equal(event.tool_name, "search");
    assert_string_equal(event.tool_call_id, "call_1");
    assert_int_equal(event.input.size, size);
    assert_memory_equal(event.input.data, large, size);
    assert_non_null(event.output.data);
    assert_int_equal(event.output.size, 0);
    assert_string_equal(event.body.data, "\"b\"");
    assert_true(event.attributes.size >= strlen("{\"a\":[1,null]}"));
    assert_ok(keel_event_get(store, id, 1, &event, &result, &t->err), &t->err);
    assert_null(event.input.data);
    assert_null(event.body.data);
    assert_error(keel_event_get(store, id, 3, &event, &result, &t->err), KEEL_NOTFOUND, &t->err,
                 "no event 3");
    assert_error(keel_event_get(store, id, 0, &event, &result, &t->err), KEEL_NOTFOUND, &t->err,
                 "no event 0");
    assert_error(keel_event_get(store, id, INT64_MIN, &event, &result, &t->err), KEEL_NOTFOUND,
                 &t->err, "no event");
    free(large);
    keel_result_free(&result);
    keel_store_close(store);
}

static void a_page_of_details_is_bounded_in_bytes(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { EVENTS = 7, BYTES = 3 << 20 };
    struct keel_record records[EVENTS];
    struct keel_result result = {0};
    struct keel_event *events;
    size_t count, pages = 0, total = 0;
    int64_t after = 0;
    char *large[EVENTS];
    for (unsigned i = 0; i < EVENTS; i++) {
        large[i] = malloc(BYTES);
        assert_non_null(large[i]);
        memset(large[i], 'a' + (int)i, BYTES);
        records[i] = storetest_span(1, i + 1, 0, "large");
        records[i].input = keel_slice(large[i], BYTES);
    }
    storetest_write(store, records, EVENTS);
    struct keel_uuid id = run_of(t, store, 1);
    do {
        assert_ok(
            keel_event_list(store, id, after, 0, true, &events, &count, &after, &result, &t->err),
            &t->err);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(events[i].sequence, ++total);
            assert_int_equal(events[i].input.size, BYTES);
            assert_memory_equal(events[i].input.data, large[total - 1], BYTES);
        }
        assert_int_equal(count, after ? 3 : 1); /* 8 MiB are passed with the third */
        pages++;
        keel_result_free(&result);
    } while (after);
    assert_int_equal(pages, 3);
    assert_int_equal(total, EVENTS);
    for (unsigned i = 0; i < EVENTS; i++)
        free(large[i]);
    keel_store_close(store);
}

/* ---- the tree -------------------------------------------------------------------------------- */

static void check_tree(struct testdb *t, struct keel_store *store, struct keel_uuid id,
                       const char *expected)
{
    struct keel_result result = {0};
    struct keel_event *events;
    size_t count;
    bool more;
    char text[2000] = "";
    assert_ok(keel_run_timeline(store, id, 0, &events, &count, &more, &result, &t->err), &t->err);
    assert_false(more);
    for (size_t i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%.*s%s%s\n", events[i].depth,
                 "..............", events[i].name, events[i].kind == KEEL_EVENT_MISSING ? "?" : "");
    assert_string_equal(text, expected);
    keel_result_free(&result);
}

static struct keel_record span_at(unsigned id, unsigned parent, const char *name, int64_t start)
{
    struct keel_record record = storetest_span(1, id, parent, name);
    record.start_ns = (T0 + start) * 1000;
    record.end_ns = record.start_ns + 1;
    return record;
}

static void children_stand_below_their_parents_by_start(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    const struct keel_record records[] = {
        span_at(1, 0, "root", 0),  span_at(2, 1, "b", 20),    span_at(3, 1, "a", 10),
        span_at(4, 2, "b2", 40),   span_at(5, 2, "b1", 30),   span_at(6, 3, "a1", 99),
        span_at(7, 1, "tie1", 50), span_at(8, 1, "tie2", 50), span_at(9, 0, "second root", -5),
    };
    storetest_write(store, records, sizeof(records) / sizeof(records[0]));
    check_tree(t, store, run_of(t, store, 1),
               "second root\nroot\n.a\n..a1\n.b\n..b1\n..b2\n.tie1\n.tie2\n");
    keel_store_close(store);
}

static void a_placeholder_stands_where_its_children_do(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    const struct keel_record records[] = {
        span_at(1, 0, "root", 0),       span_at(2, 1, "late", 500),
        span_at(3, 1, "early", 100),    span_at(4, 77, "orphan", 300),
        span_at(5, 77, "orphan2", 200), span_at(6, 0, "other root", 250),
    };
    storetest_write(store, records, sizeof(records) / sizeof(records[0]));
    struct keel_result result = {0};
    struct keel_event *events;
    size_t count;
    bool more;
    struct keel_run run;
    struct keel_uuid id = run_of(t, store, 1);
    assert_ok(keel_run_timeline(store, id, 0, &events, &count, &more, &result, &t->err), &t->err);
    assert_int_equal(count, 7);
    static const char *const keys[] = {"0000000000000001", "0000000000000003", "0000000000000002",
                                       "000000000000004d", "0000000000000005", "0000000000000004",
                                       "0000000000000006"};
    static const int depths[] = {0, 1, 1, 0, 1, 1, 0};
    for (size_t i = 0; i < 7; i++) {
        assert_string_equal(events[i].event_key, keys[i]);
        assert_int_equal(events[i].depth, depths[i]);
    }
    assert_int_equal(events[3].kind, KEEL_EVENT_MISSING);
    assert_ok(keel_run_get(store, id, &run, &result, &t->err), &t->err);
    assert_int_equal(run.event_count, 6);
    keel_result_free(&result);
    keel_store_close(store);
}

static void circles_are_shown_once(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    const struct keel_record records[] = {
        span_at(1, 0, "root", 0), span_at(2, 1, "a", 10), span_at(3, 2, "b", 20),
        span_at(4, 3, "c", 30),   span_at(5, 3, "d", 40),
    };
    storetest_write(store, records, sizeof(records) / sizeof(records[0]));
    testdb_sql(t, "UPDATE events SET parent_sequence = 4 WHERE sequence = 2", NULL);
    check_tree(t, store, run_of(t, store, 1), "root\na\n.b\n..c\n..d\n");
    testdb_sql(t, "UPDATE events SET parent_sequence = 5 WHERE sequence = 1", NULL);
    check_tree(t, store, run_of(t, store, 1), "root\na\n.b\n..c\n..d\n");
    keel_store_close(store);
}

static void a_deep_and_wide_run(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { EVENTS = 33000, LEVELS = 130 };
    struct keel_record *records = calloc(EVENTS, sizeof(*records));
    struct keel_result result = {0};
    struct keel_event *events;
    struct keel_run run;
    size_t count;
    bool more, *seen = calloc(EVENTS + 1, 1);
    int deepest = 0, last_depth = -1;
    assert_true(records && seen);
    /* A chain of 130 levels, and everything else below it, level after level. */
    for (unsigned i = 0; i < EVENTS; i++)
        records[i] = storetest_span(1, i + 1, i < LEVELS ? i : (i % LEVELS) + 1, "step");
    storetest_write(store, records, EVENTS);
    struct keel_uuid id = run_of(t, store, 1);
    assert_ok(keel_run_timeline(store, id, 100000, &events, &count, &more, &result, &t->err),
              &t->err);
    assert_int_equal(count, EVENTS);
    assert_false(more);
    for (size_t i = 0; i < count; i++) {
        assert_false(seen[events[i].sequence]);
        seen[events[i].sequence] = true;
        assert_true(events[i].parent_sequence == 0 || seen[events[i].parent_sequence]);
        assert_true(events[i].depth <= last_depth + 1);
        last_depth = events[i].depth;
        if (events[i].depth > deepest)
            deepest = events[i].depth;
    }
    assert_int_equal(deepest, LEVELS); /* levels 0 to 130 */
    keel_result_free(&result);

    assert_ok(keel_run_timeline(store, id, 0, &events, &count, &more, &result, &t->err), &t->err);
    assert_int_equal(count, 10000);
    assert_true(more);
    assert_ok(keel_run_get(store, id, &run, &result, &t->err), &t->err);
    assert_int_equal(run.event_count, EVENTS);
    keel_result_free(&result);
    free(records);
    free(seen);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(pages_in_order_of_sequence),
        testdb_test(details_come_when_asked_for),
        testdb_test(a_page_of_details_is_bounded_in_bytes),
        testdb_test(children_stand_below_their_parents_by_start),
        testdb_test(a_placeholder_stands_where_its_children_do),
        testdb_test(circles_are_shown_once),
        testdb_test(a_deep_and_wide_run),
    };
    return testdb_run(tests);
}
