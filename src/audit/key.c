#include "audit/reference.h"

#include <string.h>

#include "schema/model.h"

enum keel__key_class keel__key_class_of(enum keel_dialect dialect,
                                        const struct keel_column_model *column)
{
    const struct keel_logical_type *type = &column->type;
    if (type->dimensions)
        return KEEL__CLASS_NONE;
    switch (type->kind) {
    case KEEL_LOGICAL_INTEGER:
        return KEEL__CLASS_INTEGER;
    case KEEL_LOGICAL_DECIMAL:
        return dialect == KEEL_SQLITE && type->scale == 0 ? KEEL__CLASS_INTEGER : KEEL__CLASS_NONE;
    case KEEL_LOGICAL_TEXT:
        return KEEL__CLASS_TEXT;
    case KEEL_LOGICAL_UUID:
        return dialect == KEEL_SQLITE ? KEEL__CLASS_TEXT : KEEL__CLASS_UUID;
    case KEEL_LOGICAL_BYTES:
        return dialect == KEEL_SQLITE && !*column->declared_type ? KEEL__CLASS_ANY
                                                                 : KEEL__CLASS_BYTES;
    case KEEL_LOGICAL_UNKNOWN:
        if (dialect == KEEL_SQLITE && column->affinity == KEEL_AFFINITY_INTEGER)
            return KEEL__CLASS_INTEGER;
        if (dialect == KEEL_SQLITE && column->affinity == KEEL_AFFINITY_TEXT)
            return KEEL__CLASS_TEXT;
        return dialect == KEEL_SQLITE ? KEEL__CLASS_ANY : KEEL__CLASS_NONE;
    default:
        return KEEL__CLASS_NONE;
    }
}

const struct keel_column_model *keel__column_named(const struct keel_table_model *table,
                                                   const char *name)
{
    const struct keel_column_model *column = keel_table_column(table, name);
    for (size_t i = 0; i < table->column_count && !column; i++)
        if (keel__name_is(table->columns[i].name, name))
            column = &table->columns[i];
    return column;
}

static bool named(const char *name, const char *const *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (keel__name_is(name, columns[i]))
            return true;
    return false;
}

static bool key_leads(const struct keel_key_model *key, const char *const *columns, size_t count)
{
    if (!key || key->column_count < count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!named(key->columns[i], columns, count))
            return false;
    return true;
}

/* WHERE column IS NOT NULL: every row that a foreign key looks for is in the index. */
static bool is_only_not_null(const char *where, const char *column)
{
    size_t quote = *where == '"' || *where == '(', size = strlen(column);
    quote += *where == '(' && where[1] == '"';
    if (strncmp(where + quote, column, size) != 0)
        return false;
    const char *rest = where + quote + size;
    rest += *rest == '"';
    return strncmp(rest, " IS NOT NULL", 12) == 0 && (!rest[12] || strcmp(rest + 12, ")") == 0);
}

static bool leaves_out_nulls_only(const struct keel_index_model *index, const char *const *columns,
                                  size_t count)
{
    bool whole = !index->where;
    for (size_t i = 0; i < count && !whole; i++)
        whole = is_only_not_null(index->where, columns[i]);
    return whole;
}

bool keel__index_serves(const struct keel_index_model *index, const char *column)
{
    return index->valid && index->part_count && index->parts[0].column &&
           keel__name_is(index->parts[0].column, column) &&
           leaves_out_nulls_only(index, &column, 1);
}

static bool index_leads(const struct keel_index_model *index, const char *const *columns,
                        size_t count)
{
    if (index->part_count < count || !index->valid)
        return false;
    if (!leaves_out_nulls_only(index, columns, count))
        return false;
    if (index->method && !keel__name_is(index->method, "btree") &&
        !(count == 1 && index->part_count == 1 && keel__name_is(index->method, "hash")))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!index->parts[i].column || !named(index->parts[i].column, columns, count))
            return false;
    return true;
}

bool keel__leads_index(const struct keel_table_model *table, const char *const *columns,
                       size_t count)
{
    if (key_leads(table->primary_key, columns, count))
        return true;
    for (size_t i = 0; i < table->unique_count; i++)
        if (key_leads(&table->uniques[i], columns, count))
            return true;
    for (size_t i = 0; i < table->index_count; i++)
        if (index_leads(&table->indexes[i], columns, count))
            return true;
    return false;
}

const struct keel_column_model *keel__single_key(const struct keel_table_model *table)
{
    const struct keel_key_model *key = table->primary_key;
    return key && key->column_count == 1 ? keel__column_named(table, key->columns[0]) : NULL;
}

bool keel__column_is_unique(const struct keel_table_model *table, const char *column)
{
    const struct keel_key_model *key = table->primary_key;
    if (key && key->column_count == 1 && keel__name_is(key->columns[0], column))
        return true;
    for (size_t i = 0; i < table->unique_count; i++)
        if (table->uniques[i].column_count == 1 &&
            keel__name_is(table->uniques[i].columns[0], column))
            return true;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct keel_index_model *index = &table->indexes[i];
        if (index->unique && index->valid && !index->where && index->part_count == 1 &&
            index->parts[0].column && keel__name_is(index->parts[0].column, column))
            return true;
    }
    return false;
}
