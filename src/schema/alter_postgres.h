/*
 * schema/alter_postgres.h - what the files that write changes for PostgreSQL share.
 *
 * The changes of a diff, and what hangs on them and has to be made anew around them, are first
 * collected as operations (collect.c, dependents.c), then written phase by phase:
 *
 *   1. shape    renames, types, sequences, tables, columns, functions, triggers, and the views that
 *               stand in their way
 *   2. rows     checks, NOT NULL, keys and indexes: what looks at every row
 *   3. ends     references, new views, and then all that goes
 *   4. proofs   references are validated
 *
 * Usually all of it is one transaction. Asked to work concurrently, each step that takes long is a
 * transaction of its own, with the weakest lock there is for it.
 *
 * Sources: https://www.postgresql.org/docs/15/sql-altertable.html and
 * https://www.postgresql.org/docs/15/explicit-locking.html
 */
#ifndef KEEL_SCHEMA_ALTER_POSTGRES_H
#define KEEL_SCHEMA_ALTER_POSTGRES_H

#include "base/arena.h"
#include "schema/alter.h"
#include "schema/render.h"

/* Something to drop or to add. Tables are those of the new model where it has them; names are
 * those that hold when the renames are done. */
struct keel__pg_op {
    enum keel_change_kind kind;
    const void *item;
    const struct keel_table_model *table; /* NULL: of no table */
    bool remade; /* it is in both models, and in the way of something else */
    bool early;  /* to be dropped before anything is added, or added with the shape */
    bool done;   /* written already, or as part of another */
};

struct keel__pg_ops {
    struct keel__pg_op *items;
    size_t count;
};

/* A column of a table that is in both models, with anything about it different. */
struct keel__pg_column {
    const struct keel_table_model *table; /* the new one */
    const struct keel_column_model *was, *is;
    bool type;      /* its values are rewritten */
    bool gone;      /* dropped and added again: a generated one */
    bool undone;    /* its default is dropped and set again: it calls what is made anew */
    bool inherited; /* from the partitioned table, which is altered */
};

/* A table that is in both models. */
struct keel__pg_table {
    const struct keel_table_model *was, *is;
};

struct keel__pg {
    struct keel__arena *arena;
    const struct keel_diff *diff;
    const struct keel_schema *from, *to;
    const struct keel_alter_options *options;
    struct keel__pg_ops drops, adds;
    struct keel__pg_column *columns;
    size_t column_count;
    struct keel__pg_table *tables; /* in the order of to->tables */
    size_t table_count;
    const char **words; /* names of types and functions that are made anew: what has them in its
                           text has to be, too */
    size_t word_count;
    const char **swapped; /* names of types that are replaced by new ones */
    size_t swapped_count;
    /* What is written so far. */
    struct keel__str labels; /* what adds labels to enums, which comes first */
    struct keel__str body, group;
    size_t group_statements;
    bool apart; /* it has to be several transactions */
};

/* ---- alter_postgres.c */

