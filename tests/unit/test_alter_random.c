/*
 * Schemas made by chance and changed by chance: diff -> SQL -> up gives the other schema with all
 * data kept, down gives the first one back.
 *
 *     test_alter_random                 the first 1,000 seeds
 *     test_alter_random SEED [COUNT]    these; says more of the first that fails
 */
#include "randomschema.h"
#include "testdb.h"

#include <keel/migrate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "schema/render.h"
#include "schema/split.h"

static uint64_t first_seed, seed_count = 1000;
static bool verbose;

struct trial {
    uint64_t seed;
    struct randomschema from, to;
    struct keel_db *db; /* the one that is migrated */
    struct keel_schema *from_model, *to_model;
    char *up, *down;
    struct keel_error err;
    bool failed;
};

static void fail_trial(struct trial *t, const char *what, const char *detail)
{
    t->failed = true;
    print_error("seed %llu: %s: %s\n", (unsigned long long)t->seed, what, detail);
    if (!verbose)
        return;
    struct keel__str text;
    keel__str_init(&text, 0);
    randomschema_sql(&text, &t->from);
    keel__str_text(&text, "\n-- rows\n");
    randomschema_rows(&text, &t->from);
    keel__str_text(&text, "\n-- TO\n");
    randomschema_sql(&text, &t->to);
    fprintf(stderr, "%s\n-- UP\n%s\n-- DOWN\n%s\n", text.data, t->up ? t->up : "",
            t->down ? t->down : "");
    keel__str_fini(&text);
}

/* ---- databases ------------------------------------------------------------------------------- */

static int run_script(struct keel_db *db, const char *sql, struct keel_error *err)
{
    struct keel__splitter splitter;
    struct keel__statement statement;
    keel__splitter_init(&splitter, keel_slice_of(sql), KEEL_SQLITE, 1);
    for (;;) {
        int rc = keel__split_next(&splitter, &statement, err);
        if (rc || !statement.text.data)
            return rc;
        rc = keel_db_run(db, statement.text, err);
        if (rc)
            return rc;
    }
}

static struct keel_db *make(struct trial *t, const struct randomschema *schema, bool rows)
{
    struct keel_db *db = NULL;
    struct keel_db_options options = {.as_found = true};
    struct keel__str sql;
    keel__str_init(&sql, 0);
    keel__str_text(&sql, "PRAGMA foreign_keys = OFF;\n");
    randomschema_sql(&sql, schema);
    if (rows)
        randomschema_rows(&sql, schema);
    keel__str_text(&sql, "PRAGMA foreign_keys = ON;\n");
    int rc = keel_db_open(&db, "sqlite::memory:", &options, &t->err);
    if (!rc)
        rc = run_script(db, sql.data, &t->err);
    keel__str_fini(&sql);
    if (rc)
        fail_trial(t, "its own schema", t->err.message);
    return db;
}

/* The model without the history of migrations. */
static struct keel_schema *read_model(struct trial *t, struct keel_db *db)
{
    struct keel_schema *schema = NULL;
    if (keel_schema_read(&schema, db, NULL, &t->err)) {
        fail_trial(t, "reading", t->err.message);
        return NULL;
    }
    size_t kept = 0;
    for (size_t i = 0; i < schema->table_count; i++)
        if (strcmp(schema->tables[i].name, "keel_migrations") != 0)
            schema->tables[kept++] = schema->tables[i];
    schema->table_count = kept;
    return schema;
}

/* ---- the rows -------------------------------------------------------------------------------- */

static void put_column(struct keel__str *out, const char *name, bool exact)
{
    struct keel__str quoted;
    keel__str_init(&quoted, 0);
    keel__sql_name(&quoted, name);
    keel__str_printf(out,
                     exact ? " || '|' || quote(%s)"
                           : " || '|' || CASE WHEN %s IS NULL THEN 'NULL' ELSE hex(%s) END",
                     quoted.data, quoted.data);
    keel__str_fini(&quoted);
}

/* SELECT of the rows of one table, by what both schemas have; as they are called in named. Columns
 * whose type changes are compared as text. */
static bool dump_query(struct keel__str *out, const struct trial *t,
                       const struct randomschema *named, int table, bool exact)
{
    const struct rs_table *a = &t->from.tables[table], *b = &t->to.tables[table];
    const struct rs_table *n = &named->tables[table];
    if (!a->used || !b->used)
        return false;
    keel__str_text(out, a->without_rowid || b->without_rowid ? "SELECT ''" : "SELECT rowid");
    for (int i = 0; i < RS_COLUMNS; i++)
        if (a->columns[i].used && b->columns[i].used)
            put_column(out, n->columns[i].name, exact);
    keel__str_text(out, " FROM ");
    keel__sql_name(out, n->name);
    keel__str_text(out, " ORDER BY 1");
    return true;
}

static int add_row(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct keel__str *out = context;
    (void)err;
    keel__str_slice(out, keel_row_text(row, 0));
    keel__str_char(out, '\n');
    return 0;
}

static void each_text(struct trial *t, struct keel__str *out, const char *sql)
{
    struct keel_query query = {.name = "rows", .sqlite = sql, .postgres = sql};
    if (keel_db_each(t->db, &query, KEEL_NO_PARAMS, add_row, out, &t->err))
        fail_trial(t, "reading rows", t->err.message);
}

