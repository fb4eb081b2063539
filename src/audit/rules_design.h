/*
 * audit/rules_design.h - the rules of rules_design.c, which stand in several files.
 */
#ifndef KEEL_AUDIT_RULES_DESIGN_H
#define KEEL_AUDIT_RULES_DESIGN_H

#include "audit/ask.h"
#include "audit/reference.h"
#include "audit/roles.h"
#include "audit/rule.h"

/* A new finding of one of this family's rules. */
struct keel_finding *keel__design_add(struct keel__audit *audit, const char *id,
                                      const struct keel_table_model *table);
/* Whether one of words is a word of the name of a column. */
const struct keel_column_model *keel__design_column(const struct keel_table_model *table,
                                                    const char *words);
/* A table that keeps what the rows of this one were before: it refers to it, or carries its name,
 * and is called a log, history or version. */
bool keel__design_has_history(const struct keel__audit *audit,
                              const struct keel_table_model *table);

typedef int keel__design_plan(struct keel__audit *audit, struct keel__scan *scan,
                              struct keel_error *err);
typedef int keel__design_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                               struct keel_error *err);
typedef int keel__design_schema(struct keel__audit *audit, struct keel_error *err);

/* rules_design_rows.c */
keel__design_plan keel__plan_rewritten;
keel__design_table keel__table_status_history, keel__table_rewritten, keel__table_version_counter,
    keel__table_no_updated, keel__table_cache, keel__table_retention, keel__table_large,
    keel__table_text_search;
/* rules_design_secrets.c */
keel__design_plan keel__plan_secret;
keel__design_table keel__table_secret, keel__table_last_use;
/* rules_design_json.c */
keel__design_schema keel__schema_array_of_objects, keel__schema_measures;
/* rules_design_schema.c */
keel__design_schema keel__schema_repeated_group, keel__schema_trigger, keel__schema_no_migrations,
    keel__schema_heads, keel__schema_user_flag, keel__schema_evaded;

#endif
