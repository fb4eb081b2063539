#include "schema/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What a text splits into: statements, then the error if there is one ("LINE: part of the
 * message"). */
struct split_case {
    const char *name;
    enum keel_dialect dialect;
    const char *sql;
    const char *statements[8]; /* "LINE: text" */
    const char *error;
};

#define BOTH 0
#define LITE KEEL_SQLITE
#define PG KEEL_POSTGRES

static const struct split_case cases[] = {
    /* ---- both */
    {"nothing", BOTH, "", {NULL}, NULL},
    {"blank", BOTH, " \n\t\r\n", {NULL}, NULL},
    {"only comments", BOTH, "-- a;b\n/* c;d */\n--", {NULL}, NULL},
    {"only semicolons", BOTH, ";;\n;", {NULL}, NULL},
    {"one", BOTH, "SELECT 1;", {"1: SELECT 1"}, NULL},
    {"no last semicolon", BOTH, "SELECT 1;\nSELECT 2", {"1: SELECT 1", "2: SELECT 2"}, NULL},
    {"blank before semicolon", BOTH, "SELECT 1 \n ;", {"1: SELECT 1"}, NULL},
    {"comments around",
     BOTH,
     "-- x\n\nSELECT 1 -- y;\n; -- z\n/* q */ SELECT 2; -- end",
     {"3: SELECT 1", "5: SELECT 2"},
     NULL},
    {"comment inside is kept",
     BOTH,
     "SELECT /* ; */ 1, -- ;\n 2;",
     {"1: SELECT /* ; */ 1, -- ;\n 2"},
     NULL},
    {"CRLF", BOTH, "SELECT 1;\r\n\r\nSELECT 2;\r\n", {"1: SELECT 1", "3: SELECT 2"}, NULL},
    {"string", BOTH, "SELECT 'a;b';SELECT 2", {"1: SELECT 'a;b'", "1: SELECT 2"}, NULL},
    {"doubled quote",
     BOTH,
     "SELECT 'it''s; ok'; SELECT 2",
     {"1: SELECT 'it''s; ok'", "1: SELECT 2"},
     NULL},
    {"no comment in a string",
     BOTH,
     "SELECT '--', '/*'; SELECT 2",
     {"1: SELECT '--', '/*'", "1: SELECT 2"},
     NULL},
    {"no string in a comment",
     BOTH,
     "SELECT 1 -- it's\n; SELECT 2 /* don't */;",
     {"1: SELECT 1", "2: SELECT 2"},
     NULL},
    {"string over lines",
     BOTH,
     "SELECT 'a\nb';\nSELECT 2",
     {"1: SELECT 'a\nb'", "3: SELECT 2"},
     NULL},
    {"quoted name",
     BOTH,
     "SELECT \"a;\"\"b\"; SELECT 2",
     {"1: SELECT \"a;\"\"b\"", "1: SELECT 2"},
     NULL},
    {"backslash in a plain string",
     BOTH,
     "SELECT 'a\\'; SELECT 2",
     {"1: SELECT 'a\\'", "1: SELECT 2"},
     NULL},
    {"blob",
     BOTH,
     "SELECT x'3b', X'00'; SELECT 2",
     {"1: SELECT x'3b', X'00'", "1: SELECT 2"},
     NULL},
    {"minus is no comment",
     BOTH,
     "SELECT 1 - - 1; SELECT 2",
     {"1: SELECT 1 - - 1", "1: SELECT 2"},
     NULL},
    {"division is no comment",
     BOTH,
     "SELECT 4 / 2 * 1; SELECT 2",
     {"1: SELECT 4 / 2 * 1", "1: SELECT 2"},
     NULL},
    {"CASE END",
     BOTH,
     "SELECT CASE WHEN 1 THEN 2 END; SELECT 3",
     {"1: SELECT CASE WHEN 1 THEN 2 END", "1: SELECT 3"},
     NULL},
    {"UTF-8",
     BOTH,
     "CREATE TABLE größe (\xf0\x9f\x98\x80 int); SELECT 'ü;'",
     {"1: CREATE TABLE größe (\xf0\x9f\x98\x80 int)", "1: SELECT 'ü;'"},
     NULL},
    {"BEGIN and END are statements",
     BOTH,
     "BEGIN; SELECT 1; END;",
     {"1: BEGIN", "1: SELECT 1", "1: END"},
     NULL},
    {"unterminated string",
     BOTH,
     "SELECT 1;\nSELECT 'a;\nb;\n",
     {"1: SELECT 1"},
     "2: string that begins here"},
    {"unterminated name", BOTH, "\n\nSELECT\n \"a;", {NULL}, "4: quoted name"},
    {"unterminated comment", BOTH, "SELECT 1;\n\n/* a\nb;", {"1: SELECT 1"}, "3: comment"},
    {"lone star slash", BOTH, "SELECT 2 */ 3; SELECT 4", {"1: SELECT 2 */ 3", "1: SELECT 4"}, NULL},

    /* ---- SQLite */
    {"brackets",
     LITE,
     "SELECT [a;b'] FROM [c]; SELECT 2",
     {"1: SELECT [a;b'] FROM [c]", "1: SELECT 2"},
     NULL},
    {"backticks", LITE, "SELECT `a;``b`; SELECT 2", {"1: SELECT `a;``b`", "1: SELECT 2"}, NULL},
    {"unterminated bracket", LITE, "SELECT\n[a;\nb", {NULL}, "2: quoted name"},
    {"unterminated backtick", LITE, "SELECT `a;\nb", {NULL}, "1: quoted name"},
    {"comments do not nest", LITE, "/* /* */ SELECT 1; /* a */", {"1: SELECT 1"}, NULL},
    {"dollar is no quote", LITE, "SELECT $a$; SELECT 2", {"1: SELECT $a$", "1: SELECT 2"}, NULL},
    {"E is no prefix", LITE, "SELECT E'a\\'; SELECT 2", {"1: SELECT E'a\\'", "1: SELECT 2"}, NULL},
    {"parameters",
     LITE,
     "SELECT ?1, :a, @b, $c; SELECT 2",
     {"1: SELECT ?1, :a, @b, $c", "1: SELECT 2"},
     NULL},
    {"trigger",
     LITE,
     "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n UPDATE b SET x = 1;\n DELETE FROM "
     "c;\nEND;\nSELECT 1;",
     {"1: CREATE TRIGGER t AFTER INSERT ON a BEGIN\n UPDATE b SET x = 1;\n DELETE FROM c;\nEND",
      "5: SELECT 1"},
     NULL},
    {"trigger with CASE",
     LITE,
     "CREATE TEMP TRIGGER IF NOT EXISTS t UPDATE OF x ON a WHEN CASE WHEN 1 THEN 1 END\n"
     "BEGIN SELECT CASE WHEN new.x THEN CASE 1 WHEN 2 THEN 3 END ELSE 4 END; END; SELECT 1",
     {"1: CREATE TEMP TRIGGER IF NOT EXISTS t UPDATE OF x ON a WHEN CASE WHEN 1 THEN 1 END\n"
      "BEGIN SELECT CASE WHEN new.x THEN CASE 1 WHEN 2 THEN 3 END ELSE 4 END; END",
      "2: SELECT 1"},
     NULL},
    {"trigger with a column named end",
     LITE,
     "create temporary trigger t after insert on a begin update b set end = 1; select 2; end; "
     "SELECT 1",
     {"1: create temporary trigger t after insert on a begin update b set end = 1; select 2; end",
      "1: SELECT 1"},
     NULL},
    {"trigger, comment before END",
     LITE,
     "CREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT 1; /* ; */ -- END;\n END ; SELECT 1",
     {"1: CREATE TRIGGER t AFTER DELETE ON a BEGIN SELECT 1; /* ; */ -- END;\n END", "2: SELECT 1"},
     NULL},
    {"trigger without last semicolon",
     LITE,
     "CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; END",
     {"1: CREATE TRIGGER t INSERT ON a BEGIN SELECT 1; END"},
     NULL},
    {"trigger with a semicolon in a string",
     LITE,
     "CREATE TRIGGER t INSERT ON a BEGIN SELECT raise(ABORT, '; END;'); END; SELECT 1",
     {"1: CREATE TRIGGER t INSERT ON a BEGIN SELECT raise(ABORT, '; END;'); END", "1: SELECT 1"},
     NULL},
    {"trigger that never ends",
     LITE,
     "SELECT 1;\n\nCREATE TRIGGER t INSERT ON a BEGIN\n SELECT 1;\n",
     {"1: SELECT 1"},
     "3: body of the trigger"},
    {"a table named trigger",
     LITE,
     "CREATE TABLE trigger_x(a); DROP TRIGGER t; SELECT 1",
     {"1: CREATE TABLE trigger_x(a)", "1: DROP TRIGGER t", "1: SELECT 1"},
     NULL},
    {"open parenthesis",
     LITE,
     "CREATE TABLE a (b; SELECT 1",
     {"1: CREATE TABLE a (b", "1: SELECT 1"},
     NULL},
    {"shell command", LITE, "SELECT 1;\n.mode csv\n", {"1: SELECT 1"}, "2: sqlite3 shell"},
    {"no COPY in SQLite",
     LITE,
     "COPY a FROM stdin; SELECT 1",
     {"1: COPY a FROM stdin", "1: SELECT 1"},
     NULL},
    {"backslash in SQLite", LITE, "SELECT \\d; SELECT 1", {"1: SELECT \\d", "1: SELECT 1"}, NULL},

    /* ---- PostgreSQL */
    {"comments nest", PG, "/* /* ; */ ; */ SELECT 1; /* a */", {"1: SELECT 1"}, NULL},
    {"unterminated nested comment", PG, "SELECT 1;\n/* /* */\n", {"1: SELECT 1"}, "2: comment"},
    {"E string",
     PG,
     "SELECT E'a\\';b', e'\\\\'; SELECT 2",
     {"1: SELECT E'a\\';b', e'\\\\'", "1: SELECT 2"},
     NULL},
    {"E string goes on",
     PG,
     "SELECT E'a' -- c'\n 'b\\';'; SELECT 2",
     {"1: SELECT E'a' -- c'\n 'b\\';'", "2: SELECT 2"},
     NULL},
    {"E string does not go on in its line",
     PG,
     "SELECT E'a' 'b\\'; SELECT 2",
     {"1: SELECT E'a' 'b\\'", "1: SELECT 2"},
     NULL},
    {"name before a string",
     PG,
     "SELECT date'2024-01-01', typE'a\\'; SELECT 2",
     {"1: SELECT date'2024-01-01', typE'a\\'", "1: SELECT 2"},
     NULL},
    {"U& string and name",
     PG,
     "SELECT U&'a\\003b', U&\"b;\" UESCAPE '!'; SELECT 2",
     {"1: SELECT U&'a\\003b', U&\"b;\" UESCAPE '!'", "1: SELECT 2"},
     NULL},
    {"U & name is an operator",
     PG,
     "SELECT u & x; SELECT 2",
     {"1: SELECT u & x", "1: SELECT 2"},
     NULL},
    {"bit and national strings",
     PG,
     "SELECT B'1', N'a;'; SELECT 2",
     {"1: SELECT B'1', N'a;'", "1: SELECT 2"},
     NULL},
    {"dollar quote",
     PG,
     "DO $$ BEGIN; a'b; END $$; SELECT 2",
     {"1: DO $$ BEGIN; a'b; END $$", "1: SELECT 2"},
     NULL},
    {"tagged dollar quote",
     PG,
     "DO $a1$ x; $$ ; $b$ ; $a$ ; $A1$ $a1$; SELECT 2",
     {"1: DO $a1$ x; $$ ; $b$ ; $a$ ; $A1$ $a1$", "1: SELECT 2"},
     NULL},
    {"dollar tag of UTF-8",
     PG,
     "DO $\xc3\xbc$ ; $\xc3\xbc$; SELECT 2",
     {"1: DO $\xc3\xbc$ ; $\xc3\xbc$", "1: SELECT 2"},
     NULL},
    {"dollar quotes over lines",
     PG,
     "DO $$\n;\n\n$$;\nSELECT 2",
     {"1: DO $$\n;\n\n$$", "5: SELECT 2"},
     NULL},
    {"parameters and names with dollars",
     PG,
     "SELECT $1, a$b$c; SELECT $2; SELECT 1",
     {"1: SELECT $1, a$b$c", "1: SELECT $2", "1: SELECT 1"},
     NULL},
    {"dollar digits is no tag",
     PG,
     "SELECT $1$; SELECT 2$",
     {"1: SELECT $1$", "1: SELECT 2$"},
     NULL},
    {"unterminated dollar quote",
     PG,
     "SELECT 1;\nDO $x$ a; $X$ b\n;",
     {"1: SELECT 1"},
     "2: dollar-quoted"},
    {"unterminated E string", PG, "SELECT\n E'a\\';", {NULL}, "2: string"},
    {"cast and slice",
     PG,
     "SELECT a::int, b[1:2] FROM c; SELECT 2",
     {"1: SELECT a::int, b[1:2] FROM c", "1: SELECT 2"},
     NULL},
    {"operators next to comments",
     PG,
     "SELECT 1 +--;\n 2 @>/*;*/ 3; SELECT 2",
     {"1: SELECT 1 +--;\n 2 @>/*;*/ 3", "2: SELECT 2"},
     NULL},
    {"semicolons in a rule",
     PG,
     "CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2); SELECT 3",
     {"1: CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2)", "1: SELECT 3"},
     NULL},
    {"unterminated parenthesis",
     PG,
     "SELECT 1;\nCREATE TABLE a\n(b int; \nSELECT 1;",
     {"1: SELECT 1"},
     "3: never closed"},
    {"superfluous parenthesis", PG, "SELECT 1); SELECT 2", {"1: SELECT 1)", "1: SELECT 2"}, NULL},
    {"function body as a string",
     PG,
     "CREATE FUNCTION f(begin int) RETURNS int LANGUAGE sql AS 'SELECT 1;'; SELECT 2",
     {"1: CREATE FUNCTION f(begin int) RETURNS int LANGUAGE sql AS 'SELECT 1;'", "1: SELECT 2"},
     NULL},
    {"BEGIN ATOMIC",
     PG,
     "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3",
     {"1: CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END", "1: SELECT 3"},
     NULL},
    {"BEGIN ATOMIC with CASE",
     PG,
     "CREATE OR REPLACE PROCEDURE p(a int)\nBEGIN ATOMIC\n SELECT CASE WHEN a THEN 1 END AS end;\n"
     " SELECT (CASE 1 WHEN 2 THEN 3 END);\nEND;\nSELECT 3",
     {"1: CREATE OR REPLACE PROCEDURE p(a int)\nBEGIN ATOMIC\n SELECT CASE WHEN a THEN 1 END AS "
      "end;\n"
      " SELECT (CASE 1 WHEN 2 THEN 3 END);\nEND",
      "6: SELECT 3"},
     NULL},
    {"empty BEGIN ATOMIC",
     PG,
     "CREATE PROCEDURE p() BEGIN ATOMIC END; SELECT 1",
     {"1: CREATE PROCEDURE p() BEGIN ATOMIC END", "1: SELECT 1"},
     NULL},
    {"BEGIN ATOMIC without last semicolon",
     PG,
     "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
     {"1: CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END"},
     NULL},
    {"BEGIN ATOMIC that never ends",
     PG,
     "CREATE FUNCTION f() RETURNS int\nBEGIN ATOMIC SELECT 1;",
     {NULL},
     "2: BEGIN ATOMIC"},
    {"trigger in PostgreSQL",
     PG,
     "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f(); SELECT 1",
     {"1: CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()", "1: SELECT 1"},
     NULL},
    {"COPY from stdin",
     PG,
     "SELECT 1;\nCOPY a (b, c)\nFROM stdin;\n1\tit's\n\\.\n",
     {"1: SELECT 1"},
     "3: COPY from stdin"},
    {"copy to stdout", PG, "copy (SELECT a FROM stdin) to\n StdOut;", {NULL}, "2: COPY"},
    {"COPY a file",
     PG,
     "COPY a FROM '/stdin'; COPY stdin FROM PROGRAM 'x'; SELECT 1",
     {"1: COPY a FROM '/stdin'", "1: COPY stdin FROM PROGRAM 'x'", "1: SELECT 1"},
     NULL},
    {"psql command", PG, "SELECT 1;\n\\i other.sql\n", {"1: SELECT 1"}, "2: psql"},
    {"psql command in a statement", PG, "SELECT 1 \\gexec\n", {NULL}, "1: psql"},
};

