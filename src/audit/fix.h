/*
 * audit/fix.h - one migration out of the repairs of an audit: what fix*.c share.
 *
 * fix.c collects the repairs and writes the two files; fix_model.c makes the schema that the
 * repairs want; fix_rows.c moves the rows that stand in its way to quarantine and back.
 */
#ifndef KEEL_AUDIT_FIX_H
#define KEEL_AUDIT_FIX_H

#include <keel/audit.h>
#include <keel/diff.h>

#include "audit/repair.h"
#include "base/arena.h"
#include "base/str.h"

/* Why rows of a table leave it. */
struct keel__fix_breach {
    const char *condition; /* over the table as t */
    const char *reason;
};

/* A table that loses rows to its quarantine table. */
struct keel__fix_rows {
    const struct keel_table_model *table; /* as it is before */
    size_t index;                         /* of it in the schema */
    struct keel__fix_breach *breaches;
    size_t breach_count;
    const char *quarantine; /* its quarantine table's name */
    const char *row_name; /* SQLite: a name of the rowid that no column has; NULL: WITHOUT ROWID */
    int64_t moved;        /* at least so many rows, counted when the fix was written */
    bool ordered;         /* while they are put in order */
};

struct keel__fix {
    const struct keel_audit *audit;
    struct keel_db *db;
    enum keel_dialect dialect;
    struct keel__arena arena;
    const struct keel_schema *from;
    struct keel_schema to; /* its tables array is ours, and what we changed in the tables */
    struct keel_conversion *there, *back;
    size_t conversion_count;
    struct keel__fix_rows *rows; /* parents before children, once ordered */
    size_t row_count;
    const struct keel__repair **statements;
    size_t statement_count;
};

/* ---- fix_model.c */
/* Makes the repair in fix->to. *why_not is set to the reason when it cannot be made (and nothing
 * was changed), NULL otherwise. */
int keel__fix_model(struct keel__fix *fix, const struct keel__repair *repair, const char **why_not,
                    struct keel_error *err);
/* Adds an index for each new foreign key that has none. Called once, after all repairs. */
int keel__fix_index_references(struct keel__fix *fix, struct keel_error *err);
/* Whether key's parent is table, as the dialect compares names. */
bool keel__fix_refers_to(const struct keel__fix *fix, const struct keel_foreign_key_model *key,
                         const struct keel_table_model *table);
/* The place of table in the schema's array. */
size_t keel__fix_table_index(const struct keel__fix *fix, const struct keel_table_model *table);
/* A name for something new: as made by format, made shorter and numbered until nothing has it. NULL
 * when memory is out. */
const char *keel__fix_name(struct keel__fix *fix, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- fix_rows.c */
/* Remembers that the rows of the repair's table for which `breaks` is true have to leave. Counts
 * them first: *count is how many; none: nothing is remembered. */
int keel__fix_breach(struct keel__fix *fix, const struct keel__repair *repair, int64_t *count,
                     struct keel_error *err);
/* Adds the tables whose rows have to follow because they refer to rows that leave, and puts all in
 * order. Called once, when fix->to is done. */
int keel__fix_follow(struct keel__fix *fix, struct keel_error *err);
void keel__fix_rows_away(struct keel__fix *fix, struct keel__str *out);
void keel__fix_rows_back(struct keel__fix *fix, struct keel__str *out);

#endif
