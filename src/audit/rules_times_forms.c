#include "audit/evidence.h"
#include "audit/rules_times.h"
#include "schema/model.h"

#define SHAPE(profile, name) ((profile)->shapes[KEEL__SHAPE_##name])

static const struct {
    enum keel__shape shape;
    const char *name;
} forms[KEEL__FORM_COUNT] = {
    [KEEL__FORM_T_ZULU] = {KEEL__SHAPE_TIME_T_ZULU, "T, Z"},
    [KEEL__FORM_T_OFFSET] = {KEEL__SHAPE_TIME_T_OFFSET, "T, offset"},
    [KEEL__FORM_T_LOCAL] = {KEEL__SHAPE_TIME_T_LOCAL, "T, no zone"},
    [KEEL__FORM_BLANK_ZULU] = {KEEL__SHAPE_TIME_BLANK_ZULU, "blank, Z"},
    [KEEL__FORM_BLANK_OFFSET] = {KEEL__SHAPE_TIME_BLANK_OFFSET, "blank, offset"},
    [KEEL__FORM_BLANK_LOCAL] = {KEEL__SHAPE_TIME_BLANK_LOCAL, "blank, no zone"},
    [KEEL__FORM_DATE] = {KEEL__SHAPE_DATE, "date"},
    [KEEL__FORM_COMPACT] = {KEEL__SHAPE_DATE_COMPACT, "YYYYMMDD"},
    [KEEL__FORM_OTHER] = {KEEL__SHAPE_DATE_OTHER, "another form of date"},
    [KEEL__FORM_SECONDS] = {KEEL__SHAPE_EPOCH_S, "Unix seconds"},
    [KEEL__FORM_MILLISECONDS] = {KEEL__SHAPE_EPOCH_MS, "Unix milliseconds"},
    [KEEL__FORM_MICROSECONDS] = {KEEL__SHAPE_EPOCH_US, "Unix microseconds or nanoseconds"},
};

const char *keel__time_form_name(enum keel__time_form form)
{
    return forms[form].name;
}

void keel__time_forms_of(const struct keel__profile *profile, struct keel__time_forms *out)
{
    *out = (struct keel__time_forms){.values = keel__column_values(profile)};
    for (int i = 0; i < KEEL__FORM_COUNT; i++) {
        out->forms[i] = profile->shapes[forms[i].shape];
        out->times += out->forms[i];
        out->form_count += out->forms[i] > 0;
        if (out->forms[i] > out->forms[out->most])
            out->most = (enum keel__time_form)i;
    }
    out->zoned = out->forms[KEEL__FORM_T_ZULU] + out->forms[KEEL__FORM_T_OFFSET] +
                 out->forms[KEEL__FORM_BLANK_ZULU] + out->forms[KEEL__FORM_BLANK_OFFSET];
    out->local = out->forms[KEEL__FORM_T_LOCAL] + out->forms[KEEL__FORM_BLANK_LOCAL];
    out->off_utc = out->zoned - SHAPE(profile, TIME_UTC);
    out->clocked = out->zoned + out->local;
    out->fractions = SHAPE(profile, TIME_FRACTION);
}

bool keel__time_name(const char *name)
{
    return keel__name_ends(name, "at on ts time timestamp date datetime when epoch day created "
                                 "updated modified expires expiry until since deadline due "
                                 "birthday dob published sent received started ended finished "
                                 "completed seen login ms us");
}

bool keel__time_column(const struct keel__profile *profile, const struct keel__time_forms *found)
{
    enum keel_logical_kind kind = profile->column->type.kind;
    bool declared = kind == KEEL_LOGICAL_TIMESTAMP || kind == KEEL_LOGICAL_DATE;
    if (found->times == 0 || (found->times * 10 < found->values * 9 && !declared))
        return false;
    return declared || (found->clocked + found->forms[KEEL__FORM_DATE]) * 2 > found->times ||
           keel__time_name(profile->column->name);
}

