#include "audit/rules_words.h"

#include "audit/column.h"
#include "audit/secret.h"
#include "base/error.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

enum { MIN_ROWS = 50, MIN_ROWS_NULL = 20, MAX_NAMED = 200 };

/* The columns of a table that a rule found, reported as one finding: tables have many of them, and
 * the answer is one for all. */
struct group {
    const char **names;
    size_t count;
};

static bool group_init(struct keel__audit *audit, const struct keel__table_facts *facts,
                       struct group *group)
{
    group->count = 0;
    group->names =
        keel__arena_calloc(audit->arena, facts->table->column_count + 1, sizeof *group->names);
    return group->names != NULL;
}

static void list_names(const struct group *group, char *out, size_t size)
{
    size_t used = 0, named = 0;
    out[0] = '\0';
    for (; named < group->count && named < 6; named++) {
        int wrote =
            snprintf(out + used, size - used, "%s%.60s", named ? ", " : "", group->names[named]);
        if (wrote < 0 || (size_t)wrote >= size - used)
            return;
        used += (size_t)wrote;
    }
    if (named < group->count)
        snprintf(out + used, size - used, " and %zu more", group->count - named);
}

static struct keel_finding *report(struct keel__audit *audit, enum keel__constraints_rule rule,
                                   const struct keel__table_facts *facts, const struct group *group)
{
    struct keel_finding *finding = keel__finding_add(audit, KEEL__CONSTRAINTS(rule), facts->table);
    if (finding) {
        keel__finding_columns(audit, finding, group->names,
                              group->count < MAX_NAMED ? group->count : MAX_NAMED);
        keel__finding_data(finding, facts, facts->rows);
    }
    return finding;
}

/* ---- never NULL, but it may be --------------------------------------------------------------- */

int keel__never_null_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    struct group group;
    if (facts->rows < MIN_ROWS || facts->sampled)
        return KEEL_OK;
    if (!group_init(audit, facts, &group))
        return keel__nomem(err);
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel_column_model *column = &facts->table->columns[i];
        if (!column->not_null && !column->hidden && column->generated == KEEL_GENERATED_NO &&
            column->identity == KEEL_IDENTITY_NONE && facts->profiles[i].nulls == 0 &&
            facts->profiles[i].rows > 0 && !keel__column_primary(facts->table, column->name))
            group.names[group.count++] = column->name;
    }
    if (group.count == 0)
        return KEEL_OK;
    struct keel_finding *finding = report(audit, KEEL__CONSTRAINTS_NEVER_NULL, facts, &group);
    if (!finding)
        return keel__nomem(err);
    char names[512];
    list_names(&group, names, sizeof names);
    keel__finding_say(audit, finding,
                      "%zu column%s of %s admit%s NULL and %s none in %lld rows: %s", group.count,
                      group.count == 1 ? "" : "s", facts->table->name, group.count == 1 ? "s" : "",
                      group.count == 1 ? "has" : "have", (long long)facts->rows, names);
    finding->fix_text = "which of them are mandatory";
    struct keel__repair *repair =
        keel__repair_add(audit, finding, KEEL__REPAIR_CHOICE, facts->table);
    if (!repair)
        return keel__nomem(err);
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__str_printf(&text, "Never NULL so far in %s:", keel__audit_table(audit, facts->table));
    for (size_t i = 0; i < group.count && i < MAX_NAMED; i++) {
        const char *name = keel__audit_name(audit, group.names[i]);
        if (audit->dialect == KEEL_SQLITE)
            keel__str_printf(&text, "\n  %s NOT NULL", name);
        else
            keel__str_printf(&text, "\nALTER TABLE %s ALTER COLUMN %s SET NOT NULL;",
                             keel__audit_table(audit, facts->table), name);
    }
    repair->choices = keel__arena_dup(audit->arena, keel__str_view(&text));
    keel__str_fini(&text);
    return KEEL_OK;
}

/* ---- always NULL, always the same ------------------------------------------------------------ */

int keel__always_null_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                            struct keel_error *err)
{
    struct group group;
    if (facts->rows < MIN_ROWS_NULL || facts->sampled)
        return KEEL_OK;
    if (!group_init(audit, facts, &group))
        return keel__nomem(err);
    for (size_t i = 0; i < facts->table->column_count; i++)
        if (facts->profiles[i].rows > 0 && facts->profiles[i].nulls == facts->profiles[i].rows)
            group.names[group.count++] = facts->table->columns[i].name;
    if (group.count == 0)
        return KEEL_OK;
    struct keel_finding *finding = report(audit, KEEL__CONSTRAINTS_ALWAYS_NULL, facts, &group);
    if (!finding)
        return keel__nomem(err);
    char names[512];
    list_names(&group, names, sizeof names);
    keel__finding_say(audit, finding, "%zu column%s of %s %s NULL in all of %lld rows: %s",
                      group.count, group.count == 1 ? "" : "s", facts->table->name,
                      group.count == 1 ? "is" : "are", (long long)facts->rows, names);
    return KEEL_OK;
}

/* A flag that nobody has set yet says nothing about the schema. */
static bool is_default(enum keel_dialect dialect, const struct keel__profile *profile)
{
    struct keel__literal literal;
    keel__column_default(dialect, profile->column, &literal);
    return literal.kind != KEEL__LITERAL_NONE && profile->word_count == 1 &&
           strcmp(literal.text, profile->words[0].text) == 0;
}

int keel__constant_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                         struct keel_error *err)
{
    struct group group;
    if (facts->rows < MIN_ROWS || facts->sampled)
        return KEEL_OK;
    if (!group_init(audit, facts, &group))
        return keel__nomem(err);
    char example[160] = "";
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const struct keel_column_model *column = profile->column;
        bool flag =
            column->type.kind == KEEL_LOGICAL_BOOLEAN ||
            (profile->integers == profile->rows && profile->zeros + profile->ones == profile->rows);
        if (profile->nulls > 0 || profile->distinct != 1 || profile->distinct_overflow || flag ||
            column->generated != KEEL_GENERATED_NO || is_default(audit->dialect, profile) ||
            keel__column_reference(audit, facts->table, column->name) ||
            keel__column_in_key(facts->table, column->name))
            continue;
        if (group.count == 0 && profile->first.count > 0 && !keel__column_secrecy(column))
            snprintf(example, sizeof example, " (%s is '%.60s')", column->name,
                     profile->first.texts[0]);
        group.names[group.count++] = column->name;
    }
    if (group.count == 0)
        return KEEL_OK;
    struct keel_finding *finding = report(audit, KEEL__CONSTRAINTS_CONSTANT, facts, &group);
    if (!finding)
        return keel__nomem(err);
    char names[512];
    list_names(&group, names, sizeof names);
    keel__finding_say(audit, finding,
                      "%zu column%s of %s %s the same value in all of %lld rows: %s%s", group.count,
                      group.count == 1 ? "" : "s", facts->table->name,
                      group.count == 1 ? "has" : "have", (long long)facts->rows, names, example);
    return KEEL_OK;
}