static void compare(const struct split_case *c, enum keel_dialect dialect)
{
    struct keel__splitter splitter;
    struct keel__statement statement;
    struct keel_error err = {0};
    size_t n = 0;
    int rc;

    keel__splitter_init(&splitter, keel_slice_of(c->sql), dialect, 1);
    while ((rc = keel__split_next(&splitter, &statement, &err)) == 0 && statement.text.data) {
        char got[1024];
        snprintf(got, sizeof got, "%zu: %.*s", statement.line, (int)statement.text.size,
                 statement.text.data);
        if (n >= 8 || !c->statements[n] || strcmp(got, c->statements[n]) != 0)
            fail_msg("%s, statement %zu: got {%s}, want {%s}", c->name, n, got,
                     n < 8 && c->statements[n] ? c->statements[n] : "none");
        n++;
    }
    if (n < 8 && c->statements[n])
        fail_msg("%s: statement %zu is missing (%s)", c->name, n, err.message);
    if (!c->error) {
        if (rc)
            fail_msg("%s: line %zu: %s", c->name, splitter.error_line, err.message);
        return;
    }
    const char *part = strstr(c->error, ": ") + 2;
    if (rc != KEEL_INVALID || err.code != KEEL_INVALID || !strstr(err.message, part) ||
        splitter.error_line != strtoul(c->error, NULL, 10))
        fail_msg("%s: got code %d, line %zu: %s; want %s", c->name, rc, splitter.error_line,
                 err.message, c->error);
}

