/*
 * schema/ddl.h - reading SQLite's CREATE statements for what its pragmas do not tell.
 *
 * The statements are SQLite's own copies (sqlite_schema.sql), so they are right; what is not
 * understood is an error all the same, never skipped.
 *
 * Sources: https://www.sqlite.org/lang_createtable.html, .../lang_createindex.html,
 * .../lang_createview.html
 */
#ifndef KEEL_SCHEMA_DDL_H
#define KEEL_SCHEMA_DDL_H

#include "schema/model.h"
#include "schema/tokenize.h"

/* The tokens of one statement and a place among them. */
struct keel__ddl {
    struct keel__arena *arena;
    struct keel__token *tokens; /* the last is KEEL__TOKEN_END */
    size_t count;
    size_t at;
};

int keel__ddl_open(struct keel__ddl *ddl, struct keel__arena *arena, const char *sql,
                   struct keel_error *err);
const struct keel__token *keel__ddl_peek(const struct keel__ddl *ddl);
/* Move on over this word or punctuation, when it is next. */
bool keel__ddl_word(struct keel__ddl *ddl, const char *word);
bool keel__ddl_mark(struct keel__ddl *ddl, char mark);
/* Takes a name, quoted in any way or not. */
int keel__ddl_name(struct keel__ddl *ddl, const char **out, struct keel_error *err);
/* Takes "(", what stands up to its ")", and that; *out is what is between, without comments. */
int keel__ddl_parenthesized(struct keel__ddl *ddl, const char **out, struct keel_error *err);
/* The text of the tokens from up to (not with) to, comments left out; NULL when memory is out. */
const char *keel__ddl_text(const struct keel__ddl *ddl, size_t from, size_t to);
/* The token behind the ")" that closes the "(" at place open. */
size_t keel__ddl_behind(const struct keel__ddl *ddl, size_t open);
/* INVALID: "cannot read ... near ...". */
int keel__ddl_error(const struct keel__ddl *ddl, const char *expected, struct keel_error *err);

/* table has its columns from the pragma already; the rest is filled in. Names of columns are given
 * as the table spells them. */
int keel__ddl_table(struct keel_table_model *table, struct keel__arena *arena, const char *sql,
                    struct keel_error *err);
int keel__ddl_index(struct keel_index_model *index, const struct keel_table_model *table,
                    struct keel__arena *arena, const char *sql, struct keel_error *err);
int keel__ddl_view(struct keel_view_model *view, struct keel__arena *arena, const char *sql,
                   struct keel_error *err);

/* One part of a key or an index: name or expression, COLLATE, ASC or DESC; at is left on the ',' or
 * ')' behind it. Columns are looked up in table. */
int keel__ddl_part(struct keel__ddl *ddl, const struct keel_table_model *table,
                   struct keel_index_part *part, struct keel_error *err);
/* The column of this name in any case, or NULL. */
struct keel_column_model *keel__ddl_column(const struct keel_table_model *table, const char *name);

#endif
