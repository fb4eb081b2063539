/* Every allocation of a short session fails once, each in its own round: the error is said, nothing
 * leaks, and the database is as if the transaction had not been, or as if nothing had happened. */
#include "fault.h"
#include "testdb.h"

#include <stdio.h>
#include <stdlib.h>

static const enum keel_type types[] = {KEEL_INT, KEEL_TEXT, KEEL_JSON};
static const struct keel_query insert = {
    .name = "fault_insert",
    .sqlite = "INSERT INTO t VALUES ($1, $2, $3)",
    .postgres = "INSERT INTO t SELECT * FROM unnest($1::int8[], $2::text[], $3::jsonb[])",
    .params = types,
    .param_count = 3,
};
static const struct keel_query get = {
    .name = "fault_get",
    .sqlite = "SELECT id, name, extra FROM t WHERE id = $1",
    .postgres = "SELECT id, name, extra FROM t WHERE id = $1",
    .params = types,
    .param_count = 1,
    .returns = types,
    .return_count = 3,
};
static const struct keel_query list = {.name = "fault_list",
                                       .sqlite = "SELECT * FROM t ORDER BY id",
                                       .postgres = "SELECT * FROM t ORDER BY id"};

static int see(void *context, const struct keel_row *row, struct keel_error *err)
{
    size_t *count = context;
    ++*count;
    if (!keel_row_text(row, 0).data) /* a number as text takes memory */
        return keel_error_set(err, KEEL_NOMEM, "out of memory");
    return 0;
}

static int write_rows(struct keel_db *db, void *context, struct keel_error *err)
{
    (void)context;
    struct keel_value rows[30];
    for (size_t i = 0; i < 10; i++) {
        rows[i * 3] = keel_int((int64_t)i);
        rows[i * 3 + 1] = keel_cstr("name");
        rows[i * 3 + 2] = keel_json(keel_slice_of("{\"a\": 1}"));
    }
    return keel_db_batch(db, &insert, rows, 10, NULL, err);
}

static int session(const struct testdb *t, struct keel_error *err)
{
    struct keel_db *db;
    const struct keel_row *row;
    size_t count = 0;
    int rc = keel_db_open(&db, t->url, NULL, err);
    if (!rc)
        rc = keel_db_transact(db, KEEL_TX_WRITE, write_rows, NULL, err);
    if (!rc)
        rc = keel_db_one(db, &get, KEEL_PARAMS(keel_int(3)), &row, err);
    if (!rc)
        rc = keel_db_each(db, &list, KEEL_NO_PARAMS, see, &count, err);
    if (!rc)
        assert_int_equal(count, 10);
    keel_db_close(db);
    return rc;
}

static void every_allocation_fails_once(void **state)
{
    struct testdb *t = *state;
    testdb_sql(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, extra TEXT)",
               "CREATE TABLE t (id bigint PRIMARY KEY, name text, extra jsonb)");
    long failures = 0, n = 1;
    for (bool more = true; more; n++) {
        struct keel_error err = {.code = KEEL_OK};
        fault_at(n);
        int rc = session(t, &err);
        more = fault_happened();
        fault_at(0);
        if (rc) {
            failures++;
            if (rc != KEEL_NOMEM)
                print_message("allocation %ld: %s: %s\n", n, keel_code_name((enum keel_code)rc),
                              err.message);
            assert_int_equal(rc, KEEL_NOMEM);
            assert_int_equal(err.code, KEEL_NOMEM);
            assert_true(err.message[0] != '\0');
        }
        int64_t rows = testdb_int(t, "SELECT count(*) FROM t");
        assert_true(rows == 10 || (rows == 0 && rc));
        testdb_sql(t, "DELETE FROM t", NULL);
    }
    print_message("%ld allocations, %ld of them needed\n", n - 2, failures);
    assert_true(failures > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {testdb_test(every_allocation_fails_once)};
    return testdb_run(tests);
}
