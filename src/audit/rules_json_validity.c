#include "audit/evidence.h"
#include "audit/rules_json.h"
#include "schema/model.h"

#include <string.h>

#define SHAPE(profile, name) ((profile)->shapes[KEEL__SHAPE_##name])

int64_t keel__json_valid(const struct keel__profile *profile)
{
    return SHAPE(profile, JSON_OBJECT) + SHAPE(profile, JSON_ARRAY) + SHAPE(profile, JSON_STRING) +
           SHAPE(profile, JSON_SCALAR);
}

/* Objects and arrays, also those inside a string. */
static int64_t containers(const struct keel__profile *profile)
{
    return SHAPE(profile, JSON_OBJECT) + SHAPE(profile, JSON_ARRAY) +
           SHAPE(profile, JSON_IN_STRING);
}

static bool is_declared(const struct keel__profile *profile)
{
    return profile->column->type.kind == KEEL_LOGICAL_JSON && !profile->column->type.dimensions;
}

bool keel__json_column(const struct keel__audit *audit, const struct keel__profile *profile)
{
    int64_t held = containers(profile), broken = SHAPE(profile, JSON_BROKEN);
    int64_t values = keel__column_values(profile), filled = values - SHAPE(profile, EMPTY);
    if (is_declared(profile))
        return values > 0;
    int64_t plain = values - keel__json_valid(profile) - broken - SHAPE(profile, EMPTY);
    if (held == 0 || !keel__values_are_text(audit, profile) || plain * 50 > values)
        return false;
    /* of few values all must begin as JSON does */
    if (values < KEEL__ENOUGH_ROWS)
        return held >= 3 && held + broken == filled && broken * 2 < held;
    return held * 5 >= filled * 4;
}

static bool has_json_check(const struct keel__audit *audit, const struct keel_table_model *table,
                           const char *column)
{
    for (size_t i = 0; i < table->check_count; i++) {
        const char *expression = table->checks[i].expression;
        if (keel__check_mentions(audit->dialect, table, &table->checks[i], column, NULL) &&
            (keel__text_mentions(expression, "json_valid") ||
             keel__text_mentions(expression, "json_type") ||
             keel__text_mentions(expression, "json")))
            return true;
    }
    return false;
}

/* ---- valid or not ---------------------------------------------------------------------------- */

static int64_t invalid(const struct keel__profile *profile)
{
    int64_t others = profile->texts - keel__json_valid(profile);
    return others > 0 ? others : 0;
}

static void check_json(struct keel__audit *audit, struct keel_finding *finding,
                       const struct keel_table_model *table, const struct keel_column_model *column,
                       int64_t breaking)
{
    const char *name = keel__audit_name(audit, column->name);
    if (audit->dialect == KEEL_POSTGRES) {
        keel__repair_choice(audit, finding, table,
                            breaking
                                ? "mend the values that are broken; then ALTER COLUMN ... TYPE "
                                  "jsonb"
                                : keel__audit_text(audit,
                                                   "ALTER COLUMN %s TYPE jsonb USING "
                                                   "%s::jsonb: spaces and the order of keys "
                                                   "will not come back",
                                                   name, name),
                            NULL);
        return;
    }
    /* json_valid(NULL) is 0 in some versions of SQLite, NULL in others */
    keel__repair_check(
        audit, finding, table, column->name,
        column->not_null ? keel__audit_text(audit, "json_valid(%s)", name)
                         : keel__audit_text(audit, "%s IS NULL OR json_valid(%s)", name, name),
        keel__audit_text(audit, "t.%s IS NOT NULL AND NOT json_valid(t.%s)", name, name), breaking,
        keel__audit_text(audit, "%s is not valid JSON", column->name));
}

static void invalid_json(struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel__profile *profile)
{
    int64_t count = invalid(profile), values = keel__column_values(profile);
    if (count == 0 || !keel__json_column(audit, profile))
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__json_rules[JSON_INVALID], facts->table);
    if (!finding)
        return;
    int64_t broken = SHAPE(profile, JSON_BROKEN), empty = SHAPE(profile, EMPTY);
    keel__finding_column(audit, finding, profile->column->name);
    keel__finding_data(finding, facts, count);
    keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_JSON_BROKEN]);
    keel__finding_count(audit, finding, "cut off or broken", broken);
    keel__finding_count(audit, finding, "empty text", empty);
    keel__finding_count(audit, finding, "other text", count - broken - empty);
    keel__finding_say(audit, finding,
                      "%lld of %lld values of %s are not valid JSON: %lld are cut off or broken, "
                      "%lld are empty text",
                      (long long)count, (long long)values, profile->column->name, (long long)broken,
                      (long long)empty);
    if (count == empty) { /* what the program writes for no document */
        const char *name = keel__audit_name(audit, profile->column->name);
        finding->severity = KEEL_SEVERITY_ADVICE;
        keel__repair_choice(audit, finding, facts->table,
                            keel__audit_text(audit,
                                             "UPDATE %s SET %s = NULL (or '{}') WHERE %s = ''",
                                             keel__audit_table(audit, facts->table), name, name),
                            NULL);
        return;
    }
    check_json(audit, finding, facts->table, profile->column, count);
}

int keel__json_invalid(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, invalid_json);
}

/* Text of any kind, which happens to be JSON so far. */
static bool is_any_text(const char *name)
{
    return keel__name_has(name, "input output content contents body text message value response "
                                "request prompt result note comment description") &&
           !keel__name_has(name, "json");
}

