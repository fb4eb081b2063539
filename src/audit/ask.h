/*
 * audit/ask.h - the SQL that rules put together, and single questions to the database.
 *
 * All texts are in the audit's arena; NULL when memory is out. Expressions never fail, whatever a
 * value is.
 */
#ifndef KEEL_AUDIT_ASK_H
#define KEEL_AUDIT_ASK_H

#include "audit/rule.h"

/* printf into the audit's arena. */
const char *keel__ask_format(struct keel__audit *audit, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* name, schema.name and alias.name, quoted where SQL needs it. */
const char *keel__ask_name(struct keel__audit *audit, const char *name);
const char *keel__ask_table(struct keel__audit *audit, const struct keel_table_model *table);
const char *keel__ask_column(struct keel__audit *audit, const char *alias,
                             const struct keel_column_model *column);
const char *keel__ask_string(struct keel__audit *audit, const char *text);

/* The value as text, comparable and with a length, whatever its type. */
const char *keel__ask_text(struct keel__audit *audit, const char *alias,
                           const struct keel_column_model *column);
/* Nothing is there: NULL or an empty text. */
const char *keel__ask_missing(struct keel__audit *audit, const char *alias,
                              const struct keel_column_model *column);
/* Days as a floating point number; NULL for what is no time: text of another form, numbers that
 * are no Unix time of this age. Times without a zone count as UTC. */
const char *keel__ask_time(struct keel__audit *audit, const char *alias,
                           const struct keel_column_model *column);
/* What names a row in an example: its primary key. */
const char *keel__ask_row(struct keel__audit *audit, const char *alias,
                          const struct keel_table_model *table);
/* Whether a = b can be asked without a cast. */
bool keel__ask_comparable(const struct keel__audit *audit, const struct keel_column_model *a,
                          const struct keel_column_model *b);

/* The one row of sql, as integers (NULL is 0). What fails is named among the skipped, with place,
 * and *answered is false; only what ends the audit is an error. */
int keel__ask_numbers(struct keel__audit *audit, const char *place, const char *sql, int64_t *out,
                      size_t count, bool *answered, struct keel_error *err);
/* Each row. */
int keel__ask_each(struct keel__audit *audit, const char *place, const char *sql, keel_row_fn *each,
                   void *context, bool *answered, struct keel_error *err);

/* Whether a question that reads all of a table costs no more than the audit does anyhow: it was
 * read as a whole. */
bool keel__ask_whole(const struct keel__table_facts *facts);
/* Whether an index or a key of table leads with column. */
bool keel__ask_indexed(const struct keel_table_model *table, const char *column);
/* Whether column alone is a key of table: PRIMARY KEY, UNIQUE or a unique index over all rows. */
bool keel__ask_unique(const struct keel_table_model *table, const char *column);

#endif
