#include "audit/evidence.h"
#include "audit/reference.h"
#include "audit/rules_times.h"
#include "audit/rules_types.h"
#include "schema/model.h"

#include <string.h>

#define SHAPE(profile, name) ((profile)->shapes[KEEL__SHAPE_##name])

/* ---- booleans -------------------------------------------------------------------------------- */

static const char flag_verbs[] =
    "is has have had can could should must may will was did does use uses allow allows enable "
    "enables disable hide show send auto force require requires needs stream skip";
static const char flag_ends[] =
    "enabled disabled active inactive deleted archived visible hidden verified confirmed published "
    "locked flag occurred processed success successful succeeded used required optional default "
    "primary public private paid read seen done admin staff superuser subscribed";

/* Names that are of truths only: "used" and "read" may count. */
static bool is_sure_flag_name(const char *name)
{
    return keel__name_starts(name, "is has can should") ||
           keel__name_ends(name, "enabled disabled active inactive deleted archived visible hidden "
                                 "verified flag");
}

static bool is_flag_name(const char *name)
{
    return (keel__name_starts(name, flag_verbs) || keel__name_ends(name, flag_ends)) &&
           !keel__name_has(name, "count counts number total at on date time id ids by rate ratio");
}

static bool is_integer_column(const struct keel__audit *audit,
                              const struct keel_column_model *column)
{
    if (column->identity != KEEL_IDENTITY_NONE || column->type.dimensions ||
        column->generated != KEEL_GENERATED_NO)
        return false;
    return column->type.kind == KEEL_LOGICAL_INTEGER ||
           (audit->dialect == KEEL_SQLITE && column->type.kind == KEEL_LOGICAL_BOOLEAN);
}

/* Values that are 0 or 1. */
static int64_t truths(const struct keel__profile *profile)
{
    return profile->zeros + profile->ones;
}

static void integer_boolean(struct keel__audit *audit, const struct keel__table_facts *facts,
                            const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    const struct keel_table_model *table = facts->table;
    int64_t values = keel__column_values(profile);
    bool named = is_flag_name(column->name);
    if (!is_integer_column(audit, column) || values == 0 || truths(profile) != values ||
        profile->integers != values || keel__column_checked(audit->dialect, table, column->name) ||
        keel__column_unique(table, column->name) || keel__column_refers(audit, table, column->name))
        return;
    /* by its values alone: many of each, and no count that happens to be small */
    bool shown = values >= KEEL__ENOUGH_ROWS * 5 && profile->zeros * 20 >= values &&
                 profile->ones * 20 >= values &&
                 !keel__name_has(column->name, "count counts number total attempts retries retry "
                                               "level version sequence position depth index size "
                                               "quantity priority order step score points id");
    if ((!named && !shown) || column->type.kind == KEEL_LOGICAL_BOOLEAN)
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_INTEGER_BOOLEAN], table);
    if (!finding)
        return;
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, values);
    keel__finding_count(audit, finding, "0", profile->zeros);
    keel__finding_count(audit, finding, "1", profile->ones);
    keel__finding_say(audit, finding,
                      "%s holds truths as numbers (%lld times 0, %lld times 1), and nothing keeps "
                      "other numbers out",
                      column->name, (long long)profile->zeros, (long long)profile->ones);
    const char *name = keel__audit_name(audit, column->name);
    if (audit->dialect == KEEL_SQLITE || column->default_kind != KEEL_DEFAULT_NONE) {
        keel__repair_check(audit, finding, table, column->name,
                           keel__audit_text(audit, "%s IN (0, 1)", name),
                           keel__audit_text(audit, "t.%s NOT IN (0, 1)", name), 0,
                           keel__audit_text(audit, "%s is neither 0 nor 1", column->name));
        return;
    }
    keel__repair_type(audit, finding, table, column, "boolean",
                      keel__audit_text(audit, "%s <> 0", name),
                      keel__audit_text(audit, "%s::int::%s", name, column->declared_type));
}

static void boolean_other(struct keel__audit *audit, const struct keel__table_facts *facts,
                          const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    int64_t values = keel__column_values(profile), others = values - truths(profile);
    bool declared = column->type.kind == KEEL_LOGICAL_BOOLEAN;
    if (!is_integer_column(audit, column) || others <= 0 || others == values)
        return;
    if (!declared &&
        !(is_flag_name(column->name) && is_sure_flag_name(column->name) && others * 10 <= values))
        return;
    if (keel__column_unique(facts->table, column->name) ||
        keel__column_refers(audit, facts->table, column->name))
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_BOOLEAN_OTHER], facts->table);
    if (!finding)
        return;
    const char *name = keel__audit_name(audit, column->name);
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, others);
    for (size_t i = 0; i < profile->word_count; i++)
        if (strcmp(profile->words[i].text, "0") != 0 && strcmp(profile->words[i].text, "1") != 0)
            keel__finding_example(audit, finding, keel_slice_of(profile->words[i].text));
    keel__finding_count(audit, finding, "0", profile->zeros);
    keel__finding_count(audit, finding, "1", profile->ones);
    keel__finding_count(audit, finding, "text", profile->texts);
    keel__finding_count(audit, finding, "neither", others);
    keel__finding_say(audit, finding, "%lld of %lld values of %s are neither 0 nor 1",
                      (long long)others, (long long)values, column->name);
    keel__repair_check(audit, finding, facts->table, column->name,
                       keel__audit_text(audit, "%s IN (0, 1)", name),
                       keel__audit_text(audit, "t.%s NOT IN (0, 1)", name), others,
                       keel__audit_text(audit, "%s is neither 0 nor 1", column->name));
}

