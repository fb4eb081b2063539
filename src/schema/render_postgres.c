#include "schema/order.h"
#include "schema/render.h"

#include <stdlib.h>
#include <string.h>

void keel__postgres_column(struct keel__str *out, const struct keel_column_model *column)
{
    keel__sql_name(out, column->name);
    keel__str_printf(out, " %s", column->declared_type);
    if (column->collation)
        keel__str_printf(out, " COLLATE %s", column->collation);
    if (column->not_null)
        keel__str_text(out, " NOT NULL");
    if (column->generated)
        keel__str_printf(out, " GENERATED ALWAYS AS (%s) %s", column->generated_text,
                         keel__generated_word(column->generated));
    if (column->identity == KEEL_IDENTITY_ALWAYS || column->identity == KEEL_IDENTITY_BY_DEFAULT) {
        keel__str_printf(out, " GENERATED %s AS IDENTITY",
                         column->identity == KEEL_IDENTITY_ALWAYS ? "ALWAYS" : "BY DEFAULT");
        if (column->identity_options)
            keel__str_printf(out, " (%s)", column->identity_options);
    }
    /* Operators such as IS and AND need parentheses here. */
    bool wrap =
        column->default_kind == KEEL_DEFAULT_EXPRESSION && strchr(column->default_text, ' ');
    if (column->default_text)
        keel__str_printf(out, wrap ? " DEFAULT (%s)" : " DEFAULT %s", column->default_text);
}

/* Where the next member of a table stands. */
static void next(struct keel__str *out, bool *first)
{
    keel__str_text(out, *first ? " (\n    " : ",\n    ");
    *first = false;
}

static void members(struct keel__str *out, const struct keel_table_model *table, bool columns)
{
    bool first = true;
    for (size_t i = 0; columns && i < table->column_count; i++) {
        next(out, &first);
        keel__postgres_column(out, &table->columns[i]);
    }
    if (table->primary_key) {
        next(out, &first);
        keel__sql_key(out, table->primary_key, true);
    }
    for (size_t i = 0; i < table->unique_count; i++) {
        next(out, &first);
        keel__sql_key(out, &table->uniques[i], false);
    }
    for (size_t i = 0; i < table->check_count; i++)
        if (!table->checks[i].not_valid) {
            next(out, &first);
            keel__sql_check(out, &table->checks[i]);
        }
    for (size_t i = 0; i < table->exclusion_count; i++) {
        next(out, &first);
        keel__sql_constraint_name(out, table->exclusions[i].name);
        keel__str_text(out, table->exclusions[i].definition);
    }
    if (!first)
        keel__str_text(out, "\n)");
    else if (columns)
        keel__str_text(out, " ()");
}

void keel__postgres_table(struct keel__str *out, const struct keel_table_model *table)
{
    keel__str_printf(out, "CREATE %sTABLE ", table->unlogged ? "UNLOGGED " : "");
    keel__sql_qualified(out, table->schema, table->name);
    if (table->kind == KEEL_TABLE_PARTITION) {
        keel__str_text(out, " PARTITION OF ");
        keel__sql_qualified(out, table->partition_of_schema, table->partition_of);
        members(out, table, false);
        keel__str_printf(out, " %s", table->partition_bound);
    } else {
        members(out, table, true);
    }
    if (table->partition_by)
        keel__str_printf(out, " PARTITION BY %s", table->partition_by);
    if (table->options)
        keel__str_printf(out, " WITH (%s)", table->options);
    keel__str_text(out, ";\n");
}

