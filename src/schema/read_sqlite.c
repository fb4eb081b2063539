#include "schema/ddl.h"

#include "base/map.h"
#include "keel_sql_schema.h"

#include <stdio.h>
#include <string.h>

enum scope { TABLES = 1, VIEWS };

struct reader {
    struct keel_schema *schema;
    struct keel__arena *arena;
    struct keel__map places; /* scope, name in lower case -> place in the model's array, from 1 */
    struct keel_table_model *table; /* whose columns are coming in */
    struct keel_view_model *view;
};

/* names are equal but for the case of ASCII letters */
static void **place_of(struct reader *r, enum scope scope, struct keel_slice name)
{
    char *key = keel__arena_dup(r->arena, name.data ? name : keel_slice("", 0));
    if (!key)
        return NULL;
    for (char *c = key; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    return keel__map_at(&r->places, scope, keel_slice(key, name.size));
}

static struct keel_table_model *find_table(struct reader *r, struct keel_slice name)
{
    void **place = place_of(r, TABLES, name);
    return place && *place ? &r->schema->tables[(size_t)*place - 1] : NULL;
}

static struct keel_view_model *find_view(struct reader *r, struct keel_slice name)
{
    void **place = place_of(r, VIEWS, name);
    return place && *place ? &r->schema->views[(size_t)*place - 1] : NULL;
}

static int add_view(struct reader *r, struct keel_slice name, struct keel_error *err)
{
    struct keel_schema *schema = r->schema;
    struct keel_view_model *view = KEEL__PUSH(r->arena, schema->views, schema->view_count);
    void **place = place_of(r, VIEWS, name);
    if (!view || !place)
        return keel__arena_error(r->arena, err);
    *place = (void *)schema->view_count;
    view->name = keel__arena_dup(r->arena, name);
    return view->name ? 0 : keel__arena_error(r->arena, err);
}

static int add_table(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_schema *schema = r->schema;
    struct keel_slice name = keel_row_text(row, 0), kind = keel_row_text(row, 1);
    if (name.size >= 7 && strncasecmp(name.data, "sqlite_", 7) == 0)
        return 0;
    if (kind.size == 4 && memcmp(kind.data, "view", 4) == 0)
        return add_view(r, name, err);
    struct keel_table_model *table = KEEL__PUSH(r->arena, schema->tables, schema->table_count);
    void **place = place_of(r, TABLES, name);
    if (!table || !place)
        return keel__arena_error(r->arena, err);
    *place = (void *)schema->table_count;
    table->name = keel__arena_dup(r->arena, name);
    if (kind.size == 7 && memcmp(kind.data, "virtual", 7) == 0)
        table->kind = KEEL_TABLE_VIRTUAL;
    else if (kind.size == 6 && memcmp(kind.data, "shadow", 6) == 0)
        table->kind = KEEL_TABLE_SHADOW;
    table->without_rowid = keel_row_bool(row, 2);
    table->strict = keel_row_bool(row, 3);
    return table->name ? 0 : keel__arena_error(r->arena, err);
}

/* first: the column of the row that holds the name. */
static int add_column(struct reader *r, struct keel_table_model *table, const struct keel_row *row,
                      size_t first, struct keel_error *err)
{
    struct keel_column_model *column = KEEL__PUSH(r->arena, table->columns, table->column_count);
    if (!column)
        return keel__arena_error(r->arena, err);
    struct keel_slice declared = keel_row_text(row, first + 1);
    column->name = keel__arena_dup(r->arena, keel_row_text(row, first));
    column->declared_type = keel__arena_dup(r->arena, declared.data ? declared : keel_slice("", 0));
    if (!column->name || !column->declared_type)
        return keel__arena_error(r->arena, err);
    keel_logical_type_of(KEEL_SQLITE, declared, &column->type);
    column->affinity = table->strict && keel__name_is(column->declared_type, "ANY")
                           ? KEEL_AFFINITY_BLOB
                           : keel__affinity_of(declared);
    column->not_null = keel_row_bool(row, first + 2);
    column->hidden = keel_row_int(row, first + 3) == 1;
    return 0;
}

static int add_stored_column(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_slice name = keel_row_text(row, 0);
    if (!r->table || strlen(r->table->name) != name.size ||
        memcmp(r->table->name, name.data, name.size) != 0)
        r->table = find_table(r, name);
    return r->table ? add_column(r, r->table, row, 1, err)
                    : keel_error_set(err, KEEL_INVALID, "the table %.*s is not in its own list",
                                     (int)name.size, name.data);
}

static int add_virtual_column(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    return add_column(r, r->table, row, 0, err);
}

static int add_view_column(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    const char **column = KEEL__PUSH(r->arena, r->view->columns, r->view->column_count);
    if (column)
        *column = keel__arena_dup(r->arena, keel_row_text(row, 0));
    return column && *column ? 0 : keel__arena_error(r->arena, err);
}

/* A statement that made something: kind, name, table, SQL. Kept until all are read. */
struct object {
    const char *kind, *name, *table, *sql;
};

struct objects {
    struct keel__arena *arena;
    struct object *items;
    size_t count;
};

static int add_object(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct objects *objects = context;
    struct object *object = KEEL__PUSH(objects->arena, objects->items, objects->count);
    if (!object)
        return keel__arena_error(objects->arena, err);
    object->kind = keel__arena_dup(objects->arena, keel_row_text(row, 0));
    object->name = keel__arena_dup(objects->arena, keel_row_text(row, 1));
    object->table = keel__arena_dup(objects->arena, keel_row_text(row, 2));
    object->sql = keel__arena_dup(objects->arena, keel_row_text(row, 3));
    if (!object->kind || !object->name || !object->table || !object->sql)
        return keel_error_set(err, KEEL_INVALID, "an entry of sqlite_schema is not text");
    return 0;
}

static int read_table(struct reader *r, const struct object *object, struct keel_error *err)
{
    struct keel_table_model *table = find_table(r, keel_slice_of(object->name));
    if (!table)
        return keel_error_set(err, KEEL_INVALID, "the table %s is not in its own list",
                              object->name);
    table->sql = object->sql;
    if (table->kind == KEEL_TABLE_VIRTUAL) {
        table->virtual_sql = object->sql;
        return 0;
    }
    int rc = keel__ddl_table(table, r->arena, object->sql, err);
    return rc ? keel_error_context(err, "the table %s", object->name) : 0;
}

static int read_index(struct reader *r, const struct object *object, struct keel_error *err)
{
    struct keel_table_model *table = find_table(r, keel_slice_of(object->table));
    if (!table)
        return keel_error_set(err, KEEL_INVALID, "the index %s is of no table", object->name);
    struct keel_index_model *index = KEEL__PUSH(r->arena, table->indexes, table->index_count);
    if (!index)
        return keel__arena_error(r->arena, err);
    index->name = object->name;
    index->sql = object->sql;
    index->valid = true;
    int rc = keel__ddl_index(index, table, r->arena, object->sql, err);
    return rc ? keel_error_context(err, "the index %s", object->name) : 0;
}

static int read_view(struct reader *r, const struct object *object, struct keel_error *err)
{
    struct keel_view_model *view = find_view(r, keel_slice_of(object->name));
    if (!view)
        return keel_error_set(err, KEEL_INVALID, "the view %s is not in its own list",
                              object->name);
    view->sql = object->sql;
    int rc = keel__ddl_view(view, r->arena, object->sql, err);
    return rc ? keel_error_context(err, "the view %s", object->name) : 0;
}

static int read_trigger(struct reader *r, const struct object *object, struct keel_error *err)
{
    struct keel_table_model *table = find_table(r, keel_slice_of(object->table));
    struct keel_view_model *view = find_view(r, keel_slice_of(object->table));
    struct keel_trigger_model *trigger = NULL;
    if (table)
        trigger = KEEL__PUSH(r->arena, table->triggers, table->trigger_count);
    else if (view)
        trigger = KEEL__PUSH(r->arena, view->triggers, view->trigger_count);
    else
        return keel_error_set(err, KEEL_INVALID, "the trigger %s is of no table", object->name);
    if (!trigger)
        return keel__arena_error(r->arena, err);
    *trigger = (struct keel_trigger_model){
        .name = object->name, .table = object->table, .sql = object->sql, .enabled = true};
    return 0;
}

static int read_object(struct reader *r, const struct object *object, struct keel_error *err)
{
    if (strcmp(object->kind, "table") == 0)
        return read_table(r, object, err);
    if (strcmp(object->kind, "index") == 0)
        return read_index(r, object, err);
    if (strcmp(object->kind, "view") == 0)
        return read_view(r, object, err);
    return read_trigger(r, object, err);
}

/* ---- references ------------------------------------------------------------------------------ */

static void resolve_reference(struct reader *r, struct keel_foreign_key_model *key)
{
    const struct keel_table_model *parent = find_table(r, keel_slice_of(key->parent));
    if (!parent)
        return;
    key->parent = parent->name;
    if (key->implicit) {
        const struct keel_key_model *primary = parent->primary_key;
        if (primary && primary->column_count == key->column_count)
            key->parent_columns = primary->columns;
        return;
    }
    for (size_t i = 0; i < key->column_count; i++) {
        const struct keel_column_model *column = keel__ddl_column(parent, key->parent_columns[i]);
        if (column)
            key->parent_columns[i] = column->name;
    }
}

static void resolve_references(struct reader *r)
{
    for (size_t i = 0; i < r->schema->table_count; i++)
        for (size_t k = 0; k < r->schema->tables[i].foreign_key_count; k++)
            resolve_reference(r, &r->schema->tables[i].foreign_keys[k]);
}

/* ---- what may be broken ---------------------------------------------------------------------- */

/* *broken becomes what SQLite says, when it says something. */
static int read_columns_of(struct reader *r, struct keel_db *db, const char *name,
                           keel_row_fn *each, const char **broken, struct keel_error *err)
{
    struct keel_error inner = {0};
    int rc = keel_db_each(db, &keel_q_schema_sqlite_columns_of, KEEL_PARAMS(keel_cstr(name)), each,
                          r, &inner);
    if (!rc)
        return 0;
    if (rc == KEEL_NOMEM || rc == KEEL_BUSY) {
        if (err)
            *err = inner;
        return rc;
    }
    *broken = keel__arena_strdup(r->arena, inner.message);
    return *broken ? 0 : keel__arena_error(r->arena, err);
}

static int read_virtual_tables(struct reader *r, struct keel_db *db, struct keel_error *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < r->schema->table_count; i++) {
        r->table = &r->schema->tables[i];
        if (r->table->kind == KEEL_TABLE_VIRTUAL)
            rc = read_columns_of(r, db, r->table->name, add_virtual_column, &r->table->broken, err);
    }
    return rc;
}

