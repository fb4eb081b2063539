/*
 * schema/split.h - a file of SQL as its statements.
 *
 * Follows what the databases' own shells do: a semicolon ends a statement unless it stands in a
 * string, a quoted name, a comment, the body of a trigger (SQLite: CREATE TRIGGER ... BEGIN ...;
 * END), the SQL body of a routine (PostgreSQL 14: BEGIN ATOMIC ...; END), or PostgreSQL's
 * parentheses (CREATE RULE ... DO (...; ...)). Iterative, without allocation; work and memory are
 * linear in the size of the text.
 *
 * Sources: https://www.sqlite.org/c3ref/complete.html,
 * https://www.postgresql.org/docs/15/app-psql.html,
 * https://www.postgresql.org/docs/15/sql-createfunction.html
 */
#ifndef KEEL_SCHEMA_SPLIT_H
#define KEEL_SCHEMA_SPLIT_H

#include "schema/tokenize.h"

struct keel__statement {
    struct keel_slice
        text;    /* from its first token to its last, without the semicolon; absent at the end */
    size_t line; /* of its first token */
};

struct keel__splitter {
    struct keel__tokenizer tokenizer;
    size_t error_line; /* after an error: where what is wrong begins */
};

/* first_line is the number of the line that sql begins in, usually 1. */
void keel__splitter_init(struct keel__splitter *splitter, struct keel_slice sql,
                         enum keel_dialect dialect, size_t first_line);

/* The next statement; out->text is absent after the last. Empty statements are passed over. INVALID
 * for what is never closed, COPY from or to the client, and commands of psql or the sqlite3 shell;
 * the message does not name the line, error_line does. */
int keel__split_next(struct keel__splitter *splitter, struct keel__statement *out,
                     struct keel_error *err);

#endif
