/*
 * Conversions of values while SQLite's tables are rebuilt: they read the old table by its old
 * names, whatever is renamed in the same migration.
 */
#include "testdb.h"

#include <keel/diff.h>
#include <keel/migrate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"

static const char FROM[] = "CREATE TABLE t (id INTEGER PRIMARY KEY, price REAL, mail TEXT UNIQUE);"
                           "CREATE TABLE note (mail TEXT REFERENCES t %s ON DELETE CASCADE);";
static const char TO[] =
    "CREATE TABLE items (id INTEGER PRIMARY KEY, domain TEXT NOT NULL,"
    "    price_cents INTEGER NOT NULL CHECK (typeof(price_cents) = 'integer'), email TEXT UNIQUE);"
    "CREATE TABLE note (mail TEXT REFERENCES items %s ON DELETE CASCADE);";

static struct keel_db *make(const char *template, const char *columns)
{
    struct keel_db *db = NULL;
    struct keel_error err = {0};
    const struct keel_db_options options = {.as_found = true};
    char sql[1000], *next = sql;
    size_t before = (size_t)(strstr(template, "%s") - template);
    snprintf(sql, sizeof sql, "%.*s%s%s", (int)before, template, columns, template + before + 2);
    assert_ok(keel_db_open(&db, "sqlite::memory:", &options, &err), &err);
    for (char *end; (end = strchr(next, ';')) != NULL; next = end + 1)
        assert_ok(keel_db_run(db, keel_slice(next, (size_t)(end - next)), &err), &err);
    return db;
}

static void run(struct keel_db *db, const char *sql)
{
    struct keel_error err = {0};
    assert_ok(keel_db_run(db, keel_slice_of(sql), &err), &err);
}

static int64_t count(struct keel_db *db, const char *sql)
{
    const struct keel_query query = {.name = "count", .sqlite = sql, .postgres = sql};
    const struct keel_row *row;
    struct keel_error err = {0};
    assert_ok(keel_db_one(db, &query, KEEL_NO_PARAMS, &row, &err), &err);
    return keel_row_int(row, 0);
}

/* The statements that make db's schema into to's. */
static char *alter(struct keel_db *db, struct keel_db *target)
{
    static const struct keel_rename renames[] = {
        {"t", "items"}, {"t.price", "price_cents"}, {"t.mail", "email"}};
    static const struct keel_conversion conversions[] = {
        {NULL, "items", "price_cents", "CAST(round(price * 100) AS INTEGER)"},
        {NULL, "items", "domain", "substr(t.mail, instr(mail, '@') + 1)"}};
    const struct keel_diff_options diff_options = {renames, 3};
    const struct keel_alter_options options = {.conversions = conversions, .conversion_count = 2};
    struct keel_schema *from = NULL, *to = NULL;
    struct keel_diff *diff = NULL;
    struct keel_error err = {0};
    char *sql = NULL;
    assert_ok(keel_schema_read(&from, db, NULL, &err), &err);
    assert_ok(keel_schema_read(&to, target, NULL, &err), &err);
    assert_ok(keel_schema_diff(&diff, from, to, &diff_options, &err), &err);
    assert_ok(keel_diff_sql(&sql, diff, &options, &err), &err);
    keel_diff_free(diff);
    keel_schema_free(from);
    keel_schema_free(to);
    return sql;
}

static void convert(const char *from_columns, const char *to_columns, const char *mail)
{
    struct keel_db *db = make(FROM, from_columns), *target = make(TO, to_columns);
    struct keel_migrations *set = NULL;
    struct keel_error err = {0};
    const struct keel_migrate_options options = {.module = "app"};
    char note[100];
    run(db, "INSERT INTO t VALUES (3, 12.34, 'a@b.org'), (9, 0.07, 'c@d.net')");
    snprintf(note, sizeof note, "INSERT INTO note VALUES (%s)", mail);
    run(db, note);
    char *up = alter(db, target);
    const struct keel_embedded_file file = {"0001_convert.up.sql", up, strlen(up)};
    assert_ok(keel_migrations_embedded(&set, &file, 1, "convert", &err), &err);
    assert_ok(keel_migrate_run(db, set, KEEL_MIGRATE_UP, &options, &err), &err);
    assert_int_equal(count(db,
                           "SELECT count(*) FROM items WHERE (id, price_cents, email, domain) IN "
                           "(VALUES (3, 1234, 'a@b.org', 'b.org'), (9, 7, 'c@d.net', 'd.net'))"),
                     2);
    assert_int_equal(count(db, "SELECT count(*) FROM note"), 1);
    assert_int_equal(count(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    keel_migrations_free(set);
    keel_db_close(db);
    keel_db_close(target);
    free(up);
}

static void a_renamed_column_that_others_name(void **state)
{
    (void)state;
    convert("(mail)", "(email)", "'a@b.org'");
}

static void a_renamed_column_that_nobody_names(void **state)
{
    (void)state;
    convert("(id)", "(id)", "3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_renamed_column_that_others_name),
                                       cmocka_unit_test(a_renamed_column_that_nobody_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
