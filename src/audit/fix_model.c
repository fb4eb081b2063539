#include "audit/fix.h"

#include "schema/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The arrays of a table in fix->to are those of fix->from until they are changed: then the array is
 * copied, never changed in place. */

static struct keel_table_model *target_of(struct keel__fix *fix, const struct keel_table_model *t)
{
    return &fix->to.tables[keel__fix_table_index(fix, t)];
}

size_t keel__fix_table_index(const struct keel__fix *fix, const struct keel_table_model *table)
{
    return (size_t)(table - fix->from->tables);
}

/* A copy of items with room for one more, which is zeroed. */
static void *grown(struct keel__fix *fix, const void *items, size_t count, size_t size)
{
    char *copy = keel__arena_calloc(&fix->arena, count + 1, size);
    if (copy && items && count)
        memcpy(copy, items, count * size);
    return copy;
}

/* Adds *item to an array of the target. */
#define APPEND(fix, items, count, item)                                                            \
    append((fix), (void **)&(items), &(count), (item), sizeof *(items))
static int append(struct keel__fix *fix, void **items, size_t *count, const void *item, size_t size)
{
    char *copy = grown(fix, *items, *count, size);
    if (!copy)
        return KEEL_NOMEM;
    memcpy(copy + *count * size, item, size);
    *items = copy;
    ++*count;
    return 0;
}

#define REMOVE(fix, items, count, at)                                                              \
    remove_at((fix), (void **)&(items), &(count), (at), sizeof *(items))
static int remove_at(struct keel__fix *fix, void **items, size_t *count, size_t at, size_t size)
{
    char *copy = grown(fix, *items, *count, size);
    if (!copy)
        return KEEL_NOMEM;
    memmove(copy + at * size, copy + (at + 1) * size, (*count - at - 1) * size);
    *items = copy;
    --*count;
    return 0;
}

/* ---- names ----------------------------------------------------------------------------------- */

static bool keys_have(const struct keel_table_model *t, const char *name)
{
    bool found = t->primary_key && keel__name_is(t->primary_key->name, name);
    for (size_t i = 0; i < t->unique_count && !found; i++)
        found = keel__name_is(t->uniques[i].name, name);
    for (size_t i = 0; i < t->foreign_key_count && !found; i++)
        found = keel__name_is(t->foreign_keys[i].name, name);
    for (size_t i = 0; i < t->check_count && !found; i++)
        found = keel__name_is(t->checks[i].name, name);
    for (size_t i = 0; i < t->index_count && !found; i++)
        found = keel__name_is(t->indexes[i].name, name);
    return found;
}

static bool is_taken(const struct keel__fix *fix, const char *name)
{
    for (size_t i = 0; i < fix->to.table_count; i++)
        if (keel__name_is(fix->to.tables[i].name, name) || keys_have(&fix->to.tables[i], name))
            return true;
    for (size_t i = 0; i < fix->to.view_count; i++)
        if (keel__name_is(fix->to.views[i].name, name))
            return true;
    for (size_t i = 0; i < fix->to.sequence_count; i++)
        if (keel__name_is(fix->to.sequences[i].name, name))
            return true;
    for (size_t i = 0; i < fix->row_count; i++)
        if (keel__name_is(fix->rows[i].quarantine, name))
            return true;
    return false;
}

/* text cut to at most max bytes, not inside a character */
static void cut(char *text, size_t max)
{
    size_t n = strlen(text);
    if (n <= max)
        return;
    while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80)
        max--;
    text[max] = 0;
}

const char *keel__fix_name(struct keel__fix *fix, const char *format, ...)
{
    enum { LONGEST = 58 }; /* PostgreSQL's names have at most 63 bytes, and a number may follow */
    va_list args;
    va_start(args, format);
    struct keel__str full;
    keel__str_init(&full, 0);
    keel__str_vprintf(&full, format, args);
    va_end(args);
    char *base = keel__arena_dup(&fix->arena, keel__str_view(&full));
    bool failed = keel__str_error(&full, NULL);
    keel__str_fini(&full);
    if (!base || failed)
        return NULL;
    cut(base, LONGEST);
    const char *name = base;
    for (int n = 2; name && is_taken(fix, name); n++)
        name = keel__arena_printf(&fix->arena, "%s_%d", base, n);
    return name;
}

