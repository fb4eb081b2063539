/* Large runs: deep trees in the worst order, many spans, and work that stays in proportion. */
#include "storetest.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { SPANS = 33000, DEPTH = 130, BATCH = 500 };

static struct keel_llm_record used;

/* SPANS spans: chains of DEPTH below the root, a model call at the end of each. */
static struct keel_record *big_run(void)
{
    struct keel_record *records = calloc(SPANS, sizeof *records);
    assert_non_null(records);
    used = storetest_llm();
    used.input_tokens = 10;
    for (unsigned i = 0; i < SPANS; i++) {
        unsigned place = i % DEPTH;
        records[i] = storetest_span(1, i + 1, i == 0 ? 0 : place == 0 ? 1 : i, "step");
        records[i].attributes = storetest_text("{\"key\":\"value\"}");
        if (place == DEPTH - 1)
            records[i].llm = &used;
    }
    return records;
}

static void check_big_run(struct testdb *t)
{
    static const char deepest[] =
        "WITH RECURSIVE tree (run_id, sequence, depth) AS (SELECT run_id, sequence, 1 FROM events "
        "WHERE parent_sequence IS NULL UNION ALL SELECT e.run_id, e.sequence, depth + 1 FROM tree "
        "JOIN events e ON e.run_id = tree.run_id AND e.parent_sequence = tree.sequence) SELECT ";
    char sql[600];
    snprintf(sql, sizeof sql, "%s max(depth) FROM tree", deepest);
    assert_int_equal(testdb_int(t, sql), DEPTH + 1);
    snprintf(sql, sizeof sql, "%s count(*) FROM tree", deepest);
    assert_int_equal(testdb_int(t, sql), SPANS);
    assert_int_equal(testdb_int(t, "SELECT max(sequence) FROM events"), SPANS);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM events WHERE kind = 'missing'"), 0);
    /* all but the leaves and the last, unfinished chain lie above a call */
    snprintf(sql, sizeof sql, "SELECT count(*) FROM events WHERE %s",
             t->dialect == KEEL_SQLITE ? "usage_below = 1" : "usage_below");
    assert_int_equal(testdb_int(t, sql), SPANS / DEPTH * (DEPTH - 1));
}

/* The last span first: every parent is a placeholder until it comes. */
static void a_large_run_arrives_backwards(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record *records = big_run(), turned[BATCH];
    int64_t inserted = 0;
    for (unsigned done = 0; done < SPANS; done += BATCH) {
        for (unsigned i = 0; i < BATCH; i++)
            turned[i] = records[SPANS - 1 - done - i];
        inserted += storetest_write(store, turned, BATCH).inserted;
    }
    assert_true(inserted < SPANS); /* some were awaited */
    check_big_run(t);
    free(records);
    keel_store_close(store);
}

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static void a_large_run_arrives_at_once(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    struct keel_record *records = big_run();
    assert_int_equal(storetest_write(store, records, SPANS).inserted, SPANS);
    check_big_run(t);
    assert_int_equal(storetest_write(store, records, SPANS).duplicates, SPANS);
    print_message("peak memory %ld MiB\n", peak_kib() / 1024);
    free(records);
    keel_store_close(store);
}

/* A chain of 5,000 spans, each written alone, the deepest first: no step may look at all of it. */
static void a_long_chain_grows_at_its_top(void **state)
{
    struct testdb *t = *state;
    struct keel_store *store = storetest_open(t);
    enum { LENGTH = 5000 };
    for (unsigned i = LENGTH; i > 0; i -= 5) {
        struct keel_record records[5];
        for (unsigned k = 0; k < 5; k++) {
            records[k] = storetest_span(1, i - k, i - k - 1, "link");
            if (i - k == LENGTH)
                records[k].llm = &used;
        }
        storetest_write(store, records, 5);
    }
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM events"), LENGTH);
    assert_int_equal(testdb_int(t, t->dialect == KEEL_SQLITE
                                       ? "SELECT count(*) FROM events WHERE usage_below = 0"
                                       : "SELECT count(*) FROM events WHERE NOT usage_below"),
                     1);
    keel_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(a_large_run_arrives_backwards),
        testdb_test(a_large_run_arrives_at_once),
        testdb_test(a_long_chain_grows_at_its_top),
    };
    return testdb_run(tests);
}
