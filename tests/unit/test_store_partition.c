/* Monthly partitions on PostgreSQL. */
#include "storetest.h"

#include <stdio.h>
#include <stdlib.h>

static void sqlite_has_none(struct testdb *t, struct keel_store *store)
{
    struct keel_result result = {0};
    struct keel_partition *partitions;
    size_t count;
    int64_t created;
    assert_error(keel_partition_list(store, &partitions, &count, &result, &t->err),
                 KEEL_UNSUPPORTED, &t->err, "PostgreSQL");
    assert_error(keel_partition_create(store, 1, &created, &t->err), KEEL_UNSUPPORTED, &t->err,
                 "PostgreSQL");
    keel_result_free(&result);
}

static void lists_and_creates(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_result result = {0};
    struct keel_partition *partitions;
    size_t count;
    int64_t created, now = keel_time_now_us();
    if (t->dialect == KEEL_SQLITE) {
        sqlite_has_none(t, store);
        keel_store_close(store);
        return;
    }
    assert_ok(keel_partition_create(store, 3, &created, &t->err), &t->err);
    assert_int_equal(created, 2 * 7); /* this month and the next were there */
    assert_ok(keel_partition_create(store, 3, &created, &t->err), &t->err);
    assert_int_equal(created, 0);
    assert_ok(keel_partition_list(store, &partitions, &count, &result, &t->err), &t->err);
    assert_int_equal(count, 7 * (1 + 4));
    int of_now = 0, of_default = 0;
    for (size_t i = 0; i < count; i++) {
        of_now += partitions[i].from <= now && now < partitions[i].until;
        of_default += partitions[i].from == 0 && partitions[i].until == 0;
        if (i > 0 && partitions[i].until &&
            strcmp(partitions[i].table, partitions[i - 1].table) == 0)
            assert_true(partitions[i].from == partitions[i - 1].until);
    }
    assert_int_equal(of_now, 7);
    assert_int_equal(of_default, 7);
    keel_result_free(&result);
    struct keel_record span = storetest_span(1, 1, 0, "now");
    span.start_ns = now * 1000;
    span.end_ns = span.start_ns + 1;
    storetest_write(store, &span, 1);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM events WHERE tableoid <> "
                                   "'events_default'::regclass"),
                     1);
    keel_store_close(store);
}

static struct keel_uuid run_at(struct testdb *t, struct keel_store *store, int64_t at,
                               const char *key, const struct keel_uuid *parent)
{
    struct keel_run_new run = {.has_id = true,
                               .id = keel_uuid_at(at),
                               .project = "p",
                               .dedupe_key = key,
                               .worktree = key,
                               .status = KEEL_RUN_IN_PROGRESS};
    struct keel_uuid id;
    if (parent) {
        run.has_parent = true;
        run.parent_run_id = *parent;
    }
    assert_ok(keel_run_create(store, &run, &id, NULL, &t->err), &t->err);
    return id;
}

static void moves_rows_out_of_the_default_partition(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    if (t->dialect == KEEL_SQLITE) {
        keel_store_close(store);
        return;
    }
    int64_t now = keel_time_now_us(), later = now + INT64_C(86400) * 1000000 * 70, created;
    struct keel_uuid moved = run_at(t, store, later, "moved", NULL);
    struct keel_uuid child = run_at(t, store, now, "child", &moved);
    char token[65];
    struct keel_llm_record llm = storetest_llm();
    struct keel_message message = {.role = storetest_text("user"),
                                   .content = storetest_text("hello")};
    struct keel_record records[] = {storetest_span(1, 1, 0, "a"), storetest_span(1, 2, 1, "b"),
                                    storetest_span(1, 3, 2, "c")};
    llm.input_tokens = 3;
    llm.messages_partial = true;
    llm.input_messages = &message;
    llm.input_message_count = 1;
    records[2].kind = KEEL_EVENT_EVENT;
    records[2].llm_of_parent = &llm;
    for (int i = 0; i < 3; i++) {
        records[i].has_run_id = true;
        records[i].run_id = moved;
        records[i].is_span = false;
    }
    storetest_write(store, records, 3);
    assert_ok(keel_run_add_inputs(
                  store, moved, &(struct keel_input){.content = storetest_text("in")}, 1, &t->err),
              &t->err);
    assert_ok(keel_run_request_approval(store, moved, NULL, NULL, token, &t->err), &t->err);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM runs_default"), 1);
    char *before = storetest_dump(t);
    assert_ok(keel_partition_create(store, 3, &created, &t->err), &t->err);
    assert_int_equal(created, 2 * 7);
    char *after = storetest_dump(t);
    assert_string_equal(before, after);
    free(before);
    free(after);
    assert_int_equal(testdb_int(t, "SELECT (SELECT count(*) FROM runs_default) + (SELECT count(*) "
                                   "FROM events_default) + (SELECT count(*) FROM "
                                   "llm_calls_default) + (SELECT count(*) FROM "
                                   "run_status_log_default)"),
                     0);
    assert_int_equal(testdb_int(t, "SELECT (SELECT count(*) FROM run_aliases) * 1000 + (SELECT "
                                   "count(*) FROM run_claims) * 100 + (SELECT count(*) FROM "
                                   "run_inputs) * 10 + (SELECT count(*) FROM llm_call_parts)"),
                     2211);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM runs WHERE parent_run_id IS NOT NULL"), 1);
    /* it is the same run as before: it can be decided, written to, and deleted with all it has */
    assert_ok(keel_run_decide(store, moved, token, true, NULL, NULL, &t->err), &t->err);
    assert_int_equal(storetest_write(store, records, 3).duplicates, 3);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM pg_constraint WHERE NOT convalidated"), 0);
    testdb_sql(t, "DELETE FROM runs WHERE worktree = 'moved'", NULL);
    assert_int_equal(testdb_int(t, "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM "
                                   "llm_calls) + (SELECT count(*) FROM run_inputs) + (SELECT "
                                   "count(*) FROM runs WHERE parent_run_id IS NOT NULL)"),
                     0);
    (void)child;
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(lists_and_creates),
        testdb_test(moves_rows_out_of_the_default_partition),
    };
    return testdb_run(tests);
}
