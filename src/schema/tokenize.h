/*
 * schema/tokenize.h - SQL text as tokens, in SQLite's and in PostgreSQL's lexical rules.
 *
 * Iterative and without allocation: a token is a slice of the text it was read from. Comments and
 * white space are skipped. What is opened and never closed is an error that knows its line.
 *
 * Sources: https://www.postgresql.org/docs/15/sql-syntax-lexical.html (standard_conforming_strings
 * on), https://www.sqlite.org/lang_keywords.html and the character classes of SQLite's tokenizer.
 */
#ifndef KEEL_SCHEMA_TOKENIZE_H
#define KEEL_SCHEMA_TOKENIZE_H

#include <keel/db.h>

enum keel__token_kind {
    KEEL__TOKEN_END = 0,
    KEEL__TOKEN_WORD,       /* a keyword or a bare name */
    KEEL__TOKEN_NAME,       /* a quoted name: "x", U&"x"; SQLite: [x], `x` */
    KEEL__TOKEN_STRING,     /* 'x', E'x', U&'x', N'x', B'1', $tag$x$tag$ */
    KEEL__TOKEN_BLOB,       /* X'00' */
    KEEL__TOKEN_NUMBER,     /* 1, 1.5e-3, 0xff */
    KEEL__TOKEN_PARAMETER,  /* $1; SQLite: ?1, :x, @x, $x */
    KEEL__TOKEN_OPERATOR,   /* + || ->> <= :: and the like */
    KEEL__TOKEN_PUNCTUATION /* one of ( ) [ ] , ; . : */
};

struct keel__token {
    enum keel__token_kind kind;
    struct keel_slice text; /* quotes included; part of the text given to init; empty at the end */
    size_t line;            /* of its first character */
};

struct keel__tokenizer {
    enum keel_dialect dialect;
    const char *at, *end;
    size_t line;       /* of at */
    size_t error_line; /* after an error: where what is wrong begins */
};

/* first_line is the number of the line that sql begins in, usually 1. */
void keel__tokenizer_init(struct keel__tokenizer *tokenizer, struct keel_slice sql,
                          enum keel_dialect dialect, size_t first_line);

/* The next token; KEEL__TOKEN_END after the last. INVALID for a NUL byte, for what is never closed,
 * and for a psql command; the message does not name the line, error_line does. */
int keel__token_next(struct keel__tokenizer *tokenizer, struct keel__token *token,
                     struct keel_error *err);

/* Whether token is the bare word (upper case ASCII), in any case. */
bool keel__token_is_word(const struct keel__token *token, const char *word);
/* Whether token is this one-character punctuation. */
bool keel__token_is(const struct keel__token *token, char punctuation);

/* The name that token stands for: a WORD as PostgreSQL folds it (lower case) or as SQLite keeps it,
 * a NAME without its quotes. Writes at most size - 1 bytes and a NUL; returns false when it does
 * not fit or token is no name. U&"..." escapes are not resolved. */
bool keel__token_name(const struct keel__token *token, enum keel_dialect dialect, char *out,
                      size_t size);

#endif
