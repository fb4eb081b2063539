#include "schema/model.h"

#include "base/error.h"

#include <stdlib.h>

static void filter(struct keel_schema *schema, const char *pattern)
{
    size_t kept = 0;
    for (size_t i = 0; i < schema->table_count; i++)
        if (keel__name_like(schema->tables[i].name, pattern))
            schema->tables[kept++] = schema->tables[i];
    schema->table_count = kept;
    kept = 0;
    for (size_t i = 0; i < schema->view_count; i++)
        if (keel__name_like(schema->views[i].name, pattern))
            schema->views[kept++] = schema->views[i];
    schema->view_count = kept;
}

static int read_model(struct keel_schema *schema, struct keel_db *db,
                      const struct keel_schema_options *options, struct keel_error *err)
{
    int rc = keel_db_begin(db, KEEL_TX_READ, err);
    if (rc)
        return rc;
    rc = schema->dialect == KEEL_SQLITE ? keel__schema_read_sqlite(schema, db, err)
                                        : keel__schema_read_postgres(schema, db, options, err);
    keel_db_rollback(db); /* nothing was written */
    return rc;
}

int keel_schema_read(struct keel_schema **out, struct keel_db *db,
                     const struct keel_schema_options *options, struct keel_error *err)
{
    static const struct keel_schema_options none;
    *out = NULL;
    struct keel__arena *arena = malloc(sizeof *arena);
    if (!arena)
        return keel__nomem(err);
    keel__arena_init(arena, 0);
    struct keel_schema *schema = keel__arena_calloc(arena, 1, sizeof *schema);
    if (!schema) {
        free(arena);
        return keel__nomem(err);
    }
    schema->arena = arena;
    schema->dialect = keel_db_dialect(db);
    options = options ? options : &none;
    int rc = read_model(schema, db, options, err);
    if (rc) {
        keel_schema_free(schema);
        return rc;
    }
    keel__schema_sort(schema);
    if (options->table_pattern)
        filter(schema, options->table_pattern);
    *out = schema;
    return 0;
}
