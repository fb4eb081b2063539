/* Schemas made by chance and changed by chance, on PostgreSQL: diff -> SQL -> up gives the other
 * schema with all data kept, down gives the first one back.
 *
 * Most seeds run in a transaction that is rolled back in the end; every fifth is a real migration
 * of the runner's, every tenth works concurrently.
 *
 *     test_alter_random_postgres [even|odd]      100 of the first 200 seeds
 *     test_alter_random_postgres SEED [COUNT]    these; says more of the first that fails
 */
#include "randompostgres.h"
#include "randomschema.h"
#include "testdb.h"

#include <keel/generate.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "schema/render.h"
#include "schema/split.h"

static uint64_t first_seed, seed_count = 100, seed_step = 2;
static bool verbose;

struct trial {
    uint64_t seed;
    bool committed, concurrently;
    struct randomschema from, to;
    struct randompostgres from_more, to_more;
    struct keel_db *db;
    struct keel_schema *from_model, *to_model;
    char *up, *down;
    struct keel_error err;
    bool failed;
};

static void write_schema(struct keel__str *out, const struct trial *t, bool to)
{
    randomschema_sql(out, to ? &t->to : &t->from);
    randompostgres_sql(out, to ? &t->to_more : &t->from_more);
}

static void fail_trial(struct trial *t, const char *what, const char *detail)
{
    t->failed = true;
    print_error("seed %llu: %s: %s [%.200s]\n", (unsigned long long)t->seed, what, detail,
                t->err.statement);
    if (!verbose)
        return;
    struct keel__str text;
    keel__str_init(&text, 0);
    write_schema(&text, t, false);
    keel__str_text(&text, "\n-- rows\n");
    randomschema_rows(&text, &t->from);
    randompostgres_rows(&text);
    keel__str_text(&text, "\n-- TO\n");
    write_schema(&text, t, true);
    fprintf(stderr, "%s\n-- UP\n%s\n-- DOWN\n%s\n", text.data, t->up ? t->up : "",
            t->down ? t->down : "");
    keel__str_fini(&text);
}

/* ---- the database ---------------------------------------------------------------------------- */

static int run_script(struct keel_db *db, const char *sql, struct keel_error *err)
{
    struct keel__splitter splitter;
    struct keel__statement statement;
    keel__splitter_init(&splitter, keel_slice_of(sql), KEEL_POSTGRES, 1);
    for (;;) {
        int rc = keel__split_next(&splitter, &statement, err);
        if (rc || !statement.text.data)
            return rc;
        rc = keel_db_run(db, statement.text, err);
        if (rc)
            return rc;
    }
}

static void run(struct trial *t, const char *what, const char *sql)
{
    if (!t->failed && run_script(t->db, sql, &t->err))
        fail_trial(t, what, t->err.message);
}

