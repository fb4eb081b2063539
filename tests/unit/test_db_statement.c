#include "db/connection.h"
#include "testdb.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const enum keel_type pair[] = {KEEL_INT, KEEL_TEXT};
static const char insert_sql[] = "INSERT INTO t (id, name) VALUES ($1, $2)";
static const struct keel_query insert = {.name = "insert",
                                         .sqlite = insert_sql,
                                         .postgres = insert_sql,
                                         .params = pair,
                                         .param_count = 2};
static const char select_sql[] = "SELECT id, name FROM t WHERE id >= $1 ORDER BY id";
static const struct keel_query select_from = {.name = "select_from",
                                              .sqlite = select_sql,
                                              .postgres = select_sql,
                                              .params = pair,
                                              .param_count = 1,
                                              .returns = pair,
                                              .return_count = 2};

static struct testdb *with_table(void **state)
{
    struct testdb *t = *state;
    testdb_sql(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
               "CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL UNIQUE)");
    return t;
}

static void add(struct testdb *t, int64_t id, const char *name)
{
    int64_t changed;
    assert_ok(
        keel_db_exec(t->db, &insert, KEEL_PARAMS(keel_int(id), keel_cstr(name)), &changed, &t->err),
        &t->err);
    assert_int_equal(changed, 1);
}

static void shapes(void **state)
{
    struct testdb *t = with_table(state);
    const struct keel_row *row;
    add(t, 1, "one");
    assert_error(keel_db_one(t->db, &select_from, KEEL_PARAMS(keel_int(5)), &row, &t->err),
                 KEEL_NOTFOUND, &t->err, NULL);
    assert_string_equal(t->err.statement, "select_from");
    assert_ok(keel_db_maybe(t->db, &select_from, KEEL_PARAMS(keel_int(5)), &row, &t->err), &t->err);
    assert_null(row);
    assert_ok(keel_db_one(t->db, &select_from, KEEL_PARAMS(keel_int(0)), &row, &t->err), &t->err);
    assert_int_equal(keel_row_columns(row), 2);
    assert_int_equal(keel_row_int(row, 0), 1);
    assert_memory_equal(keel_row_text(row, 1).data, "one", 3);
    assert_string_equal(keel_row_name(row, 1), "name");
    assert_int_equal(keel_row_type(row, 0), KEEL_INT);
    assert_true(keel_row_is_null(row, 2));
    add(t, 2, "two");
    assert_error(keel_db_maybe(t->db, &select_from, KEEL_PARAMS(keel_int(0)), &row, &t->err),
                 KEEL_INVALID, &t->err, "more than one row");
    assert_null(row);
}

struct seen {
    struct keel_db *db;
    int64_t count, sum;
    int64_t stop_at;
};

static int see(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct seen *seen = context;
    seen->count++;
    seen->sum += keel_row_int(row, 0);
    if (keel_row_int(row, 0) == seen->stop_at)
        return keel_error_set(err, KEEL_CONFLICT, "seen enough");
    return 0;
}

static const char numbers_sql[] =
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n";
static const struct keel_query numbers = {.name = "numbers",
                                          .sqlite = numbers_sql,
                                          .postgres = numbers_sql,
                                          .params = pair,
                                          .param_count = 1,
                                          .returns = pair,
                                          .return_count = 1};

static void each_streams(void **state)
{
    struct testdb *t = *state;
    struct keel_query query = numbers;
    /* As int4, so that the recursion's type is the same in PostgreSQL as that of its first row. */
    query.postgres = "SELECT i FROM generate_series(1, $1) AS i";
    struct seen seen = {.stop_at = -1};
    assert_ok(keel_db_each(t->db, &query, KEEL_PARAMS(keel_int(100000)), see, &seen, &t->err),
              &t->err);
    assert_int_equal(seen.count, 100000);
    assert_int_equal(seen.sum, 5000050000);
    seen = (struct seen){.stop_at = 3};
    assert_error(keel_db_each(t->db, &query, KEEL_PARAMS(keel_int(3000000)), see, &seen, &t->err),
                 KEEL_CONFLICT, &t->err, "seen enough");
    assert_int_equal(seen.count, 3);
    assert_int_equal(testdb_int(t, "SELECT 7"), 7);
    /* Leaving in the middle does not undo the transaction around it. */
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    testdb_sql(t, "CREATE TABLE kept (i integer)", NULL);
    assert_error(keel_db_each(t->db, &query, KEEL_PARAMS(keel_int(10000)), see, &seen, &t->err),
                 KEEL_CONFLICT, &t->err, "seen enough");
    assert_ok(keel_db_commit(t->db, &t->err), &t->err);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM kept"), 0);
}