static int read_views(struct reader *r, struct keel_db *db, struct keel_error *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < r->schema->view_count; i++) {
        r->view = &r->schema->views[i];
        struct keel_view_model named = *r->view;
        r->view->column_count = 0; /* named ones come again, unless the view is broken */
        r->view->columns = NULL;
        rc = read_columns_of(r, db, r->view->name, add_view_column, &r->view->broken, err);
        if (r->view->broken) {
            r->view->columns = named.columns;
            r->view->column_count = named.column_count;
        }
    }
    return rc;
}

static int read_version(struct keel_schema *schema, struct keel_db *db, struct keel_error *err)
{
    const struct keel_row *row;
    int major = 0, minor = 0, patch = 0;
    int rc = keel_db_one(db, &keel_q_schema_sqlite_version, KEEL_NO_PARAMS, &row, err);
    if (rc)
        return rc;
    struct keel_slice text = keel_row_text(row, 0);
    char version[32];
    snprintf(version, sizeof version, "%.*s", (int)text.size, text.data);
    if (sscanf(version, "%d.%d.%d", &major, &minor, &patch) == 3)
        schema->server_version = major * 1000000 + minor * 1000 + patch;
    return 0;
}

int keel__schema_read_sqlite(struct keel_schema *schema, struct keel_db *db, struct keel_error *err)
{
    struct reader r = {.schema = schema, .arena = schema->arena};
    struct objects objects = {.arena = schema->arena};
    keel__map_init(&r.places, r.arena);
    int rc = read_version(schema, db, err);
    if (!rc)
        rc = keel_db_each(db, &keel_q_schema_sqlite_tables, KEEL_NO_PARAMS, add_table, &r, err);
    if (!rc)
        rc = keel_db_each(db, &keel_q_schema_sqlite_columns, KEEL_NO_PARAMS, add_stored_column, &r,
                          err);
    if (!rc)
        rc = keel_db_each(db, &keel_q_schema_sqlite_objects, KEEL_NO_PARAMS, add_object, &objects,
                          err);
    for (size_t i = 0; !rc && i < objects.count; i++)
        rc = read_object(&r, &objects.items[i], err);
    if (!rc)
        resolve_references(&r);
    if (!rc)
        rc = read_virtual_tables(&r, db, err);
    return rc ? rc : read_views(&r, db, err);
}
