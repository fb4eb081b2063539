#include "audit/rules_words.h"

#include "audit/column.h"
#include "audit/reference.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

enum { MIN_ROWS = 20 };

/* ---- numbers below zero ---------------------------------------------------------------------- */

static const char counts[] =
    "count counts size bytes length tokens attempts retries views likes pages words "
    "turns rows items visits downloads clicks comments followers subscribers age";
static const char durations[] =
    "duration latency elapsed runtime uptime ms millis milliseconds seconds secs minutes hours";
/* Corrections and returns are booked with a minus. */
static const char booked[] = "cost price fee salary quantity qty";
static const char books[] = "refund refunds credit credits adjustment adjustments ledger journal "
                            "booking bookings transaction transactions movement movements return "
                            "returns correction corrections";
static const char may_be_negative[] =
    "offset delta diff difference change skew drift lag balance adjustment correction refund "
    "discount profit margin net gain loss x y z latitude longitude lat lon lng altitude elevation "
    "temperature score index error deviation shift variance timezone tz utc";
static const char may_be_unlimited[] =
    "max min limit ttl timeout retention quota expires expiry threshold capacity cap budget";

static bool cannot_be_negative(const struct keel__profile *profile)
{
    const char *name = profile->column->name;
    bool named = keel__name_has(name, counts) || keel__name_has(name, durations) ||
                 keel__name_has(name, booked);
    return named && !keel__name_has(name, may_be_negative) &&
           !keel__name_ends(name, "id at number no") && keel__column_is_number(profile);
}

static bool negatives_of(const struct keel__audit *audit, const struct keel__table_facts *facts,
                         size_t column, bool *minus_one)
{
    const struct keel__profile *profile = &facts->profiles[column];
    int64_t values = profile->rows - profile->nulls;
    if (profile->negatives == 0 || !cannot_be_negative(profile) ||
        profile->negatives * 10 > values ||
        keel__column_checked(audit->dialect, facts->table, profile->column->name))
        return false;
    if (keel__name_has(profile->column->name, booked) && keel__name_has(facts->table->name, books))
        return false;
    *minus_one = profile->min_real > -1.5 && profile->min_real < -0.5 && profile->reals == 0;
    return true;
}

static int say_negative(struct keel__audit *audit, const struct keel__table_facts *facts,
                        size_t column, bool minus_one, struct keel_error *err)
{
    const struct keel__profile *profile = &facts->profiles[column];
    const char *name = profile->column->name;
    bool limit = minus_one && keel__name_has(name, may_be_unlimited);
    if (limit)
        return KEEL_OK;
    struct keel_finding *finding = keel__finding_add(
        audit,
        KEEL__CONSTRAINTS(minus_one ? KEEL__CONSTRAINTS_MINUS_ONE : KEEL__CONSTRAINTS_NEGATIVE),
        facts->table);
    if (!finding)
        return keel__nomem(err);
    if (!minus_one && keel__name_has(name, booked) &&
        profile->negatives * 100 > profile->rows - profile->nulls)
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, finding, name);
    keel__finding_data(finding, facts, profile->negatives);
    keel__finding_examples(audit, finding, &profile->negative_examples);
    if (minus_one)
        keel__finding_say(audit, finding,
                          "%lld of %lld values of %s.%s are -1, which seems to say that it is not "
                          "known; sums and averages count it in",
                          (long long)profile->negatives,
                          (long long)(profile->rows - profile->nulls), facts->table->name, name);
    else
        keel__finding_say(audit, finding, "%lld of %lld values of %s.%s are negative (down to %g)",
                          (long long)profile->negatives,
                          (long long)(profile->rows - profile->nulls), facts->table->name, name,
                          profile->min_real);
    finding->fix_text = minus_one ? "whether -1 says that it is not known" : "what was meant";
    struct keel__repair *repair =
        keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
    if (!repair)
        return keel__nomem(err);
    const char *place = keel__audit_table(audit, facts->table);
    const char *quoted = keel__audit_name(audit, name);
    repair->choices =
        minus_one
            ? keel__arena_printf(audit->arena,
                                 "UPDATE %s SET %s = NULL WHERE %s = -1; (%lld rows)\nThen: CHECK "
                                 "(%s >= 0)",
                                 place, quoted, quoted, (long long)profile->negatives, quoted)
            : keel__arena_printf(audit->arena,
                                 "SELECT * FROM %s WHERE %s < 0; (%lld rows)\nOnce they are right: "
                                 "CHECK (%s >= 0)",
                                 place, quoted, (long long)profile->negatives, quoted);
    return KEEL_OK;
}

static int report_negatives(struct keel__audit *audit, const struct keel__table_facts *facts,
                            bool wanted, struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        bool minus_one;
        if (!negatives_of(audit, facts, i, &minus_one) || minus_one != wanted)
            continue;
        int rc = say_negative(audit, facts, i, minus_one, err);
        if (rc)
            return rc;
    }
    return KEEL_OK;
}

int keel__negative_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    return report_negatives(audit, facts, false, err);
}

int keel__minus_one_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                          struct keel_error *err)
{
    return report_negatives(audit, facts, true, err);
}

/* ---- out of range ---------------------------------------------------------------------------- */

struct range {
    const char *names;
    double low, high;
    bool integer; /* only of whole numbers */
    bool sure;    /* otherwise the name may mean something else */
};

static const struct range ranges[] = {
    {"percent percentage pct", 0, 100, false, false},
    {"probability prob likelihood", 0, 1, false, true},
    {"confidence similarity ratio share fraction rate accuracy precision recall", 0, 1, false,
     false},
    {"latitude lat", -90, 90, false, true},
    {"longitude lon lng", -180, 180, false, true},
    {"month", 1, 12, true, false},
    {"weekday", 0, 7, true, false},
    {"hour", 0, 24, true, false},
    {"port", 0, 65535, true, true},
};

