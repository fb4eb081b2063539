#include "schema/model.h"

#include "base/json.h"
#include "base/map.h"
#include "keel_sql_schema.h"

#include <string.h>
#include <yyjson.h>

enum scope { TABLES = 1, VIEWS, DOMAINS };

struct reader {
    struct keel_schema *schema;
    struct keel__arena *arena;
    struct keel__map places; /* scope, oid -> place in the model's array, from 1 */
    struct keel_value schemas;
    int64_t index_oid; /* whose parts are coming in */
    struct keel_index_model *index;
    bool failed; /* memory is out */
};

/* ---- values of a row ------------------------------------------------------------------------- */

/* The text of a column, in the arena; NULL where it is NULL. */
static const char *text(struct reader *r, const struct keel_row *row, size_t column)
{
    if (keel_row_is_null(row, column))
        return NULL;
    const char *copy = keel__arena_dup(r->arena, keel_row_text(row, column));
    r->failed = r->failed || !copy;
    return copy;
}

/* An expression without the parentheses around all of it. */
static const char *expression(struct reader *r, const struct keel_row *row, size_t column)
{
    if (keel_row_is_null(row, column))
        return NULL;
    const char *copy =
        keel__arena_dup(r->arena, keel__unwrap(keel_row_text(row, column), KEEL_POSTGRES));
    r->failed = r->failed || !copy;
    return copy;
}

/* The first character of a "char" column, 0 where there is none. */
static char letter(const struct keel_row *row, size_t column)
{
    struct keel_slice value = keel_row_text(row, column);
    return value.size ? value.data[0] : 0;
}

/* A JSON array of texts. */
static const char **list(struct reader *r, const struct keel_row *row, size_t column, size_t *count)
{
    const char **items = NULL;
    struct yyjson_doc *doc;
    *count = 0;
    if (keel_row_is_null(row, column))
        return NULL;
    if (keel__json_read_arena(&doc, r->arena, keel_row_text(row, column), NULL, NULL)) {
        r->failed = true;
        return NULL;
    }
    yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_doc_get_root(doc));
    for (yyjson_val *v = yyjson_arr_iter_next(&iter); v; v = yyjson_arr_iter_next(&iter)) {
        const char **item = KEEL__PUSH(r->arena, items, *count);
        if (!item) {
            r->failed = true;
            *count = 0;
            return NULL;
        }
        *item = yyjson_get_str(v);
    }
    return items;
}

static int finish(struct reader *r, struct keel_error *err)
{
    return r->failed ? keel__arena_error(r->arena, err) : 0;
}

static void **place_of(struct reader *r, enum scope scope, int64_t oid)
{
    int64_t *key = keel__arena_memdup(r->arena, &oid, sizeof oid);
    return key ? keel__map_at(&r->places, scope, keel_slice((const char *)key, sizeof oid)) : NULL;
}

static void *find(struct reader *r, enum scope scope, int64_t oid, void *items, size_t size)
{
    void *place = keel__map_get(&r->places, scope, keel_slice((const char *)&oid, sizeof oid));
    return place ? (char *)items + ((size_t)place - 1) * size : NULL;
}

static struct keel_table_model *table_of(struct reader *r, int64_t oid)
{
    return find(r, TABLES, oid, r->schema->tables, sizeof *r->schema->tables);
}

static struct keel_view_model *view_of(struct reader *r, int64_t oid)
{
    return find(r, VIEWS, oid, r->schema->views, sizeof *r->schema->views);
}

/* ---- types and sequences --------------------------------------------------------------------- */

static int add_extension(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    const char **name = KEEL__PUSH(r->arena, r->schema->extensions, r->schema->extension_count);
    if (!name)
        return keel__arena_error(r->arena, err);
    *name = text(r, row, 0);
    return finish(r, err);
}