static void create_schema(struct keel__str *out, const char *name)
{
    struct keel__str line;
    if (!name)
        return;
    keel__str_init(&line, 0);
    keel__str_text(&line, "CREATE SCHEMA IF NOT EXISTS ");
    keel__sql_name(&line, name);
    keel__str_text(&line, ";\n");
    if (line.failed || !out->data || !strstr(out->data, line.data))
        keel__str_slice(out, keel__str_view(&line));
    out->failed = out->failed || line.failed;
    keel__str_fini(&line);
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Each array is in order of its schemas. */
#define CREATE_SCHEMAS(items, count)                                                               \
    for (size_t i = 0; i < (count); i++)                                                           \
        if (i == 0 || !is_same((items)[i].schema, (items)[i - 1].schema))                          \
    create_schema(out, (items)[i].schema)

static void create_schemas(struct keel__str *out, const struct keel_schema *schema)
{
    CREATE_SCHEMAS(schema->enums, schema->enum_count);
    CREATE_SCHEMAS(schema->domains, schema->domain_count);
    CREATE_SCHEMAS(schema->sequences, schema->sequence_count);
    CREATE_SCHEMAS(schema->tables, schema->table_count);
    CREATE_SCHEMAS(schema->views, schema->view_count);
    CREATE_SCHEMAS(schema->functions, schema->function_count);
    for (size_t i = 0; i < schema->extension_count; i++) {
        keel__str_text(out, "CREATE EXTENSION IF NOT EXISTS ");
        keel__sql_name(out, schema->extensions[i]);
        keel__str_text(out, ";\n");
    }
}

void keel__postgres_comment(struct keel__str *out, const char *what, const char *schema,
                            const char *name, const char *column, const char *text)
{
    keel__str_printf(out, "COMMENT ON %s ", what);
    keel__sql_qualified(out, schema, name);
    if (column) {
        keel__str_char(out, '.');
        keel__sql_name(out, column);
    }
    keel__str_text(out, " IS ");
    if (text)
        keel__sql_string(out, text);
    else
        keel__str_text(out, "NULL");
    keel__str_text(out, ";\n");
}

static void comment(struct keel__str *out, const char *what, const char *schema, const char *name,
                    const char *column, const char *text)
{
    if (text)
        keel__postgres_comment(out, what, schema, name, column, text);
}

void keel__postgres_enum(struct keel__str *out, const struct keel_enum_model *e)
{
    keel__str_text(out, "CREATE TYPE ");
    keel__sql_qualified(out, e->schema, e->name);
    keel__str_text(out, " AS ENUM (");
    for (size_t k = 0; k < e->label_count; k++) {
        keel__str_text(out, k ? ", " : "");
        keel__sql_string(out, e->labels[k]);
    }
    keel__str_text(out, ");\n");
    comment(out, "TYPE", e->schema, e->name, NULL, e->comment);
}

static void create_types(struct keel__str *out, const struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->enum_count; i++)
        keel__postgres_enum(out, &schema->enums[i]);
}

void keel__postgres_domain_check(struct keel__str *out, const struct keel_domain_model *domain,
                                 const struct keel_check_model *check)
{
    keel__str_text(out, "ALTER DOMAIN ");
    keel__sql_qualified(out, domain->schema, domain->name);
    keel__str_text(out, " ADD ");
    keel__sql_check(out, check);
    keel__str_text(out, ";\n");
}

void keel__postgres_domain(struct keel__str *out, const struct keel_domain_model *d)
{
    keel__str_text(out, "CREATE DOMAIN ");
    keel__sql_qualified(out, d->schema, d->name);
    keel__str_printf(out, " AS %s", d->base_type);
    if (d->default_text)
        keel__str_printf(out, " DEFAULT %s", d->default_text);
    keel__str_text(out, d->not_null ? " NOT NULL" : "");
    for (size_t k = 0; k < d->check_count; k++)
        if (!d->checks[k].not_valid) {
            keel__str_char(out, ' ');
            keel__sql_check(out, &d->checks[k]);
        }
    keel__str_text(out, ";\n");
    for (size_t k = 0; k < d->check_count; k++)
        if (d->checks[k].not_valid)
            keel__postgres_domain_check(out, d, &d->checks[k]);
}

static void create_domains(struct keel__str *out, const struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->domain_count; i++)
        keel__postgres_domain(out, &schema->domains[i]);
}

