#include "schema/alter_postgres.h"

#include <string.h>

#include "schema/model.h"

int keel__pg_push(struct keel__pg *pg, struct keel__pg_ops *ops, enum keel_change_kind kind,
                  const void *item, const struct keel_table_model *table, bool remade,
                  struct keel_error *err)
{
    struct keel__pg_op *op = KEEL__PUSH(pg->arena, ops->items, ops->count);
    if (!op)
        return keel__arena_error(pg->arena, err);
    op->kind = kind;
    op->item = item;
    op->table = table;
    op->remade = remade;
    return 0;
}

int keel__pg_push_word(struct keel__pg *pg, const char *word, struct keel_error *err)
{
    const char **place = KEEL__PUSH(pg->arena, pg->words, pg->word_count);
    if (!place)
        return keel__arena_error(pg->arena, err);
    *place = word;
    return 0;
}

struct keel__pg_op *keel__pg_op_of(const struct keel__pg_ops *ops, enum keel_change_kind kind,
                                   const void *item)
{
    for (size_t i = 0; i < ops->count; i++)
        if (ops->items[i].kind == kind && ops->items[i].item == item)
            return &ops->items[i];
    return NULL;
}

struct keel__pg_column *keel__pg_column_at(struct keel__pg *pg,
                                           const struct keel_table_model *table,
                                           const struct keel_column_model *was,
                                           const struct keel_column_model *is)
{
    for (size_t i = 0; i < pg->column_count; i++)
        if (pg->columns[i].is == is)
            return &pg->columns[i];
    struct keel__pg_column *column = KEEL__PUSH(pg->arena, pg->columns, pg->column_count);
    if (column) {
        column->table = table;
        column->was = was;
        column->is = is;
        column->inherited = (table->partition_of || table->inherits) != 0;
    }
    return column;
}

/* ---- tables and columns of both models ------------------------------------------------------- */

const struct keel_table_model *keel__pg_old_table(const struct keel__pg *pg,
                                                  const struct keel_table_model *table)
{
    /* Tables are in one array: the new table's place is its place here. */
    return pg->tables[table - pg->to->tables].was;
}

const struct keel_table_model *keel__pg_new_table(const struct keel__pg *pg, const char *schema,
                                                  const char *name)
{
    for (size_t i = 0; i < pg->table_count; i++) {
        const struct keel_table_model *was = pg->tables[i].was;
        if (was && strcmp(was->name, name) == 0 && keel__pg_same(was->schema, schema))
            return pg->tables[i].is;
    }
    return NULL;
}

