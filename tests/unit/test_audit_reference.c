/* Names as words, and the references that names speak of. */
#include "audit/name.h"
#include "audit/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_words(const char *name, const char *expected)
{
    struct keel__name_words words;
    char joined[256];
    keel__name_split(name, &words);
    keel__name_join(&words, 0, words.count, joined, sizeof joined);
    assert_string_equal(joined, expected);
}

static void test_words(void **state)
{
    (void)state;
    check_words("current_version_id", "current_version_id");
    check_words("currentVersionId", "current_version_id");
    check_words("XMLFileName", "xml_file_name");
    check_words("USER_ID", "user_id");
    check_words("userIDs", "user_ids");
    check_words("Current Version-ID", "current_version_id");
    check_words("__x__", "x");
    check_words("", "");
    check_words("größe_m2", "größe_m2");
    assert_true(keel__name_has("user_id", "x id"));
    assert_false(keel__name_has("video", "id"));
    assert_true(keel__name_ends("createdAt", "at"));
    assert_false(keel__name_ends("format", "at"));
    assert_true(keel__name_starts("is_read", "is has"));
    assert_false(keel__name_starts("island", "is has"));
}

static void check_singular(const char *plural, const char *singular)
{
    char out[64];
    keel__name_singular(plural, out, sizeof out);
    assert_string_equal(out, singular);
}

static void test_singular(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"queries", "query"},
                                           {"statuses", "status"},
                                           {"boxes", "box"},
                                           {"users", "user"},
                                           {"PromptVersions", "prompt_version"},
                                           {"people", "person"},
                                           {"order_children", "order_child"},
                                           {"analyses", "analysis"},
                                           {"analysis", "analysis"},
                                           {"addresses", "address"},
                                           {"status", "status"},
                                           {"houses", "house"},
                                           {"caches", "cache"},
                                           {"batches", "batch"},
                                           {"databases", "database"},
                                           {"viruses", "virus"},
                                           {"movies", "movie"},
                                           {"categories", "category"},
                                           {"videos", "video"},
                                           {"user", "user"},
                                           {"data", "data"},
                                           {"indexes", "index"},
                                           {"corpus", "corpus"},
                                           {"classes", "class"},
                                           {"sizes", "size"},
                                           {"llms", "llm"},
                                           {"statistics", "statistic"},
                                           {"series", "series"},
                                           {"", ""}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check_singular(pairs[i][0], pairs[i][1]);
}

/* ---- references ------------------------------------------------------------------------------ */

struct fixture {
    struct keel_db *db;
    struct keel_schema *schema;
    struct keel__arena arena;
    struct keel__audit audit;
};

static void make(struct fixture *f, const char *const *statements)
{
    struct keel_error err = {0};
    *f = (struct fixture){0};
    assert_int_equal(keel_db_open(&f->db, ":memory:", NULL, &err), 0);
    for (; *statements; statements++)
        assert_int_equal(keel_db_run(f->db, keel_slice_of(*statements), &err), 0);
    assert_int_equal(keel_schema_read(&f->schema, f->db, NULL, &err), 0);
    keel__arena_init(&f->arena, 0);
    f->audit = (struct keel__audit){
        .db = f->db, .dialect = KEEL_SQLITE, .schema = f->schema, .arena = &f->arena};
    assert_int_equal(keel__references_find(&f->audit, &err), 0);
}

static void end(struct fixture *f)
{
    keel__arena_fini(&f->arena);
    keel_schema_free(f->schema);
    keel_db_close(f->db);
}

/* "table.column -> parent.column confidence", sorted as found, one a line; declared ones have 0. */
static void check(const char *const *statements, const char *expected)
{
    struct fixture f;
    make(&f, statements);
    char found[4096] = "";
    size_t size = 0;
    for (size_t i = 0; i < f.audit.reference_count; i++) {
        const struct keel__reference *r = &f.audit.references[i];
        size += (size_t)snprintf(found + size, sizeof found - size, "%s.%s -> %s.%s %d\n",
                                 r->table->name, r->table->columns[r->columns[0]].name,
                                 r->parent ? r->parent->name : "?", r->parent_columns[0],
                                 r->confidence);
    }
    end(&f);
    assert_string_equal(found, expected);
}

static void test_plain_names(void **state)
{
    (void)state;
    check((const char *const[]){"CREATE TABLE users (id INTEGER PRIMARY KEY)",
                                "CREATE TABLE boxes (uuid TEXT PRIMARY KEY)",
                                "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, "
                                "box_uuid TEXT, created_at TEXT, note TEXT)",
                                NULL},
          "orders.user_id -> users.id 2\norders.box_uuid -> boxes.uuid 2\n");
}

