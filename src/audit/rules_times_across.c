/* Times of several columns, of one table or of all. */
#include "audit/evidence.h"
#include "audit/rules_times.h"
#include "schema/model.h"

#include <string.h>

/* Whether the column's times have a zone. PostgreSQL: by its type; otherwise by its values. */
enum zone { ZONE_NONE, ZONE_WITH, ZONE_WITHOUT };

static enum zone zone_of(const struct keel__audit *audit, const struct keel__profile *profile)
{
    const struct keel_logical_type *type = &profile->column->type;
    struct keel__time_forms forms;
    if (keel__name_has(profile->column->name, "local wall"))
        return ZONE_NONE; /* the clock on the wall is meant */
    if (audit->dialect == KEEL_POSTGRES && type->kind == KEEL_LOGICAL_TIMESTAMP)
        return type->dimensions ? ZONE_NONE : type->with_zone ? ZONE_WITH : ZONE_WITHOUT;
    if (audit->dialect == KEEL_POSTGRES && !keel__values_are_text(audit, profile))
        return ZONE_NONE;
    keel__time_forms_of(profile, &forms);
    if (!keel__time_column(profile, &forms) || forms.clocked * 10 < forms.values * 9)
        return ZONE_NONE;
    /* a few of the other kind are for the rule of mixed forms */
    if (forms.zoned * 10 >= forms.clocked * 9)
        return ZONE_WITH;
    return forms.local * 10 >= forms.clocked * 9 ? ZONE_WITHOUT : ZONE_NONE;
}

struct zones {
    const char **without, **with;
    size_t without_count, with_count;
};

static struct zones zones_of(struct keel__audit *audit, const struct keel__table_facts *facts)
{
    size_t count = facts->table->column_count;
    struct zones zones = {keel__arena_calloc(audit->arena, count + 1, sizeof(char *)),
                          keel__arena_calloc(audit->arena, count + 1, sizeof(char *)), 0, 0};
    for (size_t c = 0; zones.with && zones.without && c < count; c++) {
        enum zone zone = zone_of(audit, &facts->profiles[c]);
        if (zone == ZONE_WITH)
            zones.with[zones.with_count++] = facts->table->columns[c].name;
        if (zone == ZONE_WITHOUT)
            zones.without[zones.without_count++] = facts->table->columns[c].name;
    }
    return zones;
}

int keel__times_zones(struct keel__audit *audit, const struct keel__table_facts *facts,
                      struct keel_error *err)
{
    (void)err;
    struct zones zones = zones_of(audit, facts);
    struct keel_finding *finding =
        zones.with_count && zones.without_count
            ? keel__finding_add(audit, &keel__times_rules[TIMES_ZONES], facts->table)
            : NULL;
    if (!finding)
        return KEEL_OK;
    keel__finding_columns(audit, finding, zones.without, zones.without_count);
    keel__finding_data(finding, facts, 0);
    keel__finding_count(audit, finding, "columns with a zone", (int64_t)zones.with_count);
    keel__finding_count(audit, finding, "columns without a zone", (int64_t)zones.without_count);
    keel__finding_say(audit, finding,
                      "%zu column%s of times %s no time zone (%s%s), while %zu %s one (%s%s): the "
                      "two cannot be compared without knowing which zone is meant",
                      zones.without_count, zones.without_count == 1 ? "" : "s",
                      zones.without_count == 1 ? "has" : "have", zones.without[0],
                      zones.without_count > 1 ? ", ..." : "", zones.with_count,
                      zones.with_count == 1 ? "has" : "have", zones.with[0],
                      zones.with_count > 1 ? ", ..." : "");
    keel__repair_choice(audit, finding, facts->table,
                        audit->dialect == KEEL_POSTGRES
                            ? "timestamptz for all: ALTER COLUMN ... TYPE timestamptz USING ... AT "
                              "TIME ZONE '...', with the zone that their writer used"
                            : "a zone for all, once it is known which one those without are in",
                        NULL);
    return KEEL_OK;
}

/* PostgreSQL: a finding a table, since a type is to be changed; SQLite: one for the database, since
 * CURRENT_TIMESTAMP itself writes no zone. */