static int add_type(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_schema *schema = r->schema;
    if (letter(row, 3) == 'e') {
        struct keel_enum_model *e = KEEL__PUSH(r->arena, schema->enums, schema->enum_count);
        if (!e)
            return keel__arena_error(r->arena, err);
        e->schema = text(r, row, 1);
        e->name = text(r, row, 2);
        e->labels = list(r, row, 4, &e->label_count);
        e->comment = text(r, row, 8);
        return finish(r, err);
    }
    struct keel_domain_model *d = KEEL__PUSH(r->arena, schema->domains, schema->domain_count);
    void **place = place_of(r, DOMAINS, keel_row_int(row, 0));
    if (!d || !place)
        return keel__arena_error(r->arena, err);
    *place = (void *)schema->domain_count;
    d->schema = text(r, row, 1);
    d->name = text(r, row, 2);
    d->base_type = text(r, row, 5);
    d->not_null = keel_row_bool(row, 6);
    d->default_text = text(r, row, 7);
    return finish(r, err);
}

static int add_domain_check(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_domain_model *domain =
        find(r, DOMAINS, keel_row_int(row, 0), r->schema->domains, sizeof *r->schema->domains);
    if (!domain)
        return 0;
    struct keel_check_model *check = KEEL__PUSH(r->arena, domain->checks, domain->check_count);
    if (!check)
        return keel__arena_error(r->arena, err);
    check->name = text(r, row, 1);
    check->expression = expression(r, row, 2);
    check->not_valid = !keel_row_bool(row, 3);
    return finish(r, err);
}

static int add_sequence(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_schema *schema = r->schema;
    struct keel_sequence_model *s = KEEL__PUSH(r->arena, schema->sequences, schema->sequence_count);
    if (!s)
        return keel__arena_error(r->arena, err);
    s->schema = text(r, row, 0);
    s->name = text(r, row, 1);
    s->type = text(r, row, 2);
    s->start = keel_row_int(row, 3);
    s->increment = keel_row_int(row, 4);
    s->minimum = keel_row_int(row, 5);
    s->maximum = keel_row_int(row, 6);
    s->cache = keel_row_int(row, 7);
    s->cycle = keel_row_bool(row, 8);
    s->owner_table = text(r, row, 9);
    s->owner_column = text(r, row, 10);
    return finish(r, err);
}

/* ---- tables and views ------------------------------------------------------------------------ */

static int add_view(struct reader *r, const struct keel_row *row, struct keel_error *err)
{
    struct keel_view_model *view = KEEL__PUSH(r->arena, r->schema->views, r->schema->view_count);
    void **place = place_of(r, VIEWS, keel_row_int(row, 0));
    if (!view || !place)
        return keel__arena_error(r->arena, err);
    *place = (void *)r->schema->view_count;
    view->schema = text(r, row, 1);
    view->name = text(r, row, 2);
    view->materialized = letter(row, 3) == 'm';
    view->options = text(r, row, 6);
    struct keel_slice body = keel_row_text(row, 11);
    while (body.size && (body.data[body.size - 1] == ';' || body.data[body.size - 1] == ' '))
        body.size--;
    view->body = keel__arena_dup(r->arena, body.data ? body : keel_slice("", 0));
    r->failed = r->failed || !view->body;
    view->comment = text(r, row, 12);
    return finish(r, err);
}

static enum keel_table_kind kind_of(const struct keel_row *row)
{
    if (keel_row_bool(row, 4))
        return KEEL_TABLE_PARTITION;
    if (letter(row, 3) == 'p')
        return KEEL_TABLE_PARTITIONED;
    return letter(row, 3) == 'f' ? KEEL_TABLE_FOREIGN : KEEL_TABLE_PLAIN;
}

static int add_relation(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    char kind = letter(row, 3);
    if (kind == 'v' || kind == 'm')
        return add_view(r, row, err);
    struct keel_table_model *table =
        KEEL__PUSH(r->arena, r->schema->tables, r->schema->table_count);
    void **place = place_of(r, TABLES, keel_row_int(row, 0));
    if (!table || !place)
        return keel__arena_error(r->arena, err);
    *place = (void *)r->schema->table_count;
    table->schema = text(r, row, 1);
    table->name = text(r, row, 2);
    table->kind = kind_of(row);
    table->unlogged = letter(row, 5) == 'u';
    table->options = text(r, row, 6);
    table->partition_by = text(r, row, 7);
    if (keel_row_bool(row, 13)) {
        table->inherits_schema = text(r, row, 8);
        table->inherits = text(r, row, 9);
    } else {
        table->partition_of_schema = text(r, row, 8);
        table->partition_of = text(r, row, 9);
    }
    table->partition_bound = text(r, row, 10);
    table->comment = text(r, row, 12);
    return finish(r, err);
}

