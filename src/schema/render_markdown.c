#include "schema/render.h"

#include <string.h>

/* What Markdown or HTML would take for its own is escaped; line ends and bars would break a table.
 */
static void plain(struct keel__str *out, const char *text)
{
    for (; text && *text; text++) {
        if (*text == '\n')
            keel__str_text(out, "<br>");
        else if (*text == '<')
            keel__str_text(out, "&lt;");
        else if (*text == '&')
            keel__str_text(out, "&amp;");
        else if (strchr("\\`*_[]|#", *text))
            keel__str_printf(out, "\\%c", *text);
        else if ((unsigned char)*text >= ' ')
            keel__str_char(out, *text);
    }
}

/* A code span, fenced by more backticks than stand in it; bars are escaped for tables. */
static void code(struct keel__str *out, const char *text)
{
    size_t longest = 0, run = 0;
    for (const char *c = text; *c; c++) {
        run = *c == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    for (size_t i = 0; i <= longest; i++)
        keel__str_char(out, '`');
    if (longest)
        keel__str_char(out, ' ');
    for (bool blank = false; *text; text++) {
        bool is_blank = *text == '\n' || *text == '\r' || *text == '\t' || *text == ' ';
        if (*text == '|')
            keel__str_text(out, "\\|");
        else if (!is_blank)
            keel__str_char(out, *text);
        else if (!blank)
            keel__str_char(out, ' ');
        blank = is_blank;
    }
    if (longest)
        keel__str_char(out, ' ');
    for (size_t i = 0; i <= longest; i++)
        keel__str_char(out, '`');
}

static void names(struct keel__str *out, const char *const *items, size_t count)
{
    for (size_t i = 0; items && i < count; i++) {
        keel__str_text(out, i ? ", " : "");
        code(out, items[i]);
    }
}

static void qualified(struct keel__str *out, const char *schema, const char *name)
{
    if (schema) {
        plain(out, schema);
        keel__str_char(out, '.');
    }
    plain(out, name);
}

static bool has(const char *const *items, size_t count, const char *name)
{
    for (size_t i = 0; items && i < count; i++)
        if (strcmp(items[i], name) == 0)
            return true;
    return false;
}

static void sql_block(struct keel__str *out, const char *sql)
{
    size_t longest = 2, run = 0;
    for (const char *c = sql; *c; c++) {
        run = *c == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    char fence[64];
    size_t n = longest + 1 < sizeof fence ? longest + 1 : sizeof fence - 1;
    memset(fence, '`', n);
    fence[n] = '\0';
    keel__str_printf(out, "\n%ssql\n%s\n%s\n", fence, sql, fence);
}

/* ---- columns --------------------------------------------------------------------------------- */

static void reference_of(struct keel__str *out, const struct keel_table_model *table,
                         const char *column)
{
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const struct keel_foreign_key_model *key = &table->foreign_keys[i];
        for (size_t k = 0; k < key->column_count; k++)
            if (strcmp(key->columns[k], column) == 0) {
                keel__str_text(out, "references ");
                qualified(out, key->parent_schema, key->parent);
                if (key->parent_columns) {
                    keel__str_char(out, '.');
                    plain(out, key->parent_columns[k]);
                }
                keel__str_text(out, "; ");
            }
    }
}

static void column_notes(struct keel__str *out, const struct keel_table_model *table,
                         const struct keel_column_model *column)
{
    if (table->primary_key &&
        has(table->primary_key->columns, table->primary_key->column_count, column->name))
        keel__str_text(out, "primary key; ");
    for (size_t i = 0; i < table->unique_count; i++)
        if (table->uniques[i].column_count == 1 &&
            strcmp(table->uniques[i].columns[0], column->name) == 0)
            keel__str_text(out, "unique; ");
    reference_of(out, table, column->name);
    if (column->identity > KEEL_IDENTITY_ROWID)
        keel__str_printf(out, "identity (%s); ", keel__identity_word(column->identity));
    if (column->generated) {
        keel__str_text(out,
                       column->generated == KEEL_GENERATED_STORED ? "stored as " : "computed as ");
        code(out, column->generated_text);
        keel__str_text(out, "; ");
    }
    if (column->collation) {
        keel__str_text(out, "collation ");
        plain(out, column->collation);
        keel__str_text(out, "; ");
    }
    if (column->hidden)
        keel__str_text(out, "hidden; ");
    plain(out, column->comment);
}

static void columns(struct keel__str *out, const struct keel_table_model *table)
{
    if (table->column_count == 0)
        return;
    keel__str_text(out, "\n| column | type | null | default | |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < table->column_count; i++) {
        const struct keel_column_model *column = &table->columns[i];
        keel__str_text(out, "| ");
        plain(out, column->name);
        keel__str_text(out, " | ");
        plain(out, column->declared_type);
        keel__str_text(out, column->not_null ? " | no | " : " | yes | ");
        if (column->default_text)
            code(out, column->default_text);
        keel__str_text(out, " | ");
        size_t before = out->size;
        column_notes(out, table, column);
        if (!out->failed && out->size >= before + 2 &&
            memcmp(out->data + out->size - 2, "; ", 2) == 0)
            out->data[out->size -= 2] = '\0';
        keel__str_text(out, " |\n");
    }
}

/* ---- keys, references, checks, indexes ------------------------------------------------------- */

static void keys(struct keel__str *out, const struct keel_table_model *table)
{
    if (table->primary_key) {
        keel__str_text(out, "- primary key: ");
        names(out, table->primary_key->columns, table->primary_key->column_count);
        keel__str_char(out, '\n');
    }
    for (size_t i = 0; i < table->unique_count; i++) {
        keel__str_text(out, "- unique: ");
        names(out, table->uniques[i].columns, table->uniques[i].column_count);
        keel__str_char(out, '\n');
    }
}

static void actions(struct keel__str *out, const struct keel_foreign_key_model *key)
{
    if (key->on_delete)
        keel__str_printf(out, ", on delete %s", keel__action_word(key->on_delete));
    if (key->on_update)
        keel__str_printf(out, ", on update %s", keel__action_word(key->on_update));
    if (key->deferrable)
        keel__str_printf(out, ", %s", keel__deferrable_words(key->deferrable));
}

static void references(struct keel__str *out, const struct keel_table_model *table)
{
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const struct keel_foreign_key_model *key = &table->foreign_keys[i];
        keel__str_text(out, "- references ");
        qualified(out, key->parent_schema, key->parent);
        keel__str_text(out, ": ");
        names(out, key->columns, key->column_count);
        if (key->parent_columns) {
            keel__str_text(out, " → ");
            names(out, key->parent_columns, key->column_count);
        }
        actions(out, key);
        keel__str_char(out, '\n');
    }
}

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void referenced_by(struct keel__str *out, const struct keel_schema *schema,
                          const struct keel_table_model *table)
{
    for (size_t i = 0; i < schema->table_count; i++)
        for (size_t k = 0; k < schema->tables[i].foreign_key_count; k++) {
            const struct keel_table_model *child = &schema->tables[i];
            const struct keel_foreign_key_model *key = &child->foreign_keys[k];
            if (strcmp(key->parent, table->name) != 0 ||
                !is_same(key->parent_schema, table->schema))
                continue;
            keel__str_text(out, "- referenced by ");
            qualified(out, child->schema, child->name);
            keel__str_text(out, ": ");
            names(out, key->columns, key->column_count);
            if (key->parent_columns) {
                keel__str_text(out, " → ");
                names(out, key->parent_columns, key->column_count);
            }
            actions(out, key);
            keel__str_char(out, '\n');
        }
}