/* Where to write the next statement, "...;\n". It joins the transaction under way. */
struct keel__str *keel__pg_next(struct keel__pg *pg);
/* The same for a statement that has to stand outside of transactions. */
struct keel__str *keel__pg_alone(struct keel__pg *pg);
/* Working concurrently: what follows is another transaction. */
void keel__pg_break(struct keel__pg *pg);
/* keel__pg_next with "ALTER TABLE name" written. */
struct keel__str *keel__pg_alter(struct keel__pg *pg, const struct keel_table_model *table);
int keel__pg_unsupported(struct keel_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool keel__pg_same(const char *a, const char *b); /* NULL equals NULL only */
/* Whether name stands as a name in sql (not in its strings). */
bool keel__pg_mentions(const char *sql, const char *name);

/* ---- alter_postgres_collect.c */
int keel__pg_collect(struct keel__pg *pg, struct keel_error *err);
/* The new table's old one; NULL when it is new. */
const struct keel_table_model *keel__pg_old_table(const struct keel__pg *pg,
                                                  const struct keel_table_model *table);
/* The new name of a column of an old table; NULL when it is dropped. */
const char *keel__pg_new_column(const struct keel__pg *pg, const struct keel_table_model *table,
                                const char *old_name);
/* The new table of a name of the old model, or NULL. */
const struct keel_table_model *keel__pg_new_table(const struct keel__pg *pg, const char *schema,
                                                  const char *name);
const struct keel_column_model *keel__pg_old_column(const struct keel__pg *pg,
                                                    const struct keel_table_model *table,
                                                    const char *new_name);
struct keel__pg_op *keel__pg_op_of(const struct keel__pg_ops *ops, enum keel_change_kind kind,
                                   const void *item);
int keel__pg_push(struct keel__pg *pg, struct keel__pg_ops *ops, enum keel_change_kind kind,
                  const void *item, const struct keel_table_model *table, bool remade,
                  struct keel_error *err);
/* The entry of a column, made when there is none. NULL: memory is out. */
struct keel__pg_column *keel__pg_column_at(struct keel__pg *pg,
                                           const struct keel_table_model *table,
                                           const struct keel_column_model *was,
                                           const struct keel_column_model *is);
int keel__pg_push_word(struct keel__pg *pg, const char *word, struct keel_error *err);

/* ---- alter_postgres_dependents.c: adds to drops, adds and columns what hangs on them. */
int keel__pg_dependents(struct keel__pg *pg, struct keel_error *err);

/* ---- alter_postgres_types.c */
int keel__pg_types_check(struct keel__pg *pg, struct keel_error *err);
void keel__pg_labels_add(struct keel__pg *pg);
/* Whether anything written uses a label that is added: that takes a transaction of its own. */
bool keel__pg_labels_used(const struct keel__pg *pg);
/* Schemas and extensions. */
void keel__pg_ground(struct keel__pg *pg);
void keel__pg_types_add(struct keel__pg *pg); /* and replaced ones moved aside */
void keel__pg_functions_add(struct keel__pg *pg, bool early);
void keel__pg_functions_drop_early(struct keel__pg *pg);
void keel__pg_types_drop(struct keel__pg *pg); /* functions, domains, enums, extensions */
void keel__pg_types_drop_aside(struct keel__pg *pg);

/* ---- alter_postgres_sequences.c */
void keel__pg_sequences_add(struct keel__pg *pg);
void keel__pg_sequences_own(struct keel__pg *pg);
void keel__pg_sequences_drop(struct keel__pg *pg);
/* A column of a table becomes, is no more, or is another identity; without what needs NOT NULL. */
void keel__pg_identity(struct keel__pg *pg, const struct keel__pg_column *column);
void keel__pg_identity_add(struct keel__pg *pg, const struct keel__pg_column *column);

/* ---- alter_postgres_tables.c */
int keel__pg_tables_check(struct keel__pg *pg, struct keel_error *err);
void keel__pg_renames(struct keel__pg *pg);
void keel__pg_tables_add(struct keel__pg *pg);
void keel__pg_tables_options(struct keel__pg *pg);
void keel__pg_tables_drop(struct keel__pg *pg, bool early);

/* ---- alter_postgres_columns.c */
int keel__pg_columns_check(struct keel__pg *pg, struct keel_error *err);
void keel__pg_defaults_undo(struct keel__pg *pg);
void keel__pg_columns(struct keel__pg *pg);
void keel__pg_columns_drop(struct keel__pg *pg, bool early);
void keel__pg_not_null(struct keel__pg *pg);

/* ---- alter_postgres_views.c: views and triggers */
void keel__pg_views_drop(struct keel__pg *pg, bool early);
void keel__pg_views_add(struct keel__pg *pg, bool early);
void keel__pg_privileges_note(struct keel__pg *pg);
void keel__pg_privileges_give(struct keel__pg *pg);
void keel__pg_triggers_drop(struct keel__pg *pg);
void keel__pg_triggers_add(struct keel__pg *pg);

/* ---- alter_postgres_keys.c: constraints and indexes */
/* remade: those that are made again; they have their new names by then. */
void keel__pg_constraints_drop(struct keel__pg *pg, bool remade);
void keel__pg_constraints_rename(struct keel__pg *pg);
void keel__pg_checks_add(struct keel__pg *pg);
void keel__pg_keys_add(struct keel__pg *pg);
void keel__pg_references_add(struct keel__pg *pg);
void keel__pg_references_validate(struct keel__pg *pg);

#endif
