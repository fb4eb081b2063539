/*
 * audit/reference.h - which column refers to which key: declared foreign keys, and columns whose
 * name and type say that they refer to a key although nothing is declared.
 *
 * Found from the schema alone, before any row is read; whether the values agree is for the data
 * (the probes "orphan <n>" that rules_references.c asks for, n being the reference's index).
 *
 * A column may be the start of several soft references when its name fits several keys. Once the
 * data is there, at most one of them is not set_aside.
 */
#ifndef KEEL_AUDIT_REFERENCE_H
#define KEEL_AUDIT_REFERENCE_H

#include "audit/rule.h"

enum { KEEL__REFERENCE_COLUMNS = 8 };

struct keel__reference {
    const struct keel_table_model *table;
    size_t columns[KEEL__REFERENCE_COLUMNS];
    size_t column_count;                   /* 0: declared over a column that is not there, or over
                                              more than KEEL__REFERENCE_COLUMNS */
    const struct keel_table_model *parent; /* NULL: declared, and there is no such table */
    const char *parent_columns[KEEL__REFERENCE_COLUMNS];
    const struct keel_foreign_key_model *declared; /* NULL: soft */
    int confidence; /* soft: 1 the values must speak for it, 2 the name is plain */
    /* after the scan of table */
    bool counted;    /* the rest is known */
    bool sampled;    /* not all rows were looked at */
    bool set_aside;  /* soft: another reference of the same column fits better */
    int64_t values;  /* rows without NULL */
    int64_t orphans; /* of these, not in the parent */
    int64_t distinct_orphans;
};

/* What values of a column are like for the purpose of comparing them with a key's. */
enum keel__key_class {
    KEEL__CLASS_NONE = 0, /* times, fractions, JSON, arrays: nothing refers by them */
    KEEL__CLASS_INTEGER,
    KEEL__CLASS_TEXT,
    KEEL__CLASS_UUID,
    KEEL__CLASS_BYTES,
    KEEL__CLASS_ANY /* SQLite: no declared type */
};
enum keel__key_class keel__key_class_of(enum keel_dialect dialect,
                                        const struct keel_column_model *column);

/* Fills audit->references. */
int keel__references_find(struct keel__audit *audit, struct keel_error *err);
/* The keys that a name speaks of, plainest first, as if a column of table of any type had it. */
struct keel__key_target {
    const struct keel_table_model *table;
    const struct keel_column_model *column;
    int confidence;
};
size_t keel__key_targets(struct keel__audit *audit, const struct keel_table_model *table,
                         const char *name, struct keel__key_target *out, size_t max);
/* Tables that have a key of one column and this name in the singular (keel__name_singular). */
size_t keel__tables_called(struct keel__audit *audit, const char *singular,
                           const struct keel_table_model **out, size_t max);
/* Whether a soft reference is one by its values: nearly all are in the parent. A declared one
 * always is. */
bool keel__reference_holds(const struct keel__reference *reference);
/* A condition over t (the child): there is no such parent. NULL when memory is out. */
const char *keel__reference_orphan_sql(struct keel__audit *audit,
                                       const struct keel__reference *reference);
/* An SQL expression over t: the column's value as it has to be to be compared with a parent's
 * column ("p.id = " is to stand before it); it fails on no value. NULL: they cannot be compared. */
const char *keel__reference_compare_sql(struct keel__audit *audit,
                                        const struct keel_column_model *child,
                                        const struct keel_column_model *parent);
/* The column of this name (in any case in SQLite), or NULL. */
const struct keel_column_model *keel__column_named(const struct keel_table_model *table,
                                                   const char *name);
/* Whether an index or key of the table leads with these columns, in any order among themselves. */
bool keel__leads_index(const struct keel_table_model *table, const char *const *columns,
                       size_t count);
/* Whether the index leads with the column and has all rows, but perhaps those where it is NULL. */
bool keel__index_serves(const struct keel_index_model *index, const char *column);
/* The only column of a primary key of one column, or NULL. */
const struct keel_column_model *keel__single_key(const struct keel_table_model *table);
/* Whether no two rows have the same value in this column, by a key or a whole unique index. */
bool keel__column_is_unique(const struct keel_table_model *table, const char *column);

#endif
