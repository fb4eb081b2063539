/*
 * audit/rules_times.h - the rules of the family "times", which stand in several files.
 */
#ifndef KEEL_AUDIT_RULES_TIMES_H
#define KEEL_AUDIT_RULES_TIMES_H

#include "audit/rule.h"

enum {
    TIMES_IMPOSSIBLE = 0,
    TIMES_MIXED,
    TIMES_UNITS,
    TIMES_ZERO,
    TIMES_ZONES,
    TIMES_NO_ZONE,
    TIMES_ACROSS,
    TIMES_TYPES,
    TIMES_AS_TEXT,
    TIMES_COUNT
};
extern const struct keel__rule keel__times_rules[TIMES_COUNT];

/* Ways of writing a time. */
enum keel__time_form {
    KEEL__FORM_T_ZULU = 0,
    KEEL__FORM_T_OFFSET,
    KEEL__FORM_T_LOCAL,
    KEEL__FORM_BLANK_ZULU,
    KEEL__FORM_BLANK_OFFSET,
    KEEL__FORM_BLANK_LOCAL,
    KEEL__FORM_DATE,
    KEEL__FORM_COMPACT,
    KEEL__FORM_OTHER,
    KEEL__FORM_SECONDS,
    KEEL__FORM_MILLISECONDS,
    KEEL__FORM_MICROSECONDS,
    KEEL__FORM_COUNT
};

struct keel__time_forms {
    int64_t values, times;           /* not NULL; of these, in some form */
    int64_t forms[KEEL__FORM_COUNT]; /* rows of each */
    int64_t zoned, local, off_utc;   /* with a zone, without, with an offset other than 0 */
    int64_t clocked, fractions;      /* with a time of day; of these, with a fraction */
    enum keel__time_form most;
    int form_count; /* forms with rows */
};

const char *keel__time_form_name(enum keel__time_form form);
void keel__time_forms_of(const struct keel__profile *profile, struct keel__time_forms *out);
/* Whether a column holds times: by its type, or nine tenths of its values and, for forms that may
 * be something else (numbers, YYYYMMDD), its name. */
bool keel__time_column(const struct keel__profile *profile, const struct keel__time_forms *forms);
/* The name of a time: created_at, ts, birth_date. */
bool keel__time_name(const char *name);

/* rules_times_forms.c */
int keel__times_mixed(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err);
int keel__times_units(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err);
int keel__times_zero(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err);
int keel__times_impossible(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err);
int keel__times_as_text(struct keel__audit *audit, struct keel_error *err);
/* rules_times_across.c */
int keel__times_zones(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err);
int keel__times_no_zone(struct keel__audit *audit, struct keel_error *err);
int keel__times_across(struct keel__audit *audit, struct keel_error *err);
int keel__times_types(struct keel__audit *audit, struct keel_error *err);

#endif