static const char *columns_joined(struct keel__fix *fix, const char *const *columns, size_t count)
{
    const char *joined = "";
    for (size_t i = 0; i < count && joined; i++)
        joined = keel__arena_printf(&fix->arena, "%s%s%s", joined, i ? "_" : "", columns[i]);
    return joined;
}

/* ---- indexes --------------------------------------------------------------------------------- */

/* Whether the index begins with these columns, as they are. */
static bool index_leads(const struct keel_index_model *index, const char *const *columns,
                        size_t count)
{
    if (index->where || index->part_count < count ||
        (index->method && strcmp(index->method, "btree") != 0))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!index->parts[i].column || !keel__name_is(index->parts[i].column, columns[i]) ||
            index->parts[i].collation || index->parts[i].opclass)
            return false;
    return true;
}

static bool key_leads(const struct keel_key_model *key, const char *const *columns, size_t count)
{
    if (!key || key->column_count < count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!keel__name_is(key->columns[i], columns[i]))
            return false;
    return true;
}

static bool is_indexed(const struct keel_table_model *t, const char *const *columns, size_t count)
{
    if (key_leads(t->primary_key, columns, count))
        return true;
    for (size_t i = 0; i < t->unique_count; i++)
        if (key_leads(&t->uniques[i], columns, count))
            return true;
    for (size_t i = 0; i < t->index_count; i++)
        if (index_leads(&t->indexes[i], columns, count))
            return true;
    return false;
}

/* A plain index for the model to have: its columns' names. NULL: it is none. */
static const char **plain_columns(struct keel__fix *fix, const struct keel_index_model *index)
{
    const char **columns = keel__arena_calloc(&fix->arena, index->part_count, sizeof *columns);
    for (size_t i = 0; columns && i < index->part_count; i++) {
        if (!index->parts[i].column)
            return NULL;
        columns[i] = index->parts[i].column;
    }
    return columns;
}

static int add_index(struct keel__fix *fix, struct keel_table_model *t,
                     const struct keel_index_model *item)
{
    struct keel_index_model index = *item;
    const char **columns = plain_columns(fix, item);
    if (columns && !index.unique && !index.where && is_indexed(t, columns, index.part_count))
        return 0;
    if (index.name && is_taken(fix, index.name))
        index.name = NULL;
    if (!index.name)
        index.name =
            keel__fix_name(fix, "idx_%s_%s", t->name,
                           columns ? columns_joined(fix, columns, index.part_count) : "expression");
    index.valid = true;
    index.sql = NULL;
    if (fix->dialect == KEEL_POSTGRES && !index.method)
        index.method = "btree";
    return index.name ? APPEND(fix, t->indexes, t->index_count, &index) : KEEL_NOMEM;
}

/* Of a new foreign key, once it is known what other repairs bring. */
static int index_columns(struct keel__fix *fix, struct keel_table_model *t,
                         const char *const *columns, size_t count)
{
    struct keel_index_part *parts = keel__arena_calloc(&fix->arena, count, sizeof *parts);
    if (!parts)
        return KEEL_NOMEM;
    for (size_t i = 0; i < count; i++) {
        parts[i].column = columns[i];
        parts[i].nulls_first = fix->dialect == KEEL_SQLITE; /* as ascending parts have it */
    }
    struct keel_index_model index = {.parts = parts, .part_count = count};
    return add_index(fix, t, &index);
}

static int drop_index(struct keel__fix *fix, struct keel_table_model *t, const char *name,
                      const char **why_not)
{
    for (size_t i = 0; i < t->index_count; i++)
        if (strcmp(t->indexes[i].name, name) == 0)
            return REMOVE(fix, t->indexes, t->index_count, i);
    for (size_t i = 0; i < t->unique_count; i++)
        if (t->uniques[i].name && strcmp(t->uniques[i].name, name) == 0)
            return REMOVE(fix, t->uniques, t->unique_count, i);
    *why_not = "another repair has dropped the index";
    return 0;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static bool same_columns(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++)
        if (!keel__name_is(a[i], b[i]))
            return false;
    return true;
}

