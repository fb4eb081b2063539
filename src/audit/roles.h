/*
 * audit/roles.h - what a column is there for, told by its name and type: a creation time, a state,
 * a flag, a document. And what the words of a state mean.
 */
#ifndef KEEL_AUDIT_ROLES_H
#define KEEL_AUDIT_ROLES_H

#include "audit/rule.h"

/* The words of a name in lower case, parted by one blank: "lastUsedAt" -> "last used at". */
void keel__role_words(const char *name, char *out, size_t size);
/* The same without the words that only say that it is a time (at, on, time, ts ...):
 * "processing_started_at" -> "processing started", "timestamp" -> "". */
void keel__role_time_stem(const char *name, char *out, size_t size);

/* Its name and its type both allow a point in time. */
bool keel__role_is_time(const struct keel_column_model *column);
bool keel__role_is_number(const struct keel_column_model *column);
bool keel__role_is_text(const struct keel_column_model *column); /* text, also with NUMERIC
                                                                    affinity in SQLite */
/* created_at and its like; or the time of the row itself (timestamp, ts). */
const struct keel_column_model *keel__role_created(const struct keel_table_model *table);
/* updated_at and its like. */
const struct keel_column_model *keel__role_updated(const struct keel_table_model *table);
/* status, state, phase, stage, as text or an enum. */
bool keel__role_is_status(const struct keel_column_model *column);
const struct keel_column_model *keel__role_status(const struct keel_table_model *table);
/* A boolean by type or name and number: is_active, success, processed. */
bool keel__role_is_flag(const struct keel_column_model *column);
/* A position in a sequence: sequence, seq, step, run_number. */
bool keel__role_is_sequence(const struct keel_column_model *column);
/* A person by its words: user_id, author, owner. */
bool keel__role_is_person(const char *name);

enum keel__outcome {
    KEEL__OUTCOME_OTHER = 0,
    KEEL__OUTCOME_OPEN,
    KEEL__OUTCOME_GOOD,
    KEEL__OUTCOME_BAD
};
/* What a word of a state says: "completed" good, "failed" bad, "pending" open. */
enum keel__outcome keel__role_outcome(const char *word);
/* What a flag that is true says: success good, is_error bad; OTHER: neither. */
enum keel__outcome keel__role_flag_outcome(const char *name);

/* The place of a column in its table. */
size_t keel__role_index(const struct keel_table_model *table,
                        const struct keel_column_model *column);

#endif
