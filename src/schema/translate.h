/*
 * schema/translate.h - a model of one dialect as a model of the other: what translate*.c share.
 */
#ifndef KEEL_SCHEMA_TRANSLATE_H
#define KEEL_SCHEMA_TRANSLATE_H

#include "schema/model.h"

struct keel__translation {
    struct keel__arena *arena; /* of `to` */
    const struct keel_schema *from;
    struct keel_schema *to;
    const struct keel_table_model *table; /* at work, as it was */
    struct keel_table_model *new_table;   /* as it becomes; its columns have their types */
    bool failed;                          /* memory is out */
};

/* Adds a line to what is not carried over: "trigger x on t: triggers are written anew". */
void keel__translate_note(struct keel__translation *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* translate_type.c: sets type, declared type and affinity of column; what its type checked and the
 * new one does not becomes a CHECK of t->new_table. */
void keel__translate_type(struct keel__translation *t, const struct keel_column_model *old,
                          struct keel_column_model *column);
/* Sets the default; a note when it cannot be said. */
void keel__translate_default(struct keel__translation *t, const struct keel_column_model *old,
                             struct keel_column_model *column);

/* translate_expression.c: an expression over the columns of t->table. NULL, and in *why_not what is
 * in the way, when it cannot be said in the other dialect; "" when the types say it already. */
const char *keel__translate_expression(struct keel__translation *t, const char *text,
                                       const char **why_not);
/* Whether text is json_valid(column), also with "column IS NULL OR" before it. */
bool keel__checks_json(const char *text, const char *column);

#endif