/* The model without the history of migrations. */
static struct keel_schema *read_model(struct trial *t)
{
    struct keel_schema *schema = NULL;
    if (keel_schema_read(&schema, t->db, NULL, &t->err)) {
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

static struct keel_schema *make(struct trial *t, bool to)
{
    struct keel__str sql;
    keel__str_init(&sql, 0);
    write_schema(&sql, t, to);
    if (!to) { /* rows refer to tables that come later */
        keel__str_text(&sql, "SET session_replication_role = replica;");
        randomschema_rows(&sql, &t->from);
        keel__str_text(&sql, "SET session_replication_role = origin;");
        randompostgres_rows(&sql);
    }
    run(t, "its own schema", sql.data);
    keel__str_fini(&sql);
    return t->failed ? NULL : read_model(t);
}

/* ---- the rows -------------------------------------------------------------------------------- */

/* SELECT of the rows of one table, by what both schemas have; as they are called in named. */
static bool dump_query(struct keel__str *out, const struct trial *t,
                       const struct randomschema *named, int table)
{
    const struct rs_table *a = &t->from.tables[table], *b = &t->to.tables[table];
    if (!a->used || !b->used)
        return false;
    keel__str_text(out, "SELECT ''");
    for (int i = 0; i < RS_COLUMNS; i++)
        if (a->columns[i].used && b->columns[i].used) {
            keel__str_text(out, " || '|' || coalesce(quote_literal(");
            keel__sql_name(out, named->tables[table].columns[i].name);
            keel__str_text(out, "::text), '-')");
        }
    keel__str_text(out, " FROM ");
    keel__sql_name(out, named->tables[table].name);
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
    static unsigned number; /* so that no plan of before the change is used */
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__str_printf(&text, "%s -- %u", sql, ++number);
    struct keel_query query = {.name = "rows", .sqlite = text.data, .postgres = text.data};
    if (keel_db_each(t->db, &query, KEEL_NO_PARAMS, add_row, out, &t->err))
        fail_trial(t, "reading rows", t->err.message);
    keel__str_fini(&text);
}

static char *dump(struct trial *t, const struct randomschema *named)
{
    struct keel__str out;
    keel__str_init(&out, 0);
    keel__str_append(&out, "", 0);
    for (int i = 0; i < RS_TABLES && !t->failed; i++) {
        struct keel__str sql;
        keel__str_init(&sql, 0);
        if (dump_query(&sql, t, named, i)) {
            keel__str_printf(&out, "table %d\n", i);
            each_text(t, &out, sql.data);
        }
        keel__str_fini(&sql);
    }
    if (!t->failed)
        each_text(t, &out, randompostgres_dump());
    return keel__str_steal(&out);
}

/* ---- one seed -------------------------------------------------------------------------------- */

static void write_sql(struct trial *t)
{
    struct rs_rename_store *store = malloc(sizeof *store);
    struct keel_diff *diff = NULL, *back = NULL;
    struct keel_diff_options options = {store->renames, 0};
    struct keel_alter_options how = {.concurrently = t->concurrently};
    options.rename_count = randomschema_renames(store, &t->from, &t->to);
    int rc = keel_schema_diff(&diff, t->from_model, t->to_model, &options, &t->err);
    if (!rc)
        rc = keel_diff_sql(&t->up, diff, &how, &t->err);
    if (!rc)
        rc = keel_diff_reverse(&back, diff, &t->err);
    if (!rc)
        rc = keel_diff_sql(&t->down, back, &how, &t->err);
    if (rc)
        fail_trial(t, "diff", t->err.message);
    keel_diff_free(diff);
    keel_diff_free(back);
    free(store);
}

static void compare_model(struct trial *t, const struct keel_schema *wanted, const char *when)
{
    struct keel_schema *found = t->failed ? NULL : read_model(t);
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
                         const char *when)
{
    char *after = t->failed ? NULL : dump(t, named);
    if (after && !t->failed && strcmp(before, after) != 0) {
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
    if (!t->failed && keel_migrate_run(t->db, set, action, &options, &t->err))
        fail_trial(t, keel_migration_action_name(action), t->err.message);
}

static void apply(struct trial *t, const struct keel_migrations *set,
                  enum keel_migration_action action)
{
    bool up = action == KEEL_MIGRATE_UP;
    if (t->committed)
        migrate(t, set, action);
    else
        run(t, up ? "up" : "down", up ? t->up : t->down);
}

static void there_and_back(struct trial *t)
{
    const struct keel_embedded_file files[] = {{"0001_change.up.sql", t->up, strlen(t->up)},
                                               {"0001_change.down.sql", t->down, strlen(t->down)}};
    struct keel_migrations *set = NULL;
    char *before = dump(t, &t->from);
    assert_ok(keel_migrations_embedded(&set, files, 2, "random", &t->err), &t->err);
    apply(t, set, KEEL_MIGRATE_UP);
    compare_model(t, t->to_model, "up");
    compare_rows(t, before, &t->to, "up");
    apply(t, set, KEEL_MIGRATE_DOWN);
    compare_model(t, t->from_model, "down");
    compare_rows(t, before, &t->from, "down");
    keel_migrations_free(set);
    free(before);
}

static bool is_apart(const char *sql)
{
    return strncmp(sql, "-- transaction:false", 20) == 0;
}

static const char empty_database[] =
    "DROP SCHEMA public CASCADE; DROP SCHEMA IF EXISTS \"Other\" CASCADE; CREATE SCHEMA public;";

static void try_in_transaction(struct trial *t)
{
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    assert_ok(keel_db_begin(t->db, KEEL_TX_WRITE, &t->err), &t->err);
    t->to_model = make(t, true);
    keel_db_rollback(t->db);
    if (!t->failed)
        t->from_model = make(t, false);
    if (!t->failed)
        write_sql(t);
    if (!t->failed && !t->committed && (is_apart(t->up) || is_apart(t->down)))
        t->committed = true; /* begin again below */
    else if (!t->failed && !t->committed)
        there_and_back(t);
    keel_db_rollback(t->db);
}

static void try_committed(struct trial *t)
{
    struct keel_schema *model = make(t, false);
    keel_schema_free(model);
    if (!t->failed)
        there_and_back(t);
    bool failed = t->failed;
    t->failed = false;
    run(t, "clearing", empty_database);
    t->failed = t->failed || failed;
}

static bool try_seed(struct keel_db *db, uint64_t seed)
{
    struct trial *t = calloc(1, sizeof *t);
    t->seed = seed;
    t->db = db;
    t->committed = seed % 5 == 0;
    t->concurrently = seed / 5 % 2 == 0 && t->committed;
    randomschema_make(&t->from, seed, KEEL_POSTGRES);
    randomschema_change(&t->to, &t->from, seed);
    randompostgres_make(&t->from_more, seed);
    randompostgres_change(&t->to_more, &t->from_more, seed);
    try_in_transaction(t);
    if (!t->failed && t->committed)
        try_committed(t);
    bool failed = t->failed;
    keel_schema_free(t->from_model);
    keel_schema_free(t->to_model);
    free(t->up);
    free(t->down);
    free(t);
    return !failed;
}

static void there_and_back_by_chance(void **state)
{
    struct testdb *db = *state;
    size_t failed = 0;
    if (db->dialect == KEEL_SQLITE)
        skip(); /* test_alter_random */
    print_message("%llu seeds from %llu, every %llu.\n", (unsigned long long)seed_count,
                  (unsigned long long)first_seed, (unsigned long long)seed_step);
    assert_ok(keel_db_run(db->db, keel_slice_of("SET client_min_messages = error"), &db->err),
              &db->err);
    for (uint64_t i = 0; i < seed_count && failed < 10; i++) {
        failed += !try_seed(db->db, first_seed + i * seed_step);
        if (i % 100 == 99) /* the catalogues are full of what was rolled back */
            assert_ok(keel_db_run(db->db, keel_slice_of("VACUUM"), &db->err), &db->err);
    }
    assert_int_equal(failed, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {testdb_test(there_and_back_by_chance)};
    first_seed = argc > 1 && strcmp(argv[1], "odd") == 0;
    if (argc > 1 && *argv[1] >= '0' && *argv[1] <= '9') {
        first_seed = strtoull(argv[1], NULL, 10);
        seed_step = 1;
        seed_count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
        verbose = seed_count == 1;
    }
    return testdb_run(tests);
}
