/*
 * audit/evidence.h - what rules about values ask of a column besides audit/column.h, and the
 * repairs that they share.
 */
#ifndef KEEL_AUDIT_EVIDENCE_H
#define KEEL_AUDIT_EVIDENCE_H

#include "audit/column.h"
#include "audit/rule.h"

/* Enough rows for a rule that concludes from what values look like. */
enum { KEEL__ENOUGH_ROWS = 20 };

/* Values that are not NULL. */
int64_t keel__column_values(const struct keel__profile *profile);
/* Whether all values, or nearly all, are text that a column of text holds: not those of types that
 * PostgreSQL only prints. */
bool keel__values_are_text(const struct keel__audit *audit, const struct keel__profile *profile);

/* Whether an identifier stands in an SQL expression. NULL holds none. */
bool keel__text_mentions(const char *expression, const char *name);
/* It alone refers to a key: by declaration, or by its values (known once all tables are read). */
const struct keel__reference *keel__column_refers(const struct keel__audit *audit,
                                                  const struct keel_table_model *table,
                                                  const char *column);
/* A declared or soft reference of any table leads to this table (to this column of it). */
bool keel__table_is_parent(const struct keel__audit *audit, const struct keel_table_model *table);
bool keel__column_is_parent(const struct keel__audit *audit, const struct keel_table_model *table,
                            const char *column);
/* PostgreSQL: nothing stands in the way of another type for it: no key to or from it, default,
 * check, expression, view, partition or inheritance. */
bool keel__column_may_convert(const struct keel__audit *audit, const struct keel_table_model *table,
                              const struct keel_column_model *column);

/* Calls look for every column of every table that is judged (read or not: then it has 0 rows). */
typedef void keel__column_fn(struct keel__audit *audit, const struct keel__table_facts *facts,
                             const struct keel__profile *profile);
int keel__each_column(struct keel__audit *audit, keel__column_fn *look);

/* printf into the arena; "" when memory is out. */
const char *keel__audit_text(struct keel__audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A repair that adds CHECK (expression), with the rows that break it to quarantine when nothing
 * refers to the table (breaking: how many there are). Sets the finding's fix and fix_text. For the
 * end of an audit, when all references are known. */
void keel__repair_check(struct keel__audit *audit, struct keel_finding *finding,
                        const struct keel_table_model *table, const char *column,
                        const char *expression, const char *breaks, int64_t breaking,
                        const char *reason);
/* The finding needs a decision; choices are comment lines for the migration. */
void keel__repair_choice(struct keel__audit *audit, struct keel_finding *finding,
                         const struct keel_table_model *table, const char *fix_text,
                         const char *choices);
/* PostgreSQL: another type, when nothing is in the way; else the same as a choice. */
void keel__repair_type(struct keel__audit *audit, struct keel_finding *finding,
                       const struct keel_table_model *table, const struct keel_column_model *column,
                       const char *type, const char *convert, const char *revert);

#endif
