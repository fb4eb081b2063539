/* Columns of tables that are in both models. */
#include "schema/alter_postgres.h"

#include <string.h>

#include "schema/model.h"

static struct keel__str *alter_column(struct keel__pg *pg, const struct keel__pg_column *column)
{
    struct keel__str *out = keel__pg_alter(pg, column->table);
    keel__str_text(out, " ALTER COLUMN ");
    keel__sql_name(out, column->is->name);
    return out;
}

static const char *conversion_of(const struct keel__pg *pg, const struct keel_table_model *table,
                                 const char *column)
{
    for (size_t i = 0; i < pg->options->conversion_count; i++) {
        const struct keel_conversion *c = &pg->options->conversions[i];
        if (strcmp(c->table, table->name) == 0 && strcmp(c->column, column) == 0 &&
            (!c->schema || keel__pg_same(c->schema, table->schema)))
            return c->expression;
    }
    return NULL;
}

/* What its table has from a parent is changed there. */
static bool is_inherited(const struct keel__pg *pg, const struct keel_table_model *table,
                         const char *column)
{
    const char *parent = table->partition_of ? table->partition_of : table->inherits;
    const char *schema = table->partition_of ? table->partition_of_schema : table->inherits_schema;
    for (size_t i = 0; parent && i < pg->to->table_count; i++) {
        const struct keel_table_model *t = &pg->to->tables[i];
        if (strcmp(t->name, parent) == 0 && keel__pg_same(t->schema, schema))
            return keel_table_column(t, column) != NULL;
    }
    return false;
}

/* ---- what cannot be written ------------------------------------------------------------------ */

int keel__pg_columns_check(struct keel__pg *pg, struct keel_error *err)
{
    for (size_t i = 0; i < pg->column_count; i++) {
        const struct keel__pg_column *c = &pg->columns[i];
        if ((c->type || c->gone) && c->table->partition_by &&
            keel__pg_mentions(c->table->partition_by, c->is->name))
            return keel__pg_unsupported(
                err, "%s is partitioned by %s, whose type changes: that takes a new table",
                c->table->name, c->is->name);
    }
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel__pg_op *op = &pg->drops.items[i];
        const struct keel_column_model *column = op->item;
        if (op->kind == KEEL_CHANGE_DROP_COLUMN && op->table->partition_by &&
            keel__pg_mentions(op->table->partition_by, column->name))
            return keel__pg_unsupported(
                err, "%s is partitioned by %s, which is dropped: that takes a new table",
                op->table->name, column->name);
    }
    return 0;
}

/* ---- types ----------------------------------------------------------------------------------- */

static bool is_text(const struct keel_logical_type *type)
{
    return type->kind == KEEL_LOGICAL_TEXT && type->dimensions == 0;
}

static bool is_number(const struct keel_logical_type *type)
{
    return type->kind == KEEL_LOGICAL_INTEGER || type->kind == KEEL_LOGICAL_DECIMAL ||
           type->kind == KEEL_LOGICAL_REAL;
}

/* How the old value becomes the new one, where PostgreSQL does not know by itself. To text it
 * does, and refuses what is too long, which a cast would cut off. */
static void write_using(struct keel__pg *pg, struct keel__str *out,
                        const struct keel__pg_column *column)
{
    const struct keel_logical_type *was = &column->was->type, *is = &column->is->type;
    const char *own = conversion_of(pg, column->table, column->is->name);
    const char *type = column->is->declared_type, *through = "";
    if (own) {
        keel__str_printf(out, " USING (%s)", own);
        return;
    }
    if (is_text(is))
        return;
    if ((was->kind == KEEL_LOGICAL_ENUM || is->kind == KEEL_LOGICAL_ENUM) && !is_text(was))
        through = was->dimensions ? "::text[]" : "::text";
    else if (was->kind == KEEL_LOGICAL_BOOLEAN && is_number(is))
        through = "::integer";
    keel__str_text(out, " USING ");
    if (is->kind == KEEL_LOGICAL_BOOLEAN && is_number(was)) {
        keel__str_char(out, '(');
        keel__sql_name(out, column->is->name);
        keel__str_text(out, " <> 0)");
        return;
    }
    keel__sql_name(out, column->is->name);
    keel__str_printf(out, "%s::%s", through, type);
}

