#include "base/embedded.h"
#include "migrate/steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- sets of files in memory ------------------------------------------------------------------
 */

#define MAX_FILES 6

struct text_file {
    const char *name, *text;
};

static int load(struct keel_migrations **set, const struct text_file *files, struct keel_error *err)
{
    struct keel_embedded_file embedded[MAX_FILES];
    size_t n = 0;
    for (; n < MAX_FILES && files[n].name; n++)
        embedded[n] =
            (struct keel_embedded_file){files[n].name, files[n].text, strlen(files[n].text)};
    return keel_migrations_embedded(set, embedded, n, "x", err);
}

/* What a set is read as: its layout, and per migration "version name up[ down]" with parts as
 * "LINE{...}" and "!" where they are no transaction; or the error. */
struct set_case {
    const char *name;
    struct text_file files[MAX_FILES];
    enum keel_migration_layout layout;
    const char *migrations[4];
    const char *error;
};

static const struct set_case set_cases[] = {
    {"nothing", {{0}}, KEEL_LAYOUT_AUTO, {NULL}, NULL},
    {"pairs",
     {{"0002_b.up.sql", "B;"}, {"0001_a.down.sql", "C;"}, {"0001_a.up.sql", "A;"}},
     KEEL_LAYOUT_PAIRS,
     {"1 0001 a up 1{A;} down 1{C;}", "2 0002 b up 1{B;}"},
     NULL},
    {"pairs without transaction",
     {{"1_a.up.sql", "-- hello\n\n-- transaction:false\nA;"},
      {"1_a.down.sql", "--transaction: false\nB;"}},
     KEEL_LAYOUT_PAIRS,
     {"1 1 a up 1!{-- hello\n\n-- transaction:false\nA;} down 1!{--transaction: false\nB;}"},
     NULL},
    {"the directive counts at the top only",
     {{"1_a.up.sql", "A;\n-- transaction:false\n"}, {"2_b.up.sql", "-- transaction: not one\nB;"}},
     KEEL_LAYOUT_PAIRS,
     {"1 1 a up 1{A;\n-- transaction:false\n}", "2 2 b up 1{-- transaction: not one\nB;}"},
     NULL},
    {"a directive that makes no sense",
     {{"1_a.up.sql", "\n-- transaction:flase\nA;"}},
     0,
     {NULL},
     "x/1_a.up.sql:2: transaction: takes true or false"},
    {"golang-migrate with timestamps and titles that differ",
     {{"20240101120000_make.up.sql", "A"}, {"20240101120000_drop.down.sql", "B"}},
     KEEL_LAYOUT_PAIRS,
     {"20240101120000 20240101120000 make up 1{A} down 1{B}"},
     NULL},
    {"byte order mark",
     {{"1_a.up.sql", "\xef\xbb\xbf"
                     "A;"}},
     KEEL_LAYOUT_PAIRS,
     {"1 1 a up 1{A;}"},
     NULL},
    {"plain",
     {{"003_c.sql", "C"}, {"1.sql", ""}, {"02-b.sql", "B"}},
     KEEL_LAYOUT_PLAIN,
     {"1 1  up 1{}", "2 02 b up 1{B}", "3 003 c up 1{C}"},
     NULL},
    {"dbmate",
     {{"20240101_a.sql", "-- a comment\n\n-- migrate:up\nA;\n-- migrate:down\nB;\n"}},
     KEEL_LAYOUT_DBMATE,
     {"20240101 20240101 a up 3{-- migrate:up\nA;\n} down 5{-- migrate:down\nB;\n}"},
     NULL},
    {"dbmate, several pairs: undone in reverse, each with its own options",
     {{"1_a.sql", "--migrate:up\nA;\n-- migrate:down\nB;\n--  migrate:up transaction:false\nC;\n"
                  "-- migrate:down  transaction:true  \nD;\n"}},
     KEEL_LAYOUT_DBMATE,
     {"1 1 a up 1{--migrate:up\nA;\n} up 5!{--  migrate:up transaction:false\nC;\n} "
      "down 7{-- migrate:down  transaction:true  \nD;\n} down 3{-- migrate:down\nB;\n}"},
     NULL},
    {"dbmate with CRLF",
     {{"1_a.sql", "-- migrate:up transaction:false\r\nA;\r\n-- migrate:down\r\nB;"}},
     KEEL_LAYOUT_DBMATE,
     {"1 1 a up 1!{-- migrate:up transaction:false\r\nA;\r\n} down 3{-- migrate:down\r\nB;}"},
     NULL},
    {"dbmate without down",
     {{"1_a.sql", "-- migrate:up\nA"}},
     KEEL_LAYOUT_DBMATE,
     {"1 1 a up 1{-- migrate:up\nA}"},
     NULL},
    {"dbmate, SQL too early",
     {{"1_a.sql", "-- hm\nSELECT 1;\n-- migrate:up\nA"}},
     0,
     {NULL},
     "x/1_a.sql:2: SQL before the first '-- migrate:up'"},
    {"dbmate, down first",
     {{"1_a.sql", "-- migrate:down\nA\n-- migrate:up\n"}},
     0,
     {NULL},
     "x/1_a.sql:1: '-- migrate:down' before"},
    {"dbmate, unknown option",
     {{"1_a.sql", "-- migrate:up transacton:false\nA\n"}},
     0,
     {NULL},
     "x/1_a.sql:1: unknown option 'transacton:false'"},
    {"goose",
     {{"00001_a.sql", "-- +goose Up\n-- +goose StatementBegin\nA;\n-- +goose StatementEnd\n"
                      "-- +goose Down\nB;\n"}},
     KEEL_LAYOUT_GOOSE,
     {"1 00001 a up 1{-- +goose Up\n-- +goose StatementBegin\nA;\n-- +goose StatementEnd\n} "
      "down 5{-- +goose Down\nB;\n}"},
     NULL},
    {"goose without transaction",
     {{"1_a.sql", "-- +goose NO TRANSACTION\n-- +goose Up\nA;\n-- +goose Down\nB;"}},
     KEEL_LAYOUT_GOOSE,
     {"1 1 a up 2!{-- +goose Up\nA;\n} down 4!{-- +goose Down\nB;}"},
     NULL},
    {"goose, unclosed block",
     {{"1_a.sql", "-- +goose Up\n-- +goose StatementBegin\nA;\n"}},
     0,
     {NULL},
     "x/1_a.sql:2: '-- +goose StatementBegin' has no"},
    {"goose, block closed by Down",
     {{"1_a.sql", "-- +goose Up\n-- +goose StatementBegin\nA;\n-- +goose Down\n"}},
     0,
     {NULL},
     "x/1_a.sql:4: '-- +goose StatementBegin' above"},
    {"goose, end without begin",
     {{"1_a.sql", "-- +goose Up\n-- +goose StatementEnd\n"}},
     0,
     {NULL},
     "x/1_a.sql:2: '-- +goose StatementEnd' without"},
    {"goose, twice up",
     {{"1_a.sql", "-- +goose Up\nA;\n-- +goose Up\n"}},
     0,
     {NULL},
     "x/1_a.sql:3: '-- +goose Up' for the second time"},
    {"goose, environment",
     {{"1_a.sql", "-- +goose ENVSUB ON\n-- +goose Up\nA;\n"}},
     0,
     {NULL},
     "x/1_a.sql:1: '-- +goose ENVSUB ON' is not supported"},
    {"goose, unknown annotation",
     {{"1_a.sql", "-- +goose Upp\nA;\n"}},
     0,
     {NULL},
     "x/1_a.sql:1: unknown goose annotation"},
    {"mixed layouts",
     {{"1_a.up.sql", "A"}, {"2_b.sql", "B"}},
     0,
     {NULL},
     "x/1_a.up.sql is laid out as pairs and x/2_b.sql as plain"},
    {"one version twice",
     {{"1_a.sql", "A"}, {"01_b.sql", "B"}},
     0,
     {NULL},
     "x/01_b.sql and x/1_a.sql have the same version"},
    {"two ups",
     {{"1_a.up.sql", "A"}, {"1_b.up.sql", "B"}},
     0,
     {NULL},
     "x/1_a.up.sql and x/1_b.up.sql have the same version"},
    {"two downs",
     {{"1_a.up.sql", "A"}, {"1_a.down.sql", "B"}, {"1_b.down.sql", "B"}},
     0,
     {NULL},
     "x/1_b.down.sql: there is no .up.sql"},
    {"down alone", {{"1_a.down.sql", "A"}}, 0, {NULL}, "x/1_a.down.sql: there is no .up.sql"},
    {"number too large",
     {{"9223372036854775808_a.sql", "A"}},
     0,
     {NULL},
     "x/9223372036854775808_a.sql: the number in its name is too large"},
    {"number without end", {{"3D.sql", "A"}}, 0, {NULL}, "x/3D.sql: the number in its name must"},
};