/* What differs from a fresh sequence of the type, in the words of CREATE SEQUENCE. */
static const char *identity_options(struct reader *r, const struct keel_row *row)
{
    struct keel_slice type = keel_row_text(row, 12);
    int64_t increment = keel_row_int(row, 14), minimum = keel_row_int(row, 15),
            maximum = keel_row_int(row, 16), start = keel_row_int(row, 13),
            cache = keel_row_int(row, 17);
    int64_t top = type.size == 6 ? INT64_MAX : type.size == 7 ? INT32_MAX : INT16_MAX;
    char out[300] = "";
    size_t n = 0;
    bool down = increment < 0;
    const struct {
        const char *words;
        int64_t value, usual;
    } parts[] = {{"INCREMENT BY", increment, 1},
                 {"MINVALUE", minimum, down ? -top - 1 : 1},
                 {"MAXVALUE", maximum, down ? -1 : top},
                 {"START WITH", start, down ? maximum : minimum},
                 {"CACHE", cache, 1}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].value != parts[i].usual)
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%s %lld", n ? " " : "",
                                  parts[i].words, (long long)parts[i].value);
    if (keel_row_bool(row, 18))
        n += (size_t)snprintf(out + n, sizeof out - n, "%sCYCLE", n ? " " : "");
    if (!n)
        return NULL;
    const char *copy = keel__arena_strdup(r->arena, out);
    r->failed = r->failed || !copy;
    return copy;
}

static void set_type(struct reader *r, struct keel_column_model *column, const struct keel_row *row)
{
    keel_logical_type_of(KEEL_POSTGRES, keel_slice_of(column->declared_type), &column->type);
    char kind = letter(row, 3);
    if (kind == 'e')
        column->type.kind = KEEL_LOGICAL_ENUM;
    else if (kind == 'd')
        column->type.kind = KEEL_LOGICAL_DOMAIN;
    else if (column->type.kind != KEEL_LOGICAL_UNKNOWN)
        return;
    else
        column->type.kind = KEEL_LOGICAL_OTHER;
    column->type.name = text(r, row, 4);
}

static bool is_literal(const char *sql)
{
    /* 'x'::text, 0, '-1'::integer, true, NULL::text: what PostgreSQL prints for a constant. */
    if (!sql || *sql == '\0')
        return false;
    if (strcmp(sql, "true") == 0 || strcmp(sql, "false") == 0)
        return true;
    if (strncmp(sql, "NULL::", 6) == 0)
        return strspn(sql + 6, "abcdefghijklmnopqrstuvwxyz_ 0123456789(),[]\"") == strlen(sql + 6);
    if (*sql != '\'')
        return strspn(sql + (*sql == '-'), "0123456789.") == strlen(sql + (*sql == '-'));
    for (sql++; *sql && !(*sql == '\'' && sql[1] != '\''); sql++)
        sql += *sql == '\'';
    sql += *sql == '\'';
    if (*sql == '\0')
        return true;
    return strncmp(sql, "::", 2) == 0 &&
           strspn(sql + 2, "abcdefghijklmnopqrstuvwxyz_. 0123456789(),[]\"") == strlen(sql + 2);
}

static void set_default(struct reader *r, struct keel_column_model *column,
                        const struct keel_row *row)
{
    if (letter(row, 7) == 's' || letter(row, 7) == 'v') {
        column->generated = letter(row, 7) == 's' ? KEEL_GENERATED_STORED : KEEL_GENERATED_VIRTUAL;
        column->generated_text = expression(r, row, 6);
        return;
    }
    column->default_text = expression(r, row, 6);
    if (column->default_text)
        column->default_kind =
            is_literal(column->default_text) ? KEEL_DEFAULT_LITERAL : KEEL_DEFAULT_EXPRESSION;
    if (keel_row_bool(row, 9))
        column->identity = KEEL_IDENTITY_SERIAL;
    if (letter(row, 8)) {
        column->identity = letter(row, 8) == 'a' ? KEEL_IDENTITY_ALWAYS : KEEL_IDENTITY_BY_DEFAULT;
        column->identity_options = identity_options(r, row);
    }
}

