/*
 * audit/references.h - what the files of the references family share.
 */
#ifndef AUDIT_REFERENCES_H
#define AUDIT_REFERENCES_H

#include "audit/reference.h"

/* The rules of the family, in their order. */
enum keel__reference_rule {
    KEEL__RULE_SOFT,
    KEEL__RULE_ORPHANS,
    KEEL__RULE_NOT_VALID,
    KEEL__RULE_NOT_ENFORCED,
    KEEL__RULE_NO_INDEX,
    KEEL__RULE_PARENT,
    KEEL__RULE_TYPE,
    KEEL__RULE_CYCLE,
    KEEL__RULE_NULLABLE,
    KEEL__RULE_ACTIONS,
    KEEL__RULE_NO_ACTION,
    KEEL__RULE_NONE,
    KEEL__RULE_UNLINKED,
    KEEL__RULE_JSON,
    KEEL__RULE_BY_NAME,
    KEEL__RULE_BY_VALUE,
    KEEL__RULE_FULL_TEXT,
    KEEL__REFERENCE_RULES
};
const struct keel__rule *keel__reference_rule(enum keel__reference_rule rule);

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

/* Sets a finding's columns, and the constraint's name where it has one. */
void keel__reference_place(struct keel__audit *audit, struct keel_finding *finding,
                           const struct keel__reference *reference);
/* Its columns for a sentence, declared ones as they are written. */
const char *keel__reference_text(struct keel__audit *audit,
                                 const struct keel__reference *reference);

/* Whether rows of from lead, by declared and soft references, to rows of to. */
bool keel__reference_reaches(const struct keel__audit *audit, const struct keel_table_model *from,
                             const struct keel_table_model *to);

/* A count by SQL that returns numbers in its only row; those that are missing are 0. */
int keel__count_sql(struct keel__audit *audit, const char *sql, int64_t *numbers, size_t count,
                    struct keel_error *err);
/* printf into the arena where %I is a name and %S a string as SQL needs them, %T a table (two
 * arguments: its schema or NULL, its name), %s raw text. NULL when memory is out. */
const char *keel__sql_text(struct keel__audit *audit, const char *format, ...);

/* rules_references_rows.c */
int keel__orphans_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err);
int keel__orphans_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err);
int keel__not_valid_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err);
int keel__not_enforced_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err);
int keel__not_enforced_schema(struct keel__audit *audit, struct keel_error *err);
/* rules_references_keys.c */
int keel__no_index_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err);
int keel__no_parent_schema(struct keel__audit *audit, struct keel_error *err);
int keel__type_mismatch_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                              struct keel_error *err);
int keel__cycle_schema(struct keel__audit *audit, struct keel_error *err);
/* rules_references_actions.c */
int keel__null_reference_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                               struct keel_error *err);
int keel__actions_schema(struct keel__audit *audit, struct keel_error *err);
int keel__no_action_schema(struct keel__audit *audit, struct keel_error *err);
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