static bool same_set(const char *const *a, size_t a_count, const char *const *b, size_t b_count)
{
    if (a_count != b_count)
        return false;
    for (size_t i = 0; i < a_count; i++) {
        bool found = false;
        for (size_t j = 0; j < b_count && !found; j++)
            found = keel__name_is(a[i], b[j]);
        if (!found)
            return false;
    }
    return true;
}

static bool is_key(const struct keel_table_model *t, const char *const *columns, size_t count)
{
    const struct keel_key_model *pk = t->primary_key;
    if (pk && same_set(pk->columns, pk->column_count, columns, count))
        return true;
    for (size_t i = 0; i < t->unique_count; i++)
        if (same_set(t->uniques[i].columns, t->uniques[i].column_count, columns, count))
            return true;
    for (size_t i = 0; i < t->index_count; i++)
        if (t->indexes[i].unique && t->indexes[i].part_count == count &&
            index_leads(&t->indexes[i], columns, count))
            return true;
    return false;
}

bool keel__fix_refers_to(const struct keel__fix *fix, const struct keel_foreign_key_model *key,
                         const struct keel_table_model *table)
{
    if (fix->dialect == KEEL_SQLITE)
        return keel__name_is(table->name, key->parent);
    return strcmp(table->name, key->parent) == 0 && !table->schema == !key->parent_schema &&
           (!table->schema || strcmp(table->schema, key->parent_schema) == 0);
}

static const struct keel_table_model *parent_of(const struct keel__fix *fix,
                                                const struct keel_foreign_key_model *key)
{
    for (size_t i = 0; i < fix->to.table_count; i++)
        if (keel__fix_refers_to(fix, key, &fix->to.tables[i]))
            return &fix->to.tables[i];
    return NULL;
}

static int add_foreign_key(struct keel__fix *fix, struct keel_table_model *t,
                           const struct keel_foreign_key_model *item, const char **why_not)
{
    struct keel_foreign_key_model key = *item;
    const struct keel_table_model *parent = parent_of(fix, item);
    for (size_t i = 0; i < t->foreign_key_count; i++)
        if (same_columns(t->foreign_keys[i].columns, t->foreign_keys[i].column_count, key.columns,
                         key.column_count))
            *why_not = "the columns have a foreign key already";
    if (!parent)
        *why_not = "there is no such parent table";
    else if (!key.parent_columns || !is_key(parent, key.parent_columns, key.column_count))
        *why_not = "the parent's columns are no key";
    if (*why_not)
        return 0;
    if (!key.name && fix->dialect == KEEL_POSTGRES) {
        const char *columns = columns_joined(fix, key.columns, key.column_count);
        key.name = columns ? keel__fix_name(fix, "%s_%s_fkey", t->name, columns) : NULL;
        if (!key.name)
            return KEEL_NOMEM;
    }
    return APPEND(fix, t->foreign_keys, t->foreign_key_count, &key);
}

static int change_foreign_key(struct keel__fix *fix, struct keel_table_model *t,
                              const struct keel__repair *repair, const char **why_not)
{
    const struct keel_foreign_key_model *old = repair->old_item;
    for (size_t i = 0; i < t->foreign_key_count; i++) {
        const struct keel_foreign_key_model *key = &t->foreign_keys[i];
        if (!same_columns(key->columns, key->column_count, old->columns, old->column_count) ||
            !keel__name_is(key->parent, old->parent))
            continue;
        struct keel_foreign_key_model changed =
            *(const struct keel_foreign_key_model *)repair->item;
        if (!changed.name)
            changed.name = key->name;
        struct keel_foreign_key_model *copy =
            grown(fix, t->foreign_keys, t->foreign_key_count, sizeof *copy);
        if (!copy)
            return KEEL_NOMEM;
        copy[i] = changed;
        t->foreign_keys = copy;
        return 0;
    }
    *why_not = "the foreign key is not there";
    return 0;
}

static struct keel_column_model *change_column(struct keel__fix *fix, struct keel_table_model *t,
                                               const char *name)
{
    struct keel_column_model *columns = grown(fix, t->columns, t->column_count, sizeof *columns);
    if (!columns)
        return NULL;
    t->columns = columns;
    for (size_t i = 0; i < t->column_count; i++)
        if (strcmp(columns[i].name, name) == 0)
            return &columns[i];
    return NULL;
}