static int add_column(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_table_model *table = table_of(r, keel_row_int(row, 0));
    struct keel_view_model *view = table ? NULL : view_of(r, keel_row_int(row, 0));
    if (view) {
        const char **name = KEEL__PUSH(r->arena, view->columns, view->column_count);
        if (!name)
            return keel__arena_error(r->arena, err);
        *name = text(r, row, 1);
    }
    if (!table)
        return finish(r, err);
    struct keel_column_model *column = KEEL__PUSH(r->arena, table->columns, table->column_count);
    if (!column)
        return keel__arena_error(r->arena, err);
    column->name = text(r, row, 1);
    column->declared_type = text(r, row, 2);
    if (r->failed)
        return finish(r, err);
    set_type(r, column, row);
    column->not_null = keel_row_bool(row, 5);
    set_default(r, column, row);
    column->collation = text(r, row, 10);
    column->comment = text(r, row, 11);
    column->storage = text(r, row, 19);
    return finish(r, err);
}

/* ---- constraints ----------------------------------------------------------------------------- */

static enum keel_reference_action action_of(char c)
{
    switch (c) {
    case 'r':
        return KEEL_ACTION_RESTRICT;
    case 'c':
        return KEEL_ACTION_CASCADE;
    case 'n':
        return KEEL_ACTION_SET_NULL;
    case 'd':
        return KEEL_ACTION_SET_DEFAULT;
    default:
        return KEEL_ACTION_NO_ACTION;
    }
}

static enum keel_deferrable deferrable_of(const struct keel_row *row)
{
    if (!keel_row_bool(row, 11))
        return KEEL_NOT_DEFERRABLE;
    return keel_row_bool(row, 12) ? KEEL_INITIALLY_DEFERRED : KEEL_DEFERRABLE;
}

static bool add_key(struct reader *r, struct keel_table_model *table, const struct keel_row *row)
{
    bool primary = letter(row, 1) == 'p';
    struct keel_key_model *key;
    if (primary)
        key = table->primary_key = keel__arena_calloc(r->arena, 1, sizeof *key);
    else
        key = KEEL__PUSH(r->arena, table->uniques, table->unique_count);
    if (!key)
        return false;
    key->name = text(r, row, 2);
    key->columns = list(r, row, 3, &key->column_count);
    key->deferrable = deferrable_of(row);
    key->include = list(r, row, 16, &key->include_count);
    const char *definition = text(r, row, 17);
    key->nulls_not_distinct = definition && strstr(definition, "UNIQUE NULLS NOT DISTINCT");
    return true;
}

static bool add_foreign_key(struct reader *r, struct keel_table_model *table,
                            const struct keel_row *row)
{
    size_t count;
    struct keel_foreign_key_model *key =
        KEEL__PUSH(r->arena, table->foreign_keys, table->foreign_key_count);
    if (!key)
        return false;
    key->name = text(r, row, 2);
    key->columns = list(r, row, 3, &key->column_count);
    key->parent_schema = text(r, row, 4);
    key->parent = text(r, row, 5);
    key->parent_columns = list(r, row, 6, &count);
    key->on_update = action_of(letter(row, 7));
    key->on_delete = action_of(letter(row, 8));
    key->set_columns = list(r, row, 9, &key->set_column_count);
    key->match = letter(row, 10) == 'f' ? KEEL_MATCH_FULL : KEEL_MATCH_SIMPLE;
    key->deferrable = deferrable_of(row);
    key->not_valid = !keel_row_bool(row, 13);
    return true;
}

static bool add_check(struct reader *r, struct keel_table_model *table, const struct keel_row *row)
{
    struct keel_check_model *check = KEEL__PUSH(r->arena, table->checks, table->check_count);
    if (!check)
        return false;
    check->name = text(r, row, 2);
    check->expression = expression(r, row, 15);
    check->not_valid = !keel_row_bool(row, 13);
    check->no_inherit = keel_row_bool(row, 14);
    return true;
}

