#include "schema/render.h"

const char *keel__action_word(enum keel_reference_action action)
{
    static const char *const words[] = {"NO ACTION", "RESTRICT", "CASCADE", "SET NULL",
                                        "SET DEFAULT"};
    return words[action];
}

const char *keel__conflict_word(enum keel_conflict conflict)
{
    static const char *const words[] = {NULL, "ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"};
    return words[conflict];
}

const char *keel__deferrable_words(enum keel_deferrable deferrable)
{
    static const char *const words[] = {NULL, "DEFERRABLE", "DEFERRABLE INITIALLY DEFERRED"};
    return words[deferrable];
}

const char *keel__table_kind_word(enum keel_table_kind kind)
{
    static const char *const words[] = {"plain",       "virtual",   "shadow",
                                        "partitioned", "partition", "foreign"};
    return words[kind];
}

const char *keel__logical_kind_word(enum keel_logical_kind kind)
{
    static const char *const words[] = {
        "unknown", "boolean",   "integer",  "real", "decimal", "text",  "bytes", "bits",   "date",
        "time",    "timestamp", "interval", "uuid", "json",    "money", "enum",  "domain", "other"};
    return words[kind];
}

const char *keel__identity_word(enum keel_identity identity)
{
    static const char *const words[] = {NULL,     "rowid",      "autoincrement",
                                        "always", "by default", "serial"};
    return words[identity];
}

const char *keel__generated_word(enum keel_generated generated)
{
    static const char *const words[] = {NULL, "STORED", "VIRTUAL"};
    return words[generated];
}
