#include "audit/evidence.h"
#include "audit/rules_json.h"
#include "schema/model.h"

#define SHAPE(profile, name) ((profile)->shapes[KEEL__SHAPE_##name])

/* The columns of JSON that show a shape get a finding of one sentence: "%lld of %lld values of %s"
 * and what. */
static int each_with(struct keel__audit *audit, const struct keel__table_facts *facts, size_t rule,
                     enum keel__shape shape, const char *what, const char *choice)
{
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        int64_t count = profile->shapes[shape];
        if (count == 0 || !keel__json_column(audit, profile))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__json_rules[rule], facts->table);
        if (!finding)
            continue;
        if (rule == JSON_NULL_WORD && profile->nulls == 0)
            finding->severity = KEEL_SEVERITY_ADVICE; /* one way to say nothing, at least */
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, count);
        keel__finding_examples(audit, finding, &profile->examples[shape]);
        keel__finding_say(audit, finding, "%lld of %lld values of %s %s", (long long)count,
                          (long long)keel__column_values(profile), profile->column->name, what);
        keel__repair_choice(audit, finding, facts->table, choice, NULL);
    }
    return KEEL_OK;
}

int keel__json_in_string(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    (void)err;
    return each_with(
        audit, facts, JSON_IN_STRING, KEEL__SHAPE_JSON_IN_STRING,
        "are JSON inside a JSON string: they were encoded twice, and no path leads into them",
        audit->dialect == KEEL_SQLITE
            ? "decode them once more: UPDATE ... SET x = json_extract(x, '$') WHERE json_type(x) = "
              "'text', and find the program that encodes twice"
            : "decode them once more: UPDATE ... SET x = (x #>> '{}')::jsonb, and find the program "
              "that encodes twice");
}

int keel__json_null_word(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    (void)err;
    return each_with(audit, facts, JSON_NULL_WORD, KEEL__SHAPE_JSON_NULL,
                     "are the JSON word null instead of NULL: IS NULL does not find them",
                     "UPDATE ... SET x = NULL where it is the word null, if both mean the same");
}

int keel__json_nul(struct keel__audit *audit, const struct keel__table_facts *facts,
                   struct keel_error *err)
{
    (void)err;
    return each_with(audit, facts, JSON_NUL, KEEL__SHAPE_JSON_NUL,
                     "have the escape \\u0000 or half of a surrogate pair in them: jsonb and text "
                     "refuse them",
                     "take the escape away; it stands for no character that text can hold");
}

int keel__json_duplicate(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    (void)err;
    return each_with(audit, facts, JSON_DUPLICATE, KEEL__SHAPE_JSON_DUPLICATE_KEY,
                     "have an object with the same key twice: jsonb keeps the last, others the "
                     "first",
                     "decide which of the two counts, and write the object with one");
}

int keel__json_dust(struct keel__audit *audit, const struct keel__table_facts *facts,
                    struct keel_error *err)
{
    (void)err;
    return each_with(audit, facts, JSON_DUST, KEEL__SHAPE_JSON_DUST,
                     "hold a number that is a hair off a decimal, as 0.1 + 0.2 is off 0.3",
                     "write money and other decimals into JSON as text or as whole smallest units");
}

/* ---- kinds ----------------------------------------------------------------------------------- */

int keel__json_kinds(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        int64_t objects = SHAPE(profile, JSON_OBJECT), arrays = SHAPE(profile, JSON_ARRAY);
        int64_t most = objects > arrays ? objects : arrays;
        /* null and JSON inside a string have rules of their own */
        int64_t others = keel__json_valid(profile) - most - SHAPE(profile, JSON_NULL) -
                         SHAPE(profile, JSON_IN_STRING);
        if (others <= 0 || most < KEEL__ENOUGH_ROWS || others * 9 > most ||
            !keel__json_column(audit, profile))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__json_rules[JSON_KINDS], facts->table);
        if (!finding)
            continue;
        /* a type of JSON takes any; text has a form that a program gave it */
        if (profile->column->type.kind == KEEL_LOGICAL_JSON)
            finding->severity = KEEL_SEVERITY_ADVICE;
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, others);
        keel__finding_count(audit, finding, "objects", objects);
        keel__finding_count(audit, finding, "arrays", arrays);
        keel__finding_count(audit, finding, "strings",
                            SHAPE(profile, JSON_STRING) - SHAPE(profile, JSON_IN_STRING));
        keel__finding_count(audit, finding, "numbers, true and false",
                            SHAPE(profile, JSON_SCALAR) - SHAPE(profile, JSON_NULL));
        enum keel__shape rare = objects > arrays ? KEEL__SHAPE_JSON_ARRAY : KEEL__SHAPE_JSON_OBJECT;
        keel__finding_examples(audit, finding, &profile->examples[rare]);
        keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_JSON_STRING]);
        keel__finding_say(
            audit, finding,
            "%lld of %lld values of %s are no %s as the others are: what unpacks them "
            "fails or finds nothing",
            (long long)others, (long long)keel__column_values(profile), profile->column->name,
            objects > arrays ? "objects" : "arrays");
        keel__repair_choice(audit, finding, facts->table,
                            "bring them into the form of the others; then a CHECK on json_type "
                            "(jsonb_typeof)",
                            NULL);
    }
    return KEEL_OK;
}