static void describe_parts(const struct keel__sections *parts, const char *word, char *out,
                           size_t size)
{
    for (size_t i = 0; i < parts->count; i++) {
        size_t n = strlen(out);
        const struct keel__section *part = &parts->items[i];
        snprintf(out + n, size - n, " %s %zu%s{%.*s}", word, part->line,
                 part->transaction ? "" : "!", (int)part->sql.size, part->sql.data);
    }
}

static void compare_set(const struct set_case *c, const struct keel_migrations *set)
{
    if (keel_migrations_layout(set) != c->layout)
        fail_msg("%s: layout %d", c->name, (int)keel_migrations_layout(set));
    for (size_t i = 0; i < 4 && c->migrations[i]; i++) {
        char got[1024];
        if (i >= keel_migrations_count(set))
            fail_msg("%s: migration %zu is missing", c->name, i);
        const struct keel__migration *m = &set->items[i];
        snprintf(got, sizeof got, "%lld %s %s", (long long)m->pub.version, m->pub.version_text,
                 m->pub.name);
        describe_parts(&m->up, "up", got, sizeof got);
        describe_parts(&m->down, "down", got, sizeof got);
        if (strcmp(got, c->migrations[i]) != 0)
            fail_msg("%s: got {%s}, want {%s}", c->name, got, c->migrations[i]);
        assert_int_equal(m->pub.down_file != NULL, m->down.count > 0);
    }
}