static void test_key_of_the_same_name(void **state)
{
    (void)state;
    check(
        (const char *const[]){
            "CREATE TABLE jobs (job_id TEXT PRIMARY KEY)",
            "CREATE TABLE job (id INTEGER PRIMARY KEY)",
            "CREATE TABLE job_totals (job_id TEXT PRIMARY KEY, total REAL)",
            "CREATE TABLE users (telegram_user_id INTEGER PRIMARY KEY)",
            "CREATE TABLE talks (id INTEGER PRIMARY KEY, user_id INTEGER, telegram_user_id INT)",
            NULL},
        "job_totals.job_id -> jobs.job_id 2\n"
        "talks.user_id -> users.telegram_user_id 2\n"
        "talks.telegram_user_id -> users.telegram_user_id 2\n");
}

static void test_self_and_versions(void **state)
{
    (void)state;
    check(
        (const char *const[]){"CREATE TABLE prompts (id TEXT PRIMARY KEY, current_version_id TEXT)",
                              "CREATE TABLE prompt_versions (id TEXT PRIMARY KEY, prompt_id TEXT "
                              "REFERENCES prompts (id), previous_version_id TEXT)",
                              "CREATE TABLE events (id TEXT PRIMARY KEY, parent_id TEXT, "
                              "parent_prompt_id TEXT, trace_id TEXT, correlation_id TEXT)",
                              NULL},
        "events.parent_id -> events.id 2\n"
        "events.parent_prompt_id -> prompts.id 2\n"
        "prompt_versions.prompt_id -> prompts.id 0\n"
        "prompt_versions.previous_version_id -> prompt_versions.id 1\n"
        "prompts.current_version_id -> prompt_versions.id 2\n");
}

static void test_people_and_parts_of_names(void **state)
{
    (void)state;
    check((const char *const[]){"CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE)",
                                "CREATE TABLE chat_rooms (id INTEGER PRIMARY KEY)",
                                "CREATE TABLE notes (id INTEGER PRIMARY KEY, created_by INTEGER, "
                                "owner TEXT, room_id INTEGER, fwd_from_user_id INTEGER, x_id INT)",
                                NULL},
          "notes.created_by -> users.id 1\n"
          "notes.owner -> users.email 1\n"
          "notes.room_id -> chat_rooms.id 1\n"
          "notes.fwd_from_user_id -> users.id 1\n");
}

/* Columns whose name says something else, or whose type cannot be a key's. */
static void test_no_references(void **state)
{
    (void)state;
    check(
        (const char *const[]){
            "CREATE TABLE chunk (id INTEGER PRIMARY KEY, chunk_id INTEGER)",
            "CREATE TABLE users (id INTEGER PRIMARY KEY, user_id INTEGER UNIQUE, at DATETIME)",
            "CREATE TABLE logs (user_id REAL, id INTEGER, users TEXT, user TIMESTAMP)", NULL},
        "");
}

static void test_orphan_condition(void **state)
{
    (void)state;
    struct fixture f;
    make(&f, (const char *const[]){
                 "CREATE TABLE users (id INTEGER PRIMARY KEY)",
                 "CREATE TABLE names (id TEXT PRIMARY KEY)",
                 "CREATE TABLE t (user_id TEXT, name_id INTEGER)",
                 "INSERT INTO users VALUES (1), (2)", "INSERT INTO names VALUES ('1'), ('2')",
                 "INSERT INTO t VALUES ('1', 1), ('3', 3), ('x', 2)",
                 "INSERT INTO t VALUES (NULL, NULL), (x'31', 7), ('02', 8)", NULL});
    assert_int_equal(f.audit.reference_count, 2);
    static const int64_t expected[] = {3, 3}; /* 3, x, x'31'; 3, 7, 8 */
    for (size_t i = 0; i < 2; i++) {
        char sql[512];
        struct keel_error err = {0};
        const struct keel_row *row = NULL;
        snprintf(sql, sizeof sql, "SELECT count(*) FROM t t WHERE %s",
                 keel__reference_orphan_sql(&f.audit, &f.audit.references[i]));
        struct keel_query query = {.name = "orphans", .sqlite = sql};
        assert_int_equal(keel_db_one(f.db, &query, KEEL_NO_PARAMS, &row, &err), 0);
        assert_int_equal(keel_row_int(row, 0), expected[i]);
    }
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_singular),
        cmocka_unit_test(test_plain_names),
        cmocka_unit_test(test_key_of_the_same_name),
        cmocka_unit_test(test_self_and_versions),
        cmocka_unit_test(test_people_and_parts_of_names),
        cmocka_unit_test(test_no_references),
        cmocka_unit_test(test_orphan_condition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
