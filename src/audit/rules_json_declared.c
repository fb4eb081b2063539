#include "audit/evidence.h"
#include "audit/rules_json.h"
#include "schema/model.h"

#define SHAPE(profile, name) ((profile)->shapes[KEEL__SHAPE_##name])

typedef bool wanted_fn(const struct keel__audit *audit, const struct keel__profile *profile);

/* A finding of the rule with the table's columns that are wanted; NULL when there are none. */
static struct keel_finding *of_columns(struct keel__audit *audit,
                                       const struct keel__table_facts *facts, size_t rule,
                                       wanted_fn *wanted)
{
    size_t count = 0;
    const char **names =
        keel__arena_calloc(audit->arena, facts->table->column_count + 1, sizeof *names);
    for (size_t c = 0; names && c < facts->table->column_count; c++)
        if (wanted(audit, &facts->profiles[c]))
            names[count++] = facts->profiles[c].column->name;
    struct keel_finding *finding =
        count ? keel__finding_add(audit, &keel__json_rules[rule], facts->table) : NULL;
    if (finding)
        keel__finding_columns(audit, finding, names, count);
    return finding;
}

static bool is_numeric_json(const struct keel__audit *audit, const struct keel__profile *profile)
{
    (void)audit;
    return profile->column->type.kind == KEEL_LOGICAL_JSON &&
           profile->column->affinity == KEEL_AFFINITY_NUMERIC &&
           profile->integers + profile->reals == 0;
}

int keel__json_affinity(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err)
{
    (void)err;
    struct keel_finding *finding = of_columns(audit, facts, JSON_AFFINITY, is_numeric_json);
    if (!finding)
        return KEEL_OK;
    keel__finding_say(audit, finding,
                      "%zu column%s declared JSON, which SQLite takes for numeric: JSON text that "
                      "looks like a number would be stored as one",
                      finding->column_count, finding->column_count == 1 ? " is" : "s are");
    keel__repair_choice(audit, finding, facts->table,
                        "declare them TEXT with CHECK (json_valid(...))", NULL);
    return KEEL_OK;
}

static bool is_text_json(const struct keel__audit *audit, const struct keel__profile *profile)
{
    (void)audit;
    const struct keel_logical_type *type = &profile->column->type;
    return type->kind == KEEL_LOGICAL_JSON && !type->binary && !type->dimensions;
}

int keel__json_not_binary(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    (void)err;
    struct keel_finding *finding = of_columns(audit, facts, JSON_NOT_BINARY, is_text_json);
    int64_t refused = 0, changed = 0;
    for (size_t c = 0; finding && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        if (!is_text_json(audit, profile))
            continue;
        refused += SHAPE(profile, JSON_NUL);
        changed += SHAPE(profile, JSON_DUPLICATE_KEY);
    }
    if (!finding)
        return KEEL_OK;
    keel__finding_data(finding, facts, refused + changed);
    keel__finding_count(audit, finding, "values that jsonb refuses (\\u0000)", refused);
    keel__finding_count(audit, finding, "values that jsonb changes (a key twice)", changed);
    keel__finding_say(audit, finding,
                      "%zu column%s json, not jsonb: no index on their content, no equality, and "
                      "each look into them parses the text; jsonb would refuse %lld values and "
                      "change %lld",
                      finding->column_count, finding->column_count == 1 ? " is" : "s are",
                      (long long)refused, (long long)changed);
    keel__repair_choice(audit, finding, facts->table,
                        "ALTER COLUMN ... TYPE jsonb, once the values that it refuses or changes "
                        "are mended: spaces and the order of keys will not come back",
                        NULL);
    return KEEL_OK;
}

static bool is_named_json(const struct keel__audit *audit, const struct keel__profile *profile)
{
    return keel__name_ends(profile->column->name, "json jsonb") &&
           (profile->column->type.kind == KEEL_LOGICAL_JSON || keel__json_column(audit, profile));
}

int keel__json_suffix(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    (void)err;
    struct keel_finding *finding = of_columns(audit, facts, JSON_SUFFIX, is_named_json);
    if (!finding)
        return KEEL_OK;
    keel__finding_say(audit, finding,
                      "the name%s of %zu column%s say%s how the values are kept (json), not what "
                      "they are",
                      finding->column_count == 1 ? "" : "s", finding->column_count,
                      finding->column_count == 1 ? "" : "s", finding->column_count == 1 ? "s" : "");
    keel__repair_choice(audit, finding, facts->table,
                        "names without the suffix, when the programs that use them can follow",
                        NULL);
    return KEEL_OK;
}