static bool add_exclusion(struct reader *r, struct keel_table_model *table,
                          const struct keel_row *row)
{
    struct keel_exclusion_model *exclusion =
        KEEL__PUSH(r->arena, table->exclusions, table->exclusion_count);
    if (!exclusion)
        return false;
    exclusion->name = text(r, row, 2);
    exclusion->definition = text(r, row, 17);
    return true;
}

static int add_constraint(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_table_model *table = table_of(r, keel_row_int(row, 0));
    bool ok = true;
    if (!table)
        return 0;
    switch (letter(row, 1)) {
    case 'f':
        ok = add_foreign_key(r, table, row);
        break;
    case 'c':
        ok = add_check(r, table, row);
        break;
    case 'x':
        ok = add_exclusion(r, table, row);
        break;
    default:
        ok = add_key(r, table, row);
    }
    return ok ? finish(r, err) : keel__arena_error(r->arena, err);
}

/* ---- indexes, triggers, functions ------------------------------------------------------------ */

static struct keel_index_model *add_index(struct reader *r, const struct keel_row *row)
{
    struct keel_table_model *table = table_of(r, keel_row_int(row, 0));
    struct keel_view_model *view = table ? NULL : view_of(r, keel_row_int(row, 0));
    struct keel_index_model *index = NULL;
    if (table)
        index = KEEL__PUSH(r->arena, table->indexes, table->index_count);
    else if (view)
        index = KEEL__PUSH(r->arena, view->indexes, view->index_count);
    if (!index) {
        r->failed = table || view;
        return NULL;
    }
    index->name = text(r, row, 2);
    index->method = text(r, row, 3);
    index->unique = keel_row_bool(row, 4);
    index->valid = keel_row_bool(row, 5);
    index->options = text(r, row, 6);
    index->where = expression(r, row, 7);
    index->sql = text(r, row, 8);
    index->nulls_not_distinct = index->sql && strstr(index->sql, ") NULLS NOT DISTINCT");
    return index;
}

static int add_index_part(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    if (keel_row_int(row, 1) != r->index_oid) {
        r->index_oid = keel_row_int(row, 1);
        r->index = add_index(r, row);
    }
    if (!r->index)
        return finish(r, err);
    if (!keel_row_bool(row, 10)) {
        const char **column = KEEL__PUSH(r->arena, r->index->include, r->index->include_count);
        if (!column)
            return keel__arena_error(r->arena, err);
        *column = text(r, row, 11);
        return finish(r, err);
    }
    struct keel_index_part *part = KEEL__PUSH(r->arena, r->index->parts, r->index->part_count);
    if (!part)
        return keel__arena_error(r->arena, err);
    part->column = text(r, row, 11);
    part->expression = text(r, row, 12);
    part->descending = keel_row_bool(row, 13);
    part->nulls_first = keel_row_bool(row, 14);
    part->collation = text(r, row, 15);
    part->opclass = text(r, row, 16);
    return finish(r, err);
}

static int add_trigger(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_table_model *table = table_of(r, keel_row_int(row, 0));
    struct keel_view_model *view = table ? NULL : view_of(r, keel_row_int(row, 0));
    struct keel_trigger_model *trigger = NULL;
    if (table)
        trigger = KEEL__PUSH(r->arena, table->triggers, table->trigger_count);
    else if (view)
        trigger = KEEL__PUSH(r->arena, view->triggers, view->trigger_count);
    else
        return 0;
    if (!trigger)
        return keel__arena_error(r->arena, err);
    trigger->name = text(r, row, 1);
    trigger->table = table ? table->name : view->name;
    trigger->function = text(r, row, 2);
    trigger->enabled = letter(row, 3) != 'D';
    trigger->sql = text(r, row, 4);
    return finish(r, err);
}

