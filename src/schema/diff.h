/*
 * schema/diff.h - what the files that compare two models share.
 *
 * diff.c pairs the tables and runs the rest: diff_columns.c and diff_constraints.c compare the two
 * tables of a pair, diff_views.c and diff_types.c all that is no table. They say what changes and
 * in which phase (keel__change); diff_order.c brings it in order; diff_risk.c and diff_words.c say
 * what each change does to stored data and to a reader.
 *
 * Memory that runs out is remembered in the differ and told at the end, so that nothing in between
 * has to carry it: what is missing then leads to fewer changes, never to a fault.
 */
#ifndef KEEL_SCHEMA_DIFF_H
#define KEEL_SCHEMA_DIFF_H

#include <keel/diff.h>

#include "base/map.h"
#include "base/str.h"
#include "schema/model.h"

/* When a change is made: in this order, within a phase by rank, then as they were said. */
enum keel__phase {
    KEEL__PHASE_RENAMES,
    KEEL__PHASE_DROP_TRIGGERS,
    KEEL__PHASE_DROP_VIEWS,
    KEEL__PHASE_DROP_REFERENCES,
    KEEL__PHASE_DROP_INDEXES,
    KEEL__PHASE_DROP_CONSTRAINTS,
    KEEL__PHASE_DROP_TABLES,    /* here, so that their names are free */
    KEEL__PHASE_DROP_GENERATED, /* columns, before those they are computed from change */
    KEEL__PHASE_DROP_IDENTITY,  /* frees the name of a sequence */
    KEEL__PHASE_EXTENSIONS,
    KEEL__PHASE_ENUMS,
    KEEL__PHASE_EARLY_FUNCTIONS,
    KEEL__PHASE_DOMAINS,
    KEEL__PHASE_SEQUENCES,
    KEEL__PHASE_ADD_TABLES,
    KEEL__PHASE_COLUMNS,
    KEEL__PHASE_ADD_CONSTRAINTS,
    KEEL__PHASE_ADD_INDEXES,
    KEEL__PHASE_ADD_REFERENCES,
    KEEL__PHASE_FUNCTIONS,
    KEEL__PHASE_DROP_COLUMNS, /* behind the rest, whose expressions may read them */
    KEEL__PHASE_ADD_VIEWS,
    KEEL__PHASE_ADD_TRIGGERS,
    KEEL__PHASE_DROP_FUNCTIONS,
    KEEL__PHASE_DROP_SEQUENCES,
    KEEL__PHASE_DROP_DOMAINS,
    KEEL__PHASE_DROP_ENUMS,
    KEEL__PHASE_DROP_EXTENSIONS
};

struct keel__said {
    enum keel__phase phase;
    size_t rank, number;
    struct keel_change change;
};

/* A table in both models, or in one (the other is NULL). */
struct keel__pair {
    const struct keel_table_model *old, *now;
    struct keel__map renamed;     /* old column -> new name; names folded in all three */
    struct keel__map old_columns; /* new name -> the old column */
    struct keel__map new_columns; /* name -> the new column */
    struct keel__map retyped;     /* new names of columns whose type changes */
    struct keel__map remade;      /* ... that are dropped and added again */
    struct keel__map lost_keys;   /* columns of keys that go, as keel__differ_key_of writes them */
    bool disturbs_views;          /* PostgreSQL: what uses it has to go while it changes */
    size_t rank;                  /* of its creation or removal */
    bool is_view;                 /* these are no tables: only their triggers and indexes count */
};

struct keel__differ {
    struct keel__arena *arena;
    const struct keel_schema *from, *to;
    enum keel_dialect dialect;
    struct keel__pair *pairs; /* of all tables but SQLite's shadow tables, by the new name */
    size_t pair_count;
    struct keel__map by_old, by_new; /* qualified folded name -> pair */
    struct keel__said *said;
    size_t said_count;
    bool failed; /* memory is out */
};

/* ---- names and texts ------------------------------------------------------------------------- */

/* As the dialect compares names: in lower case for SQLite. */
const char *keel__differ_fold(struct keel__differ *d, const char *name);
/* schema and name as one key. */
struct keel_slice keel__differ_qualified(struct keel__differ *d, const char *schema,
                                         const char *name);
struct keel__pair *keel__differ_old_table(struct keel__differ *d, const char *schema,
                                          const char *name);
/* What the old column is called in the new table, folded. */
const char *keel__differ_renamed(struct keel__differ *d, const struct keel__pair *pair,
                                 const char *column);
void keel__differ_mark(struct keel__differ *d, struct keel__map *set, const char *name);
bool keel__differ_is_marked(struct keel__differ *d, const struct keel__map *set, const char *name);

/* sql in the form in which two that mean the same are the same bytes: keywords and plain names in
 * lower case, one blank between tokens. pair: columns that are renamed are given their new names
 * (the text is the old model's); NULL: none are. */
void keel__normal(struct keel__str *out, struct keel__differ *d, const char *sql,
                  const struct keel__pair *pair);
/* diff_casts.c: what PostgreSQL prints in two ways, in one; text is what keel__normal wrote. */
void keel__normal_casts(struct keel__str *text, struct keel__differ *d);
bool keel__normal_same(struct keel__differ *d, const char *old_sql, const char *new_sql,
                       const struct keel__pair *pair);
/* Calls each for every name (folded) that sql may mean; words of SQL among them. */
void keel__each_name(struct keel__differ *d, const char *sql,
                     void (*each)(void *context, const char *name), void *context);

bool keel__same_text(const char *a, const char *b); /* both may be NULL */

/* ---- changes --------------------------------------------------------------------------------- */

void keel__change(struct keel__differ *d, enum keel__phase phase, size_t rank,
                  struct keel_change change);
/* The same for what belongs to the tables of pair, with their names filled in. */
void keel__change_of(struct keel__differ *d, enum keel__phase phase, const struct keel__pair *pair,
                     struct keel_change change);

/* diff_rename.c */
int keel__differ_rename(struct keel__differ *d, const struct keel_diff_options *options,
                        struct keel_error *err);
void keel__differ_hint(struct keel__differ *d, struct keel_diff *diff);
/* diff_columns.c, diff_constraints.c: of one pair with both tables. */
void keel__diff_columns(struct keel__differ *d, struct keel__pair *pair);
bool keel__is_replaced(struct keel__differ *d, const struct keel_table_model *old,
                       const struct keel_table_model *now);
void keel__diff_keys(struct keel__differ *d, struct keel__pair *pair);
/* Needs the keys of all pairs. */
void keel__diff_references(struct keel__differ *d, struct keel__pair *pair);
void keel__diff_triggers(struct keel__differ *d, const struct keel__pair *pair);
/* Indexes, triggers and, in PostgreSQL, references of a table that is new. */
void keel__diff_new_table(struct keel__differ *d, struct keel__pair *pair);
/* References that keep a table from going. */
void keel__diff_gone_table(struct keel__differ *d, struct keel__pair *pair);
void keel__diff_views(struct keel__differ *d);
void keel__diff_types(struct keel__differ *d);

/* diff_order.c: ranks for what is created and removed: parents before children, and the other way
 * round. Edges that close a cycle are passed over. */
void keel__order_tables(struct keel__differ *d);

/* diff_risk.c, diff_words.c */
void keel__change_weigh(struct keel__differ *d, struct keel_change *change);
void keel__change_describe(struct keel__differ *d, struct keel_change *change);

#endif