/* SQLite, or text: what PostgreSQL prints of a time has one form. */
static bool is_written(const struct keel__audit *audit, const struct keel__profile *profile)
{
    return audit->dialect == KEEL_SQLITE ? profile->column->type.kind != KEEL_LOGICAL_JSON
                                         : keel__values_are_text(audit, profile);
}

/* ---- several forms in one column ------------------------------------------------------------- */

static void count_forms(struct keel__audit *audit, struct keel_finding *finding,
                        const struct keel__time_forms *found)
{
    for (int i = 0; i < KEEL__FORM_COUNT; i++)
        if (found->forms[i])
            keel__finding_count(audit, finding, forms[i].name, found->forms[i]);
    if (found->off_utc)
        keel__finding_count(audit, finding, "offset other than UTC", found->off_utc);
    if (found->fractions && found->fractions < found->clocked)
        keel__finding_count(audit, finding, "no fraction of a second",
                            found->clocked - found->fractions);
}

static void mixed(struct keel__audit *audit, const struct keel__table_facts *facts,
                  const struct keel__profile *profile, const struct keel__time_forms *found)
{
    int numbers = (found->forms[KEEL__FORM_SECONDS] > 0) +
                  (found->forms[KEEL__FORM_MILLISECONDS] > 0) +
                  (found->forms[KEEL__FORM_MICROSECONDS] > 0);
    if (numbers > 0 && numbers == found->form_count)
        return; /* nothing but numbers: their units are another rule's */
    bool several = found->form_count > 1;
    bool offsets = found->off_utc > 0 && found->off_utc < found->zoned;
    bool fractions = found->fractions > 0 && found->fractions < found->clocked;
    if (!several && !offsets && !fractions)
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__times_rules[TIMES_MIXED], facts->table);
    if (!finding)
        return;
    int64_t others = several   ? found->times - found->forms[found->most]
                     : offsets ? found->off_utc
                               : found->clocked - found->fractions;
    keel__finding_column(audit, finding, profile->column->name);
    keel__finding_data(finding, facts, others);
    count_forms(audit, finding, found);
    for (int i = 0; several && i < KEEL__FORM_COUNT; i++)
        if (found->forms[i] && i != (int)found->most && profile->examples[forms[i].shape].count)
            keel__finding_example(audit, finding,
                                  keel_slice_of(profile->examples[forms[i].shape].texts[0]));
    if (several)
        keel__finding_say(audit, finding,
                          "%s holds times in %d forms; %lld of %lld are not written as most are "
                          "(%s): as text they sort and compare wrongly",
                          profile->column->name, found->form_count, (long long)others,
                          (long long)found->times, forms[found->most].name);
    else if (offsets)
        keel__finding_say(audit, finding,
                          "%lld of %lld times of %s have an offset other than UTC: as text they "
                          "sort and compare wrongly",
                          (long long)others, (long long)found->times, profile->column->name);
    else {
        finding->severity = KEEL_SEVERITY_ADVICE;
        keel__finding_say(audit, finding,
                          "%lld of %lld times of %s lack the fraction of a second that the others "
                          "have",
                          (long long)others, (long long)found->times, profile->column->name);
    }
    keel__repair_choice(audit, finding, facts->table,
                        found->local ? "one form for all (ISO 8601 in UTC), once it is known which "
                                       "zone those without one are in"
                                     : "one form for all (ISO 8601 in UTC)",
                        NULL);
}

int keel__times_mixed(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        struct keel__time_forms found;
        keel__time_forms_of(profile, &found);
        if (found.values >= 5 && is_written(audit, profile) && keel__time_column(profile, &found))
            mixed(audit, facts, profile, &found);
    }
    return KEEL_OK;
}

/* ---- Unix times ------------------------------------------------------------------------------ */