static void reads_every_layout(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof set_cases / sizeof *set_cases; i++) {
        const struct set_case *c = &set_cases[i];
        struct keel_migrations *set = NULL;
        struct keel_error err = {0};
        int rc = load(&set, c->files, &err);
        if (!c->error && rc)
            fail_msg("%s: %s", c->name, err.message);
        if (c->error && (rc != KEEL_INVALID || !strstr(err.message, c->error)))
            fail_msg("%s: code %d: %s; want %s", c->name, rc, err.message, c->error);
        if (!rc)
            compare_set(c, set);
        keel_migrations_free(set);
    }
}

/* ---- checksums --------------------------------------------------------------------------------
 */

static const char *const up_text = "CREATE TABLE a (\n  b text DEFAULT ' x'\n);\n\nSELECT 1;\n";

static const struct {
    const char *what, *text;
    bool same;
} checksum_cases[] = {
    {"itself", "CREATE TABLE a (\n  b text DEFAULT ' x'\n);\n\nSELECT 1;\n", true},
    {"CRLF", "CREATE TABLE a (\r\n  b text DEFAULT ' x'\r\n);\r\n\r\nSELECT 1;\r\n", true},
    {"trailing blanks", "CREATE TABLE a (  \n  b text DEFAULT ' x'\t\n);\n  \nSELECT 1; \n", true},
    {"no last line end", "CREATE TABLE a (\n  b text DEFAULT ' x'\n);\n\nSELECT 1;", true},
    {"blank lines at the end", "CREATE TABLE a (\n  b text DEFAULT ' x'\n);\n\nSELECT 1;\n\n \n\n",
     true},
    {"byte order mark",
     "\xef\xbb\xbf"
     "CREATE TABLE a (\n  b text DEFAULT ' x'\n);\n\nSELECT 1;\n",
     true},
    {"leading blanks", "CREATE TABLE a (\n b text DEFAULT ' x'\n);\n\nSELECT 1;\n", false},
    {"blanks in a line", "CREATE TABLE a (\n  b text DEFAULT '  x'\n);\n\nSELECT 1;\n", false},
    {"a blank line less", "CREATE TABLE a (\n  b text DEFAULT ' x'\n);\nSELECT 1;\n", false},
    {"a comment", "CREATE TABLE a (\n  b text DEFAULT ' x'\n);\n\nSELECT 1; -- one\n", false},
    {"case", "create TABLE a (\n  b text DEFAULT ' x'\n);\n\nSELECT 1;\n", false},
};