static void check_list(struct keel__str *out, const struct keel_check_model *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        keel__str_text(out, "- check: ");
        code(out, items[i].expression);
        if (items[i].not_valid)
            keel__str_text(out, ", not valid");
        keel__str_char(out, '\n');
    }
}

static void indexes(struct keel__str *out, const struct keel_index_model *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct keel_index_model *index = &items[i];
        keel__str_text(out, index->unique ? "- unique index " : "- index ");
        plain(out, index->name);
        keel__str_text(out, ": ");
        for (size_t k = 0; k < index->part_count; k++) {
            const struct keel_index_part *part = &index->parts[k];
            keel__str_text(out, k ? ", " : "");
            code(out, part->column ? part->column : part->expression);
            if (part->collation) {
                keel__str_text(out, " collate ");
                plain(out, part->collation);
            }
            keel__str_text(out, part->descending ? " descending" : "");
        }
        if (index->include_count) {
            keel__str_text(out, ", with ");
            names(out, index->include, index->include_count);
        }
        if (index->where) {
            keel__str_text(out, " where ");
            code(out, index->where);
        }
        if (index->method && strcmp(index->method, "btree") != 0)
            keel__str_printf(out, " (%s)", index->method);
        keel__str_text(out, index->valid ? "\n" : ", invalid\n");
    }
}

static void triggers(struct keel__str *out, const struct keel_trigger_model *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        keel__str_text(out, "\nTrigger ");
        plain(out, items[i].name);
        keel__str_text(out, items[i].enabled ? ":\n" : " (disabled):\n");
        sql_block(out, items[i].sql);
    }
}

/* ---- tables, views, types -------------------------------------------------------------------- */

static void heading(struct keel__str *out, const char *schema, const char *name)
{
    keel__str_text(out, "\n## ");
    qualified(out, schema, name);
    keel__str_char(out, '\n');
}

