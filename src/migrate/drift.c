#include <keel/drift.h>

#include <string.h>

#include "base/error.h"
#include "migrate/set.h"

static int check(const struct keel_migration_status *status, struct keel_error *err)
{
    if (status->state == KEEL_MIGRATION_INTERRUPTED)
        return keel_error_set(err, KEEL_CONFLICT,
                              "%s_%s is half done: finish it with up, or revert it with down",
                              status->version_text, status->name);
    if (status->problem == KEEL_PROBLEM_MISSING)
        return keel_error_set(err, KEEL_CONFLICT,
                              "%s_%s is applied and has no file: nobody knows what it did",
                              status->version_text, status->name);
    return 0;
}

/* Those of set that are applied, in part; shares all else with set. */
static int take_applied(struct keel_migrations *part, const struct keel_migrations *set,
                        const struct keel_migration_statuses *statuses, struct keel__arena *arena,
                        struct keel_error *err)
{
    *part = *set;
    part->items = keel__arena_calloc(arena, set->count + 1, sizeof *part->items);
    part->count = 0;
    if (!part->items)
        return keel__arena_error(arena, err);
    for (size_t i = 0; i < statuses->count; i++) {
        const struct keel_migration_status *status = &statuses->items[i];
        int rc = check(status, err);
        if (rc)
            return rc;
        for (size_t k = 0; k < set->count; k++)
            if (set->items[k].pub.version == status->version &&
                status->state == KEEL_MIGRATION_APPLIED)
                part->items[part->count++] = set->items[k];
    }
    return 0;
}

/* What the migrations give that are applied; all of them where there is no history. */
static int replay(struct keel_drift *out, struct keel_db *db, const struct keel_migrations *set,
                  const char *module, const struct keel_source_options *options,
                  struct keel_error *err)
{
    struct keel_migration_statuses statuses;
    struct keel_migrations part = {.layout = set->layout};
    struct keel__arena arena;
    int rc = keel_migrate_status(&statuses, db, set, module, err);
    if (rc)
        return rc;
    keel__arena_init(&arena, 0);
    rc = take_applied(&part, set, &statuses, &arena, err);
    out->has_history = part.count > 0;
    out->pending = out->has_history ? statuses.pending : 0;
    if (!rc)
        rc = keel_schema_replay(&out->expected, out->has_history ? &part : set, options, err);
    keel__arena_fini(&arena);
    keel_migration_statuses_free(&statuses);
    return rc;
}

static bool has_table(const struct keel_schema *schema, const struct keel_table_model *table)
{
    for (size_t i = 0; i < schema->table_count; i++)
        if (strcmp(schema->tables[i].name, table->name) == 0 &&
            strcmp(schema->tables[i].schema ? schema->tables[i].schema : "",
                   table->schema ? table->schema : "") == 0)
            return true;
    return false;
}

/* Takes the partitions that the other does not have out of schema. */
static void leave_out_partitions(struct keel_schema *schema, const struct keel_schema *other)
{
    size_t kept = 0;
    for (size_t i = 0; i < schema->table_count; i++)
        if (schema->tables[i].kind != KEEL_TABLE_PARTITION || has_table(other, &schema->tables[i]))
            schema->tables[kept++] = schema->tables[i];
    schema->table_count = kept;
}

int keel_migrate_drift(struct keel_drift *out, const char *url, const struct keel_migrations *set,
                       const char *module, bool partitions_vary,
                       const struct keel_source_options *options, struct keel_error *err)
{
    const struct keel_db_options how = {.read_only = true, .must_exist = true, .foreign = true};
    struct keel_source_options source = options ? *options : (struct keel_source_options){0};
    struct keel_db *db = NULL;
    *out = (struct keel_drift){0};
    int rc = keel_db_open(&db, url, &how, err);
    if (rc)
        return rc;
    source.dialect = keel_db_dialect(db);
    if (!source.scratch_url)
        source.scratch_url = url;
    rc = replay(out, db, set, module, &source, err);
    keel_db_close(db);
    if (!rc)
        rc = keel_schema_load(&out->found, url, &source, err);
    if (!rc && partitions_vary) {
        leave_out_partitions(out->found, out->expected);
        leave_out_partitions(out->expected, out->found);
    }
    if (!rc)
        rc = keel_schema_diff(&out->diff, out->expected, out->found, NULL, err);
    if (rc)
        keel_drift_free(out);
    return rc;
}

void keel_drift_free(struct keel_drift *drift)
{
    keel_diff_free(drift->diff);
    keel_schema_free(drift->expected);
    keel_schema_free(drift->found);
    *drift = (struct keel_drift){0};
}