static void checksums_ignore_what_editors_change(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof checksum_cases / sizeof *checksum_cases; i++) {
        struct keel_migrations *a = NULL, *b = NULL;
        struct text_file left[MAX_FILES] = {{"1_a.up.sql", up_text}};
        struct text_file right[MAX_FILES] = {{"1_a.up.sql", checksum_cases[i].text}};
        assert_int_equal(load(&a, left, NULL), 0);
        assert_int_equal(load(&b, right, NULL), 0);
        bool same = memcmp(&keel_migrations_get(a, 0)->checksum,
                           &keel_migrations_get(b, 0)->checksum, sizeof(struct keel_hash)) == 0;
        if (same != checksum_cases[i].same)
            fail_msg("%s: %s", checksum_cases[i].what, same ? "same" : "other");
        keel_migrations_free(a);
        keel_migrations_free(b);
    }
}

/* The parts of one file have checksums of their own. */
static void parts_have_their_own_checksum(void **state)
{
    struct keel_migrations *a = NULL, *b = NULL;
    struct text_file before[MAX_FILES] = {{"1_a.sql", "-- migrate:up\nA;\n-- migrate:down\nB;\n"}};
    struct text_file after[MAX_FILES] = {{"1_a.sql", "-- migrate:up\nA;\n-- migrate:down\nC;\n"}};
    (void)state;
    assert_int_equal(load(&a, before, NULL), 0);
    assert_int_equal(load(&b, after, NULL), 0);
    const struct keel_migration *x = keel_migrations_get(a, 0), *y = keel_migrations_get(b, 0);
    assert_memory_equal(&x->checksum, &y->checksum, sizeof x->checksum);
    assert_memory_not_equal(&x->down_checksum, &y->down_checksum, sizeof x->checksum);
    keel_migrations_free(a);
    keel_migrations_free(b);
}

/* ---- steps ------------------------------------------------------------------------------------
 */

#define BOTH 0
#define LITE KEEL_SQLITE
#define PG KEEL_POSTGRES

