/*
 * tests/lib/testdb.h - a fresh, empty database for each test, on SQLite and on PostgreSQL.
 *
 *     static void stores_a_run(void **state)
 *     {
 *         struct testdb *t = *state;
 *         ... keel_db_exec(t->db, ...)      or keel_pool_open(&pool, t->url, ...)
 *     }
 *
 *     int main(void)
 *     {
 *         const struct CMUnitTest tests[] = {testdb_test(stores_a_run)};
 *         return testdb_run(tests);
 *     }
 *
 * testdb_run runs the list on SQLite and then on the PostgreSQL server of $KEEL_TEST_POSTGRES_URL
 * (any database of it; the user must be allowed to create databases). Without that variable it says
 * that PostgreSQL is left out; scripts/test always sets it.
 */
#ifndef TESTS_TESTDB_H
#define TESTS_TESTDB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <keel/db.h>

struct testdb {
    enum keel_dialect dialect;
    char url[512];  /* give it to keel_db_open or keel_pool_open for more connections */
    char path[256]; /* SQLite: the file, in a folder of its own; "" otherwise */
    struct keel_db
        *db; /* one connection to it, for the test to use; may be closed and set to NULL */
    struct keel_error err; /* for the test to use */
    char folder[200];      /* SQLite: the folder */
    char name[64];         /* PostgreSQL: the database */
};

int testdb_setup(void **state);
int testdb_teardown(void **state);
#define testdb_test(fn) cmocka_unit_test_setup_teardown(fn, testdb_setup, testdb_teardown)

int testdb_run_counted(const struct CMUnitTest *tests, size_t count);
#define testdb_run(tests) testdb_run_counted(tests, sizeof(tests) / sizeof(tests)[0])

/* Another connection to the same database; fails the test when there is none. */
struct keel_db *testdb_connect(const struct testdb *t, const struct keel_db_options *options);

/* Runs SQL without parameters and fails the test, with the error's message, when it fails. sqlite
 * may serve for both: then postgres is NULL. */
void testdb_sql(struct testdb *t, const char *sqlite, const char *postgres);
/* The first column of the only row of SQL without parameters. */
int64_t testdb_int(struct testdb *t, const char *sql);

/* Fails the test with err's code and message unless rc is 0. */
#define assert_ok(rc, err) testdb_assert_ok((rc), (err), __FILE__, __LINE__)
void testdb_assert_ok(int rc, const struct keel_error *err, const char *file, int line);
/* Fails the test unless rc is code and the message contains text (NULL: any). */
#define assert_error(rc, code, err, text)                                                          \
    testdb_assert_error((rc), (code), (err), (text), __FILE__, __LINE__)
void testdb_assert_error(int rc, enum keel_code code, const struct keel_error *err,
                         const char *text, const char *file, int line);

#endif