static void splits_like_the_databases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (cases[i].dialect != PG)
            compare(&cases[i], KEEL_SQLITE);
        if (cases[i].dialect != LITE)
            compare(&cases[i], KEEL_POSTGRES);
    }
}

static void refuses_nul(void **state)
{
    (void)state;
    for (enum keel_dialect dialect = KEEL_SQLITE; dialect <= KEEL_POSTGRES; dialect++) {
        struct keel__splitter splitter;
        struct keel__statement statement;
        struct keel_error err = {0};
        keel__splitter_init(&splitter, keel_slice("SELECT 1;\nSE\0LECT", 17), dialect, 10);
        assert_int_equal(keel__split_next(&splitter, &statement, &err), 0);
        assert_int_equal(keel__split_next(&splitter, &statement, &err), KEEL_INVALID);
        assert_int_equal(splitter.error_line, 11);
    }
}

/* Two megabytes of openings: linear time, and no recursion to run out of stack. */
static void survives_deep_nesting(void **state)
{
    static const char *const openings[] = {"/*", "(", "[", "BEGIN ", "CASE ", "'' ", "$$ $$"};
    const size_t size = 2u << 20;
    char *text = malloc(size);
    (void)state;
    assert_non_null(text);
    for (size_t o = 0; o < sizeof openings / sizeof *openings; o++) {
        size_t unit = strlen(openings[o]);
        for (size_t i = 0; i + unit <= size; i += unit)
            memcpy(text + i, openings[o], unit);
        for (enum keel_dialect dialect = KEEL_SQLITE; dialect <= KEEL_POSTGRES; dialect++) {
            struct keel__splitter splitter;
            struct keel__statement statement;
            keel__splitter_init(&splitter, keel_slice(text, size / unit * unit), dialect, 1);
            int rc = keel__split_next(&splitter, &statement, NULL);
            assert_true(rc == 0 || rc == KEEL_INVALID);
        }
    }
    free(text);
}

