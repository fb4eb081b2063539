#include "audit/roles.h"

#include <ctype.h>
#include <string.h>

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

void keel__role_words(const char *name, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; name[i] && n + 2 < size; i++) {
        char c = name[i];
        bool part = c == '_' || c == '-' || c == ' ' || c == '.' || c == '$';
        if (n && out[n - 1] != ' ' &&
            (part || (is_upper(c) && i && is_lower_or_digit(name[i - 1]))))
            out[n++] = ' ';
        if (!part)
            out[n++] = is_upper(c) ? (char)(c - 'A' + 'a') : c;
    }
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

/* Whether word (length n) is one of words, parted by blanks. */
static bool among(const char *word, size_t n, const char *words)
{
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, word, n) == 0)
            return true;
        at += length + (at[length] == ' ');
    }
    return false;
}

static bool is_among(const char *word, const char *words)
{
    return among(word, strlen(word), words);
}

#define TIME_WORDS "at on time date ts timestamp datetime utc ms us dt epoch when day"

void keel__role_time_stem(const char *name, char *out, size_t size)
{
    char words[128];
    size_t n = 0;
    keel__role_words(name, words, sizeof words);
    out[0] = '\0';
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        if (!among(at, length, TIME_WORDS) && n + length + 2 < size) {
            if (n)
                out[n++] = ' ';
            memcpy(out + n, at, length);
            n += length;
            out[n] = '\0';
        }
        at += length + (at[length] == ' ');
    }
}

bool keel__role_is_number(const struct keel_column_model *column)
{
    switch (column->type.kind) {
    case KEEL_LOGICAL_INTEGER:
    case KEEL_LOGICAL_REAL:
    case KEEL_LOGICAL_DECIMAL:
    case KEEL_LOGICAL_MONEY:
        return !column->type.dimensions;
    default:
        return false;
    }
}

bool keel__role_is_text(const struct keel_column_model *column)
{
    if (column->type.dimensions)
        return false;
    return column->type.kind == KEEL_LOGICAL_TEXT ||
           (column->type.kind == KEEL_LOGICAL_UNKNOWN && column->affinity != KEEL_AFFINITY_NONE);
}

/* Past participles and the like that stand for a time only where the column's type is one. */
#define TIME_VERBS                                                                                 \
    "created updated modified changed deleted removed archived inserted added started ended "      \
    "finished completed stopped begun opened closed resolved processed fetched sent received "     \
    "shipped delivered published expires expiry expired start end begin finish from to until "     \
    "queued submitted requested seen used edited generated recorded login activity run access "    \
    "accessed refresh refreshed creation"

bool keel__role_is_time(const struct keel_column_model *column)
{
    char words[128], stem[128];
    if (column->type.dimensions)
        return false;
    if (column->type.kind == KEEL_LOGICAL_TIMESTAMP || column->type.kind == KEEL_LOGICAL_DATE)
        return true;
    if (!keel__role_is_number(column) && !keel__role_is_text(column))
        return false;
    keel__role_words(column->name, words, sizeof words);
    keel__role_time_stem(column->name, stem, sizeof stem);
    const char *last = strrchr(words, ' ');
    last = last ? last + 1 : words;
    if (strcmp(words, stem) == 0)
        return is_among(last, TIME_VERBS) && strcmp(words, last) != 0 &&
               column->type.kind != KEEL_LOGICAL_REAL;
    /* execution_time is a time where it is text, and may be a duration where it is a number */
    if (is_among(last, "time ms us day on when"))
        return keel__role_is_text(column) || (is_among(last, "ms us") && strstr(words, " at "));
    return true;
}

static const struct keel_column_model *first_stem(const struct keel_table_model *table,
                                                  const char *stems)
{
    char stem[128];
    for (const char *at = stems; *at;) {
        size_t length = strcspn(at, ",");
        for (size_t i = 0; i < table->column_count; i++) {
            const struct keel_column_model *column = &table->columns[i];
            if (!keel__role_is_time(column))
                continue;
            keel__role_time_stem(column->name, stem, sizeof stem);
            if (strlen(stem) == length && memcmp(stem, at, length) == 0)
                return column;
        }
        at += length + (at[length] == ',');
    }
    return NULL;
}