static void json_as_text(struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel__profile *profile)
{
    int64_t values = keel__column_values(profile);
    bool guess = values < KEEL__ENOUGH_ROWS || is_any_text(profile->column->name);
    if ((!is_declared(profile) && guess) || invalid(profile) > 0 ||
        !keel__json_column(audit, profile) ||
        (audit->dialect == KEEL_POSTGRES && is_declared(profile)) ||
        (is_declared(profile) && profile->texts != values) ||
        has_json_check(audit, facts->table, profile->column->name))
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__json_rules[JSON_AS_TEXT], facts->table);
    if (!finding)
        return;
    keel__finding_column(audit, finding, profile->column->name);
    keel__finding_data(finding, facts, values);
    keel__finding_count(audit, finding, "objects", SHAPE(profile, JSON_OBJECT));
    keel__finding_count(audit, finding, "arrays", SHAPE(profile, JSON_ARRAY));
    keel__finding_say(audit, finding,
                      "all %lld values of %s (%s) are JSON, and nothing keeps other text out",
                      (long long)values, profile->column->name, profile->column->declared_type);
    check_json(audit, finding, facts->table, profile->column, 0);
}

int keel__json_as_text(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, json_as_text);
}

/* ---- JSON and plain text in one column ------------------------------------------------------- */

/* What a column of words tells of the values beside them. */
struct told {
    const struct keel__cross *cross;
    int64_t json_words, text_words; /* words nearly always beside JSON, or beside other text */
    int64_t json_broken;            /* rows of the former without valid JSON */
    int64_t text_parses;            /* rows of the latter that are valid JSON */
    int64_t unclear;                /* rows of all other words */
};

static void tell(const struct keel__cross *cross, struct told *told)
{
    *told = (struct told){.cross = cross};
    for (size_t i = 0; i < cross->word_count; i++) {
        const struct keel__cross_cell *cell = &cross->cells[i];
        int64_t values = cell->rows - cell->nulls, valid = cell->json + cell->json_scalar;
        if (cell->json * 5 >= values * 4 && cell->json > 0) {
            told->json_words++;
            told->json_broken += values - valid;
        } else if (cell->json * 5 <= values) {
            told->text_words++;
            told->text_parses += valid;
        } else
            told->unclear += values;
    }
}

/* The column of words that tells most of this one; cross NULL: none. */
static struct told find_words(const struct keel__table_facts *facts, size_t column, int64_t values)
{
    struct told best = {.cross = NULL};
    for (size_t i = 0; i < facts->cross_count; i++) {
        struct told told;
        if (facts->crosses[i].other_column != column)
            continue;
        tell(&facts->crosses[i], &told);
        int64_t doubt = told.json_broken + told.text_parses + told.unclear;
        if (!told.json_words || !told.text_words || doubt * 10 > values)
            continue;
        if (!best.cross || doubt < best.json_broken + best.text_parses + best.unclear)
            best = told;
    }
    return best;
}

static bool is_mixed(const struct keel__audit *audit, const struct keel__profile *profile)
{
    int64_t values = keel__column_values(profile), held = containers(profile);
    int64_t other =
        values - keel__json_valid(profile) - SHAPE(profile, EMPTY) - SHAPE(profile, JSON_BROKEN);
    return values >= KEEL__ENOUGH_ROWS && keel__values_are_text(audit, profile) &&
           !is_declared(profile) && !keel__json_column(audit, profile) && held * 10 >= values &&
           other * 50 > values;
}

static void json_mixed(struct keel__audit *audit, const struct keel__table_facts *facts, size_t c)
{
    const struct keel__profile *profile = &facts->profiles[c];
    int64_t values = keel__column_values(profile), json = keel__json_valid(profile);
    if (!is_mixed(audit, profile))
        return;
    struct told told = find_words(facts, c, values);
    if (told.cross && told.json_broken + told.text_parses + told.unclear == 0)
        return; /* there is a column that says what each value is */
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__json_rules[JSON_MIXED], facts->table);
    if (!finding)
        return;
    if (!told.cross)
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, finding, profile->column->name);
    keel__finding_data(finding, facts, json);
    keel__finding_count(audit, finding, "valid JSON", json);
    keel__finding_count(audit, finding, "other text", values - json);
    if (!told.cross) {
        keel__finding_say(audit, finding,
                          "%s holds %lld values of JSON and %lld of other text, and no column says "
                          "which is which",
                          profile->column->name, (long long)json, (long long)(values - json));
    } else {
        const char *words = facts->table->columns[told.cross->words_column].name;
        keel__finding_count(audit, finding, "text that happens to parse", told.text_parses);
        keel__finding_count(audit, finding, "JSON that is broken", told.json_broken);
        keel__finding_say(audit, finding,
                          "%s holds %lld values of JSON and %lld of other text; by %s, %lld of the "
                          "former are text that happens to parse, and %lld of the latter are "
                          "broken JSON",
                          profile->column->name, (long long)json, (long long)(values - json), words,
                          (long long)told.text_parses, (long long)told.json_broken);
    }
    keel__repair_choice(audit, finding, facts->table,
                        "a column that says what each value is (a content type), or one column for "
                        "JSON and one for text",
                        NULL);
}

int keel__json_mixed(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++)
        json_mixed(audit, facts, c);
    return KEEL_OK;
}
