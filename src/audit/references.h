/*
 * audit/references.h - what the files of the references family share.
 */
#ifndef AUDIT_REFERENCES_H
#define AUDIT_REFERENCES_H

#include "audit/reference.h"

/* The references of a table: audit->references[*first], and so on. */
size_t keel__references_of(const struct keel__audit *audit, const struct keel_table_model *table,
                           size_t *first);
/* Asks the scan for a reference's numbers, and takes them. */
void keel__reference_plan(struct keel__audit *audit, struct keel__scan *scan, size_t index);
void keel__reference_take(struct keel__audit *audit, const struct keel__table_facts *facts,
                          size_t index);
const struct keel__probe *keel__reference_orphans(struct keel__audit *audit,
                                                  const struct keel__table_facts *facts,
                                                  size_t index);

/* Names of the child's columns, in the audit's arena. */
const char **keel__reference_columns(struct keel__audit *audit,
                                     const struct keel__reference *reference);
/* "user_id", "(a, b)" */
const char *keel__names_text(struct keel__audit *audit, const char *const *names, size_t count);

/* Whether rows of from lead, by declared and soft references, to rows of to. */
bool keel__reference_reaches(const struct keel__audit *audit, const struct keel_table_model *from,
                             const struct keel_table_model *to);

/* A count by SQL that returns numbers in its only row; those that are missing are 0. */
int keel__count_sql(struct keel__audit *audit, const char *sql, int64_t *numbers, size_t count,
                    struct keel_error *err);
/* printf into the arena where %I is a name and %S a string as SQL needs them, %T a table (two
 * arguments: its schema or NULL, its name), %s raw text. NULL when memory is out. */
const char *keel__sql_text(struct keel__audit *audit, const char *format, ...);

/* rules_references_soft.c */
int keel__soft_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err);
int keel__soft_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err);
int keel__soft_schema(struct keel__audit *audit, const struct keel__rule *rule);
void keel__unlinked_schema(struct keel__audit *audit, const struct keel__rule *none,
                           const struct keel__rule *unlinked);
/* rules_references_json.c */
int keel__json_ids_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err);
int keel__json_ids_table(struct keel__audit *audit, const struct keel__rule *rule,
                         const struct keel__table_facts *facts, struct keel_error *err);
/* rules_references_values.c */
int keel__by_name_schema(struct keel__audit *audit, const struct keel__rule *rule,
                         struct keel_error *err);
int keel__by_value_schema(struct keel__audit *audit, const struct keel__rule *rule,
                          struct keel_error *err);
/* rules_references_text.c */
int keel__full_text_schema(struct keel__audit *audit, const struct keel__rule *rule,
                           struct keel_error *err);

#endif