int keel__types_integer_boolean(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, integer_boolean);
}

int keel__types_boolean_other(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, boolean_other);
}

/* ---- money ----------------------------------------------------------------------------------- */

static const char money_words[] =
    "cost costs price prices usd eur gbp fee fees payment revenue salary wage budget spend spent "
    "refund subtotal money cents dollars turnover rent";
/* Money in a shop, something else in a laboratory. */
static const char maybe_money_words[] =
    "amount balance charge credit debit discount deposit tip fare invoice";
static const char no_money_words[] =
    "count percent pct percentage rate ratio share factor score id at date time center centre code "
    "type name";

static bool is_money_name(const char *name, const char *words)
{
    return keel__name_has(name, words) && !keel__name_has(name, no_money_words);
}

static bool is_real_type(const struct keel_column_model *column)
{
    return column->type.kind == KEEL_LOGICAL_REAL && column->type.dimensions == 0;
}

static void money_float(struct keel__audit *audit, const struct keel__table_facts *facts,
                        const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    int64_t values = keel__column_values(profile), dust = SHAPE(profile, FLOAT_DUST);
    bool sure = is_money_name(column->name, money_words);
    bool named = sure || is_money_name(column->name, maybe_money_words);
    /* SQLite keeps what is declared DECIMAL as a REAL as well; only dust makes that a fault */
    bool decimal = audit->dialect == KEEL_SQLITE && column->type.kind == KEEL_LOGICAL_DECIMAL;
    if (!is_real_type(column) && !(decimal && dust > 0))
        return;
    if (!named && (dust == 0 || values < KEEL__ENOUGH_ROWS))
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__types_rules[TYPES_MONEY_FLOAT], facts->table);
    if (!finding)
        return;
    if (!sure || dust == 0)
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, dust);
    keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_FLOAT_DUST]);
    if (dust > 0)
        keel__finding_say(audit, finding,
                          "%s is %s, and %lld of %lld values show it: they are a hair off a "
                          "decimal, as 0.1 + 0.2 is off 0.3",
                          column->name, named ? "money in floating point" : "floating point",
                          (long long)dust, (long long)values);
    else
        keel__finding_say(audit, finding,
                          "%s is money in floating point (%s): sums of it drift from the cent",
                          column->name, column->declared_type);
    const char *name = keel__audit_name(audit, column->name);
    if (audit->dialect == KEEL_POSTGRES && named)
        keel__repair_type(audit, finding, facts->table, column, "numeric",
                          keel__audit_text(audit, "%s::text::numeric", name),
                          keel__audit_text(audit, "%s::text::%s", name, column->declared_type));
    else
        keel__repair_choice(audit, finding, facts->table,
                            audit->dialect == KEEL_SQLITE
                                ? "count the smallest unit in an INTEGER (cents, millionths), once "
                                  "it is decided how many digits count; in PostgreSQL: numeric"
                                : "numeric, if these are decimals by nature",
                            NULL);
}

int keel__types_money_float(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, money_float);
}

/* Money as decimals in few columns, in floating point in others: each decimal column is told. Or
 * several scales: those that are not the most frequent. Prices of a unit need more digits. */
struct money {
    const struct keel__table_facts *facts;
    const struct keel_column_model *column;
};

enum { MAX_MONEY = 200, NO_SCALE = -1 };

static size_t find_money(const struct keel__audit *audit, struct money *out)
{
    size_t count = 0;
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel_table_model *table = &audit->schema->tables[t];
        if (!keel__table_is_read(table))
            continue;
        for (size_t c = 0; c < table->column_count && count < MAX_MONEY; c++) {
            const struct keel_column_model *column = &table->columns[c];
            bool number = is_real_type(column) ||
                          (column->type.kind == KEEL_LOGICAL_DECIMAL && column->type.precision > 0);
            if (number && is_money_name(column->name, money_words) &&
                !keel__name_has(column->name, "unit each token hour hourly"))
                out[count++] = (struct money){&audit->facts[t], column};
        }
    }
    return count;
}

