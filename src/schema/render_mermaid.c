#include "schema/render.h"

#include <string.h>

/* An entity's name in quotes: https://mermaid.js.org/syntax/entityRelationshipDiagram.html */
static void entity_text(struct keel__str *out, const char *text)
{
    for (; *text; text++)
        keel__str_char(out, *text == '"'                                  ? '\''
                            : (unsigned char)*text < ' ' || *text == '\\' ? ' '
                                                                          : *text);
}

static void entity(struct keel__str *out, const char *schema, const char *name)
{
    keel__str_char(out, '"');
    if (schema) {
        entity_text(out, schema);
        keel__str_char(out, '.');
    }
    entity_text(out, name);
    keel__str_char(out, '"');
}

/* An attribute's type or name: letters, digits, - and _ only, and a letter first. */
static void word(struct keel__str *out, const char *text)
{
    size_t before = out->size;
    for (const char *c = text; *c; c++) {
        unsigned char u = (unsigned char)*c;
        bool letter = (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z');
        bool other = (u >= '0' && u <= '9') || u == '_';
        if (out->size == before && !letter)
            keel__str_char(out, 'x');
        if (letter || other)
            keel__str_char(out, *c);
        else if (out->size && out->data && out->data[out->size - 1] != '_')
            keel__str_char(out, '_');
    }
    if (out->size == before)
        keel__str_text(out, "any");
}

static bool has(const char *const *items, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(items[i], name) == 0)
            return true;
    return false;
}

static void attribute(struct keel__str *out, const struct keel_table_model *table,
                      const struct keel_column_model *column)
{
    const struct keel_key_model *primary = table->primary_key;
    const char *marks[3];
    size_t count = 0;
    if (primary && has(primary->columns, primary->column_count, column->name))
        marks[count++] = "PK";
    for (size_t i = 0; i < table->foreign_key_count; i++)
        if (has(table->foreign_keys[i].columns, table->foreign_keys[i].column_count,
                column->name)) {
            marks[count++] = "FK";
            break;
        }
    for (size_t i = 0; i < table->unique_count; i++)
        if (table->uniques[i].column_count == 1 &&
            strcmp(table->uniques[i].columns[0], column->name) == 0) {
            marks[count++] = "UK";
            break;
        }
    keel__str_text(out, "        ");
    word(out, column->declared_type);
    keel__str_char(out, ' ');
    word(out, column->name);
    for (size_t i = 0; i < count; i++)
        keel__str_printf(out, "%s%s", i ? ", " : " ", marks[i]);
    keel__str_char(out, '\n');
}

/* Whether the columns of key are a key of their table: then a parent has one child at most. */
static bool is_one_to_one(const struct keel_table_model *table,
                          const struct keel_foreign_key_model *key)
{
    for (size_t i = 0; i <= table->unique_count; i++) {
        const struct keel_key_model *own =
            i < table->unique_count ? &table->uniques[i] : table->primary_key;
        if (!own || own->column_count != key->column_count)
            continue;
        size_t same = 0;
        for (size_t k = 0; k < key->column_count; k++)
            same += has(own->columns, own->column_count, key->columns[k]);
        if (same == key->column_count)
            return true;
    }
    return false;
}

static void relation(struct keel__str *out, const struct keel_table_model *table,
                     const struct keel_foreign_key_model *key)
{
    bool required = true;
    for (size_t i = 0; i < key->column_count; i++) {
        const struct keel_column_model *column = keel_table_column(table, key->columns[i]);
        required = required && column && column->not_null;
    }
    keel__str_text(out, "    ");
    entity(out, key->parent_schema, key->parent);
    keel__str_printf(out, " %s--%s ", required ? "||" : "|o",
                     is_one_to_one(table, key) ? "o|" : "o{");
    entity(out, table->schema, table->name);
    keel__str_text(out, " : ");
    entity(out, NULL, key->columns[0]);
    keel__str_char(out, '\n');
}

void keel__render_mermaid(struct keel__str *out, const struct keel_schema *schema)
{
    keel__str_text(out, "erDiagram\n");
    for (size_t i = 0; i < schema->table_count; i++) {
        const struct keel_table_model *table = &schema->tables[i];
        if (table->kind == KEEL_TABLE_SHADOW || table->kind == KEEL_TABLE_PARTITION)
            continue;
        keel__str_text(out, "    ");
        entity(out, table->schema, table->name);
        keel__str_text(out, " {\n");
        for (size_t k = 0; k < table->column_count; k++)
            attribute(out, table, &table->columns[k]);
        keel__str_text(out, "    }\n");
    }
    for (size_t i = 0; i < schema->table_count; i++)
        for (size_t k = 0; k < schema->tables[i].foreign_key_count; k++)
            relation(out, &schema->tables[i], &schema->tables[i].foreign_keys[k]);
}
