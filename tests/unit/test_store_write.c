/* The rules of writing spans: each case looks at the tables themselves. */
#include "storetest.h"

#include <stdio.h>
#include <stdlib.h>

static int64_t count(struct testdb *t, const char *sql)
{
    return testdb_int(t, sql);
}

/* The first column of the only row, as text in a static buffer; "NULL". */
static const char *text(struct testdb *t, const char *sql)
{
    static char buffer[4096];
    struct keel_query query = {.name = "test_text", .sqlite = sql, .postgres = sql};
    const struct keel_row *row;
    assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    struct keel_slice value = keel_row_text(row, 0);
    if (keel_row_is_null(row, 0))
        return "NULL";
    assert_true(value.size < sizeof buffer);
    memcpy(buffer, value.data, value.size);
    buffer[value.size] = '\0';
    return buffer;
}

static void stores_a_trace_as_a_run(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record records[] = {
        storetest_span(1, 1, 0, "pipeline"),
        storetest_span(1, 2, 1, "step"),
        storetest_span(1, 3, 2, "inner"),
    };
    records[0].kind = KEEL_EVENT_WORKFLOW;
    records[0].session_id = storetest_text("conversation");
    records[0].user_id = storetest_text("ann");
    records[1].attributes = storetest_text("{\"a\":1}");
    records[1].input = storetest_text("in");
    records[1].output = storetest_text("out");
    struct keel_write_result result = storetest_write(store, records, 3);
    assert_int_equal(result.inserted, 3);
    assert_int_equal(result.completed + result.duplicates + result.rejected, 0);
    assert_int_equal(count(t, "SELECT count(*) FROM runs"), 1);
    assert_string_equal(text(t, "SELECT name FROM runs"), "pipeline");
    assert_string_equal(text(t, "SELECT kind FROM runs"), "workflow");
    assert_string_equal(text(t, "SELECT status FROM runs"), "completed");
    assert_string_equal(text(t, "SELECT value FROM run_aliases"),
                        "ab000000000000000000000000000001");
    assert_string_equal(text(t, "SELECT external_id FROM sessions"), "conversation");
    assert_string_equal(text(t, "SELECT external_id FROM users"), "ann");
    assert_string_equal(text(t, "SELECT status FROM run_status_log WHERE sequence = 1"),
                        "in_progress");
    assert_string_equal(text(t, "SELECT status FROM run_status_log WHERE sequence = 2"),
                        "completed");
    assert_int_equal(count(t, "SELECT parent_sequence FROM events WHERE sequence = 2"), 1);
    assert_int_equal(count(t, "SELECT parent_sequence FROM events WHERE sequence = 3"), 2);
    assert_int_equal(count(t, "SELECT start_nanos FROM events WHERE sequence = 3"), 3);
    assert_string_equal(text(t, "SELECT input FROM events WHERE sequence = 2"), "in");
    assert_string_equal(text(t, "SELECT output FROM events WHERE sequence = 2"), "out");
    keel_store_close(store);
}

static void keeps_what_is_sent_twice_once(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record records[] = {storetest_span(1, 1, 0, "a"), storetest_span(1, 2, 1, "b"),
                                    storetest_span(1, 2, 1, "b")};
    records[1].attributes = records[2].attributes =
        storetest_text("{\"z\":1.5,\"a\":[1,2,{\"k\":null}]}");
    struct keel_write_result result = storetest_write(store, records, 3);
    assert_int_equal(result.inserted, 2);
    assert_int_equal(result.duplicates, 1);
    char *before = storetest_dump(t);
    result = storetest_write(store, records, 3);
    assert_int_equal(result.inserted + result.completed, 0);
    assert_int_equal(result.duplicates, 3);
    char *after = storetest_dump(t);
    assert_string_equal(before, after);
    assert_int_equal(count(t, "SELECT count(*) FROM run_status_log"), 2);
    free(before);
    free(after);
    keel_store_close(store);
}