static int use_again(void *context, const struct keel_row *row, struct keel_error *err)
{
    (void)row;
    struct testdb *t = context;
    return keel_db_exec(t->db, &insert, KEEL_PARAMS(keel_int(9), keel_cstr("x")), NULL, err);
}

static void each_keeps_its_connection(void **state)
{
    struct testdb *t = with_table(state);
    add(t, 1, "one");
    assert_error(keel_db_each(t->db, &select_from, KEEL_PARAMS(keel_int(0)), use_again, t, &t->err),
                 KEEL_CONFLICT, &t->err, "use another one");
    add(t, 2, "two");
}

static void an_error_in_the_middle_of_rows(void **state)
{
    struct testdb *t = *state;
    struct seen seen = {.stop_at = -1};
    struct keel_query query = numbers;
    query.sqlite = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) "
                   "SELECT CASE WHEN i = 5 THEN abs(-9223372036854775807 - 1) ELSE i END FROM n";
    query.postgres = "SELECT 10 / (5 - i) FROM generate_series(1, $1) AS i";
    assert_error(keel_db_each(t->db, &query, KEEL_PARAMS(keel_int(9)), see, &seen, &t->err),
                 KEEL_INVALID, &t->err, NULL);
    assert_int_equal(seen.count, 4);
    assert_int_equal(testdb_int(t, "SELECT 7"), 7);
}

static void errors_have_codes(void **state)
{
    struct testdb *t = with_table(state);
    add(t, 1, "one");
    assert_error(
        keel_db_exec(t->db, &insert, KEEL_PARAMS(keel_int(1), keel_cstr("x")), NULL, &t->err),
        KEEL_CONSTRAINT, &t->err, "t");
    assert_string_equal(t->err.statement, "insert");
    if (t->dialect == KEEL_POSTGRES)
        assert_string_equal(t->err.sqlstate, "23505");
    else
        assert_int_equal(t->err.native, 1555); /* SQLITE_CONSTRAINT_PRIMARYKEY */
    assert_error(keel_db_exec(t->db, &insert, KEEL_PARAMS(keel_int(2), keel_null()), NULL, &t->err),
                 KEEL_CONSTRAINT, &t->err, "name");
    const char *wrong = "SELECT 'gr\xC3\xBC\xC3\x9F', nonsense FROM t";
    struct keel_query query = {.name = "wrong", .sqlite = wrong, .postgres = wrong};
    assert_error(keel_db_exec(t->db, &query, KEEL_NO_PARAMS, NULL, &t->err), KEEL_INVALID, &t->err,
                 "nonsense");
    assert_int_equal(t->err.position, 18);
    query.sqlite = query.postgres = NULL;
    assert_error(keel_db_exec(t->db, &query, KEEL_NO_PARAMS, NULL, &t->err), KEEL_UNSUPPORTED,
                 &t->err, NULL);
    query = select_from;
    query.return_count = 1;
    const struct keel_row *row;
    assert_error(keel_db_maybe(t->db, &query, KEEL_PARAMS(keel_int(0)), &row, &t->err),
                 KEEL_INVALID, &t->err, "declares 1 columns and returns 2");
    assert_ok(keel_db_exec(t->db, &select_from, KEEL_PARAMS(keel_int(0)), NULL, &t->err), &t->err);
}

static void changed_counts_this_statement(void **state)
{
    struct testdb *t = with_table(state);
    int64_t changed = -1;
    add(t, 1, "one");
    add(t, 2, "two");
    const char *update = "UPDATE t SET name = name || '!' WHERE id >= $1";
    struct keel_query query = {
        .name = "update", .sqlite = update, .postgres = update, .params = pair, .param_count = 1};
    assert_ok(keel_db_exec(t->db, &query, KEEL_PARAMS(keel_int(0)), &changed, &t->err), &t->err);
    assert_int_equal(changed, 2);
    assert_ok(keel_db_exec(t->db, &query, KEEL_PARAMS(keel_int(50)), &changed, &t->err), &t->err);
    assert_int_equal(changed, 0);
    query = (struct keel_query){.name = "ddl",
                                .sqlite = "CREATE TABLE other (i int)",
                                .postgres = "CREATE TABLE other (i int)"};
    assert_ok(keel_db_exec(t->db, &query, KEEL_NO_PARAMS, &changed, &t->err), &t->err);
    assert_int_equal(changed, 0);
    const char *again = "INSERT INTO t (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    query = (struct keel_query){
        .name = "again", .sqlite = again, .postgres = again, .params = pair, .param_count = 2};
    assert_ok(
        keel_db_exec(t->db, &query, KEEL_PARAMS(keel_int(1), keel_cstr("x")), &changed, &t->err),
        &t->err);
    assert_int_equal(changed, 0);
}

