#include "base/clock.h"
#include "db/connection.h"
#include "db/monitor.h"
#include "testdb.h"

#include <stdio.h>
#include <stdlib.h>

static const struct keel_statement_stats *stats_of(const char *name)
{
    static struct keel_statement_stats all[2000];
    size_t count = keel_monitor_stats(all, 2000);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].name, name) == 0)
            return &all[i];
    return NULL;
}

struct heard {
    int count;
    struct keel_statement_event last;
};

static void hear(void *context, const struct keel_statement_event *event)
{
    struct heard *heard = context;
    heard->count++;
    heard->last = *event;
}

static void the_hook_sees_every_statement(void **state)
{
    struct testdb *t = *state;
    struct heard heard = {0};
    keel_monitor_set(hear, &heard);
    testdb_sql(t, "CREATE TABLE t (i integer PRIMARY KEY)", NULL);
    assert_int_equal(heard.count, 1);
    assert_string_equal(heard.last.name, "(run)");
    assert_null(heard.last.tx_file);
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    int line = __LINE__ - 1;
    const char *sql = "INSERT INTO t VALUES (1), (2), (3)";
    const struct keel_query insert = {.name = "insert_three", .sqlite = sql, .postgres = sql};
    assert_ok(keel_db_exec(t->db, &insert, KEEL_NO_PARAMS, NULL, &t->err), &t->err);
    assert_string_equal(heard.last.name, "insert_three");
    assert_int_equal(heard.last.rows, 3);
    assert_int_equal(heard.last.code, KEEL_OK);
    assert_non_null(strstr(heard.last.tx_file, "test_db_monitor.c"));
    assert_int_equal(heard.last.tx_line, line);
    assert_int_equal(keel_db_exec(t->db, &insert, KEEL_NO_PARAMS, NULL, &t->err), KEEL_CONSTRAINT);
    assert_int_equal(heard.last.code, KEEL_CONSTRAINT);
    keel_db_rollback(t->db);
    assert_string_equal(heard.last.name, "(rollback)");
    keel_monitor_set(NULL, NULL);
    int count = heard.count;
    testdb_sql(t, "SELECT 1", NULL);
    assert_int_equal(heard.count, count);
    const struct keel_statement_stats *stats = stats_of("insert_three");
    assert_int_equal(stats->count % 2, 0);
    assert_int_equal(stats->errors, stats->count / 2);
    assert_int_equal(stats->rows, stats->count / 2 * 3);
    assert_true(stats->p50_us <= stats->p99_us && stats->p99_us <= stats->max_us);
}

/* A statement that took so long, as far as the monitor can tell. */
static void record(const struct keel_db *db, const char *name, int64_t us)
{
    keel__monitor_record(db, name, keel__clock_us() - us, 0, 0);
}

static void assert_near(int64_t got, int64_t expected)
{
    if (llabs(got - expected) > expected / 10)
        fail_msg("%lld is not within 10%% of %lld", (long long)got, (long long)expected);
}

static void percentiles(void **state)
{
    (void)state;
    const struct keel_db db = {.depth = 0};
    for (int64_t i = 1; i <= 1000; i++)
        record(&db, "even", i * 1000);
    const struct keel_statement_stats *stats = stats_of("even");
    assert_int_equal(stats->count, 1000);
    assert_near(stats->p50_us, 500000);
    assert_near(stats->p95_us, 950000);
    assert_near(stats->p99_us, 990000);
    assert_near(stats->max_us, 1000000);
    assert_near(stats->total_us, 500500000);
    for (int64_t us = 100; us < 1000000000000; us = us * 7 / 3) {
        char name[40];
        snprintf(name, sizeof name, "exactly_%lld", (long long)us);
        record(&db, name, us);
        record(&db, name, us * 100);
        stats = stats_of(name);
        if (us < 50000000000)
            assert_near(stats->p50_us, us);
        assert_near(stats->max_us, us * 100);
    }
}

static void slow_statements(void **state)
{
    (void)state;
    const struct keel_db db = {.depth = 0};
    struct keel_slow_statement slow[300];
    record(&db, "slow_one", 150000);
    record(&db, "quick", 50000);
    record(&db, "slow_two", 100001);
    assert_true(keel_monitor_slow(slow, 300) >= 2);
    assert_string_equal(slow[0].name, "slow_two");
    assert_string_equal(slow[1].name, "slow_one");
    assert_near(slow[1].duration_us, 150000);
    assert_true(llabs(slow[0].at_us - keel_time_now_us()) < 1000000);
    keel_monitor_slow_threshold(10000);
    record(&db, "quick", 50000);
    keel_monitor_slow_threshold(100000);
    assert_int_equal(keel_monitor_slow(slow, 1), 1);
    assert_string_equal(slow[0].name, "quick");
    for (int i = 0; i < 1000; i++)
        record(&db, "slow_many", 200000);
    assert_int_equal(keel_monitor_slow(slow, 300), 256);
}

static void names_are_bounded(void **state)
{
    (void)state;
    const struct keel_db db = {.depth = 0};
    for (int i = 0; i < 3000; i++) {
        char name[40];
        snprintf(name, sizeof name, "made_up_%d", i);
        record(&db, name, 1000);
    }
    struct keel_statement_stats first[3];
    assert_int_equal(keel_monitor_stats(first, 3), 1024);
    assert_true(first[0].total_us >= first[1].total_us && first[1].total_us >= first[2].total_us);
    assert_true(stats_of("(other)")->count > 1900);
    record(&db, "even", 1000);
    assert_int_equal(stats_of("even")->count, 1001);
}

int main(void)
{
    const struct CMUnitTest hooks[] = {testdb_test(the_hook_sees_every_statement)};
    const struct CMUnitTest counters[] = {
        cmocka_unit_test(percentiles),
        cmocka_unit_test(slow_statements),
        cmocka_unit_test(names_are_bounded),
    };
    int failed = testdb_run(hooks);
    return failed + cmocka_run_group_tests_name("counters", counters, NULL, NULL);
}
