#include "audit/rules_words.h"

#include "audit/column.h"
#include "audit/vocabulary.h"
#include "base/error.h"

#include <string.h>
#include <strings.h>

static struct keel__repair *choice(struct keel__audit *audit, struct keel_finding *finding,
                                   const struct keel__table_facts *facts)
{
    return keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
}

/* Text that rules about nothing look at: what types and JSON rules report is theirs. */
static bool holds_text(const struct keel__audit *audit, const struct keel__profile *profile)
{
    return keel__column_is_text(audit->dialect, profile) &&
           profile->column->generated == KEEL_GENERATED_NO;
}

/* JSON and dates, whose own rules take '' for a broken one. */
static bool is_other_text(const struct keel__profile *profile)
{
    const int64_t *shapes = profile->shapes;
    int64_t filled = profile->rows - profile->nulls - shapes[KEEL__SHAPE_EMPTY];
    int64_t json = shapes[KEEL__SHAPE_JSON_OBJECT] + shapes[KEEL__SHAPE_JSON_ARRAY];
    int64_t dates = shapes[KEEL__SHAPE_DATE_COMPACT] + shapes[KEEL__SHAPE_DATE];
    return filled > 0 && (json * 10 > filled * 9 || dates * 10 > filled * 9);
}

/* A closed set of words reports its empty one itself. */
static bool reported_as_word(const struct keel__audit *audit, const struct keel__table_facts *facts,
                             const struct keel__profile *profile)
{
    return keel__vocabulary_name(profile->column->name) && profile->word_count >= 2 &&
           profile->word_count <= 24 &&
           !keel__column_closed(audit->dialect, facts->table, profile->column->name);
}

/* ---- nothing as NULL and as '' --------------------------------------------------------------- */

int keel__null_and_empty_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                               struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        int64_t empties = profile->shapes[KEEL__SHAPE_EMPTY];
        if (empties == 0 || profile->nulls == 0 || !holds_text(audit, profile) ||
            reported_as_word(audit, facts, profile))
            continue;
        const char *column = profile->column->name;
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_NULL_AND_EMPTY), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, column);
        keel__finding_data(finding, facts, empties + profile->nulls);
        keel__finding_count(audit, finding, "NULL", profile->nulls);
        keel__finding_count(audit, finding, "''", empties);
        keel__finding_say(
            audit, finding, "%s.%s says nothing in two ways: %lld rows with NULL, %lld with ''",
            facts->table->name, column, (long long)profile->nulls, (long long)empties);
        finding->fix_text = "whether '' means something that NULL does not";
        struct keel__repair *repair = choice(audit, finding, facts);
        if (!repair)
            return keel__nomem(err);
        const char *place = keel__audit_table(audit, facts->table);
        const char *name = keel__audit_name(audit, column);
        repair->choices = keel__arena_printf(
            audit->arena,
            "UPDATE %s SET %s = NULL WHERE %s = ''; (%lld rows)\nThen: CHECK (%s <> '')", place,
            name, name, (long long)empties, name);
    }
    return KEEL_OK;
}

/* ---- empty text where there should be some --------------------------------------------------- */

int keel__empty_text_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const struct keel_column_model *column = profile->column;
        int64_t empties = profile->shapes[KEEL__SHAPE_EMPTY];
        struct keel__literal literal;
        if (empties == 0 || profile->nulls > 0 || !holds_text(audit, profile) ||
            reported_as_word(audit, facts, profile) || is_other_text(profile) ||
            keel__column_in_key(facts->table, column->name)) /* '' is one of its values */
            continue;
        keel__column_default(audit->dialect, column, &literal);
        if (literal.kind == KEEL__LITERAL_STRING && !literal.text[0])
            continue; /* '' is what the schema gives */
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_EMPTY), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, empties);
        if (column->not_null)
            keel__finding_say(
                audit, finding, "%lld of %lld values of %s.%s are empty, although it is NOT NULL",
                (long long)empties, (long long)profile->rows, facts->table->name, column->name);
        else
            keel__finding_say(
                audit, finding, "%lld of %lld values of %s.%s are empty, although it admits NULL",
                (long long)empties, (long long)profile->rows, facts->table->name, column->name);
        finding->fix_text = "what the empty ones should be";
        struct keel__repair *repair = choice(audit, finding, facts);
        if (!repair)
            return keel__nomem(err);
        const char *name = keel__audit_name(audit, column->name);
        repair->choices = keel__arena_printf(
            audit->arena,
            "SELECT * FROM %s WHERE %s = ''; (%lld rows)\nThen, where '' may not be: CHECK (%s <> "
            "'')",
            keel__audit_table(audit, facts->table), name, (long long)empties, name);
    }
    return KEEL_OK;
}

/* ---- the word NULL --------------------------------------------------------------------------- */

/* "none" can be an answer; the others cannot. */
static bool is_null_word(const char *text)
{
    return strcasecmp(text, "null") == 0 || strcasecmp(text, "nil") == 0 ||
           strcasecmp(text, "undefined") == 0 || strcasecmp(text, "(null)") == 0 ||
           strcmp(text, "None") == 0 || strcmp(text, "NaN") == 0;
}

static int64_t null_words(const struct keel__profile *profile, const char **example)
{
    int64_t rows = 0;
    if (profile->word_count > 0) {
        for (size_t i = 0; i < profile->word_count; i++)
            if (is_null_word(profile->words[i].text)) {
                rows += profile->words[i].rows;
                *example = profile->words[i].text;
            }
        return rows;
    }
    const struct keel__examples *examples = &profile->examples[KEEL__SHAPE_NULL_WORD];
    for (int i = 0; i < examples->count; i++) {
        if (!is_null_word(examples->texts[i]))
            return 0;
        *example = examples->texts[i];
    }
    return *example ? profile->shapes[KEEL__SHAPE_NULL_WORD] : 0;
}

int keel__null_word_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const struct keel_column_model *column = profile->column;
        const char *example = NULL;
        if (profile->shapes[KEEL__SHAPE_NULL_WORD] == 0 || !holds_text(audit, profile) ||
            keel__profile_share(profile, KEEL__SHAPE_JSON_OBJECT) > 0.3 ||
            keel__profile_share(profile, KEEL__SHAPE_JSON_ARRAY) > 0.3 ||
            keel__profile_share(profile, KEEL__SHAPE_JSON_STRING) > 0.3 ||
            keel__name_has(column->name,
                           "json content body text payload message data name surname") ||
            keel__column_closed(audit->dialect, facts->table, column->name))
            continue;
        int64_t rows = null_words(profile, &example);
        if (rows == 0 || rows * 2 > profile->rows)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_NULL_WORD), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, rows);
        keel__finding_example(audit, finding, keel_slice_of(example));
        keel__finding_count(audit, finding, "NULL", profile->nulls);
        keel__finding_say(audit, finding,
                          "%lld of %lld values of %s.%s are the word '%s' instead of NULL",
                          (long long)rows, (long long)(profile->rows - profile->nulls),
                          facts->table->name, column->name, example);
        finding->fix_text = "whether the word means that there is nothing";
        struct keel__repair *repair = choice(audit, finding, facts);
        if (!repair)
            return keel__nomem(err);
        const char *name = keel__audit_name(audit, column->name);
        repair->choices = keel__arena_printf(audit->arena, "UPDATE %s SET %s = NULL WHERE %s = %s;",
                                             keel__audit_table(audit, facts->table), name, name,
                                             keel__audit_string(audit, example));
    }
    return KEEL_OK;
}