/* A primary key takes the place of what said the same. */
static int drop_equal_keys(struct keel__fix *fix, struct keel_table_model *t,
                           const struct keel_key_model *key)
{
    int rc = 0;
    for (size_t i = t->unique_count; i > 0 && rc == 0; i--)
        if (same_columns(t->uniques[i - 1].columns, t->uniques[i - 1].column_count, key->columns,
                         key->column_count))
            rc = REMOVE(fix, t->uniques, t->unique_count, i - 1);
    for (size_t i = t->index_count; i > 0 && rc == 0; i--)
        if (t->indexes[i - 1].part_count == key->column_count &&
            index_leads(&t->indexes[i - 1], key->columns, key->column_count))
            rc = REMOVE(fix, t->indexes, t->index_count, i - 1);
    return rc;
}

static int add_primary_key(struct keel__fix *fix, struct keel_table_model *t,
                           const struct keel_key_model *item, const char **why_not)
{
    if (t->primary_key) {
        *why_not = "the table has a primary key already";
        return 0;
    }
    struct keel_key_model *key = keel__arena_memdup(&fix->arena, item, sizeof *item);
    if (!key)
        return KEEL_NOMEM;
    if (!key->name && fix->dialect == KEEL_POSTGRES)
        key->name = keel__fix_name(fix, "%s_pkey", t->name);
    int rc = drop_equal_keys(fix, t, key);
    t->primary_key = key;
    for (size_t i = 0; i < key->column_count && rc == 0; i++) {
        struct keel_column_model *column = change_column(fix, t, key->columns[i]);
        if (!column)
            return KEEL_NOMEM;
        column->not_null = true;
    }
    return rc;
}

static int add_unique(struct keel__fix *fix, struct keel_table_model *t,
                      const struct keel_key_model *item, const char **why_not)
{
    struct keel_key_model key = *item;
    for (size_t i = 0; i < t->unique_count; i++)
        if (same_columns(t->uniques[i].columns, t->uniques[i].column_count, key.columns,
                         key.column_count))
            *why_not = "the columns are unique already";
    if (*why_not)
        return 0;
    if (!key.name && fix->dialect == KEEL_POSTGRES) {
        const char *columns = columns_joined(fix, key.columns, key.column_count);
        key.name = columns ? keel__fix_name(fix, "%s_%s_key", t->name, columns) : NULL;
        if (!key.name)
            return KEEL_NOMEM;
    }
    return APPEND(fix, t->uniques, t->unique_count, &key);
}

/* ---- columns and the rest -------------------------------------------------------------------- */

static int add_check(struct keel__fix *fix, struct keel_table_model *t,
                     const struct keel_check_model *item, const char *column, const char **why_not)
{
    struct keel_check_model check = *item;
    for (size_t i = 0; i < t->check_count; i++)
        if (strcmp(t->checks[i].expression, check.expression) == 0)
            *why_not = "the check is there already";
    if (*why_not)
        return 0;
    if (!check.name && fix->dialect == KEEL_POSTGRES) {
        check.name =
            keel__fix_name(fix, "%s_%s%scheck", t->name, column ? column : "", column ? "_" : "");
        if (!check.name)
            return KEEL_NOMEM;
    }
    return APPEND(fix, t->checks, t->check_count, &check);
}

static int convert(struct keel__fix *fix, const struct keel__repair *repair,
                   const struct keel_table_model *t)
{
    struct keel_conversion there = {t->schema, t->name, repair->column, repair->convert};
    struct keel_conversion back = {t->schema, t->name, repair->column, repair->revert};
    size_t count = fix->conversion_count, back_count = count;
    int rc = APPEND(fix, fix->there, count, &there);
    if (rc == 0)
        rc = APPEND(fix, fix->back, back_count, &back);
    if (rc == 0)
        fix->conversion_count = count;
    return rc;
}

static int change_type(struct keel__fix *fix, struct keel_table_model *t,
                       const struct keel__repair *repair)
{
    struct keel_column_model *column = change_column(fix, t, repair->column);
    if (!column)
        return KEEL_NOMEM;
    column->declared_type = repair->text;
    keel_logical_type_of(fix->dialect, keel_slice_of(repair->text), &column->type);
    if (fix->dialect == KEEL_SQLITE)
        column->affinity = keel__affinity_of(keel_slice_of(repair->text));
    return repair->convert ? convert(fix, repair, t) : 0;
}