int keel__times_no_zone(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    struct keel_finding *all = NULL;
    size_t columns = 0, tables = 0;
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel__table_facts *facts = &audit->facts[t];
        const struct keel_table_model *table = facts->table;
        if (!keel__table_is_read(table))
            continue;
        struct zones zones = zones_of(audit, facts);
        if (zones.without_count == 0 || zones.with_count > 0)
            continue; /* both: the rule above has told it */
        columns += zones.without_count;
        tables++;
        if (audit->dialect == KEEL_SQLITE) {
            if (!all)
                all = keel__finding_add(audit, &keel__times_rules[TIMES_NO_ZONE], NULL);
            keel__finding_count(audit, all, keel__audit_text(audit, "%s: columns", table->name),
                                (int64_t)zones.without_count);
            continue;
        }
        struct keel_finding *finding =
            keel__finding_add(audit, &keel__times_rules[TIMES_NO_ZONE], table);
        if (!finding)
            continue;
        keel__finding_columns(audit, finding, zones.without, zones.without_count);
        keel__finding_say(audit, finding,
                          "%zu column%s of times %s without time zone: what moment they mean "
                          "depends on who reads them",
                          zones.without_count, zones.without_count == 1 ? "" : "s",
                          zones.without_count == 1 ? "is" : "are");
        keel__repair_choice(audit, finding, table,
                            "timestamptz: ALTER COLUMN ... TYPE timestamptz USING ... AT TIME ZONE "
                            "'UTC', if it is UTC that was written",
                            NULL);
    }
    if (all) {
        keel__finding_say(audit, all,
                          "%zu columns of times in %zu tables have no time zone: what moment they "
                          "mean depends on who reads them",
                          columns, tables);
        keel__repair_choice(audit, all, NULL,
                            "a Z behind each, if it is UTC that was written (CURRENT_TIMESTAMP "
                            "writes UTC)",
                            NULL);
    }
    return KEEL_OK;
}

/* ---- the same name, another form ------------------------------------------------------------- */

enum { MAX_NAMES = 64, MAX_TIMES = 512 };

struct named {
    const char *name;
    size_t columns[KEEL__FORM_COUNT];
    const char *example[KEEL__FORM_COUNT]; /* "table.column" */
};

static struct named *named_of(struct named *names, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++)
        if (keel__name_is(names[i].name, name))
            return &names[i];
    if (*count == MAX_NAMES)
        return NULL;
    names[*count] = (struct named){.name = name};
    return &names[(*count)++];
}

static void tell_across(struct keel__audit *audit, const struct named *named)
{
    size_t kinds = 0, columns = 0;
    for (int i = 0; i < KEEL__FORM_COUNT; i++) {
        kinds += named->columns[i] > 0;
        columns += named->columns[i];
    }
    struct keel_finding *finding =
        kinds > 1 ? keel__finding_add(audit, &keel__times_rules[TIMES_ACROSS], NULL) : NULL;
    if (!finding)
        return;
    keel__finding_column(audit, finding, named->name);
    for (int i = 0; i < KEEL__FORM_COUNT; i++)
        if (named->columns[i]) {
            keel__finding_count(audit, finding, keel__time_form_name((enum keel__time_form)i),
                                (int64_t)named->columns[i]);
            keel__finding_example(audit, finding, keel_slice_of(named->example[i]));
        }
    keel__finding_say(audit, finding,
                      "%s is written in %zu forms in %zu tables: compared as text across tables, "
                      "the order is wrong",
                      named->name, kinds, columns);
    keel__repair_choice(audit, finding, NULL, "one form for all (ISO 8601 in UTC)", NULL);
}

int keel__times_across(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    struct named names[MAX_NAMES];
    size_t count = 0;
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel__table_facts *facts = &audit->facts[t];
        for (size_t c = 0; facts->scanned && c < facts->table->column_count; c++) {
            const struct keel__profile *profile = &facts->profiles[c];
            struct keel__time_forms forms;
            keel__time_forms_of(profile, &forms);
            bool written = audit->dialect == KEEL_SQLITE || keel__values_are_text(audit, profile);
            if (!written || !keel__time_column(profile, &forms) ||
                !keel__time_name(profile->column->name))
                continue;
            struct named *named = named_of(names, &count, profile->column->name);
            if (!named)
                continue;
            if (named->columns[forms.most]++ == 0)
                named->example[forms.most] =
                    keel__audit_text(audit, "%s.%s", facts->table->name, profile->column->name);
        }
    }
    for (size_t i = 0; i < count; i++)
        tell_across(audit, &names[i]);
    return KEEL_OK;
}