void keel__postgres_sequence_options(struct keel__str *out, const struct keel_sequence_model *s)
{
    keel__str_printf(
        out, " AS %s INCREMENT BY %lld MINVALUE %lld MAXVALUE %lld START WITH %lld CACHE %lld",
        s->type, (long long)s->increment, (long long)s->minimum, (long long)s->maximum,
        (long long)s->start, (long long)s->cache);
}

void keel__postgres_sequence(struct keel__str *out, const struct keel_sequence_model *s)
{
    keel__str_text(out, "CREATE SEQUENCE ");
    keel__sql_qualified(out, s->schema, s->name);
    keel__postgres_sequence_options(out, s);
    keel__str_text(out, s->cycle ? " CYCLE;\n" : ";\n");
}

static void create_sequences(struct keel__str *out, const struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->sequence_count; i++)
        keel__postgres_sequence(out, &schema->sequences[i]);
}

void keel__postgres_sequence_owner(struct keel__str *out, const struct keel_sequence_model *s)
{
    keel__str_text(out, "ALTER SEQUENCE ");
    keel__sql_qualified(out, s->schema, s->name);
    keel__str_text(out, " OWNED BY ");
    if (s->owner_table) {
        keel__sql_qualified(out, s->schema, s->owner_table);
        keel__str_char(out, '.');
        keel__sql_name(out, s->owner_column);
    } else {
        keel__str_text(out, "NONE");
    }
    keel__str_text(out, ";\n");
}

static void own_sequences(struct keel__str *out, const struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->sequence_count; i++)
        if (schema->sequences[i].owner_table)
            keel__postgres_sequence_owner(out, &schema->sequences[i]);
}

static void create_functions(struct keel__str *out, const struct keel_schema *schema, bool early)
{
    for (size_t i = 0; i < schema->function_count; i++)
        if (schema->functions[i].early == early)
            keel__str_printf(out, "\n%s;\n", schema->functions[i].sql);
}

/* ---- tables ---------------------------------------------------------------------------------- */

static void alter_table(struct keel__str *out, const struct keel_table_model *table)
{
    keel__str_text(out, "ALTER TABLE ");
    keel__sql_qualified(out, table->schema, table->name);
}

static void set_storage(struct keel__str *out, const struct keel_table_model *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].storage)
            continue;
        alter_table(out, table);
        keel__str_text(out, " ALTER COLUMN ");
        keel__sql_name(out, table->columns[i].name);
        keel__str_printf(out, " SET STORAGE %s;\n", table->columns[i].storage);
    }
}

static void create_tables(struct keel__str *out, const struct keel_schema *schema,
                          const size_t *order)
{
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct keel_table_model *table = &schema->tables[order[i]];
        keel__str_char(out, '\n');
        keel__postgres_table(out, table);
        comment(out, "TABLE", table->schema, table->name, NULL, table->comment);
        set_storage(out, table);
        for (size_t k = 0; k < table->column_count; k++)
            comment(out, "COLUMN", table->schema, table->name, table->columns[k].name,
                    table->columns[k].comment);
    }
}

static void create_indexes(struct keel__str *out, const char *schema, const char *name,
                           const struct keel_index_model *indexes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        keel__sql_index(out, &indexes[i], schema, name, KEEL_POSTGRES);
}

/* What needs all tables. */
static void create_references(struct keel__str *out, const struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct keel_table_model *table = &schema->tables[i];
        create_indexes(out, table->schema, table->name, table->indexes, table->index_count);
    }
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct keel_table_model *table = &schema->tables[i];
        for (size_t k = 0; k < table->check_count; k++)
            if (table->checks[k].not_valid) {
                alter_table(out, table);
                keel__str_text(out, " ADD ");
                keel__sql_check(out, &table->checks[k]);
                keel__str_text(out, ";\n");
            }
        for (size_t k = 0; k < table->foreign_key_count; k++) {
            alter_table(out, table);
            keel__str_text(out, " ADD ");
            keel__sql_foreign_key(out, &table->foreign_keys[k]);
            keel__str_text(out, ";\n");
        }
    }
}

