#include "testdb.h"

#include <stdio.h>

/* The first column of the only row of a statement, as text of the database's own. */
static void assert_setting(struct testdb *t, const char *sql, const char *expected)
{
    const struct keel_query query = {.name = "setting", .sqlite = sql, .postgres = sql};
    const struct keel_row *row;
    assert_ok(keel_db_one(t->db, &query, KEEL_NO_PARAMS, &row, &t->err), &t->err);
    struct keel_slice got = keel_row_text(row, 0);
    char number[24];
    if (keel_row_type(row, 0) == KEEL_INT) {
        snprintf(number, sizeof number, "%lld", (long long)keel_row_int(row, 0));
        got = keel_slice_of(number);
    }
    assert_int_equal(got.size, strlen(expected));
    assert_memory_equal(got.data, expected, got.size);
}

static void run(struct testdb *t, const char *sql)
{
    assert_ok(keel_db_run(t->db, keel_slice_of(sql), &t->err), &t->err);
}

static void puts_settings_back(void **state)
{
    struct testdb *t = *state;
    if (t->dialect == KEEL_SQLITE) {
        run(t, "PRAGMA foreign_keys = OFF");
        run(t, "PRAGMA ignore_check_constraints = ON");
        run(t, "PRAGMA legacy_alter_table = ON");
        run(t, "PRAGMA synchronous = OFF");
        run(t, "PRAGMA query_only = ON");
    } else {
        run(t, "SET search_path = pg_catalog");
        run(t, "SET statement_timeout = 1234");
        run(t, "SET TimeZone = 'Asia/Tokyo'");
        run(t, "SET ROLE pg_monitor");
    }
    assert_ok(keel_db_reset_session(t->db, &t->err), &t->err);
    if (t->dialect == KEEL_SQLITE) {
        assert_setting(t, "PRAGMA foreign_keys", "1");
        assert_setting(t, "PRAGMA ignore_check_constraints", "0");
        assert_setting(t, "PRAGMA legacy_alter_table", "0");
        assert_setting(t, "PRAGMA synchronous", "2");
        assert_setting(t, "PRAGMA query_only", "0");
    } else {
        assert_setting(t, "SELECT current_setting('search_path')", "\"$user\", public");
        assert_setting(t, "SELECT current_setting('statement_timeout')", "0");
        assert_setting(t, "SELECT current_setting('TimeZone')", "UTC");
        assert_setting(t, "SELECT current_setting('role')", "none");
    }
}

static void refuses_inside_a_transaction(void **state)
{
    struct testdb *t = *state;
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_int_equal(keel_db_reset_session(t->db, &t->err), KEEL_INVALID);
    keel_db_rollback(t->db);
    assert_ok(keel_db_reset_session(t->db, &t->err), &t->err);
}

/* A file that keeps its journal mode and its habits. */
static void leaves_what_is_found(void **state)
{
    struct testdb *t = *state;
    const struct keel_db_options options = {.as_found = true};
    if (t->dialect != KEEL_SQLITE)
        return;
    run(t, "PRAGMA journal_mode = DELETE");
    keel_db_close(t->db);
    t->db = testdb_connect(t, &options);
    run(t, "CREATE TABLE a (b TEXT DEFAULT \"x\")");
    run(t, "VACUUM");
    assert_setting(t, "PRAGMA journal_mode", "delete");
}

/* Not "interrupted": nobody did. */
static void a_timeout_set_elsewhere_is_named(void **state)
{
    struct testdb *t = *state;
    if (t->dialect != KEEL_POSTGRES)
        return;
    run(t, "SET statement_timeout = 20");
    assert_int_not_equal(keel_db_run(t->db, keel_slice_of("SELECT pg_sleep(10)"), &t->err), 0);
    assert_string_equal(t->err.message, "canceling statement due to statement timeout");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        testdb_test(puts_settings_back), testdb_test(refuses_inside_a_transaction),
        testdb_test(leaves_what_is_found), testdb_test(a_timeout_set_elsewhere_is_named)};
    return testdb_run(tests);
}
