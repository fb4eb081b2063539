/* The reader of SQLite's CREATE statements on what SQLite would never have stored: every beginning
 * of a statement, and every statement with one token gone. It may refuse or take them, and must
 * end. */
#include "schema/ddl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char table_sql[] =
    "CREATE TABLE t (a INTEGER CONSTRAINT n PRIMARY KEY DESC ON CONFLICT FAIL AUTOINCREMENT, "
    "b TEXT NOT NULL ON CONFLICT IGNORE DEFAULT ('x' || \"y\") COLLATE NOCASE UNIQUE, "
    "c VARCHAR(5) DEFAULT -1 REFERENCES t (a) ON DELETE SET NULL MATCH FULL NOT DEFERRABLE, "
    "d INT GENERATED ALWAYS AS (a + 1) STORED CHECK (d IN (1, 2)), "
    "CONSTRAINT k UNIQUE (b COLLATE RTRIM, c DESC), CHECK (a > 0 /* ) */), "
    "FOREIGN KEY (a, b) REFERENCES u (x, y) ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED)";
static const char index_sql[] = "CREATE UNIQUE INDEX IF NOT EXISTS main.i ON t (((a)), lower(b) "
                                "COLLATE NOCASE DESC NULLS LAST, c || ')') WHERE a > 1 AND (b)";
static const char view_sql[] = "CREATE TEMP VIEW main.v (a, \"b\") AS SELECT 1, (2);";

static struct keel_table_model make_table(struct keel__arena *arena)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    struct keel_table_model table = {.name = "t"};
    for (size_t i = 0; i < 4; i++) {
        struct keel_column_model *column = KEEL__PUSH(arena, table.columns, table.column_count);
        assert_non_null(column);
        column->name = names[i];
        column->declared_type = i == 0 ? "INTEGER" : "";
    }
    return table;
}

/* Reads sql as a table, an index and a view; returns how many of the three took it. */
static int read_all(const char *sql)
{
    struct keel__arena arena;
    struct keel_error err = {0};
    struct keel_index_model index = {0};
    struct keel_view_model view = {0};
    int taken = 0;
    keel__arena_init(&arena, 0);
    struct keel_table_model table = make_table(&arena);
    int rc = keel__ddl_table(&table, &arena, sql, &err);
    taken += rc == 0;
    if (rc)
        assert_string_not_equal(err.message, "");
    taken += keel__ddl_index(&index, &table, &arena, sql, &err) == 0;
    taken += keel__ddl_view(&view, &arena, sql, &err) == 0;
    keel__arena_fini(&arena);
    return taken;
}

static void mutilate(const char *sql)
{
    size_t size = strlen(sql);
    char *text = malloc(size + 1);
    assert_non_null(text);
    for (size_t n = 0; n < size; n++) {
        memcpy(text, sql, n);
        text[n] = '\0';
        read_all(text);
    }
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    keel__tokenizer_init(&tokenizer, keel_slice_of(sql), KEEL_SQLITE, 1);
    while (keel__token_next(&tokenizer, &token, NULL) == 0 && token.kind != KEEL__TOKEN_END) {
        memcpy(text, sql, size + 1);
        memset(text + (token.text.data - sql), ' ', token.text.size);
        read_all(text);
    }
    free(text);
}

static void test_whole_statements_are_taken(void **state)
{
    (void)state;
    assert_int_equal(read_all(table_sql), 1);
    assert_int_equal(read_all(index_sql), 1);
    assert_int_equal(read_all(view_sql), 1);
    assert_int_equal(read_all(""), 0);
}

static void test_mutilated_statements_end(void **state)
{
    (void)state;
    mutilate(table_sql);
    mutilate(index_sql);
    mutilate(view_sql);
}

static void test_deep_parentheses_are_no_recursion(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    char *sql = malloc(2 * DEPTH + 64);
    assert_non_null(sql);
    size_t n = (size_t)sprintf(sql, "CREATE INDEX i ON t (");
    memset(sql + n, '(', DEPTH);
    n += DEPTH;
    sql[n++] = 'a';
    memset(sql + n, ')', DEPTH);
    n += DEPTH;
    strcpy(sql + n, ")");
    read_all(sql);
    sql[n - DEPTH] = '\0'; /* and never closed */
    read_all(sql);
    free(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_statements_are_taken),
        cmocka_unit_test(test_mutilated_statements_end),
        cmocka_unit_test(test_deep_parentheses_are_no_recursion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