static char *dump(struct trial *t, const struct randomschema *named, bool exact)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__str_append(&out, "", 0);
    for (int i = 0; i < RS_TABLES; i++) {
        struct keel__str sql;
        keel__str_init(&sql, 0);
        if (dump_query(&sql, t, named, i, exact)) {
            keel__str_printf(&out, "table %d\n", i);
            each_text(t, &out, sql.data);
        }
        keel__str_clear(&sql);
        if (t->from.tables[i].used && t->to.tables[i].used &&
            t->from.tables[i].key == RS_AUTOINCREMENT && t->to.tables[i].key == RS_AUTOINCREMENT) {
            keel__str_text(&sql, "SELECT 'counter ' || seq FROM sqlite_sequence WHERE name = ");
            keel__sql_string(&sql, named->tables[i].name);
            each_text(t, &out, sql.data);
        }
        keel__str_fini(&sql);
    }
    return keel__str_steal(&out);
}

/* ---- one seed -------------------------------------------------------------------------------- */

static char *sql_between(struct trial *t, const struct keel_schema *from,
                         const struct keel_schema *to, const struct randomschema *a,
                         const struct randomschema *b)
{
    struct rs_rename_store *store = malloc(sizeof *store);
    struct keel_diff *diff = NULL;
    char *sql = NULL;
    size_t count = randomschema_renames(store, a, b);
    struct keel_diff_options options = {store->renames, count};
    int rc = keel_schema_diff(&diff, from, to, &options, &t->err);
    if (!rc)
        rc = keel_diff_sql(&sql, diff, NULL, &t->err);
    if (rc)
        fail_trial(t, "diff", t->err.message);
    keel_diff_free(diff);
    free(store);
    return sql;
}

static void compare_model(struct trial *t, const struct keel_schema *wanted, const char *when)
{
    struct keel_schema *found = read_model(t, t->db);
    struct keel_diff *diff = NULL;
    if (!found)
        return;
    if (keel_schema_diff(&diff, found, wanted, NULL, &t->err))
        fail_trial(t, when, t->err.message);
    else if (diff->count)
        fail_trial(t, when, diff->changes[0].what);
    keel_diff_free(diff);
    keel_schema_free(found);
}

static void compare_rows(struct trial *t, const char *before, const struct randomschema *named,
                         bool exact, const char *when)
{
    char *after = dump(t, named, exact);
    if (!t->failed && strcmp(before, after) != 0) {
        fail_trial(t, when, "other rows");
        if (verbose)
            fprintf(stderr, "-- BEFORE\n%s-- AFTER\n%s", before, after);
    }
    free(after);
}

static void migrate(struct trial *t, const struct keel_migrations *set,
                    enum keel_migration_action action)
{
    struct keel_migrate_options options = {.module = "app"};
    if (keel_migrate_run(t->db, set, action, &options, &t->err))
        fail_trial(t, keel_migration_action_name(action), t->err.message);
}

static void there_and_back(struct trial *t)
{
    const struct keel_embedded_file files[] = {{"0001_change.up.sql", t->up, strlen(t->up)},
                                               {"0001_change.down.sql", t->down, strlen(t->down)}};
    struct keel_migrations *set = NULL;
    char *loose = dump(t, &t->from, false), *exact = dump(t, &t->from, true);
    assert_ok(keel_migrations_embedded(&set, files, 2, "random", &t->err), &t->err);
    migrate(t, set, KEEL_MIGRATE_UP);
    if (!t->failed)
        compare_model(t, t->to_model, "up");
    if (!t->failed)
        compare_rows(t, loose, &t->to, false, "up");
    if (!t->failed)
        migrate(t, set, KEEL_MIGRATE_DOWN);
    if (!t->failed)
        compare_model(t, t->from_model, "down");
    if (!t->failed)
        compare_rows(t, exact, &t->from, true, "down");
    keel_migrations_free(set);
    free(loose);
    free(exact);
}

static bool try_seed(uint64_t seed)
{
    struct trial *t = calloc(1, sizeof *t);
    t->seed = seed;
    randomschema_make(&t->from, seed, KEEL_SQLITE);
    randomschema_change(&t->to, &t->from, seed);
    t->db = make(t, &t->from, true);
    struct keel_db *other = make(t, &t->to, false);
    t->from_model = t->failed ? NULL : read_model(t, t->db);
    t->to_model = t->failed ? NULL : read_model(t, other);
    if (!t->failed)
        t->up = sql_between(t, t->from_model, t->to_model, &t->from, &t->to);
    if (!t->failed)
        t->down = sql_between(t, t->to_model, t->from_model, &t->to, &t->from);
    if (!t->failed)
        there_and_back(t);
    bool failed = t->failed;
    keel_schema_free(t->from_model);
    keel_schema_free(t->to_model);
    keel_db_close(t->db);
    keel_db_close(other);
    free(t->up);
    free(t->down);
    free(t);
    return !failed;
}

static void there_and_back_by_chance(void **state)
{
    (void)state;
    size_t failed = 0;
    print_message("seeds %llu to %llu\n", (unsigned long long)first_seed,
                  (unsigned long long)(first_seed + seed_count - 1));
    for (uint64_t i = 0; i < seed_count && failed < 10; i++)
        failed += !try_seed(first_seed + i);
    assert_int_equal(failed, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back_by_chance)};
    first_seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    if (argc > 1) {
        seed_count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
        verbose = seed_count == 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