static void keeps_the_tree_whole_while_parents_are_missing(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record leaf = storetest_span(1, 3, 2, "leaf");
    struct keel_record middle = storetest_span(1, 2, 1, "middle");
    struct keel_record root = storetest_span(1, 1, 0, "root");
    root.status = KEEL_STATUS_ERROR;
    root.status_message = storetest_text("no more tokens");
    struct keel_write_result result = storetest_write(store, &leaf, 1);
    assert_int_equal(result.inserted, 1);
    assert_int_equal(count(t, "SELECT count(*) FROM events WHERE kind = 'missing'"), 1);
    assert_string_equal(text(t, "SELECT status FROM runs"), "in_progress");
    assert_string_equal(text(t, "SELECT name FROM runs"), "NULL");
    result = storetest_write(store, &middle, 1);
    assert_int_equal(result.completed, 1);
    assert_int_equal(result.inserted, 0);
    assert_int_equal(count(t, "SELECT count(*) FROM events"), 3);
    result = storetest_write(store, &root, 1);
    assert_int_equal(result.completed, 1);
    assert_int_equal(count(t, "SELECT count(*) FROM events WHERE kind = 'missing'"), 0);
    assert_int_equal(count(t, "SELECT count(*) FROM events e JOIN events p ON p.run_id = e.run_id"
                              " AND p.sequence = e.parent_sequence WHERE"
                              " (e.name = 'leaf' AND p.name = 'middle') OR"
                              " (e.name = 'middle' AND p.name = 'root')"),
                     2);
    assert_string_equal(text(t, "SELECT status FROM runs"), "failed");
    assert_string_equal(text(t, "SELECT reason FROM run_status_log WHERE status = 'failed'"),
                        "no more tokens");
    keel_store_close(store);
}

static void completes_a_span_with_a_fuller_version(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record full = storetest_span(1, 1, 0, "the whole name"), partial = full;
    full.attributes = storetest_text("{\"a\":\"long value\",\"b\":2}");
    full.output = storetest_text("done");
    partial.end_ns = 0;
    partial.status = KEEL_STATUS_UNSET;
    partial.name = storetest_text("the");
    partial.attributes = storetest_text("{\"a\":\"long\",\"c\":3}");
    struct keel_write_result result = storetest_write(store, &partial, 1);
    assert_int_equal(result.inserted, 1);
    assert_string_equal(text(t, "SELECT status FROM runs"), "in_progress");
    result = storetest_write(store, &full, 1);
    assert_int_equal(result.completed, 1);
    assert_string_equal(text(t, "SELECT name FROM events"), "the whole name");
    assert_string_equal(text(t, "SELECT name FROM runs"), "the whole name");
    assert_string_equal(text(t, "SELECT status FROM runs"), "completed");
    assert_string_equal(text(t, "SELECT output FROM events"), "done");
    assert_string_equal(text(t, "SELECT attributes ->> 'a' FROM events"), "long value");
    assert_int_equal(count(t, "SELECT CAST(attributes ->> 'b' AS INTEGER) FROM events"), 2);
    assert_int_equal(count(t, "SELECT CAST(attributes ->> 'c' AS INTEGER) FROM events"), 3);
    result = storetest_write(store, &partial, 1);
    assert_int_equal(result.duplicates, 1);
    keel_store_close(store);
}

static void puts_large_payloads_into_contents(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record records[] = {storetest_span(1, 1, 0, "a"), storetest_span(1, 2, 1, "b")};
    enum { SIZE = 15 << 20 };
    char *big = malloc(SIZE);
    assert_non_null(big);
    memset(big, 'x', SIZE);
    memcpy(big, "{\"k\":\"", 6);
    memcpy(big + SIZE - 2, "\"}", 2);
    for (int i = 0; i < 2; i++) {
        records[i].attributes = keel_slice(big, SIZE);
        records[i].input = keel_slice(big, 3000);
        records[i].output = storetest_text("short");
    }
    storetest_write(store, records, 2);
    assert_int_equal(count(t, "SELECT count(*) FROM contents"), 2);
    assert_int_equal(count(t, "SELECT max(size) FROM contents"), SIZE);
    assert_true(count(t, "SELECT max(length(bytes)) FROM contents") < 10000);
    assert_int_equal(count(t, "SELECT count(*) FROM events WHERE attributes_hash IS NOT NULL AND"
                              " input_hash IS NOT NULL AND output = 'short'"),
                     2);
    assert_int_equal(storetest_write(store, records, 2).duplicates, 2);
    char *dump = storetest_dump(t);
    assert_non_null(strstr(dump, "|attributes:k=\"xxxx"));
    free(dump);
    free(big);
    keel_store_close(store);
}