static const struct range *range_of(const struct keel_column_model *column)
{
    enum keel_logical_kind kind = column->type.kind;
    if (kind != KEEL_LOGICAL_INTEGER && kind != KEEL_LOGICAL_REAL && kind != KEEL_LOGICAL_DECIMAL)
        return NULL;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (keel__name_ends(column->name, ranges[i].names) &&
            (!ranges[i].integer || kind == KEEL_LOGICAL_INTEGER) &&
            !keel__name_has(column->name, "change growth delta diff increase exchange interest "
                                          "sample bit frame refresh heart hourly per tax"))
            return &ranges[i];
    return NULL;
}

static const char *range_key(const struct keel_column_model *column, char *out, size_t size)
{
    snprintf(out, size, "range %.400s", column->name);
    return out;
}

int keel__range_plan(struct keel__audit *audit, struct keel__scan *scan, struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct keel_column_model *column = &table->columns[i];
        const struct range *range = range_of(column);
        if (!range || column->type.dimensions > 0)
            continue;
        char key[512];
        const char *kept = keel__arena_strdup(audit->arena, range_key(column, key, sizeof key));
        const char *name = keel__audit_name(audit, column->name);
        /* In SQLite text is larger than any number. */
        const char *expression = keel__arena_printf(
            audit->arena,
            audit->dialect == KEEL_SQLITE
                ? "typeof(t.%s) IN ('integer', 'real') AND (t.%s < %g OR t.%s > %g)"
                : "t.%s IS NOT NULL AND (t.%s < %g OR t.%s > %g)",
            name, name, range->low, name, range->high);
        const char *example = keel__arena_printf(audit->arena, "t.%s", name);
        if (!kept || !expression || !example)
            return keel__nomem(err);
        keel__scan_probe(scan, kept, expression, example);
    }
    return KEEL_OK;
}

int keel__range_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const struct keel_column_model *column = profile->column;
        const struct range *range = range_of(column);
        char key[512];
        const struct keel__probe *probe =
            range ? keel__facts_probe(facts, range_key(column, key, sizeof key)) : NULL;
        int64_t values = profile->rows - profile->nulls;
        /* Many outside: the name means something else. */
        if (!probe || probe->matching == 0 || values < MIN_ROWS || probe->matching * 20 > values ||
            keel__column_checked(audit->dialect, facts->table, column->name))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_RANGE), facts->table);
        if (!finding)
            return keel__nomem(err);
        if (!range->sure)
            finding->severity = KEEL_SEVERITY_ADVICE;
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, probe->matching);
        keel__finding_examples(audit, finding, &probe->examples);
        keel__finding_say(
            audit, finding, "%lld of %lld values of %s.%s are outside %g to %g (%g to %g)",
            (long long)probe->matching, (long long)values, facts->table->name, column->name,
            range->low, range->high, profile->min_real, profile->max_real);
        finding->fix_text = "what was meant";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        const char *name = keel__audit_name(audit, column->name);
        repair->choices = keel__arena_printf(
            audit->arena,
            "SELECT * FROM %s WHERE %s < %g OR %s > %g; (%lld rows)\nOnce they are right: CHECK "
            "(%s BETWEEN %g AND %g)",
            keel__audit_table(audit, facts->table), name, range->low, name, range->high,
            (long long)probe->matching, name, range->low, range->high);
    }
    return KEEL_OK;
}

/* ---- zero for what is not known -------------------------------------------------------------- */

/* A reference whose parent has no row 0, beside values that all are greater. */
static bool is_reference(const struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel__profile *profile)
{
    const struct keel__reference *reference =
        keel__column_reference(audit, facts->table, profile->column->name);
    if (!reference || !reference->parent)
        return false;
    const struct keel__table_facts *parent = keel__facts_of(audit, reference->parent);
    const struct keel__profile *key =
        parent && parent->scanned ? keel__facts_profile(parent, reference->parent_columns[0])
                                  : NULL;
    return key && key->zeros == 0 && !parent->sampled;
}

static int zero_of_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count && facts->scanned; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const char *name = profile->column->name;
        int64_t values = profile->rows - profile->nulls;
        if (profile->zeros == 0 || values < MIN_ROWS || profile->zeros * 4 > values ||
            !keel__column_is_number(profile) || keel__column_primary(facts->table, name))
            continue;
        if (!is_reference(audit, facts, profile))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__CONSTRAINTS(KEEL__CONSTRAINTS_ZERO), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, name);
        keel__finding_data(finding, facts, profile->zeros);
        keel__finding_say(
            audit, finding,
            "%lld of %lld values of %s.%s are 0, which is no row of the table it refers to",
            (long long)profile->zeros, (long long)values, facts->table->name, name);
        finding->fix_text = "whether 0 says that it is not known";
        struct keel__repair *repair =
            keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
        if (!repair)
            return keel__nomem(err);
        const char *quoted = keel__audit_name(audit, name);
        repair->choices = keel__arena_printf(
            audit->arena, "UPDATE %s SET %s = NULL WHERE %s = 0; (%lld rows)",
            keel__audit_table(audit, facts->table), quoted, quoted, (long long)profile->zeros);
    }
    return KEEL_OK;
}

int keel__zero_schema(struct keel__audit *audit, struct keel_error *err)
{
    int rc = KEEL_OK;
    for (size_t i = 0; i < audit->schema->table_count && !rc; i++)
        rc = zero_of_table(audit, &audit->facts[i], err);
    return rc;
}
