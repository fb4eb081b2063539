/* Every allocation of a comparison fails once, each in its own round: it is said, or makes no
 * difference, and nothing leaks or faults. */
#include "fault.h"
#include "testdb.h"

#include <keel/diff.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char from_sql[] =
    "CREATE TABLE person (id INTEGER PRIMARY KEY, mail TEXT NOT NULL UNIQUE, n INTEGER DEFAULT 1,"
    " CHECK (length(mail) > 3));"
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES person, name TEXT, old "
    "INT);"
    "CREATE INDEX pet_name ON pet (lower(name)) WHERE old > 1;"
    "CREATE TABLE gone (a INTEGER, b TEXT, c REAL);"
    "CREATE VIEW v AS SELECT id FROM pet; CREATE VIEW w AS SELECT id FROM v;"
    "CREATE TRIGGER t AFTER INSERT ON pet BEGIN DELETE FROM gone; END;";
static const char to_sql[] =
    "CREATE TABLE human (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, n INTEGER DEFAULT 2,"
    " CHECK (length(email) > 3));"
    "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES human (id),"
    " title TEXT, UNIQUE (owner, title));"
    "CREATE INDEX pet_name ON pet (upper(title));"
    "CREATE TABLE fresh (a INTEGER, b TEXT, c REAL, d TEXT);"
    "CREATE VIEW v AS SELECT id, owner FROM pet; CREATE VIEW w AS SELECT id FROM v;"
    "CREATE TRIGGER t AFTER INSERT ON pet BEGIN DELETE FROM fresh; END;";
static const struct keel_rename renames[] = {{"person", "human"}, {"person.mail", "email"}};

static struct keel_schema *model_of(const char *sql)
{
    struct keel_db *db;
    struct keel_schema *schema;
    struct keel_error err = {0};
    assert_int_equal(keel_db_open(&db, ":memory:", NULL, &err), 0);
    for (const char *end; *sql; sql = end) {
        end = strchr(sql, ';') + 1;
        if (strncmp(sql, "CREATE TRIGGER", 14) == 0)
            end = strchr(end, ';') + 1;
        if (keel_db_run(db, keel_slice(sql, (size_t)(end - sql)), &err))
            fail_msg("%s", err.message);
        end += strspn(end, " ");
    }
    if (keel_schema_read(&schema, db, NULL, &err))
        fail_msg("%s", err.message);
    keel_db_close(db);
    return schema;
}

/* The text, the JSON and the SQL of the difference, one behind the other; NULL after an error. */
static char *compare(const struct keel_schema *from, const struct keel_schema *to,
                     struct keel_error *err)
{
    const struct keel_diff_options options = {.renames = renames, .rename_count = 2};
    struct keel_diff *diff;
    char *text = NULL, *json = NULL, *sql = NULL, *all = NULL;
    if (keel_schema_diff(&diff, from, to, &options, err))
        return NULL;
    if (!keel_diff_render(&text, diff, KEEL_DIFF_TEXT, err) &&
        !keel_diff_render(&json, diff, KEEL_DIFF_JSON, err) &&
        !keel_diff_sql(&sql, diff, NULL, err) && asprintf(&all, "%s%s%s", text, json, sql) < 0)
        fail();
    free(text);
    free(json);
    free(sql);
    keel_diff_free(diff);
    return all;
}

static void test_each_allocation_fails_once(void **state)
{
    (void)state;
    struct keel_schema *from = model_of(from_sql), *to = model_of(to_sql);
    struct keel_error err = {0};
    char *expected = compare(from, to, &err);
    if (!expected)
        fail_msg("%s", err.message);
    bool happened = true;
    long rounds = 0, told = 0;
    while (happened) {
        err = (struct keel_error){0};
        fault_at(++rounds);
        char *found = compare(from, to, &err);
        happened = fault_happened();
        fault_at(0);
        if (found)
            assert_string_equal(found, expected);
        else
            assert_int_equal(err.code, KEEL_NOMEM);
        told += !found;
        free(found);
    }
    print_message("%ld allocations, %ld told\n", rounds, told);
    assert_true(told > 0);
    free(expected);
    keel_schema_free(from);
    keel_schema_free(to);
}

static void test_two_dialects_are_refused(void **state)
{
    (void)state;
    struct keel_schema *from = model_of(from_sql), *to = model_of(to_sql);
    struct keel_diff *diff = NULL;
    struct keel_error err = {0};
    to->dialect = KEEL_POSTGRES;
    assert_int_equal(keel_schema_diff(&diff, from, to, NULL, &err), KEEL_INVALID);
    assert_null(diff);
    keel_diff_free(diff);
    to->dialect = KEEL_SQLITE;
    keel_schema_free(from);
    keel_schema_free(to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_allocation_fails_once),
        cmocka_unit_test(test_two_dialects_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