const struct keel_column_model *keel__role_created(const struct keel_table_model *table)
{
    const struct keel_column_model *column =
        first_stem(table, "created,creation,inserted,row created,record created,added");
    for (size_t i = 0; !column && i < table->column_count; i++) {
        char stem[128];
        keel__role_time_stem(table->columns[i].name, stem, sizeof stem);
        if (!*stem && keel__role_is_time(&table->columns[i]))
            column = &table->columns[i];
    }
    return column;
}

const struct keel_column_model *keel__role_updated(const struct keel_table_model *table)
{
    return first_stem(table, "updated,modified,changed,last updated,last modified,last changed,"
                             "last update,update,row updated,edited,last edited");
}

bool keel__role_is_status(const struct keel_column_model *column)
{
    if (column->type.kind != KEEL_LOGICAL_ENUM && !keel__role_is_text(column))
        return false;
    return keel__name_ends(column->name, "status state phase stage");
}

const struct keel_column_model *keel__role_status(const struct keel_table_model *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (keel__role_is_status(&table->columns[i]))
            return &table->columns[i];
    return NULL;
}

bool keel__role_is_flag(const struct keel_column_model *column)
{
    if (column->type.kind == KEEL_LOGICAL_BOOLEAN)
        return !column->type.dimensions;
    if (column->type.kind != KEEL_LOGICAL_INTEGER && column->affinity != KEEL_AFFINITY_NUMERIC)
        return false;
    return keel__name_starts(column->name, "is has was can did should") ||
           keel__role_flag_outcome(column->name) != KEEL__OUTCOME_OTHER;
}

bool keel__role_is_sequence(const struct keel_column_model *column)
{
    if (column->type.kind != KEEL_LOGICAL_INTEGER)
        return false;
    return keel__name_ends(column->name, "sequence seq step turn number no version revision");
}

bool keel__role_is_person(const char *name)
{
    return keel__name_has(name, "user users author owner creator actor person member account "
                                "assignee reporter employee customer sender recipient by editor");
}

enum keel__outcome keel__role_outcome(const char *word)
{
    char words[64];
    size_t n = 0;
    while (*word == ' ')
        word++;
    keel__role_words(word, words, sizeof words);
    /* "COMPLETED" and "Completed" both give one word; a run of capitals is not parted */
    n = strlen(words);
    if (!n)
        return KEEL__OUTCOME_OTHER;
    if (is_among(words, "completed complete done success successful succeeded ok finished "
                        "processed passed delivered"))
        return KEEL__OUTCOME_GOOD;
    if (is_among(words, "failed error failure errored crashed fail"))
        return KEEL__OUTCOME_BAD;
    if (is_among(words, "pending queued new waiting running processing started draft created "
                        "open scheduled submitted") ||
        strcmp(words, "in progress") == 0)
        return KEEL__OUTCOME_OPEN;
    return KEEL__OUTCOME_OTHER;
}

enum keel__outcome keel__role_flag_outcome(const char *name)
{
    char words[128];
    const char *at = words;
    keel__role_words(name, words, sizeof words);
    if (strncmp(at, "is ", 3) == 0 || strncmp(at, "has ", 4) == 0 || strncmp(at, "was ", 4) == 0)
        at = strchr(at, ' ') + 1;
    if (is_among(at, "success successful succeeded processed completed complete done finished"))
        return KEEL__OUTCOME_GOOD;
    if (is_among(at, "error failed failure errors errored") || strcmp(at, "error occurred") == 0)
        return KEEL__OUTCOME_BAD;
    return KEEL__OUTCOME_OTHER;
}

size_t keel__role_index(const struct keel_table_model *table,
                        const struct keel_column_model *column)
{
    return (size_t)(column - table->columns);
}