/* Every prefix of a hard text splits or is refused; its statements lie in order inside it. */
static void every_prefix_is_handled(void **state)
{
    static const char sql[] =
        "CREATE TRIGGER t INSERT ON a BEGIN SELECT E'\\'', $a$;$a$; END; /* /* */ */\n"
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT U&\"x\", [y], `z`; END; COPY a FROM b;";
    (void)state;
    for (enum keel_dialect dialect = KEEL_SQLITE; dialect <= KEEL_POSTGRES; dialect++) {
        for (size_t size = 0; size < sizeof sql; size++) {
            struct keel__splitter splitter;
            struct keel__statement statement;
            const char *from = sql;
            keel__splitter_init(&splitter, keel_slice(sql, size), dialect, 1);
            while (keel__split_next(&splitter, &statement, NULL) == 0 && statement.text.data) {
                assert_true(statement.text.data >= from && statement.text.size > 0);
                from = statement.text.data + statement.text.size;
                assert_true(from <= sql + size);
            }
        }
    }
}

static const struct {
    enum keel_dialect dialect;
    const char *sql;
    enum keel__token_kind kinds[8];
    const char *texts[8];
} token_cases[] = {
    {KEEL_POSTGRES,
     "a::int4 <@ 'x'",
     {KEEL__TOKEN_WORD, KEEL__TOKEN_OPERATOR, KEEL__TOKEN_WORD, KEEL__TOKEN_OPERATOR,
      KEEL__TOKEN_STRING},
     {"a", "::", "int4", "<@", "'x'"}},
    {KEEL_POSTGRES,
     "x->>1.5e-3,$12",
     {KEEL__TOKEN_WORD, KEEL__TOKEN_OPERATOR, KEEL__TOKEN_NUMBER, KEEL__TOKEN_PUNCTUATION,
      KEEL__TOKEN_PARAMETER},
     {"x", "->>", "1.5e-3", ",", "$12"}},
    {KEEL_POSTGRES,
     "U&\"d\" x'0f' $t$ $t$",
     {KEEL__TOKEN_NAME, KEEL__TOKEN_BLOB, KEEL__TOKEN_STRING},
     {"U&\"d\"", "x'0f'", "$t$ $t$"}},
    {KEEL_POSTGRES,
     "a[1:2] .5 a.b",
     {KEEL__TOKEN_WORD, KEEL__TOKEN_PUNCTUATION, KEEL__TOKEN_NUMBER, KEEL__TOKEN_PUNCTUATION,
      KEEL__TOKEN_NUMBER, KEEL__TOKEN_PUNCTUATION, KEEL__TOKEN_NUMBER, KEEL__TOKEN_WORD},
     {"a", "[", "1", ":", "2", "]", ".5", "a"}},
    {KEEL_SQLITE,
     "[a b]->>'$.x'||`c`",
     {KEEL__TOKEN_NAME, KEEL__TOKEN_OPERATOR, KEEL__TOKEN_STRING, KEEL__TOKEN_OPERATOR,
      KEEL__TOKEN_NAME},
     {"[a b]", "->>", "'$.x'", "||", "`c`"}},
    {KEEL_SQLITE,
     "0xFFe+1 <= :p",
     {KEEL__TOKEN_NUMBER, KEEL__TOKEN_OPERATOR, KEEL__TOKEN_NUMBER, KEEL__TOKEN_OPERATOR,
      KEEL__TOKEN_PARAMETER},
     {"0xFFe", "+", "1", "<=", ":p"}},
};