static bool is_next_type(const struct keel__pg *pg, size_t i, const struct keel_table_model *table)
{
    const struct keel__pg_column *c = &pg->columns[i];
    return c->table == table && c->type && !c->gone && !is_inherited(pg, c->table, c->is->name);
}

/* All of a table in one statement, which rewrites it once. */
static void change_types(struct keel__pg *pg, const struct keel_table_model *table)
{
    struct keel__str *out = NULL;
    for (size_t i = 0; i < pg->column_count; i++) {
        if (!is_next_type(pg, i, table))
            continue;
        const struct keel__pg_column *c = &pg->columns[i];
        if (out)
            keel__str_char(out, ',');
        else
            out = keel__pg_alter(pg, table);
        keel__str_text(out, " ALTER COLUMN ");
        keel__sql_name(out, c->is->name);
        keel__str_printf(out, " TYPE %s", c->is->declared_type);
        if (c->is->collation)
            keel__str_printf(out, " COLLATE %s", c->is->collation);
        write_using(pg, out, c);
    }
    if (out)
        keel__str_text(out, ";\n");
}

/* What a parent says of a column its partitions follow; then each may say otherwise. */
static bool follows_parent(const struct keel__pg *pg, const struct keel__pg_column *column)
{
    if (!is_inherited(pg, column->table, column->is->name))
        return false;
    const char *parent =
        column->table->partition_of ? column->table->partition_of : column->table->inherits;
    for (size_t i = 0; i < pg->column_count; i++) {
        const struct keel__pg_column *c = &pg->columns[i];
        if (strcmp(c->table->name, parent) == 0 && strcmp(c->is->name, column->is->name) == 0)
            return keel__pg_same(c->is->default_text, column->is->default_text) &&
                   c->is->not_null == column->is->not_null &&
                   keel__pg_same(c->is->comment, c->was->comment);
    }
    return false;
}

/* ---- defaults -------------------------------------------------------------------------------- */

static bool default_stays(const struct keel__pg_column *column)
{
    return !column->type && !column->undone &&
           keel__pg_same(column->was->default_text, column->is->default_text);
}

static bool is_handled(const struct keel__pg_column *column)
{
    return column->gone || column->was->generated || column->is->generated;
}

void keel__pg_defaults_undo(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->column_count; i++) {
        const struct keel__pg_column *c = &pg->columns[i];
        if (c->was->generated && !c->is->generated && !c->gone && !follows_parent(pg, c))
            keel__str_text(alter_column(pg, c), " DROP EXPRESSION;\n");
        else if (c->undone && c->was->default_text && !is_handled(c))
            keel__str_text(alter_column(pg, c), " DROP DEFAULT;\n");
    }
}

static void drop_default(struct keel__pg *pg, const struct keel__pg_column *column)
{
    if (!column->undone && !is_handled(column) && column->was->default_text &&
        !default_stays(column))
        keel__str_text(alter_column(pg, column), " DROP DEFAULT;\n");
}

static void set_default(struct keel__pg *pg, const struct keel__pg_column *column)
{
    bool from_identity = column->was->identity == KEEL_IDENTITY_ALWAYS ||
                         column->was->identity == KEEL_IDENTITY_BY_DEFAULT;
    /* identity to serial sets it itself, when the sequence is there */
    if (column->gone || column->is->generated || !column->is->default_text ||
        (from_identity && column->is->identity == KEEL_IDENTITY_SERIAL) || default_stays(column))
        return;
    keel__str_printf(alter_column(pg, column), " SET DEFAULT %s;\n", column->is->default_text);
}

/* ---- added columns --------------------------------------------------------------------------- */

static void options_of(struct keel__pg *pg, const struct keel_table_model *table,
                       const struct keel_column_model *column)
{
    if (column->storage) {
        struct keel__str *out = keel__pg_alter(pg, table);
        keel__str_text(out, " ALTER COLUMN ");
        keel__sql_name(out, column->name);
        keel__str_printf(out, " SET STORAGE %s;\n", column->storage);
    }
    if (column->comment)
        keel__postgres_comment(keel__pg_next(pg), "COLUMN", table->schema, table->name,
                               column->name, column->comment);
}

