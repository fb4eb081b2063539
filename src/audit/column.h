/*
 * audit/column.h - what the schema says of one column, for rules: its default as a value, the
 * CHECKs that speak of it, the keys and references it stands in.
 */
#ifndef KEEL_AUDIT_COLUMN_H
#define KEEL_AUDIT_COLUMN_H

#include "audit/rule.h"

enum keel__literal_kind {
    KEEL__LITERAL_NONE = 0, /* no default, or an expression */
    KEEL__LITERAL_NULL,
    KEEL__LITERAL_STRING,
    KEEL__LITERAL_NUMBER,
    KEEL__LITERAL_OTHER /* TRUE, FALSE, CURRENT_TIMESTAMP, a blob */
};

struct keel__literal {
    enum keel__literal_kind kind;
    char text[256]; /* STRING without its quotes; longer ones are OTHER */
};
/* The default of a column as a value; a cast behind it (PostgreSQL) is taken away. */
void keel__column_default(enum keel_dialect dialect, const struct keel_column_model *column,
                          struct keel__literal *out);

/* Whether a CHECK of the table mentions the column. */
bool keel__column_checked(enum keel_dialect dialect, const struct keel_table_model *table,
                          const char *column);
/* Whether such a CHECK says which values it may have: IN, ANY, =, LIKE, GLOB, ~ ... */
bool keel__column_closed(enum keel_dialect dialect, const struct keel_table_model *table,
                         const char *column);
/* Whether the CHECK's expression mentions the column, and (only may be NULL) no other of the
 * table's columns. */
bool keel__check_mentions(enum keel_dialect dialect, const struct keel_table_model *table,
                          const struct keel_check_model *check, const char *column, bool *only);

/* Whether some of the columns are a key: PRIMARY KEY, UNIQUE, a unique index of all rows. */
bool keel__columns_hold_key(const struct keel_table_model *table, const char *const *columns,
                            size_t count);
bool keel__column_unique(const struct keel_table_model *table, const char *column); /* alone */
bool keel__column_in_key(const struct keel_table_model *table, const char *column); /* of any key */
bool keel__column_primary(const struct keel_table_model *table, const char *column);
/* The reference that this column alone is; NULL: none. */
const struct keel__reference *keel__column_reference(const struct keel__audit *audit,
                                                     const struct keel_table_model *table,
                                                     const char *column);

/* Text of the kind that rules about words look at: no JSON, no array, no enum, no domain. */
bool keel__column_is_text(enum keel_dialect dialect, const struct keel__profile *profile);
bool keel__column_is_number(const struct keel__profile *profile);

/* SQL in the audit's arena; NULL when memory is out. */
const char *keel__audit_name(struct keel__audit *audit, const char *name); /* quoted if need be */
const char *keel__audit_table(struct keel__audit *audit, const struct keel_table_model *table);
const char *keel__audit_string(struct keel__audit *audit, const char *text);

#endif