static const struct keel_table_model *find_old(const struct keel__pg *pg,
                                               const struct keel_table_model *table)
{
    const struct keel_schema *from = pg->from;
    size_t low = 0, high = from->table_count;
    for (size_t i = 0; i < pg->diff->count; i++) {
        const struct keel_change *change = &pg->diff->changes[i];
        if (change->kind == KEEL_CHANGE_ADD_TABLE && change->new_item == table)
            return NULL;
        if (change->kind == KEEL_CHANGE_RENAME_TABLE && change->new_item == table)
            return change->old_item;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct keel_table_model *t = &from->tables[middle];
        int order = strcmp(t->schema ? t->schema : "", table->schema ? table->schema : "");
        if (!order)
            order = strcmp(t->name, table->name);
        if (!order)
            return t;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static int pair_tables(struct keel__pg *pg, struct keel_error *err)
{
    pg->table_count = pg->to->table_count;
    pg->tables = keel__arena_calloc(pg->arena, pg->table_count + 1, sizeof *pg->tables);
    if (!pg->tables)
        return keel__arena_error(pg->arena, err);
    for (size_t i = 0; i < pg->table_count; i++) {
        pg->tables[i].is = &pg->to->tables[i];
        pg->tables[i].was = find_old(pg, pg->tables[i].is);
    }
    return 0;
}

static const struct keel_change *
column_rename(const struct keel__pg *pg, const struct keel_table_model *old_table,
              const char *old_name, const struct keel_table_model *new_table, const char *new_name)
{
    for (size_t i = 0; i < pg->diff->count; i++) {
        const struct keel_change *change = &pg->diff->changes[i];
        if (change->kind != KEEL_CHANGE_RENAME_COLUMN)
            continue;
        const struct keel_column_model *was = change->old_item, *is = change->new_item;
        if ((old_table && change->old_table == old_table && strcmp(was->name, old_name) == 0) ||
            (new_table && change->new_table == new_table && strcmp(is->name, new_name) == 0))
            return change;
    }
    return NULL;
}

const struct keel_column_model *keel__pg_old_column(const struct keel__pg *pg,
                                                    const struct keel_table_model *table,
                                                    const char *new_name)
{
    const struct keel_table_model *was = keel__pg_old_table(pg, table);
    const struct keel_change *rename = column_rename(pg, NULL, NULL, table, new_name);
    if (rename)
        return rename->old_item;
    if (!was || column_rename(pg, was, new_name, NULL, NULL))
        return NULL;
    return keel_table_column(was, new_name);
}

const char *keel__pg_new_column(const struct keel__pg *pg, const struct keel_table_model *table,
                                const char *old_name)
{
    const struct keel_change *rename = column_rename(pg, table, old_name, NULL, NULL);
    if (rename)
        return ((const struct keel_column_model *)rename->new_item)->name;
    for (size_t i = 0; i < pg->table_count; i++)
        if (pg->tables[i].was == table) {
            const struct keel_column_model *is = keel_table_column(pg->tables[i].is, old_name);
            return is && keel__pg_old_column(pg, pg->tables[i].is, old_name) ? is->name : NULL;
        }
    return NULL;
}

/* ---- changes as operations ------------------------------------------------------------------- */

static int collect_column(struct keel__pg *pg, const struct keel_change *change,
                          struct keel_error *err)
{
    struct keel__pg_column *column =
        keel__pg_column_at(pg, change->new_table, change->old_item, change->new_item);
    if (!column)
        return keel__arena_error(pg->arena, err);
    bool is_generated = column->is->generated != KEEL_GENERATED_NO;
    bool was_generated = column->was->generated != KEEL_GENERATED_NO;
    bool type = change->kind == KEEL_CHANGE_COLUMN_TYPE;
    if ((change->kind == KEEL_CHANGE_GENERATED && is_generated) || (type && was_generated))
        column->gone = true;
    else if (type)
        column->type = true;
    return 0;
}

/* Tables bring along what belongs to them, whether the diff names it or not. */
static bool belongs_to_table(const struct keel_change *change)
{
    switch (change->kind) {
    case KEEL_CHANGE_ADD_TABLE:
    case KEEL_CHANGE_DROP_TABLE:
        return false;
    default:
        return (change->new_table || change->old_table) &&
               (!change->new_table || !change->old_table);
    }
}

static int collect_change(struct keel__pg *pg, const struct keel_change *change,
                          struct keel_error *err)
{
    if (belongs_to_table(change))
        return 0;
    switch (change->kind) {
    case KEEL_CHANGE_RENAME_TABLE:
    case KEEL_CHANGE_TABLE_OPTIONS:
    case KEEL_CHANGE_COLUMN_ORDER:
    case KEEL_CHANGE_RENAME_COLUMN:
    case KEEL_CHANGE_RENAME_CONSTRAINT:
    case KEEL_CHANGE_RENAME_INDEX:
    case KEEL_CHANGE_VALIDATE:
    case KEEL_CHANGE_SEQUENCE:
    case KEEL_CHANGE_ADD_SEQUENCE: /* the models are asked */
    case KEEL_CHANGE_DROP_SEQUENCE:
    case KEEL_CHANGE_ENUM_LABELS:
    case KEEL_CHANGE_DOMAIN:
        return 0;
    case KEEL_CHANGE_COLUMN_TYPE:
    case KEEL_CHANGE_SET_NOT_NULL:
    case KEEL_CHANGE_DROP_NOT_NULL:
    case KEEL_CHANGE_DEFAULT:
    case KEEL_CHANGE_GENERATED:
    case KEEL_CHANGE_IDENTITY:
    case KEEL_CHANGE_COLUMN_OPTIONS:
        return collect_column(pg, change, err);
    default:
        break;
    }
    bool drop = change->old_item && !change->new_item;
    return keel__pg_push(pg, drop ? &pg->drops : &pg->adds, change->kind,
                         drop ? change->old_item : change->new_item, change->new_table, false, err);
}

#define ADD_ALL(kind, items, count)                                                                \
    for (size_t k = 0; !rc && k < (count); k++)                                                    \
    rc = keel__pg_push(pg, &pg->adds, kind, &(items)[k], table, false, err)

/* What CREATE TABLE leaves out. */
static int collect_new_table(struct keel__pg *pg, const struct keel_table_model *table,
                             struct keel_error *err)
{
    int rc = 0;
    for (size_t k = 0; !rc && k < table->check_count; k++)
        if (table->checks[k].not_valid)
            rc = keel__pg_push(pg, &pg->adds, KEEL_CHANGE_ADD_CHECK, &table->checks[k], table,
                               false, err);
    ADD_ALL(KEEL_CHANGE_ADD_INDEX, table->indexes, table->index_count);
    ADD_ALL(KEEL_CHANGE_ADD_FOREIGN_KEY, table->foreign_keys, table->foreign_key_count);
    ADD_ALL(KEEL_CHANGE_ADD_TRIGGER, table->triggers, table->trigger_count);
    return rc;
}

/* A view that the diff drops and adds as it was is only in the way. */
static void mark_remade_views(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->adds.count; i++) {
        struct keel__pg_op *add = &pg->adds.items[i];
        const struct keel_view_model *is = add->item;
        for (size_t k = 0; add->kind == KEEL_CHANGE_ADD_VIEW && k < pg->drops.count; k++) {
            struct keel__pg_op *drop = &pg->drops.items[k];
            const struct keel_view_model *was = drop->item;
            if (drop->kind == KEEL_CHANGE_DROP_VIEW && strcmp(was->name, is->name) == 0 &&
                keel__pg_same(was->schema, is->schema) && strcmp(was->body, is->body) == 0)
                add->remade = drop->remade = true;
        }
    }
}

int keel__pg_collect(struct keel__pg *pg, struct keel_error *err)
{
    int rc = pair_tables(pg, err);
    for (size_t i = 0; !rc && i < pg->diff->count; i++)
        rc = collect_change(pg, &pg->diff->changes[i], err);
    for (size_t i = 0; !rc && i < pg->table_count; i++)
        if (!pg->tables[i].was)
            rc = collect_new_table(pg, pg->tables[i].is, err);
    mark_remade_views(pg);
    return rc;
}