/* More texts than the cache holds: old ones go, those in use stay, and all of them work. */
static void cache_evicts(void **state)
{
    struct testdb *t = with_table(state);
    add(t, 1, "one");
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < KEEL__MAX_STATEMENTS + 100; i++) {
            char sql[64];
            snprintf(sql, sizeof sql, "SELECT %d + id FROM t", i);
            assert_int_equal(testdb_int(t, sql), i + 1);
            assert_int_equal(testdb_int(t, "SELECT id FROM t"), 1);
            assert_true(t->db->statements.count <= KEEL__MAX_STATEMENTS);
        }
    }
    if (t->dialect == KEEL_POSTGRES) /* on the server as well */
        assert_in_range(testdb_int(t, "SELECT count(*) FROM pg_prepared_statements"), 1,
                        KEEL__MAX_STATEMENTS);
}

static void one_text_with_different_types(void **state)
{
    struct testdb *t = *state;
    struct keel_query query = {.name = "typed", .sqlite = "SELECT $1", .postgres = "SELECT $1"};
    const struct keel_row *row;
    for (int i = 0; i < 3; i++) {
        assert_ok(keel_db_one(t->db, &query, KEEL_PARAMS(keel_int(5)), &row, &t->err), &t->err);
        assert_int_equal(keel_row_int(row, 0), 5);
        assert_ok(keel_db_one(t->db, &query, KEEL_PARAMS(keel_double(0.5)), &row, &t->err),
                  &t->err);
        assert_true(keel_row_double(row, 0) == 0.5);
        assert_ok(keel_db_one(t->db, &query, KEEL_PARAMS(keel_cstr("x")), &row, &t->err), &t->err);
        assert_memory_equal(keel_row_text(row, 0).data, "x", 1);
        assert_ok(keel_db_one(t->db, &query, KEEL_PARAMS(keel_null()), &row, &t->err), &t->err);
        assert_true(keel_row_is_null(row, 0));
    }
}

/* Parameters go by their number, not by where they first appear; each may appear often. */
static void parameters_by_number(void **state)
{
    struct testdb *t = *state;
    const char *sql = "SELECT $2 || $1 || $2 || '$1' || \"$1\" FROM (SELECT 'q' AS \"$1\") AS s";
    const enum keel_type types[] = {KEEL_TEXT, KEEL_TEXT};
    struct keel_query query = {
        .name = "numbered", .sqlite = sql, .postgres = sql, .params = types, .param_count = 2};
    const struct keel_row *row;
    assert_ok(
        keel_db_one(t->db, &query, KEEL_PARAMS(keel_cstr("a"), keel_cstr("b")), &row, &t->err),
        &t->err);
    assert_memory_equal(keel_row_text(row, 0).data, "bab$1q", 6);
    struct keel_query eleven = {
        .name = "eleven",
        .sqlite = "SELECT $11 + $1 * 0 + $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 + $10",
        .postgres = "SELECT $11 + $1 * 0 + $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 + $10"};
    struct keel_value values[11];
    for (int64_t i = 0; i < 11; i++)
        values[i] = keel_int(i == 0 ? 1000 : i);
    assert_ok(keel_db_one(t->db, &eleven, values, 11, &row, &t->err), &t->err);
    assert_int_equal(keel_row_int(row, 0), 55);
}

/* A statement goes on working after the table under it has changed. */
static void survives_schema_changes(void **state)
{
    struct testdb *t = with_table(state);
    const struct keel_row *row;
    struct keel_query query = {
        .name = "all", .sqlite = "SELECT * FROM t", .postgres = "SELECT * FROM t"};
    add(t, 1, "one");
    for (int i = 0; i < 3; i++)
        assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    assert_int_equal(keel_row_columns(row), 2);
    struct keel_db *other = testdb_connect(t, NULL);
    assert_ok(keel_db_run(other, keel_slice_of("ALTER TABLE t ADD COLUMN more text"), &t->err),
              &t->err);
    for (int i = 0; i < 3; i++)
        assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    assert_int_equal(keel_row_columns(row), 3);
    assert_ok(keel_db_run(other, keel_slice_of("ALTER TABLE t ADD COLUMN even text"), &t->err),
              &t->err);
    /* Inside a PostgreSQL transaction the change is an error, and the transaction can be tried
     * again. */
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    int rc = keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err);
    if (t->dialect == KEEL_POSTGRES)
        assert_error(rc, KEEL_BUSY, &t->err, "have just been changed");
    else
        assert_ok(rc, &t->err);
    keel_db_rollback(t->db);
    assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    assert_int_equal(keel_row_columns(row), 4);
    if (t->dialect == KEEL_POSTGRES) {
        assert_ok(keel_db_run(t->db, keel_slice_of("DISCARD ALL"), &t->err), &t->err);
        assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    }
    keel_db_close(other);
}

