/*
 * audit/reference.h - which column refers to which key: declared foreign keys, and columns whose
 * name and type say that they refer to a key although nothing is declared.
 *
 * Found from the schema alone, before any row is read; whether the values agree is for the data
 * (the probes "orphan <n>" that rules_references.c asks for, n being the reference's index).
 */
#ifndef KEEL_AUDIT_REFERENCE_H
#define KEEL_AUDIT_REFERENCE_H

#include "audit/rule.h"

struct keel__reference {
    const struct keel_table_model *table;
    size_t columns[8];
    size_t column_count;
    const struct keel_table_model *parent; /* NULL: declared, and there is no such table */
    const char *parent_columns[8];
    const struct keel_foreign_key_model *declared; /* NULL: soft */
    int confidence; /* soft: 1 the values must speak for it, 2 the name is plain */
    /* after the scan */
    bool counted;    /* the rest is known */
    int64_t values;  /* rows without NULL */
    int64_t orphans; /* of these, not in the parent */
    int64_t distinct_orphans;
};

/* Fills audit->references. */
int keel__references_find(struct keel__audit *audit, struct keel_error *err);
/* Whether a soft reference is one by its values: nearly all are in the parent. */
bool keel__reference_holds(const struct keel__reference *reference);
/* A condition over t (the child): there is no such parent. NULL when memory is out. */
const char *keel__reference_orphan_sql(struct keel__audit *audit,
                                       const struct keel__reference *reference);

#endif
