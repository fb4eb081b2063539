/*
 * audit/rules_types.h - the rules of the family "types", which stand in several files.
 */
#ifndef KEEL_AUDIT_RULES_TYPES_H
#define KEEL_AUDIT_RULES_TYPES_H

#include "audit/rule.h"

enum {
    TYPES_TEXT_UUID = 0,
    TYPES_UUID_FORMS,
    TYPES_TEXT_NUMBER,
    TYPES_LEADING_ZEROS,
    TYPES_INTEGER_BOOLEAN,
    TYPES_BOOLEAN_OTHER,
    TYPES_MONEY_FLOAT,
    TYPES_MONEY_PRECISION,
    TYPES_STORAGE,
    TYPES_TEXT_IN_BLOB,
    TYPES_BYTES_IN_TEXT,
    TYPES_NUL,
    TYPES_UTF8,
    TYPES_NAN,
    TYPES_UNKNOWN,
    TYPES_STRICT,
    TYPES_64_BITS,
    TYPES_CUT,
    TYPES_LENGTH,
    TYPES_PADDED,
    TYPES_MONEY_TYPE,
    TYPES_SERIAL,
    TYPES_KEY_OVERFLOW,
    TYPES_COUNT
};
extern const struct keel__rule keel__types_rules[TYPES_COUNT];

/* rules_types_text.c */
int keel__types_uuid(struct keel__audit *audit, struct keel_error *err);
int keel__types_uuid_forms(struct keel__audit *audit, struct keel_error *err);
int keel__types_text_number(struct keel__audit *audit, struct keel_error *err);
int keel__types_leading_zeros(struct keel__audit *audit, const struct keel__table_facts *facts,
                              struct keel_error *err);
int keel__types_cut(struct keel__audit *audit, const struct keel__table_facts *facts,
                    struct keel_error *err);
int keel__types_length(struct keel__audit *audit, struct keel_error *err);
/* rules_types_number.c */
int keel__types_integer_boolean(struct keel__audit *audit, struct keel_error *err);
int keel__types_boolean_other(struct keel__audit *audit, struct keel_error *err);
int keel__types_money_float(struct keel__audit *audit, struct keel_error *err);
int keel__types_money_precision(struct keel__audit *audit, struct keel_error *err);
int keel__types_nan(struct keel__audit *audit, const struct keel__table_facts *facts,
                    struct keel_error *err);
int keel__types_64_bits(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err);
int keel__types_key_overflow(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err);
/* rules_types_storage.c */
int keel__types_storage(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err);
int keel__types_text_in_blob(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err);
int keel__types_bytes_in_text(struct keel__audit *audit, const struct keel__table_facts *facts,
                              struct keel_error *err);
int keel__types_nul(struct keel__audit *audit, const struct keel__table_facts *facts,
                    struct keel_error *err);
int keel__types_utf8(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err);
/* rules_types_declared.c */
int keel__types_unknown(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err);
int keel__types_strict(struct keel__audit *audit, struct keel_error *err);
int keel__types_padded(struct keel__audit *audit, struct keel_error *err);
int keel__types_money_type(struct keel__audit *audit, struct keel_error *err);
int keel__types_serial(struct keel__audit *audit, struct keel_error *err);

#endif