int keel__times_units(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        struct keel__time_forms found;
        keel__time_forms_of(profile, &found);
        int64_t numbers = found.forms[KEEL__FORM_SECONDS] + found.forms[KEEL__FORM_MILLISECONDS] +
                          found.forms[KEEL__FORM_MICROSECONDS];
        int64_t most = found.forms[found.most], other = numbers - most;
        if (numbers == 0 || numbers != found.times || most == numbers ||
            (numbers + profile->zeros) * 10 < found.values * 9 ||
            !keel__time_name(profile->column->name))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__times_rules[TIMES_UNITS], facts->table);
        if (!finding)
            continue;
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, other);
        count_forms(audit, finding, &found);
        for (int i = KEEL__FORM_SECONDS; i <= KEEL__FORM_MICROSECONDS; i++)
            if (i != (int)found.most)
                keel__finding_examples(audit, finding, &profile->examples[forms[i].shape]);
        keel__finding_say(audit, finding,
                          "%lld of %lld times of %s are not in %s as the others are: read so, they "
                          "are thousands of years off, or in January 1970",
                          (long long)other, (long long)numbers, profile->column->name,
                          forms[found.most].name);
        keel__repair_choice(audit, finding, facts->table,
                            "convert them by their size; then a CHECK on the range", NULL);
    }
    return KEEL_OK;
}

int keel__times_zero(struct keel__audit *audit, const struct keel__table_facts *facts,
                     struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        struct keel__time_forms found;
        keel__time_forms_of(profile, &found);
        int64_t numbers = found.forms[KEEL__FORM_SECONDS] + found.forms[KEEL__FORM_MILLISECONDS] +
                          found.forms[KEEL__FORM_MICROSECONDS];
        if (profile->zeros == 0 || numbers < KEEL__ENOUGH_ROWS || numbers <= profile->zeros ||
            (numbers + profile->zeros) * 20 < found.values * 19 ||
            !keel__time_name(profile->column->name))
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__times_rules[TIMES_ZERO], facts->table);
        if (!finding)
            continue;
        if (keel__name_has(profile->column->name, "expires expiry expire until deleted deadline "
                                                  "revoked locked"))
            finding->severity = KEEL_SEVERITY_ADVICE; /* it may stand for never */
        keel__finding_column(audit, finding, profile->column->name);
        keel__finding_data(finding, facts, profile->zeros);
        keel__finding_say(audit, finding,
                          "%lld of %lld times of %s are 0, which is 1 January 1970 and stands for "
                          "'not known'",
                          (long long)profile->zeros, (long long)found.values,
                          profile->column->name);
        keel__repair_choice(audit, finding, facts->table,
                            profile->column->not_null
                                ? "NULL for what is not known, and no NOT NULL on the column"
                                : "NULL for what is not known; then a CHECK (x > 0)",
                            NULL);
    }
    return KEEL_OK;
}

/* ---- what is no date ------------------------------------------------------------------------- */

static void impossible(struct keel__audit *audit, const struct keel__table_facts *facts,
                       const struct keel__profile *profile, const struct keel__time_forms *found)
{
    int64_t broken = SHAPE(profile, DATE_BROKEN), empty = SHAPE(profile, EMPTY);
    int64_t others = found->values - found->times - broken - empty;
    int64_t wrong = broken + others + empty, vague = others + empty;
    enum keel_logical_kind kind = profile->column->type.kind;
    bool declared = kind == KEEL_LOGICAL_TIMESTAMP || kind == KEEL_LOGICAL_DATE;
    if (broken + others == 0 || found->times < KEEL__ENOUGH_ROWS ||
        (found->times + broken) * 10 < found->values * 9)
        return;
    /* eight digits may be anything, and so may a text that is no date */
    bool named = declared || keel__time_name(profile->column->name);
    if (!named && (broken == 0 || found->clocked + found->forms[KEEL__FORM_DATE] < found->times))
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__times_rules[TIMES_IMPOSSIBLE], facts->table);
    if (!finding)
        return;
    if (broken == 0)
        finding->severity = KEEL_SEVERITY_ADVICE;
    keel__finding_column(audit, finding, profile->column->name);
    keel__finding_data(finding, facts, wrong);
    keel__finding_examples(audit, finding, &profile->examples[KEEL__SHAPE_DATE_BROKEN]);
    keel__finding_count(audit, finding, "no such day or time", broken);
    keel__finding_count(audit, finding, "empty or not a whole date", vague);
    keel__finding_say(audit, finding,
                      "%lld of %lld values of %s are no time: %lld name a day or time that does "
                      "not exist, %lld are empty or not a whole date",
                      (long long)wrong, (long long)found->values, profile->column->name,
                      (long long)broken, (long long)vague);
    keel__repair_choice(audit, finding, facts->table,
                        "look them up in their source, or NULL; keep what was written elsewhere",
                        NULL);
}