/* Numbers in a column declared JSON: its NUMERIC affinity made them of text that looked like one.
 */
int keel__json_number(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        int64_t count = profile->integers + profile->reals;
        if (profile->column->type.kind != KEEL_LOGICAL_JSON || count == 0)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__json_rules[JSON_NUMBER], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, count);
        keel__finding_say(audit, finding,
                          "%lld of %lld values of %s are stored as numbers: a column declared %s "
                          "turns JSON text that looks like a number into one, and a program that "
                          "decodes text fails on it",
                          (long long)count, (long long)keel__column_values(profile),
                          profile->column->name, profile->column->declared_type);
        keel__repair_choice(audit, finding, facts->table,
                            "declare the column TEXT with CHECK (json_valid(...)), and turn the "
                            "numbers back into text",
                            NULL);
    }
    return KEEL_OK;
}

/* ---- lists of names -------------------------------------------------------------------------- */

int keel__json_names(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        int64_t names = SHAPE(profile, JSON_NAMES), many = SHAPE(profile, JSON_NAMES_MANY);
        int64_t arrays = SHAPE(profile, JSON_ARRAY);
        if (names < KEEL__ENOUGH_ROWS || many == 0 || names * 5 < arrays * 4 ||
            !keel__json_column(audit, profile))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__json_rules[JSON_NAMES], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, many);
        keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_JSON_NAMES]);
        keel__finding_count(audit, finding, "lists of names", names);
        keel__finding_count(audit, finding, "with more than one", many);
        keel__finding_say(audit, finding,
                          "%lld values of %s are lists of names in JSON, %lld of more than one: no "
                          "key holds the names together, and finding the rows of one unpacks all",
                          (long long)names, profile->column->name, (long long)many);
        keel__repair_choice(audit, finding, facts->table,
                            "a table of the names, and one that links them to these rows", NULL);
    }
    return KEEL_OK;
}

/* ---- numbers under names --------------------------------------------------------------------- */

static bool holds_scores(const struct keel__audit *audit, const struct keel__profile *profile)
{
    int64_t scores = SHAPE(profile, JSON_SCORES);
    return scores >= KEEL__ENOUGH_ROWS && scores * 10 >= keel__json_valid(profile) * 9 &&
           keel__json_column(audit, profile);
}

int keel__json_scores(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        if (!holds_scores(audit, profile))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__json_rules[JSON_SCORES], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, SHAPE(profile, JSON_SCORES));
        keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_JSON_SCORES]);
        keel__finding_say(
            audit, finding,
            "%lld of %lld values of %s are objects of nothing but numbers: to compare "
            "or add up one of them, all documents are unpacked",
            (long long)SHAPE(profile, JSON_SCORES), (long long)keel__column_values(profile),
            profile->column->name);
        keel__repair_choice(audit, finding, facts->table,
                            "a table with a row for each number: what it belongs to, its name, its "
                            "value",
                            NULL);
    }
    return KEEL_OK;
}

int keel__json_scores_out(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        int64_t out = SHAPE(profile, JSON_SCORES_OUT), scores = SHAPE(profile, JSON_SCORES);
        if (out == 0 || out * 20 > scores || !holds_scores(audit, profile))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__json_rules[JSON_SCORES_OUT], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, out);
        keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_JSON_SCORES_OUT]);
        keel__finding_say(audit, finding,
                          "%lld of %lld documents of %s have a number outside 0 to 1, where all "
                          "numbers of the others are inside",
                          (long long)out, (long long)scores, profile->column->name);
        keel__repair_choice(audit, finding, facts->table,
                            "find out whether they are slips or of another scale", NULL);
    }
    return KEEL_OK;
}