static int add_function(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_schema *schema = r->schema;
    struct keel_function_model *f = KEEL__PUSH(r->arena, schema->functions, schema->function_count);
    if (!f)
        return keel__arena_error(r->arena, err);
    f->schema = text(r, row, 0);
    f->name = text(r, row, 1);
    f->arguments = text(r, row, 2);
    f->sql = text(r, row, 3);
    f->early = keel_row_bool(row, 4);
    return finish(r, err);
}

static int add_dependency(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    struct keel_view_model *view = view_of(r, keel_row_int(row, 0));
    const struct keel_view_model *needs = view_of(r, keel_row_int(row, 1));
    if (!view || !needs)
        return 0;
    const char **name = KEEL__PUSH(r->arena, view->depends_on, view->depends_count);
    if (!name)
        return keel__arena_error(r->arena, err);
    *name = keel__arena_printf(r->arena, "%s.%s", needs->schema ? needs->schema : "", needs->name);
    return *name ? 0 : keel__arena_error(r->arena, err);
}

static int add_unmodelled(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct reader *r = context;
    const char **what = KEEL__PUSH(r->arena, r->schema->unmodelled, r->schema->unmodelled_count);
    if (!what)
        return keel__arena_error(r->arena, err);
    *what = text(r, row, 0);
    return finish(r, err);
}

static int read_version(struct keel_schema *schema, struct keel_db *db, struct keel_error *err)
{
    const struct keel_row *row;
    int rc = keel_db_one(db, &keel_q_schema_postgres_version, KEEL_NO_PARAMS, &row, err);
    if (rc)
        return rc;
    schema->server_version = (int)keel_row_int(row, 0);
    if (schema->server_version < 130000)
        return keel_error_set(err, KEEL_UNSUPPORTED,
                              "the server is PostgreSQL %d: 13 or newer is needed",
                              schema->server_version / 10000);
    return 0;
}

/* The schemas asked for as a JSON array, NULL for all. */
static int take_schemas(struct reader *r, const struct keel_schema_options *options,
                        struct keel__str *out, struct keel_error *err)
{
    struct keel__json json;
    r->schemas = keel_null();
    if (options->schema_count == 0)
        return 0;
    keel__json_init(&json, out, false);
    keel__json_array_begin(&json);
    for (size_t i = 0; i < options->schema_count; i++)
        keel__json_cstr(&json, options->schemas[i]);
    keel__json_array_end(&json);
    r->schemas = keel_json(keel__str_view(out));
    return keel__str_error(out, err);
}

static int read_all(struct reader *r, struct keel_db *db, struct keel_error *err)
{
    const struct {
        const struct keel_query *query;
        keel_row_fn *each;
    } steps[] = {{&keel_q_schema_postgres_extensions, add_extension},
                 {&keel_q_schema_postgres_types, add_type},
                 {&keel_q_schema_postgres_domain_checks, add_domain_check},
                 {&keel_q_schema_postgres_sequences, add_sequence},
                 {&keel_q_schema_postgres_relations, add_relation},
                 {&keel_q_schema_postgres_columns, add_column},
                 {&keel_q_schema_postgres_constraints, add_constraint},
                 {&keel_q_schema_postgres_index_parts, add_index_part},
                 {&keel_q_schema_postgres_triggers, add_trigger},
                 {&keel_q_schema_postgres_functions, add_function},
                 {&keel_q_schema_postgres_view_dependencies, add_dependency},
                 {&keel_q_schema_postgres_unmodelled, add_unmodelled}};
    int rc = read_version(r->schema, db, err);
    for (size_t i = 0; !rc && i < sizeof steps / sizeof *steps; i++)
        rc = keel_db_each(db, steps[i].query, &r->schemas, steps[i].query->param_count,
                          steps[i].each, r, err);
    return rc;
}

int keel__schema_read_postgres(struct keel_schema *schema, struct keel_db *db,
                               const struct keel_schema_options *options, struct keel_error *err)
{
    struct reader r = {.schema = schema, .arena = schema->arena};
    struct keel__str schemas;
    keel__map_init(&r.places, r.arena);
    keel__str_init(&schemas, 0);
    int rc = take_schemas(&r, options, &schemas, err);
    if (!rc)
        rc = read_all(&r, db, err);
    keel__str_fini(&schemas);
    return rc;
}
