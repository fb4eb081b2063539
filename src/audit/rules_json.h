/*
 * audit/rules_json.h - the rules of the family "json", which stand in several files.
 */
#ifndef KEEL_AUDIT_RULES_JSON_H
#define KEEL_AUDIT_RULES_JSON_H

#include "audit/rule.h"

enum {
    JSON_INVALID = 0,
    JSON_AS_TEXT,
    JSON_MIXED,
    JSON_IN_STRING,
    JSON_KINDS,
    JSON_NULL_WORD,
    JSON_NUMBER,
    JSON_NUL,
    JSON_DUPLICATE,
    JSON_DUST,
    JSON_NAMES,
    JSON_SCORES,
    JSON_SCORES_OUT,
    JSON_AFFINITY,
    JSON_NOT_BINARY,
    JSON_SUFFIX,
    JSON_COUNT
};
extern const struct keel__rule keel__json_rules[JSON_COUNT];

/* Whether the column holds JSON: by declaration, or four fifths of its values are objects and
 * arrays. */
bool keel__json_column(const struct keel__audit *audit, const struct keel__profile *profile);
/* Values that are valid JSON of any kind. */
int64_t keel__json_valid(const struct keel__profile *profile);

/* rules_json_validity.c */
int keel__json_invalid(struct keel__audit *audit, struct keel_error *err);
int keel__json_as_text(struct keel__audit *audit, struct keel_error *err);
int keel__json_mixed(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err);
/* rules_json_content.c */
int keel__json_in_string(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err);
int keel__json_kinds(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err);
int keel__json_null_word(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err);
int keel__json_number(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err);
int keel__json_nul(struct keel__audit *audit, const struct keel__table_facts *facts,
                   struct keel_error *err);
int keel__json_duplicate(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err);
int keel__json_dust(struct keel__audit *audit, const struct keel__table_facts *facts,
                    struct keel_error *err);
int keel__json_names(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err);
int keel__json_scores(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err);
int keel__json_scores_out(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err);
/* rules_json_declared.c */
int keel__json_affinity(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err);
int keel__json_not_binary(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err);
int keel__json_suffix(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err);

#endif
