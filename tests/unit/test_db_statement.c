#include "testdb.h"

#include <stdlib.h>

static const enum keel_type pair[] = {KEEL_INT, KEEL_TEXT};
static const struct keel_query insert = {
    .name = "insert",
    .sqlite = "INSERT INTO t (id, name) VALUES ($1, $2)",
    .postgres = "INSERT INTO t (id, name) VALUES ($1, $2)",
    .params = pair,
    .param_count = 2,
};
static const struct keel_query select_from = {
    .name = "select_from",
    .sqlite = "SELECT id, name FROM t WHERE id >= $1 ORDER BY id",
    .postgres = "SELECT id, name FROM t WHERE id >= $1 ORDER BY id",
    .params = pair,
    .param_count = 1,
    .returns = pair,
    .return_count = 2,
};

static struct testdb *with_table(void **state)
{
    struct testdb *t = *state;
    testdb_sql(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
               "CREATE TABLE t (id bigint PRIMARY KEY, name text NOT NULL)");
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(shapes),
    };
    return testdb_run(tests);
}
