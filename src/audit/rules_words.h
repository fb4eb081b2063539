/*
 * audit/rules_words.h - the functions behind the rules of the families words and constraints, file
 * by file, and where each rule stands in its family's array.
 */
#ifndef KEEL_AUDIT_RULES_WORDS_H
#define KEEL_AUDIT_RULES_WORDS_H

#include "audit/rule.h"

enum keel__words_rule {
    KEEL__WORDS_UNCHECKED = 0,
    KEEL__WORDS_SPELLINGS,
    KEEL__WORDS_CASE_KEY,
    KEEL__WORDS_EMAIL_CASE,
    KEEL__WORDS_NULL_AND_EMPTY,
    KEEL__WORDS_EMPTY,
    KEEL__WORDS_NULL_WORD,
    KEEL__WORDS_FLOATING,
    KEEL__WORDS_NO_VERSION,
    KEEL__WORDS_NO_HASH,
    KEEL__WORDS_COUNT
};

enum keel__constraints_rule {
    KEEL__CONSTRAINTS_DEFAULT_CHECK = 0,
    KEEL__CONSTRAINTS_DEFAULT_TYPE,
    KEEL__CONSTRAINTS_DEFAULT_NULL,
    KEEL__CONSTRAINTS_DEFAULT_DATED,
    KEEL__CONSTRAINTS_NULL_DESPITE_DEFAULT,
    KEEL__CONSTRAINTS_DEFAULTS_ELSEWHERE,
    KEEL__CONSTRAINTS_DEFAULTS_DIFFER,
    KEEL__CONSTRAINTS_NEVER_NULL,
    KEEL__CONSTRAINTS_ALWAYS_NULL,
    KEEL__CONSTRAINTS_CONSTANT,
    KEEL__CONSTRAINTS_UNDECLARED_KEY,
    KEEL__CONSTRAINTS_BROKEN_KEY,
    KEEL__CONSTRAINTS_KEY_NULLS,
    KEEL__CONSTRAINTS_MEASURE_KEY,
    KEEL__CONSTRAINTS_NEGATIVE,
    KEEL__CONSTRAINTS_MINUS_ONE,
    KEEL__CONSTRAINTS_RANGE,
    KEEL__CONSTRAINTS_ZERO,
    KEEL__CONSTRAINTS_FEW_MISSING,
    KEEL__CONSTRAINTS_STRAY_ERROR,
    KEEL__CONSTRAINTS_JSON_TOTAL,
    KEEL__CONSTRAINTS_COUNT
};

#define KEEL__PLAN(name) int name(struct keel__audit *, struct keel__scan *, struct keel_error *)
#define KEEL__TABLE(name)                                                                          \
    int name(struct keel__audit *, const struct keel__table_facts *, struct keel_error *)
#define KEEL__SCHEMA(name) int name(struct keel__audit *, struct keel_error *)

/* rules_words_sets.c */
KEEL__TABLE(keel__unchecked_words_table);
KEEL__TABLE(keel__spellings_table);
/* rules_words_case.c */
KEEL__PLAN(keel__case_key_plan);
KEEL__TABLE(keel__case_key_table);
KEEL__TABLE(keel__email_case_table);
/* rules_words_empty.c */
KEEL__TABLE(keel__null_and_empty_table);
KEEL__TABLE(keel__empty_text_table);
KEEL__TABLE(keel__null_word_table);
/* rules_words_versions.c */
KEEL__PLAN(keel__floating_version_plan);
KEEL__TABLE(keel__floating_version_table);
KEEL__PLAN(keel__no_version_plan);
KEEL__TABLE(keel__no_version_table);

/* rules_words_hashes.c */
KEEL__TABLE(keel__no_hash_table);

/* rules_constraints_defaults.c */
KEEL__TABLE(keel__default_check_table);
KEEL__TABLE(keel__default_type_table);
KEEL__PLAN(keel__default_null_plan);
KEEL__TABLE(keel__default_null_table);
KEEL__PLAN(keel__default_dated_plan);
KEEL__TABLE(keel__default_dated_table);
KEEL__TABLE(keel__null_despite_default_table);
/* rules_constraints_schema.c */
KEEL__SCHEMA(keel__defaults_elsewhere_schema);
KEEL__SCHEMA(keel__defaults_differ_schema);
/* rules_constraints_nulls.c */
KEEL__TABLE(keel__never_null_table);
KEEL__TABLE(keel__always_null_table);
KEEL__TABLE(keel__constant_table);
/* rules_constraints_unique.c */
KEEL__PLAN(keel__undeclared_key_plan);
KEEL__SCHEMA(keel__undeclared_key_schema);
KEEL__PLAN(keel__broken_key_plan);
KEEL__SCHEMA(keel__broken_key_schema);
KEEL__TABLE(keel__key_nulls_table);
KEEL__PLAN(keel__measure_key_plan);
KEEL__TABLE(keel__measure_key_table);
/* rules_constraints_numbers.c */
KEEL__TABLE(keel__negative_table);
KEEL__TABLE(keel__minus_one_table);
KEEL__PLAN(keel__range_plan);
KEEL__TABLE(keel__range_table);
KEEL__SCHEMA(keel__zero_schema);

/* rules_constraints_holes.c */
KEEL__TABLE(keel__few_missing_table);
KEEL__TABLE(keel__stray_error_table);

/* rules_constraints_totals.c */
KEEL__TABLE(keel__json_total_table);

#define KEEL__WORDS(rule) (&keel__rules_words.items[rule])
#define KEEL__CONSTRAINTS(rule) (&keel__rules_constraints.items[rule])

#endif