int keel__types_money_precision(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    struct money money[MAX_MONEY];
    size_t count = find_money(audit, money), floats = 0;
    for (size_t i = 0; i < count; i++)
        floats += is_real_type(money[i].column);
    if (floats == 0 || floats == count)
        return KEEL_OK;
    const struct money *example = NULL;
    for (size_t i = 0; i < count && !example; i++)
        if (is_real_type(money[i].column))
            example = &money[i];
    for (size_t i = 0; i < count; i++) {
        if (is_real_type(money[i].column))
            continue;
        struct keel_finding *finding = keel__finding_add(
            audit, &keel__types_rules[TYPES_MONEY_PRECISION], money[i].facts->table);
        if (!finding)
            break;
        keel__finding_column(audit, finding, money[i].column->name);
        keel__finding_say(audit, finding,
                          "%s is %s, but %zu other column%s of money (%s.%s) %s floating point: "
                          "sums over both will not agree",
                          money[i].column->name, money[i].column->declared_type, floats,
                          floats == 1 ? "" : "s", example->facts->table->name,
                          example->column->name, floats == 1 ? "is" : "are");
        keel__repair_choice(audit, finding, money[i].facts->table,
                            "one type with one number of decimals for all money", NULL);
    }
    return KEEL_OK;
}

/* ---- other numbers --------------------------------------------------------------------------- */

int keel__types_nan(struct keel__audit *audit, const struct keel__table_facts *facts,
                    struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        int64_t nan = SHAPE(profile, NAN), infinite = SHAPE(profile, INFINITE);
        if (nan + infinite == 0)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__types_rules[TYPES_NAN], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, nan + infinite);
        keel__finding_count(audit, finding, "NaN", nan);
        keel__finding_count(audit, finding, "infinite", infinite);
        keel__finding_say(audit, finding,
                          "%lld values of %s are NaN and %lld are infinite: every sum and average "
                          "over them is too",
                          (long long)nan, profile->column->name, (long long)infinite);
        keel__repair_choice(audit, finding, facts->table,
                            "NULL for what is not known; then a CHECK that keeps such values out",
                            NULL);
    }
    return KEEL_OK;
}

/* Bytes, and money or time in small units, are big by nature. */
static bool is_small_unit(const char *name)
{
    return keel__name_has(name, "price cost amount nusd bytes size us ns micros nanos");
}

int keel__types_64_bits(struct keel__audit *audit, const struct keel__table_facts *facts,
                        struct keel_error *err)
{
    (void)err;
    if (facts->table->strict) /* whoever writes STRICT knows what INTEGER is */
        return KEEL_OK;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        const struct keel_column_model *column = profile->column;
        if (column->type.kind != KEEL_LOGICAL_INTEGER || profile->integers == 0 ||
            (profile->max_integer <= INT32_MAX && profile->min_integer >= INT32_MIN) ||
            keel__column_unique(facts->table, column->name) || keel__time_name(column->name) ||
            keel__name_ends(column->name, "id ids hash") || is_small_unit(column->name) ||
            keel__profile_share(profile, KEEL__SHAPE_EPOCH_MS) > 0.9 ||
            keel__profile_share(profile, KEEL__SHAPE_EPOCH_US) > 0.9)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__types_rules[TYPES_64_BITS], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, 0);
        keel__finding_say(audit, finding,
                          "%s holds %lld, beyond 32 bits: a program or a column of int loses it",
                          column->name,
                          (long long)(profile->max_integer > INT32_MAX ? profile->max_integer
                                                                       : profile->min_integer));
        finding->fix_text = "in PostgreSQL: bigint";
    }
    return KEEL_OK;
}

int keel__types_key_overflow(struct keel__audit *audit, const struct keel__table_facts *facts,
                             struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        const struct keel_column_model *column = profile->column;
        bool counted = column->identity != KEEL_IDENTITY_NONE ||
                       (keel__column_unique(facts->table, column->name) &&
                        column->default_kind == KEEL_DEFAULT_EXPRESSION);
        if (!counted || column->type.kind != KEEL_LOGICAL_INTEGER || column->type.bits >= 64 ||
            profile->integers == 0)
            continue;
        int64_t last = column->type.bits == 16 ? INT16_MAX : INT32_MAX;
        if (profile->max_integer < last / 2)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__types_rules[TYPES_KEY_OVERFLOW], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, 0);
        keel__finding_count(audit, finding, "highest", profile->max_integer);
        keel__finding_count(audit, finding, "last possible", last);
        keel__finding_say(audit, finding,
                          "%s (%s) has come to %lld, %lld%% of the numbers there are; at %lld "
                          "inserting ends",
                          column->name, column->declared_type, (long long)profile->max_integer,
                          (long long)(profile->max_integer * 100 / last), (long long)last);
        const char *name = keel__audit_name(audit, column->name);
        keel__repair_choice(audit, finding, facts->table,
                            keel__audit_text(audit,
                                             "ALTER COLUMN %s TYPE bigint, here and in every "
                                             "column that refers to it: it rewrites the tables",
                                             name),
                            NULL);
    }
    return KEEL_OK;
}