/* ---- the same meaning, another type ---------------------------------------------------------- */

static bool may_be_time_type(enum keel_logical_kind kind)
{
    return kind == KEEL_LOGICAL_TIMESTAMP || kind == KEEL_LOGICAL_TEXT ||
           kind == KEEL_LOGICAL_INTEGER || kind == KEEL_LOGICAL_REAL;
}

/* Moments, not days, by name; and what is there does not speak against it. */
static bool is_moment(const struct keel__profile *profile)
{
    struct keel__time_forms forms;
    if (!may_be_time_type(profile->column->type.kind) || profile->column->type.dimensions ||
        !keel__name_ends(profile->column->name, "at ts timestamp datetime"))
        return false;
    if (profile->column->type.kind == KEEL_LOGICAL_TIMESTAMP)
        return true;
    keel__time_forms_of(profile, &forms);
    return forms.times > 0 && forms.times * 10 >= forms.values * 9;
}

static bool same_type(const struct keel_logical_type *a, const struct keel_logical_type *b)
{
    return a->kind == b->kind &&
           (a->kind != KEEL_LOGICAL_TIMESTAMP || a->with_zone == b->with_zone);
}

static const struct keel_column_model *most_frequent(const struct keel_column_model **times,
                                                     size_t count, size_t *frequency)
{
    const struct keel_column_model *best = NULL;
    *frequency = 0;
    for (size_t i = 0; i < count; i++) {
        size_t same = 0;
        for (size_t j = 0; j < count; j++)
            same += same_type(&times[i]->type, &times[j]->type);
        if (same > *frequency) {
            *frequency = same;
            best = times[i];
        }
    }
    return best;
}

static void tell_type(struct keel__audit *audit, const struct keel__table_facts *facts,
                      const struct keel_column_model *usual, size_t frequency)
{
    const struct keel_table_model *table = facts->table;
    const char **names = keel__arena_calloc(audit->arena, table->column_count + 1, sizeof *names);
    const char *type = NULL;
    size_t count = 0;
    for (size_t c = 0; names && c < table->column_count; c++) {
        if (!is_moment(&facts->profiles[c]) || same_type(&table->columns[c].type, &usual->type))
            continue;
        names[count++] = table->columns[c].name;
        type = table->columns[c].declared_type;
    }
    struct keel_finding *finding =
        count ? keel__finding_add(audit, &keel__times_rules[TIMES_TYPES], table) : NULL;
    if (!finding)
        return;
    keel__finding_columns(audit, finding, names, count);
    keel__finding_say(audit, finding,
                      "%zu column%s of times %s declared %s here, where %zu in this database are "
                      "%s",
                      count, count == 1 ? "" : "s", count == 1 ? "is" : "are", type, frequency,
                      usual->declared_type);
    keel__repair_choice(audit, finding, table,
                        keel__audit_text(audit, "%s as in the other tables", usual->declared_type),
                        NULL);
}

int keel__times_types(struct keel__audit *audit, struct keel_error *err)
{
    (void)err;
    const struct keel_column_model *times[MAX_TIMES];
    size_t count = 0, frequency;
    for (size_t t = 0; t < audit->schema->table_count; t++) {
        const struct keel__table_facts *facts = &audit->facts[t];
        bool judged = keel__table_is_read(facts->table);
        for (size_t c = 0; judged && c < facts->table->column_count && count < MAX_TIMES; c++)
            if (is_moment(&facts->profiles[c]))
                times[count++] = facts->profiles[c].column;
    }
    const struct keel_column_model *usual = most_frequent(times, count, &frequency);
    if (count < 4 || frequency * 5 < count * 3 || frequency == count)
        return KEEL_OK;
    for (size_t t = 0; t < audit->schema->table_count; t++)
        if (keel__table_is_read(&audit->schema->tables[t]))
            tell_type(audit, &audit->facts[t], usual, frequency);
    return KEEL_OK;
}