/* "[...]" is a step in a transaction, "<...>" one by itself, "F" before it: foreign keys off. */
static const struct {
    const char *name;
    enum keel_dialect dialect;
    const char *up; /* the text of a plain file */
    const char *steps, *error;
} step_cases[] = {
    {"nothing", BOTH, "-- nothing\n", "[]", NULL},
    {"one transaction", BOTH, "A; B\n;", "[A;B]", NULL},
    {"BEGIN and COMMIT around all", BOTH, "BEGIN;\nA; B;\nCOMMIT;", "[A;B]", NULL},
    {"START TRANSACTION and END", PG, "START TRANSACTION; A; END TRANSACTION;", "[A]", NULL},
    {"BEGIN IMMEDIATE", LITE, "begin immediate transaction; A; end;", "[A]", NULL},
    {"savepoints", BOTH, "SAVEPOINT a; A; ROLLBACK TO a; RELEASE a;",
     "[SAVEPOINT a;A;ROLLBACK TO a;RELEASE a]", NULL},
    {"COMMIT in the middle", BOTH, "A;\nCOMMIT;\nB;", NULL,
     "x/1_a.sql:2: COMMIT would break the transaction"},
    {"BEGIN in the middle", BOTH, "A;\n\nBEGIN;\nB;\nCOMMIT;", NULL,
     "x/1_a.sql:3: BEGIN would break"},
    {"two transactions", BOTH, "BEGIN; A; COMMIT;\nBEGIN; B; COMMIT;", NULL,
     "x/1_a.sql:1: COMMIT would break"},
    {"ROLLBACK", BOTH, "A;\nROLLBACK;", NULL, "x/1_a.sql:2: ROLLBACK would break"},
    {"BEGIN with modes", PG, "BEGIN ISOLATION LEVEL SERIALIZABLE; A; COMMIT;", NULL,
     "x/1_a.sql:1: BEGIN ISOLATION LEVEL SERIALIZABLE would break"},
    {"COMMIT AND CHAIN", PG, "BEGIN; A; COMMIT AND CHAIN;", NULL, "x/1_a.sql:1: BEGIN would break"},
    {"PREPARE TRANSACTION", PG, "A; PREPARE TRANSACTION 'x'", NULL,
     "PREPARE TRANSACTION 'x' would"},
    {"DISCARD", PG, "A; DISCARD ALL", NULL, "would take away what keel keeps"},
    {"PREPARE is no PREPARE TRANSACTION", PG, "PREPARE p AS SELECT 1", "[PREPARE p AS SELECT 1]",
     NULL},
    {"a table is dropped", LITE, "CREATE TABLE b(x); DROP TABLE a",
     "F[CREATE TABLE b(x);DROP TABLE a]", NULL},
    {"a table is renamed", LITE, "ALTER TABLE \"a b\" RENAME TO c",
     "F[ALTER TABLE \"a b\" RENAME TO c]", NULL},
    {"a table is renamed with its schema", LITE, "ALTER TABLE main.a RENAME TO c",
     "F[ALTER TABLE main.a RENAME TO c]", NULL},
    {"a column is renamed", LITE, "ALTER TABLE a RENAME COLUMN b TO c",
     "[ALTER TABLE a RENAME COLUMN b TO c]", NULL},
    {"foreign keys are switched", LITE, "PRAGMA foreign_keys=OFF; A",
     "F[PRAGMA foreign_keys=OFF;A]", NULL},
    {"an index is dropped", LITE, "DROP INDEX a", "[DROP INDEX a]", NULL},
    {"PostgreSQL drops tables as it likes", PG, "DROP TABLE a", "[DROP TABLE a]", NULL},
    {"singles", BOTH, "-- transaction:false\nA; B;", "<A><B>", NULL},
    {"singles and groups", BOTH, "-- transaction:false\nA; BEGIN; B; C; COMMIT; D;", "<A>[B;C]<D>",
     NULL},
    {"an empty group", BOTH, "-- transaction:false\nBEGIN; COMMIT; A", "<A>", NULL},
    {"no group ends", BOTH, "-- transaction:false\nA;\nBEGIN;\nB;", NULL,
     "x/1_a.sql:3: BEGIN: the transaction that"},
    {"no group begins", BOTH, "-- transaction:false\nA;\nCOMMIT;", NULL,
     "x/1_a.sql:3: COMMIT: there is no BEGIN"},
    {"a group in a group", BOTH, "-- transaction:false\nBEGIN; A; BEGIN; B; COMMIT", NULL,
     "BEGIN would break"},
    {"a group rolled back", BOTH, "-- transaction:false\nBEGIN; A; ROLLBACK", NULL,
     "ROLLBACK would break"},
    {"savepoint alone", BOTH, "-- transaction:false\nSAVEPOINT a", NULL,
     "SAVEPOINT a: has no transaction"},
    {"rebuild in a group", LITE,
     "-- transaction:false\nPRAGMA foreign_keys=OFF; BEGIN; DROP TABLE a; COMMIT; PRAGMA "
     "foreign_keys=ON",
     "<PRAGMA foreign_keys=OFF>F[DROP TABLE a]<PRAGMA foreign_keys=ON>", NULL},
    {"what cannot be split", PG, "A;\nCOPY a FROM stdin;\n1\n\\.\n", NULL,
     "x/1_a.sql:2: COPY from stdin"},
    {"what is never closed", BOTH, "A;\n'b", NULL, "x/1_a.sql:2: the string"},
};

static void describe_steps(const struct keel__steps *steps, char *out, size_t size)
{
    out[0] = 0;
    for (size_t k = 0; k < steps->count; k++) {
        const struct keel_migration_step *step = &steps->items[k];
        size_t n = strlen(out);
        snprintf(out + n, size - n, "%s%s", step->foreign_keys_off ? "F" : "",
                 step->transaction ? "[" : "<");
        for (size_t i = 0; i < step->count; i++) {
            n = strlen(out);
            snprintf(out + n, size - n, "%s%.*s", i ? ";" : "", (int)step->statements[i].sql.size,
                     step->statements[i].sql.data);
        }
        n = strlen(out);
        snprintf(out + n, size - n, "%s", step->transaction ? "]" : ">");
    }
}

