#include "audit/facts.h"

#include "audit/run.h"
#include "base/error.h"
#include "schema/model.h"

#include <string.h>

/* For the columns, most of them, that show none of most shapes. */
static const struct keel__examples no_examples[KEEL__SHAPE_COUNT];

int keel__facts_init(const struct keel__audit *audit, struct keel__table_facts *facts,
                     struct keel_error *err)
{
    size_t count = facts->table->column_count;
    facts->profiles = keel__arena_calloc(audit->arena, count ? count : 1, sizeof *facts->profiles);
    if (!facts->profiles)
        return keel__nomem(err);
    for (size_t i = 0; i < count; i++) {
        facts->profiles[i].column = &facts->table->columns[i];
        facts->profiles[i].examples = no_examples;
    }
    return KEEL_OK;
}

const struct keel__profile *keel__facts_profile(const struct keel__table_facts *facts,
                                                const char *column)
{
    for (size_t i = 0; i < facts->table->column_count; i++)
        if (strcmp(facts->table->columns[i].name, column) == 0)
            return &facts->profiles[i];
    for (size_t i = 0; i < facts->table->column_count; i++)
        if (keel__name_is(facts->table->columns[i].name, column))
            return &facts->profiles[i];
    return NULL;
}

const struct keel__probe *keel__facts_probe(const struct keel__table_facts *facts, const char *key)
{
    for (size_t i = 0; i < facts->probe_count; i++)
        if (strcmp(facts->probes[i].key, key) == 0)
            return &facts->probes[i];
    return NULL;
}

const struct keel__tuple *keel__facts_tuple(const struct keel__table_facts *facts, const char *key)
{
    for (size_t i = 0; i < facts->tuple_count; i++)
        if (strcmp(facts->tuples[i].key, key) == 0)
            return &facts->tuples[i];
    return NULL;
}

const struct keel__dependency *keel__facts_dependency(const struct keel__table_facts *facts,
                                                      const char *key)
{
    for (size_t i = 0; i < facts->dependency_count; i++)
        if (strcmp(facts->dependencies[i].key, key) == 0)
            return &facts->dependencies[i];
    return NULL;
}

double keel__profile_share(const struct keel__profile *profile, enum keel__shape shape)
{
    int64_t values = profile->rows - profile->nulls;
    return values > 0 ? (double)profile->shapes[shape] / (double)values : 0;
}

const struct keel__table_facts *keel__facts_of(const struct keel__audit *audit,
                                               const struct keel_table_model *table)
{
    return &audit->facts[table - audit->schema->tables];
}

bool keel__table_is_read(const struct keel_table_model *table)
{
    return table->kind == KEEL_TABLE_PLAIN || table->kind == KEEL_TABLE_PARTITIONED;
}