static int change_default(struct keel__fix *fix, struct keel_table_model *t,
                          const struct keel__repair *repair)
{
    struct keel_column_model *column = change_column(fix, t, repair->column);
    if (!column)
        return KEEL_NOMEM;
    column->default_text = repair->text;
    column->default_kind = repair->text ? KEEL_DEFAULT_LITERAL : KEEL_DEFAULT_NONE;
    return 0;
}

static int drop_trigger(struct keel__fix *fix, struct keel_table_model *t, const char *name,
                        const char **why_not)
{
    for (size_t i = 0; i < t->trigger_count; i++)
        if (strcmp(t->triggers[i].name, name) == 0)
            return REMOVE(fix, t->triggers, t->trigger_count, i);
    *why_not = "the trigger is not there";
    return 0;
}

static int change(struct keel__fix *fix, struct keel_table_model *t,
                  const struct keel__repair *repair, const char **why_not)
{
    switch (repair->kind) {
    case KEEL__REPAIR_ADD_INDEX:
        return add_index(fix, t, repair->item);
    case KEEL__REPAIR_DROP_INDEX:
        return drop_index(fix, t, repair->name, why_not);
    case KEEL__REPAIR_ADD_FOREIGN_KEY:
        return add_foreign_key(fix, t, repair->item, why_not);
    case KEEL__REPAIR_CHANGE_FOREIGN_KEY:
        return change_foreign_key(fix, t, repair, why_not);
    case KEEL__REPAIR_ADD_PRIMARY_KEY:
        return add_primary_key(fix, t, repair->item, why_not);
    case KEEL__REPAIR_ADD_UNIQUE:
        return add_unique(fix, t, repair->item, why_not);
    case KEEL__REPAIR_ADD_CHECK:
        return add_check(fix, t, repair->item, repair->column, why_not);
    case KEEL__REPAIR_NOT_NULL: {
        struct keel_column_model *column = change_column(fix, t, repair->column);
        if (column)
            column->not_null = true;
        return column ? 0 : KEEL_NOMEM;
    }
    case KEEL__REPAIR_DEFAULT:
        return change_default(fix, t, repair);
    case KEEL__REPAIR_TYPE:
        return change_type(fix, t, repair);
    case KEEL__REPAIR_STRICT:
        t->strict = true;
        return 0;
    case KEEL__REPAIR_DROP_TRIGGER:
        return drop_trigger(fix, t, repair->name, why_not);
    case KEEL__REPAIR_STATEMENT:
    case KEEL__REPAIR_QUARANTINE:
    case KEEL__REPAIR_CHOICE:
        return 0;
    }
    return 0;
}

/* What changes no table. */
static int keep_statement(struct keel__fix *fix, const struct keel__repair *repair)
{
    return repair->kind == KEEL__REPAIR_STATEMENT
               ? APPEND(fix, fix->statements, fix->statement_count, &repair)
               : 0;
}

int keel__fix_index_references(struct keel__fix *fix, struct keel_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < fix->to.table_count; i++) {
        struct keel_table_model *t = &fix->to.tables[i];
        for (size_t k = fix->from->tables[i].foreign_key_count; rc == 0 && k < t->foreign_key_count;
             k++)
            if (!is_indexed(t, t->foreign_keys[k].columns, t->foreign_keys[k].column_count))
                rc = index_columns(fix, t, t->foreign_keys[k].columns,
                                   t->foreign_keys[k].column_count);
    }
    return rc ? keel__arena_error(&fix->arena, err) : 0;
}

int keel__fix_model(struct keel__fix *fix, const struct keel__repair *repair, const char **why_not,
                    struct keel_error *err)
{
    *why_not = NULL;
    struct keel_table_model *t = repair->table ? target_of(fix, repair->table) : NULL;
    if (t && (t->kind == KEEL_TABLE_VIRTUAL || t->kind == KEEL_TABLE_SHADOW ||
              t->kind == KEEL_TABLE_FOREIGN)) {
        *why_not = "the table is not one that a migration can change";
        return 0;
    }
    int rc = t ? change(fix, t, repair, why_not) : 0;
    if (rc == 0)
        rc = keep_statement(fix, repair);
    return rc == KEEL_NOMEM ? keel__arena_error(&fix->arena, err) : rc;
}