static void build_steps(size_t i, enum keel_dialect dialect)
{
    struct text_file files[MAX_FILES] = {{"1_a.sql", step_cases[i].up}};
    struct keel_migrations *set = NULL;
    struct keel_error err = {0};
    struct keel__steps steps;
    char got[512];
    assert_int_equal(load(&set, files, &err), 0);
    int rc = keel__steps_build(&steps, &set->arena, &set->items[0].up, dialect, set->layout, &err);
    if (step_cases[i].error) {
        if (rc != KEEL_INVALID || !strstr(err.message, step_cases[i].error))
            fail_msg("%s: code %d: %s; want %s", step_cases[i].name, rc, err.message,
                     step_cases[i].error);
    } else {
        if (rc)
            fail_msg("%s: %s", step_cases[i].name, err.message);
        describe_steps(&steps, got, sizeof got);
        if (strcmp(got, step_cases[i].steps) != 0)
            fail_msg("%s: got %s, want %s", step_cases[i].name, got, step_cases[i].steps);
    }
    keel_migrations_free(set);
}

static void decides_what_is_done_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof step_cases / sizeof *step_cases; i++) {
        if (step_cases[i].dialect != PG)
            build_steps(i, KEEL_SQLITE);
        if (step_cases[i].dialect != LITE)
            build_steps(i, KEEL_POSTGRES);
    }
}

/* A step's digest covers it and all before it, and nothing behind it. */
static void digests_cover_the_steps_so_far(void **state)
{
    static const char *const texts[] = {"-- transaction:false\nA; B; C;",
                                        "-- transaction:false\nA ;\r\n\r\nB; D; E;",
                                        "-- transaction:false\nX; B; C;"};
    struct keel_hash digests[3][3];
    (void)state;
    for (size_t t = 0; t < 3; t++) {
        struct text_file files[MAX_FILES] = {{"1_a.sql", texts[t]}};
        struct keel_migrations *set = NULL;
        struct keel__steps steps;
        assert_int_equal(load(&set, files, NULL), 0);
        assert_int_equal(keel__steps_build(&steps, &set->arena, &set->items[0].up, KEEL_SQLITE,
                                           set->layout, NULL),
                         0);
        for (size_t k = 0; k < 3; k++)
            digests[t][k] = steps.items[k].digest;
        keel_migrations_free(set);
    }
    const size_t size = sizeof(struct keel_hash);
    assert_memory_equal(&digests[0][0], &digests[1][0], size);
    assert_memory_equal(&digests[0][1], &digests[1][1], size);
    assert_memory_not_equal(&digests[0][2], &digests[1][2], size);
    for (size_t k = 0; k < 3; k++)
        assert_memory_not_equal(&digests[0][k], &digests[2][k], size);
}

/* ---- folders ----------------------------------------------------------------------------------
 */

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/keel-test-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void put(const char *name, const char *text, size_t size)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    fclose(file);
}

static void reads_what_is_numbered(void **state)
{
    struct keel_migrations *set = NULL;
    char sub[160];
    (void)state;
    put("README.md", "x", 1);
    put("schema.sql", "x", 1);
    put("0002_b.sql.orig", "x", 1);
    put(".0003_c.sql", "x", 1);
    put("0001_a.sql", "A", 1);
    put("0001_test.go", "x", 1);
    snprintf(sub, sizeof sub, "%s/0004_d.sql", folder);
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_int_equal(keel_migrations_open(&set, folder, KEEL_LAYOUT_AUTO, NULL), 0);
    assert_int_equal(keel_migrations_count(set), 1);
    snprintf(sub, sizeof sub, "%s/0001_a.sql", folder);
    assert_string_equal(keel_migrations_get(set, 0)->up_file, sub);
    keel_migrations_free(set);
}