static void tokens_have_their_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof token_cases / sizeof *token_cases; i++) {
        struct keel__tokenizer tokenizer;
        struct keel__token token;
        keel__tokenizer_init(&tokenizer, keel_slice_of(token_cases[i].sql), token_cases[i].dialect,
                             1);
        for (size_t n = 0; n < 8; n++) {
            assert_int_equal(keel__token_next(&tokenizer, &token, NULL), 0);
            assert_int_equal(token.kind, token_cases[i].kinds[n]);
            if (token.kind == KEEL__TOKEN_END)
                break;
            assert_int_equal(token.text.size, strlen(token_cases[i].texts[n]));
            assert_memory_equal(token.text.data, token_cases[i].texts[n], token.text.size);
        }
    }
}

static const struct {
    enum keel_dialect dialect;
    const char *sql;
    const char *name; /* NULL: refused */
} name_cases[] = {
    {KEEL_POSTGRES, "FooBar", "foobar"},
    {KEEL_SQLITE, "FooBar", "FooBar"},
    {KEEL_POSTGRES, "\"Foo\"\"Bar\"", "Foo\"Bar"},
    {KEEL_SQLITE, "[a\"b]", "a\"b"},
    {KEEL_SQLITE, "`a``b`", "a`b"},
    {KEEL_POSTGRES, "\"\"", ""},
    {KEEL_POSTGRES, "abcdefghijklmnopqrstuvwxyz_1234567", NULL}, /* too long for the buffer */
    {KEEL_POSTGRES, "U&\"x\"", NULL},
    {KEEL_POSTGRES, "'x'", NULL},
};

static void names_are_unquoted(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof name_cases / sizeof *name_cases; i++) {
        struct keel__tokenizer tokenizer;
        struct keel__token token;
        char name[32];
        keel__tokenizer_init(&tokenizer, keel_slice_of(name_cases[i].sql), name_cases[i].dialect,
                             1);
        assert_int_equal(keel__token_next(&tokenizer, &token, NULL), 0);
        bool ok = keel__token_name(&token, name_cases[i].dialect, name, sizeof name);
        assert_int_equal(ok, name_cases[i].name != NULL);
        if (ok)
            assert_string_equal(name, name_cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_like_the_databases), cmocka_unit_test(refuses_nul),
        cmocka_unit_test(survives_deep_nesting),     cmocka_unit_test(every_prefix_is_handled),
        cmocka_unit_test(tokens_have_their_kinds),   cmocka_unit_test(names_are_unquoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