static void table_nature(struct keel__str *out, const struct keel_table_model *table)
{
    size_t before = out->size;
    keel__str_char(out, '\n');
    if (table->kind != KEEL_TABLE_PLAIN)
        keel__str_printf(out, "%s, ", keel__table_kind_word(table->kind));
    if (table->partition_by)
        keel__str_printf(out, "by %s, ", table->partition_by);
    if (table->partition_of) {
        keel__str_text(out, "of ");
        qualified(out, table->partition_of_schema, table->partition_of);
        keel__str_printf(out, " %s, ", table->partition_bound);
    }
    keel__str_text(out, table->strict ? "STRICT, " : "");
    keel__str_text(out, table->without_rowid ? "WITHOUT ROWID, " : "");
    keel__str_text(out, table->unlogged ? "unlogged, " : "");
    if (out->failed)
        return;
    if (out->size == before + 1)
        out->data[out->size = before] = '\0';
    else
        out->data[out->size -= 2] = '\0';
    keel__str_text(out, out->size > before ? "\n" : "");
}

static void comment_of(struct keel__str *out, const char *text)
{
    if (!text)
        return;
    keel__str_char(out, '\n');
    plain(out, text);
    keel__str_char(out, '\n');
}

static void broken_of(struct keel__str *out, const char *broken)
{
    if (!broken)
        return;
    keel__str_text(out, "\n**Broken:** ");
    plain(out, broken);
    keel__str_char(out, '\n');
}

static void table(struct keel__str *out, const struct keel_schema *schema,
                  const struct keel_table_model *t)
{
    heading(out, t->schema, t->name);
    table_nature(out, t);
    comment_of(out, t->comment);
    broken_of(out, t->broken);
    columns(out, t);
    size_t before = out->size;
    keel__str_char(out, '\n');
    keys(out, t);
    references(out, t);
    referenced_by(out, schema, t);
    check_list(out, t->checks, t->check_count);
    for (size_t i = 0; i < t->exclusion_count; i++) {
        keel__str_text(out, "- ");
        code(out, t->exclusions[i].definition);
        keel__str_char(out, '\n');
    }
    indexes(out, t->indexes, t->index_count);
    if (!out->failed && out->size == before + 1)
        out->data[out->size = before] = '\0';
    if (t->virtual_sql)
        sql_block(out, t->virtual_sql);
    triggers(out, t->triggers, t->trigger_count);
}

static void view(struct keel__str *out, const struct keel_view_model *v)
{
    heading(out, v->schema, v->name);
    keel__str_text(out, v->materialized ? "\nmaterialized view" : "\nview");
    if (v->column_count)
        keel__str_text(out, " of ");
    names(out, v->columns, v->column_count);
    keel__str_char(out, '\n');
    comment_of(out, v->comment);
    broken_of(out, v->broken);
    sql_block(out, v->body);
    if (v->index_count)
        keel__str_char(out, '\n');
    indexes(out, v->indexes, v->index_count);
    triggers(out, v->triggers, v->trigger_count);
}

static void types(struct keel__str *out, const struct keel_schema *schema)
{
    for (size_t i = 0; i < schema->enum_count; i++) {
        const struct keel_enum_model *e = &schema->enums[i];
        heading(out, e->schema, e->name);
        keel__str_text(out, "\nenum: ");
        names(out, e->labels, e->label_count);
        keel__str_char(out, '\n');
        comment_of(out, e->comment);
    }
    for (size_t i = 0; i < schema->domain_count; i++) {
        const struct keel_domain_model *d = &schema->domains[i];
        heading(out, d->schema, d->name);
        keel__str_printf(out, "\ndomain over %s%s\n", d->base_type,
                         d->not_null ? ", not null" : "");
        if (d->check_count)
            keel__str_char(out, '\n');
        check_list(out, d->checks, d->check_count);
    }
}

void keel__render_markdown(struct keel__str *out, const struct keel_schema *schema)
{
    size_t shadows = 0;
    for (size_t i = 0; i < schema->table_count; i++)
        shadows += schema->tables[i].kind == KEEL_TABLE_SHADOW;
    keel__str_printf(out, "# Schema\n\n%s, %zu tables, %zu views.\n",
                     schema->dialect == KEEL_SQLITE ? "SQLite" : "PostgreSQL",
                     schema->table_count - shadows, schema->view_count);
    for (size_t i = 0; i < schema->table_count; i++)
        if (schema->tables[i].kind != KEEL_TABLE_SHADOW)
            table(out, schema, &schema->tables[i]);
    for (size_t i = 0; i < schema->view_count; i++)
        view(out, &schema->views[i]);
    types(out, schema);
}