/* ---- views and triggers ---------------------------------------------------------------------- */

void keel__postgres_view(struct keel__str *out, const struct keel_view_model *view)
{
    keel__str_printf(out, "\nCREATE %sVIEW ", view->materialized ? "MATERIALIZED " : "");
    keel__sql_qualified(out, view->schema, view->name);
    keel__str_char(out, ' ');
    keel__sql_names(out, view->columns, view->column_count);
    if (view->options)
        keel__str_printf(out, " WITH (%s)", view->options);
    keel__str_printf(out, " AS\n%s;\n", view->body);
    comment(out, view->materialized ? "MATERIALIZED VIEW" : "VIEW", view->schema, view->name, NULL,
            view->comment);
    create_indexes(out, view->schema, view->name, view->indexes, view->index_count);
}

void keel__postgres_trigger(struct keel__str *out, const char *schema, const char *name,
                            const struct keel_trigger_model *trigger)
{
    keel__str_printf(out, "%s;\n", trigger->sql);
    if (trigger->enabled)
        return;
    keel__str_text(out, "ALTER TABLE ");
    keel__sql_qualified(out, schema, name);
    keel__str_text(out, " DISABLE TRIGGER ");
    keel__sql_name(out, trigger->name);
    keel__str_text(out, ";\n");
}

static void create_triggers(struct keel__str *out, const char *schema, const char *name,
                            const struct keel_trigger_model *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        keel__str_char(out, '\n');
        keel__postgres_trigger(out, schema, name, &items[i]);
    }
}

static int check_supported(const struct keel_schema *schema, struct keel_error *err)
{
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct keel_table_model *table = &schema->tables[i];
        if (table->inherits)
            return keel_error_set(err, KEEL_UNSUPPORTED,
                                  "the table %s inherits from %s: keel does not render inheritance "
                                  "as SQL, pg_dump does",
                                  table->name, table->inherits);
        if (table->kind == KEEL_TABLE_FOREIGN)
            return keel_error_set(err, KEEL_UNSUPPORTED,
                                  "%s is a foreign table: keel does not render those as SQL, "
                                  "pg_dump does",
                                  table->name);
    }
    return 0;
}

static void render(struct keel__str *out, const struct keel_schema *schema, const size_t *tables,
                   const size_t *views)
{
    if (schema->function_count)
        keel__str_text(out, "SET check_function_bodies = off;\n");
    create_schemas(out, schema);
    create_types(out, schema);
    create_functions(out, schema, true);
    create_domains(out, schema);
    create_sequences(out, schema);
    create_tables(out, schema, tables);
    own_sequences(out, schema);
    keel__str_char(out, '\n');
    create_references(out, schema);
    create_functions(out, schema, false);
    for (size_t i = 0; i < schema->view_count; i++)
        keel__postgres_view(out, &schema->views[views[i]]);
    for (size_t i = 0; i < schema->table_count; i++)
        create_triggers(out, schema->tables[i].schema, schema->tables[i].name,
                        schema->tables[i].triggers, schema->tables[i].trigger_count);
    for (size_t i = 0; i < schema->view_count; i++)
        create_triggers(out, schema->views[i].schema, schema->views[i].name,
                        schema->views[i].triggers, schema->views[i].trigger_count);
}

int keel__render_postgres(struct keel__str *out, const struct keel_schema *schema,
                          struct keel_error *err)
{
    struct keel__arena arena;
    int rc = check_supported(schema, err);
    if (rc)
        return rc;
    keel__arena_init(&arena, 0);
    size_t *tables = keel__order_partitions(&arena, schema);
    size_t *views = keel__order_views(&arena, schema);
    if (tables && views)
        render(out, schema, tables, views);
    else
        rc = keel__arena_error(&arena, err);
    keel__arena_fini(&arena);
    return rc;
}