static void refuses_only_the_records_that_are_wrong(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record records[40];
    for (unsigned i = 0; i < 40; i++)
        records[i] = storetest_span(1, i + 1, i ? 1 : 0, "ok");
    records[3].attributes = storetest_text("{\"broken\":");
    records[17].body = storetest_text("not json");
    records[20].name = storetest_text("\xff\xfe");
    records[21].event_key = keel_slice("", 0);
    records[22].has_run_id = true;
    records[22].run_id = keel_uuid_new();
    struct keel_write_result result = storetest_write(store, records, 40);
    assert_int_equal(result.inserted, 35);
    assert_int_equal(result.rejected, 5);
    assert_non_null(strstr(result.message, "refused"));
    assert_int_equal(count(t, "SELECT count(*) FROM events"), 35);
    assert_int_equal(storetest_write(store, records, 40).duplicates, 35);
    records[3].attributes = storetest_text("{\"nul\":\"a\\u0000b\"}");
    assert_int_equal(storetest_write(store, &records[3], 1).inserted, 1);
    keel_store_close(store);
}

static void cuts_circles(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record records[] = {
        storetest_span(1, 1, 2, "a"),
        storetest_span(1, 2, 3, "b"),
        storetest_span(1, 3, 1, "c"),
        storetest_span(1, 4, 4, "self"),
    };
    storetest_write(store, records, 4);
    assert_int_equal(count(t, "SELECT count(*) FROM events WHERE parent_sequence IS NULL"), 2);
    /* and over several writes */
    struct keel_record later[] = {storetest_span(2, 11, 12, "a"), storetest_span(2, 12, 13, "b"),
                                  storetest_span(2, 13, 11, "c")};
    for (int i = 0; i < 3; i++)
        storetest_write(store, &later[i], 1);
    assert_int_equal(count(t, "SELECT count(*) FROM events WHERE parent_sequence IS NULL"), 3);
    keel_store_close(store);
}

static void marks_what_has_usage_below(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_llm_record used = storetest_llm(), silent = storetest_llm();
    used.input_tokens = 10;
    used.output_tokens = 5;
    struct keel_record records[] = {
        storetest_span(1, 1, 0, "root"),   storetest_span(1, 2, 1, "wrapper"),
        storetest_span(1, 3, 2, "call"),   storetest_span(1, 4, 1, "other"),
        storetest_span(1, 5, 4, "silent"),
    };
    records[1].llm = records[2].llm = &used;
    records[4].llm = &silent;
    const char *leaves = "SELECT count(*) FROM llm_calls c JOIN events e ON e.run_id = c.run_id AND"
                         " e.sequence = c.sequence WHERE e.usage_below = ";
    char sql[300];
    snprintf(sql, sizeof sql, "%s%s", leaves, t->dialect == KEEL_SQLITE ? "0" : "false");
    /* the call first, the wrapper last */
    for (int i = 4; i >= 0; i--)
        storetest_write(store, &records[i], 1);
    assert_int_equal(count(t, "SELECT count(*) FROM llm_calls"), 3);
    assert_int_equal(count(t, sql), 2);
    snprintf(sql, sizeof sql, "SELECT count(*) FROM events WHERE usage_below = %s",
             t->dialect == KEEL_SQLITE ? "1" : "true");
    assert_int_equal(count(t, sql), 2);
    /* usage that becomes known later marks as well */
    silent.input_tokens = 1;
    assert_int_equal(storetest_write(store, &records[4], 1).completed, 1);
    assert_int_equal(count(t, sql), 3);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(stores_a_trace_as_a_run),
        testdb_test(keeps_what_is_sent_twice_once),
        testdb_test(keeps_the_tree_whole_while_parents_are_missing),
        testdb_test(completes_a_span_with_a_fuller_version),
        testdb_test(puts_large_payloads_into_contents),
        testdb_test(refuses_only_the_records_that_are_wrong),
        testdb_test(cuts_circles),
        testdb_test(marks_what_has_usage_below),
    };
    return testdb_run(tests);
}