int keel__times_impossible(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    (void)err;
    for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
        const struct keel__profile *profile = &facts->profiles[c];
        struct keel__time_forms found;
        keel__time_forms_of(profile, &found);
        int64_t written = found.clocked + found.forms[KEEL__FORM_DATE] +
                          found.forms[KEEL__FORM_COMPACT] + found.forms[KEEL__FORM_OTHER];
        if (is_written(audit, profile) && written * 2 > found.times)
            impossible(audit, facts, profile, &found);
    }
    return KEEL_OK;
}

/* ---- times kept as text ---------------------------------------------------------------------- */

static void time_as_text(struct keel__audit *audit, const struct keel__table_facts *facts,
                         const struct keel__profile *profile)
{
    const struct keel_column_model *column = profile->column;
    struct keel__time_forms found;
    keel__time_forms_of(profile, &found);
    if (found.times < KEEL__ENOUGH_ROWS || !keel__values_are_text(audit, profile) ||
        !keel__time_column(profile, &found) || found.times * 10 < found.values * 9 ||
        keel__name_has(column->name, "version build code release number"))
        return;
    /* ISO 8601 is how SQLite's own functions want it; the other forms they do not read */
    bool iso = found.most <= KEEL__FORM_DATE;
    if (audit->dialect == KEEL_SQLITE && iso)
        return;
    struct keel_finding *finding =
        keel__finding_add(audit, &keel__times_rules[TIMES_AS_TEXT], facts->table);
    if (!finding)
        return;
    keel__finding_column(audit, finding, column->name);
    keel__finding_data(finding, facts, found.times);
    count_forms(audit, finding, &found);
    keel__finding_examples(audit, finding, &profile->examples[forms[found.most].shape]);
    keel__finding_say(audit, finding,
                      "%lld of %lld values of %s (%s) are times kept as text (%s)%s",
                      (long long)found.times, (long long)found.values, column->name,
                      column->declared_type, forms[found.most].name,
                      audit->dialect == KEEL_SQLITE
                          ? ", a form that SQLite's date functions do not read"
                          : ": any text gets in, and every comparison of times needs a cast");
    const char *name = keel__audit_name(audit, column->name);
    if (audit->dialect == KEEL_POSTGRES && found.forms[KEEL__FORM_DATE] == found.values)
        keel__repair_type(audit, finding, facts->table, column, "date",
                          keel__audit_text(audit, "%s::date", name),
                          keel__audit_text(audit, "%s::text", name));
    else
        keel__repair_choice(audit, finding, facts->table,
                            audit->dialect == KEEL_SQLITE
                                ? "write them as YYYY-MM-DD (and Thh:mm:ssZ)"
                            : found.local ? "timestamptz, once it is known which zone they are in"
                            : found.zoned ? "timestamptz: it keeps the moment, not the offset"
                                          : "date, or timestamptz",
                            NULL);
}

int keel__times_as_text(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    return keel__each_column(audit, time_as_text);
}
