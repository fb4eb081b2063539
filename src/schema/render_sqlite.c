#include "schema/render.h"

#include <string.h>

static void default_of(struct keel__str *out, const struct keel_column_model *column)
{
    bool bare = column->default_kind == KEEL_DEFAULT_LITERAL ||
                strncasecmp(column->default_text, "current_", 8) == 0;
    keel__str_printf(out, bare ? " DEFAULT %s" : " DEFAULT (%s)", column->default_text);
}

static bool is_rowid(const struct keel_column_model *column)
{
    return column->identity == KEEL_IDENTITY_ROWID ||
           column->identity == KEEL_IDENTITY_AUTOINCREMENT;
}

/* A key of one INTEGER column has another meaning at the column than behind all columns. */
static bool has_key_at_column(const struct keel_table_model *table,
                              const struct keel_column_model *column)
{
    const struct keel_key_model *key = table->primary_key;
    return key && key->column_count == 1 && strcmp(key->columns[0], column->name) == 0 &&
           keel__name_is(column->declared_type, "INTEGER") &&
           (is_rowid(column) || key->descending_count);
}

static void key_at_column(struct keel__str *out, const struct keel_key_model *key,
                          const struct keel_column_model *column)
{
    keel__str_char(out, ' ');
    keel__sql_constraint_name(out, key->name);
    keel__str_text(out, "PRIMARY KEY");
    if (key->descending_count)
        keel__str_text(out, " DESC");
    if (key->conflict)
        keel__str_printf(out, " ON CONFLICT %s", keel__conflict_word(key->conflict));
    if (column->identity == KEEL_IDENTITY_AUTOINCREMENT)
        keel__str_text(out, " AUTOINCREMENT");
}

void keel__sqlite_column(struct keel__str *out, const struct keel_table_model *table,
                         const struct keel_column_model *column)
{
    keel__sql_name(out, column->name);
    if (*column->declared_type)
        keel__str_printf(out, " %s", column->declared_type);
    if (has_key_at_column(table, column))
        key_at_column(out, table->primary_key, column);
    if (column->not_null && !is_rowid(column))
        keel__str_text(out, " NOT NULL");
    if (column->not_null_conflict)
        keel__str_printf(out, " ON CONFLICT %s", keel__conflict_word(column->not_null_conflict));
    if (column->default_kind)
        default_of(out, column);
    if (column->collation) {
        keel__str_text(out, " COLLATE ");
        keel__sql_collation(out, column->collation);
    }
    for (size_t i = 0; i < table->check_count; i++)
        if (table->checks[i].column && strcmp(table->checks[i].column, column->name) == 0) {
            keel__str_char(out, ' ');
            keel__sql_check(out, &table->checks[i]);
        }
    if (column->generated)
        keel__str_printf(out, " GENERATED ALWAYS AS (%s) %s", column->generated_text,
                         keel__generated_word(column->generated));
}

static void next(struct keel__str *out)
{
    keel__str_text(out, ",\n    ");
}

static void table_constraints(struct keel__str *out, const struct keel_table_model *table)
{
    const struct keel_key_model *key = table->primary_key;
    const struct keel_column_model *first =
        key && key->column_count ? keel_table_column(table, key->columns[0]) : NULL;
    if (key && !(first && has_key_at_column(table, first))) {
        next(out);
        keel__sql_key(out, key, true);
    }
    for (size_t i = 0; i < table->unique_count; i++) {
        next(out);
        keel__sql_key(out, &table->uniques[i], false);
    }
    for (size_t i = 0; i < table->check_count; i++)
        if (!table->checks[i].column) {
            next(out);
            keel__sql_check(out, &table->checks[i]);
        }
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        next(out);
        keel__sql_foreign_key(out, &table->foreign_keys[i]);
    }
}

void keel__sqlite_table(struct keel__str *out, const struct keel_table_model *table,
                        const char *name)
{
    keel__str_text(out, "CREATE TABLE ");
    keel__sql_name(out, name);
    keel__str_text(out, " (\n    ");
    for (size_t i = 0; i < table->column_count; i++) {
        if (i)
            next(out);
        keel__sqlite_column(out, table, &table->columns[i]);
    }
    table_constraints(out, table);
    keel__str_text(out, "\n)");
    if (table->strict)
        keel__str_text(out, " STRICT");
    if (table->without_rowid)
        keel__str_text(out, table->strict ? ", WITHOUT ROWID" : " WITHOUT ROWID");
    keel__str_text(out, ";\n");
}

void keel__sqlite_view(struct keel__str *out, const struct keel_view_model *view)
{
    keel__str_text(out, "CREATE VIEW ");
    keel__sql_name(out, view->name);
    if (view->columns_named) {
        keel__str_char(out, ' ');
        keel__sql_names(out, view->columns, view->column_count);
    }
    keel__str_printf(out, " AS\n%s;\n", view->body);
}

static void triggers(struct keel__str *out, const struct keel_trigger_model *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        keel__str_printf(out, "\n%s;\n", items[i].sql);
}

/* Foreign keys and views may name what is not there yet; triggers may not. */
void keel__render_sqlite(struct keel__str *out, const struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct keel_table_model *table = &schema->tables[i];
        if (table->kind == KEEL_TABLE_SHADOW)
            continue;
        if (out->size)
            keel__str_char(out, '\n');
        if (table->kind == KEEL_TABLE_VIRTUAL)
            keel__str_printf(out, "%s;\n", table->virtual_sql);
        else
            keel__sqlite_table(out, table, table->name);
        for (size_t k = 0; k < table->index_count; k++)
            keel__sql_index(out, &table->indexes[k], NULL, table->name, KEEL_SQLITE);
    }
    for (size_t i = 0; i < schema->view_count; i++) {
        keel__str_char(out, '\n');
        keel__sqlite_view(out, &schema->views[i]);
    }
    for (size_t i = 0; i < schema->table_count; i++)
        triggers(out, schema->tables[i].triggers, schema->tables[i].trigger_count);
    for (size_t i = 0; i < schema->view_count; i++)
        triggers(out, schema->views[i].triggers, schema->views[i].trigger_count);
}