static void fill(struct keel__pg *pg, const struct keel_table_model *table,
                 const struct keel_column_model *column, const char *expression)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "UPDATE ");
    keel__sql_qualified(out, table->schema, table->name);
    keel__str_text(out, " SET ");
    keel__sql_name(out, column->name);
    keel__str_printf(out, " = (%s);\n", expression);
    keel__str_text(keel__pg_next(pg), "SET CONSTRAINTS ALL IMMEDIATE;\n");
    if (!column->not_null)
        return;
    out = keel__pg_alter(pg, table);
    keel__str_text(out, " ALTER COLUMN ");
    keel__sql_name(out, column->name);
    keel__str_text(out, " SET NOT NULL;\n");
}

static void add_column(struct keel__pg *pg, const struct keel_table_model *table,
                       const struct keel_column_model *column)
{
    const char *own = column->generated ? NULL : conversion_of(pg, table, column->name);
    if (is_inherited(pg, table, column->name))
        return;
    struct keel_column_model copy = *column;
    copy.not_null = column->not_null && !own;
    struct keel__str *out = keel__pg_alter(pg, table);
    keel__str_text(out, " ADD COLUMN ");
    keel__postgres_column(out, &copy);
    keel__str_text(out, ";\n");
    if (own)
        fill(pg, table, column, own);
    options_of(pg, table, column);
}

static void add_columns(struct keel__pg *pg, bool generated)
{
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        const struct keel_column_model *column = op->item;
        if (op->kind == KEEL_CHANGE_ADD_COLUMN && (column->generated != 0) == generated)
            add_column(pg, op->table, column);
    }
    for (size_t i = 0; generated && i < pg->column_count; i++)
        if (pg->columns[i].gone)
            add_column(pg, pg->columns[i].table, pg->columns[i].is);
}

/* ---- dropped columns ------------------------------------------------------------------------- */

static bool is_wanted(const struct keel__pg *pg, const struct keel__pg_op *drop)
{
    const struct keel_column_model *was = drop->item;
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        if (op->kind == KEEL_CHANGE_ADD_COLUMN && op->table == drop->table &&
            strcmp(((const struct keel_column_model *)op->item)->name, was->name) == 0)
            return true;
    }
    return false;
}

static void drop_column(struct keel__pg *pg, const struct keel_table_model *table, const char *name)
{
    if (is_inherited(pg, table, name))
        return;
    struct keel__str *out = keel__pg_alter(pg, table);
    keel__str_text(out, " DROP COLUMN ");
    keel__sql_name(out, name);
    keel__str_text(out, ";\n");
}

/* A column of a partition goes with the parent's. */
static bool goes_with_parent(const struct keel__pg *pg, const struct keel__pg_op *drop)
{
    const struct keel_table_model *t = drop->table;
    const struct keel_column_model *was = drop->item;
    const char *parent = t->partition_of ? t->partition_of : t->inherits;
    for (size_t i = 0; parent && i < pg->drops.count; i++) {
        const struct keel__pg_op *op = &pg->drops.items[i];
        if (op->kind == KEEL_CHANGE_DROP_COLUMN && strcmp(op->table->name, parent) == 0 &&
            strcmp(((const struct keel_column_model *)op->item)->name, was->name) == 0)
            return true;
    }
    return false;
}

/* What it is called by now: a generated column may be renamed and made anew. */
static const char *name_now(const struct keel__pg *pg, const struct keel__pg_op *drop)
{
    const char *old = ((const struct keel_column_model *)drop->item)->name;
    const struct keel_table_model *was = keel__pg_old_table(pg, drop->table);
    const char *name = was ? keel__pg_new_column(pg, was, old) : NULL;
    return name ? name : old;
}

