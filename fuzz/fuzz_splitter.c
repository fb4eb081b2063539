/*
 * Splits any bytes in both dialects and holds that
 * - statements are not empty, lie in the text one after the other, and name the line they stand in,
 * - a statement is one statement: split again, it comes out as it went in,
 * - SQLite agrees that it is complete.
 */
#include "schema/split.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int sqlite3_complete(const char *sql); /* only db knows sqlite3.h */

static void hold(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

static size_t count_lines(const char *from, const char *to)
{
    size_t n = 0;
    for (; from < to; from++)
        n += *from == '\n';
    return n;
}

static void split_again(struct keel_slice text, enum keel_dialect dialect)
{
    struct keel__splitter splitter;
    struct keel__statement statement;
    keel__splitter_init(&splitter, text, dialect, 7);
    hold(keel__split_next(&splitter, &statement, NULL) == 0, "a statement can be split");
    hold(statement.text.data == text.data && statement.text.size == text.size,
         "a statement is one");
    hold(statement.line == 7, "a statement begins in its first line");
    hold(keel__split_next(&splitter, &statement, NULL) == 0 && !statement.text.data,
         "nothing follows a statement");
}

/* sqlite3_complete is cruder than SQLite's tokenizer: to it, ":end" and "1.end" hold a keyword. */
static void sqlite_agrees(struct keel_slice text)
{
    char *sql = malloc(text.size + 2);
    if (!sql)
        abort();
    memcpy(sql, text.data, text.size);
    memcpy(sql + text.size, ";", 2);
    if (!memchr(text.data, 0, text.size) && !strpbrk(sql, "@:$?#."))
        hold(sqlite3_complete(sql), "sqlite3_complete agrees");
    free(sql);
}

static void split(struct keel_slice text, enum keel_dialect dialect)
{
    struct keel__splitter splitter;
    struct keel__statement statement;
    struct keel_error err = {0};
    const char *at = text.data, *end = text.data + text.size;
    size_t line = 1;
    int rc;
    keel__splitter_init(&splitter, text, dialect, 1);
    while ((rc = keel__split_next(&splitter, &statement, &err)) == 0 && statement.text.data) {
        hold(statement.text.size > 0, "no empty statements");
        hold(statement.text.data >= at && statement.text.data < end, "in order");
        line += count_lines(at, statement.text.data);
        hold(statement.line == line, "the line is right");
        at = statement.text.data;
        split_again(statement.text, dialect);
        if (dialect == KEEL_SQLITE)
            sqlite_agrees(statement.text);
        line += count_lines(at, at + statement.text.size);
        at += statement.text.size;
        hold(at <= end, "inside the text");
    }
    hold(rc == 0 || (rc == KEEL_INVALID && err.message[0]), "errors have a message");
    if (rc)
        hold(splitter.error_line >= 1 && splitter.error_line <= 1 + count_lines(text.data, end),
             "the error's line exists");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct keel_slice text = keel_slice((const char *)data, size);
    split(text, KEEL_SQLITE);
    split(text, KEEL_POSTGRES);
    return 0;
}