static void refuses_what_it_cannot_read(void **state)
{
    struct keel_migrations *set = NULL;
    struct keel_error err = {0};
    (void)state;
    assert_int_equal(keel_migrations_open(&set, "/nowhere/at/all", KEEL_LAYOUT_AUTO, &err),
                     KEEL_NOTFOUND);
    assert_non_null(strstr(err.message, "/nowhere/at/all"));
    put("1_a.sql", "A;\n\0B", 5);
    assert_int_equal(keel_migrations_open(&set, folder, KEEL_LAYOUT_AUTO, &err), KEEL_INVALID);
    assert_non_null(strstr(err.message, "1_a.sql:2: a NUL byte"));
    put("1_a.sql", "-- +goose Up\n", 13);
    put("2_b.go", "package x", 9);
    assert_int_equal(keel_migrations_open(&set, folder, KEEL_LAYOUT_AUTO, &err), KEEL_UNSUPPORTED);
    assert_non_null(strstr(err.message, "2_b.go"));
    assert_int_equal(keel_migrations_open(&set, folder, KEEL_LAYOUT_PAIRS, &err), KEEL_INVALID);
    assert_non_null(strstr(err.message, "1_a.sql: does not end in .up.sql"));
    assert_int_equal(keel_migrations_open(&set, folder, KEEL_LAYOUT_DBMATE, &err), KEEL_INVALID);
    assert_non_null(strstr(err.message, "1_a.sql: has no line '-- migrate:up'"));
    put("1_a.up.sql", "A", 1);
    assert_int_equal(keel_migrations_open(&set, folder, KEEL_LAYOUT_PLAIN, &err), KEEL_INVALID);
    assert_null(set);
}

static void ends_in(const char *path, const char *ending)
{
    size_t n = strlen(path), e = strlen(ending);
    if (n < e || strcmp(path + n - e, ending) != 0)
        fail_msg("%s does not end in %s", path, ending);
}

static void creates_the_next_one(void **state)
{
    struct keel_migration_created made;
    struct keel_error err = {0};
    (void)state;
    assert_int_equal(keel_migration_create(&made, folder, "Add Users!", 0, false, &err), 0);
    ends_in(made.up, "/0001_add_users.up.sql");
    ends_in(made.down, "/0001_add_users.down.sql");
    assert_int_equal(keel_migration_create(&made, folder, "more", 0, false, &err), 0);
    ends_in(made.up, "/0002_more.up.sql");
    assert_int_equal(access(made.down, R_OK), 0);
    assert_int_equal(keel_migration_create(&made, folder, "--", 0, false, &err), KEEL_INVALID);
    assert_int_equal(keel_migration_create(&made, folder, "when", 0, true, &err), 0);
    assert_int_equal(strlen(strrchr(made.up, '/')), strlen("/20260101000000_when.up.sql"));
    char first[sizeof made.up];
    strcpy(first, made.up);
    /* The folder has timestamps now; the next is later even within the same second. */
    assert_int_equal(keel_migration_create(&made, folder, "when", 0, false, &err), 0);
    assert_true(strcmp(first, made.up) < 0);
    assert_int_equal(strlen(first), strlen(made.up));
}

static void creates_in_the_layout_of_the_folder(void **state)
{
    static const struct {
        enum keel_migration_layout layout;
        const char *first, *next;
    } layouts[] = {{KEEL_LAYOUT_DBMATE, "-- migrate:up\n", "-- migrate:down"},
                   {KEEL_LAYOUT_GOOSE, "-- +goose Up\n", "-- +goose Down"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct keel_migration_created made;
        char text[256] = "";
        put("007_a.sql", layouts[i].first, strlen(layouts[i].first));
        assert_int_equal(keel_migration_create(&made, folder, "b", 0, false, NULL), 0);
        ends_in(made.up, "/008_b.sql");
        assert_string_equal(made.down, "");
        FILE *file = fopen(made.up, "r");
        assert_non_null(file);
        assert_true(fread(text, 1, sizeof text - 1, file) > 0);
        fclose(file);
        assert_non_null(strstr(text, layouts[i].next));
        assert_int_equal(unlink(made.up), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_layout),
        cmocka_unit_test(checksums_ignore_what_editors_change),
        cmocka_unit_test(parts_have_their_own_checksum),
        cmocka_unit_test(decides_what_is_done_at_once),
        cmocka_unit_test(digests_cover_the_steps_so_far),
        cmocka_unit_test_setup_teardown(reads_what_is_numbered, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refuses_what_it_cannot_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(creates_the_next_one, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(creates_in_the_layout_of_the_folder, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