void keel__pg_columns_drop(struct keel__pg *pg, bool early)
{
    for (int generated = 1; generated >= 0; generated--)
        for (size_t i = 0; i < pg->drops.count; i++) {
            struct keel__pg_op *op = &pg->drops.items[i];
            const struct keel_column_model *column = op->item;
            if (op->kind != KEEL_CHANGE_DROP_COLUMN || op->done ||
                (column->generated != 0) != generated ||
                (early && !generated && !is_wanted(pg, op)))
                continue;
            op->done = true;
            if (!goes_with_parent(pg, op))
                drop_column(pg, op->table, name_now(pg, op));
        }
    for (size_t i = 0; early && i < pg->column_count; i++)
        if (pg->columns[i].gone)
            drop_column(pg, pg->columns[i].table, pg->columns[i].is->name);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* SET STORAGE DEFAULT is PostgreSQL 16's. */
static const char *own_storage(const struct keel_logical_type *type)
{
    if (type->dimensions)
        return "EXTENDED";
    switch (type->kind) {
    case KEEL_LOGICAL_DECIMAL:
        return "MAIN";
    case KEEL_LOGICAL_BOOLEAN:
    case KEEL_LOGICAL_INTEGER:
    case KEEL_LOGICAL_REAL:
    case KEEL_LOGICAL_DATE:
    case KEEL_LOGICAL_TIME:
    case KEEL_LOGICAL_TIMESTAMP:
    case KEEL_LOGICAL_INTERVAL:
    case KEEL_LOGICAL_UUID:
    case KEEL_LOGICAL_MONEY:
    case KEEL_LOGICAL_ENUM:
        return "PLAIN";
    default:
        return "EXTENDED";
    }
}

static void change_options(struct keel__pg *pg, const struct keel__pg_column *column)
{
    const struct keel_column_model *was = column->was, *is = column->is;
    if (column->gone)
        return;
    if (was->not_null && !is->not_null)
        keel__str_text(alter_column(pg, column), " DROP NOT NULL;\n");
    /* A new type brings its own. */
    if (column->type ? is->storage != NULL : !keel__pg_same(was->storage, is->storage))
        keel__str_printf(alter_column(pg, column), " SET STORAGE %s;\n",
                         is->storage ? is->storage : own_storage(&is->type));
    if (!keel__pg_same(was->comment, is->comment))
        keel__postgres_comment(keel__pg_next(pg), "COLUMN", column->table->schema,
                               column->table->name, is->name, is->comment);
}

void keel__pg_columns(struct keel__pg *pg)
{
#define EACH for (size_t i = 0; i < pg->column_count; i++)
    EACH if (!follows_parent(pg, &pg->columns[i]))
    {
        drop_default(pg, &pg->columns[i]);
        if (pg->columns[i].was->identity != KEEL_IDENTITY_SERIAL &&
            pg->columns[i].is->identity != KEEL_IDENTITY_SERIAL)
            keel__pg_identity(pg, &pg->columns[i]);
    }
    for (size_t i = 0; i < pg->column_count; i++) {
        bool first = true;
        for (size_t k = 0; k < i && first; k++)
            first = pg->columns[k].table != pg->columns[i].table;
        if (first)
            change_types(pg, pg->columns[i].table);
    }
    add_columns(pg, false);
    EACH if (!follows_parent(pg, &pg->columns[i]))
    {
        if (pg->columns[i].is->identity == KEEL_IDENTITY_SERIAL)
            keel__pg_identity(pg, &pg->columns[i]);
        set_default(pg, &pg->columns[i]);
        change_options(pg, &pg->columns[i]);
    }
    add_columns(pg, true);
#undef EACH
}

/* ---- NOT NULL -------------------------------------------------------------------------------- */

static bool becomes_not_null(const struct keel__pg *pg, const struct keel__pg_column *column)
{
    return !column->gone && !column->was->not_null && column->is->not_null &&
           !follows_parent(pg, column);
}

static void proof_name(struct keel__str *out, size_t number)
{
    keel__str_printf(out, "keel_not_null_%zu", number);
}

/* A check that is validated while others read and write proves that there is no NULL, so that SET
 * NOT NULL need not look. */
void keel__pg_not_null(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->column_count; i++) {
        if (!becomes_not_null(pg, &pg->columns[i]))
            continue;
        struct keel__str *out = keel__pg_alter(pg, pg->columns[i].table);
        keel__str_text(out, " ADD CONSTRAINT ");
        proof_name(out, i + 1);
        keel__str_text(out, " CHECK (");
        keel__sql_name(out, pg->columns[i].is->name);
        keel__str_text(out, " IS NOT NULL) NOT VALID;\n");
        keel__pg_break(pg);
        out = keel__pg_alter(pg, pg->columns[i].table);
        keel__str_text(out, " VALIDATE CONSTRAINT ");
        proof_name(out, i + 1);
        keel__str_text(out, ";\n");
        keel__pg_break(pg);
        keel__str_text(alter_column(pg, &pg->columns[i]), " SET NOT NULL;\n");
        out = keel__pg_alter(pg, pg->columns[i].table);
        keel__str_text(out, " DROP CONSTRAINT ");
        proof_name(out, i + 1);
        keel__str_text(out, ";\n");
        keel__pg_break(pg);
    }
    for (size_t i = 0; i < pg->column_count; i++)
        keel__pg_identity_add(pg, &pg->columns[i]);
}
