#include "audit/rules_words.h"

#include "audit/column.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

static bool names_version(const struct keel_column_model *column)
{
    return column->type.kind == KEEL_LOGICAL_TEXT && column->type.dimensions == 0 &&
           keel__name_has(column->name, "version revision release tag") &&
           !keel__name_has(column->name, "id tags note notes status url name date");
}

static const char *probe_key(struct keel__audit *audit, const char *what,
                             const struct keel_column_model *column)
{
    return keel__arena_printf(audit->arena, "%s %s", what, column->name);
}

static const struct keel__probe *probed(const struct keel__table_facts *facts, const char *what,
                                        const char *column)
{
    char key[512];
    int size = snprintf(key, sizeof key, "%s %s", what, column);
    return size > 0 && (size_t)size < sizeof key ? keel__facts_probe(facts, key) : NULL;
}

/* ---- versions that move ---------------------------------------------------------------------- */

int keel__floating_version_plan(struct keel__audit *audit, struct keel__scan *scan,
                                struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct keel_column_model *column = &table->columns[i];
        if (!names_version(column))
            continue;
        const char *name = keel__audit_name(audit, column->name);
        const char *key = probe_key(audit, "floating", column);
        const char *expression = keel__arena_printf(
            audit->arena,
            "lower(t.%s) IN ('latest', 'newest', 'current', 'head', 'master', 'main', "
            "'nightly', 'stable', 'edge', '*')",
            name);
        const char *example = keel__arena_printf(audit->arena, "t.%s", name);
        if (!name || !key || !expression || !example)
            return keel__nomem(err);
        keel__scan_probe(scan, key, expression, example);
    }
    return KEEL_OK;
}

int keel__floating_version_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                                 struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel_column_model *column = &facts->table->columns[i];
        const struct keel__probe *probe =
            names_version(column) ? probed(facts, "floating", column->name) : NULL;
        if (!probe || probe->matching == 0)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_FLOATING), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, probe->matching);
        keel__finding_examples(audit, finding, &probe->examples);
        keel__finding_say(audit, finding,
                          "%lld of %lld rows of %s name a version in %s that moves ('%s'): which "
                          "one it was cannot be told later",
                          (long long)probe->matching, (long long)facts->rows, facts->table->name,
                          column->name,
                          probe->examples.count ? probe->examples.texts[0] : "latest");
    }
    return KEEL_OK;
}

/* ---- versions that are none ------------------------------------------------------------------ */

int keel__no_version_plan(struct keel__audit *audit, struct keel__scan *scan,
                          struct keel_error *err)
{
    const struct keel_table_model *table = keel__scan_table(scan);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct keel_column_model *column = &table->columns[i];
        if (!names_version(column))
            continue;
        const char *name = keel__audit_name(audit, column->name);
        const char *key = probe_key(audit, "no version", column);
        const char *expression =
            audit->dialect == KEEL_SQLITE
                ? keel__arena_printf(audit->arena, "t.%s NOT GLOB '*[0-9]*' AND length(t.%s) > 0",
                                     name, name)
                : keel__arena_printf(audit->arena, "t.%s !~ '[0-9]' AND length(t.%s) > 0", name,
                                     name);
        const char *example = keel__arena_printf(audit->arena, "t.%s", name);
        if (!name || !key || !expression || !example)
            return keel__nomem(err);
        keel__scan_probe(scan, key, expression, example);
    }
    return KEEL_OK;
}

int keel__no_version_table(struct keel__audit *audit, const struct keel__table_facts *facts,
                           struct keel_error *err)
{
    for (size_t i = 0; i < facts->table->column_count; i++) {
        const struct keel__profile *profile = &facts->profiles[i];
        const struct keel_column_model *column = profile->column;
        if (!names_version(column))
            continue;
        const struct keel__probe *none = probed(facts, "no version", column->name);
        const struct keel__probe *floating = probed(facts, "floating", column->name);
        int64_t versions = profile->shapes[KEEL__SHAPE_VERSION];
        int64_t names = none ? none->matching - (floating ? floating->matching : 0) : 0;
        if (names <= 0 || versions == 0)
            continue;
        struct keel_finding *finding =
            keel__finding_add(audit, KEEL__WORDS(KEEL__WORDS_NO_VERSION), facts->table);
        if (!finding)
            return keel__nomem(err);
        keel__finding_column(audit, finding, column->name);
        keel__finding_data(finding, facts, names);
        keel__finding_examples(audit, finding, &none->examples);
        keel__finding_count(audit, finding, "versions", versions);
        keel__finding_count(audit, finding, "names without a version", names);
        keel__finding_say(audit, finding,
                          "%lld of %lld values of %s.%s are names without any version; %lld are "
                          "versions",
                          (long long)names, (long long)(profile->rows - profile->nulls),
                          facts->table->name, column->name, (long long)versions);
    }
    return KEEL_OK;
}
