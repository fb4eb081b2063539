/*
 * audit/rules_consistency.h - the rules of rules_consistency.c, which stand in several files.
 */
#ifndef KEEL_AUDIT_RULES_CONSISTENCY_H
#define KEEL_AUDIT_RULES_CONSISTENCY_H

#include "audit/ask.h"
#include "audit/reference.h"
#include "audit/roles.h"
#include "audit/rule.h"

/* A new finding of one of this family's rules. */
struct keel_finding *keel__consistency_add(struct keel__audit *audit, const char *id,
                                           const struct keel_table_model *table);
void keel__consistency_columns(struct keel__audit *audit, struct keel_finding *finding,
                               const char *first, const char *second);
/* Makes the finding's repair a choice: the lines of --fix, and a short text for the report. */
int keel__consistency_choice(struct keel__audit *audit, struct keel_finding *finding,
                             const struct keel_table_model *table, const char *text,
                             const char *choices, struct keel_error *err);
/* Whether the reference is there: declared, or borne out by the values. */
bool keel__consistency_holds(const struct keel__reference *reference);

typedef int keel__plan_fn(struct keel__audit *audit, struct keel__scan *scan,
                          struct keel_error *err);
typedef int keel__table_fn(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err);
typedef int keel__schema_fn(struct keel__audit *audit, struct keel_error *err);

/* rules_consistency_times.c */
keel__plan_fn keel__plan_time_order, keel__plan_child_time, keel__plan_time_shift;
keel__table_fn keel__table_time_order, keel__table_time_shift;
keel__schema_fn keel__schema_child_older, keel__schema_child_late;
/* rules_consistency_order.c */
keel__schema_fn keel__schema_time_backwards, keel__schema_sequence_gaps, keel__schema_word_order;
/* rules_consistency_states.c */
keel__plan_fn keel__plan_reason;
keel__table_fn keel__table_state_value, keel__table_reason, keel__table_flag_against,
    keel__table_flag_repeats;
keel__schema_fn keel__schema_state_child;
/* rules_consistency_copies.c */
keel__plan_fn keel__plan_copied_reference, keel__plan_json_copy, keel__plan_address;
keel__table_fn keel__table_json_copy, keel__table_text_copies, keel__table_address;
keel__schema_fn keel__schema_copied_reference, keel__schema_repeated_facts, keel__schema_text_twice,
    keel__schema_json_text_twice, keel__schema_alike_tables, keel__schema_relation_twice,
    keel__schema_duplicate_rows, keel__schema_catch_all;
/* rules_consistency_sums.c */
keel__plan_fn keel__plan_part_whole, keel__plan_derived;
keel__table_fn keel__table_part_whole, keel__table_derived;
keel__schema_fn keel__schema_stored_counts, keel__schema_stored_sums;
/* rules_consistency_shapes.c */
keel__table_fn keel__table_half_moved;
keel__schema_fn keel__schema_document_shapes, keel__schema_money_types;

#endif