static void run_takes_one_statement(void **state)
{
    struct testdb *t = *state;
    testdb_sql(t, "  -- a comment; with a semicolon\n CREATE TABLE r (i int) ; -- the end", NULL);
    testdb_sql(t, "SELECT 1 UNION SELECT 2", NULL);
    testdb_sql(t, "-- nothing", NULL);
    testdb_sql(t, "", NULL);
    assert_error(keel_db_run(t->db,
                             keel_slice_of("INSERT INTO r VALUES (1); INSERT INTO r VALUES (2)"),
                             &t->err),
                 KEEL_INVALID, &t->err, NULL);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM r"), 0);
    assert_error(keel_db_run(t->db, keel_slice("SELECT 1\0", 9), &t->err), KEEL_INVALID, &t->err,
                 "NUL");
    assert_ok(keel_db_run(t->db, keel_slice("INSERT INTO r VALUES (1)garbage", 24), &t->err),
              &t->err);
    assert_int_equal(testdb_int(t, "SELECT count(*) FROM r"), 1);
}

static void run_refuses_copy(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_POSTGRES)
        return;
    testdb_sql(t, "CREATE TABLE r (i int)", NULL);
    assert_error(keel_db_run(t->db, keel_slice_of("COPY r FROM stdin"), &t->err), KEEL_UNSUPPORTED,
                 &t->err, "COPY");
    assert_error(keel_db_run(t->db,
                             keel_slice_of("COPY (SELECT generate_series(1, 9999)) TO stdout"),
                             &t->err),
                 KEEL_UNSUPPORTED, &t->err, "COPY");
    assert_int_equal(testdb_int(t, "SELECT 7"), 7);
}

static void *interrupt_soon(void *context)
{
    usleep(200000);
    keel_db_interrupt(context);
    return NULL;
}

static const struct keel_query forever = {
    .name = "forever",
    .sqlite =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    .postgres = "SELECT pg_sleep(60)"};

static void interrupt_stops(void **state)
{
    struct testdb *t = *state;
    pthread_t thread;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, t->db), 0);
        assert_error(keel_db_exec(t->db, &forever, KEEL_NO_PARAMS, NULL, &t->err), KEEL_IO, &t->err,
                     "interrupted");
        pthread_join(thread, NULL);
        assert_int_equal(testdb_int(t, "SELECT 7"), 7);
    }
}

static void statement_timeout(void **state)
{
    struct testdb *t = *state;
    struct keel_db *db = testdb_connect(t, &(struct keel_db_options){.statement_timeout_ms = 100});
    int64_t before_us = keel_time_now_us();
    assert_error(keel_db_exec(db, &forever, KEEL_NO_PARAMS, NULL, &t->err), KEEL_IO, &t->err,
                 "statement timeout of 100 ms");
    assert_in_range(keel_time_now_us() - before_us, 90000, 5000000);
    assert_error(
        keel_db_run(db,
                    keel_slice_of(t->dialect == KEEL_SQLITE ? forever.sqlite : forever.postgres),
                    &t->err),
        KEEL_IO, &t->err, "statement timeout");
    usleep(150000); /* the deadline of an earlier statement means nothing to the next */
    assert_ok(keel_db_run(db, keel_slice_of("CREATE TABLE r (i int)"), &t->err), &t->err);
    keel_db_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(shapes),
        testdb_test(each_streams),
        testdb_test(each_keeps_its_connection),
        testdb_test(an_error_in_the_middle_of_rows),
        testdb_test(errors_have_codes),
        testdb_test(changed_counts_this_statement),
        testdb_test(cache_evicts),
        testdb_test(one_text_with_different_types),
        testdb_test(parameters_by_number),
        testdb_test(survives_schema_changes),
        testdb_test(run_takes_one_statement),
        testdb_test(run_refuses_copy),
        testdb_test(interrupt_stops),
        testdb_test(statement_timeout),
    };
    return testdb_run(tests);
}
