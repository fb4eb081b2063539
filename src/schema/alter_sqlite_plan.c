#include "schema/alter_sqlite.h"

#include <string.h>

#include "schema/tokenize.h"

static bool has_name(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (keel__name_is(names[i], name))
            return true;
    return false;
}

static bool is_added(const struct keel__sqlite_alter *a, const struct keel_column_model *column)
{
    return keel__alter_change(a, KEEL_CHANGE_ADD_COLUMN, column) != NULL;
}

static bool is_dropped(const struct keel__sqlite_alter *a, const struct keel_column_model *column)
{
    return keel__alter_change(a, KEEL_CHANGE_DROP_COLUMN, column) != NULL;
}

static bool in_a_key(const struct keel_table_model *table, const char *column)
{
    const struct keel_key_model *key = table->primary_key;
    if (key && has_name(key->columns, key->column_count, column))
        return true;
    for (size_t i = 0; i < table->unique_count; i++)
        if (has_name(table->uniques[i].columns, table->uniques[i].column_count, column))
            return true;
    return false;
}

/* ---- ADD COLUMN ------------------------------------------------------------------------------ */

/* At most one reference, of this column alone. */
static bool can_add_references(const struct keel_table_model *table,
                               const struct keel_column_model *column)
{
    size_t count = 0;
    for (size_t i = 0; i < table->foreign_key_count; i++) {
        const struct keel_foreign_key_model *key = &table->foreign_keys[i];
        if (!has_name(key->columns, key->column_count, column->name))
            continue;
        if (key->column_count > 1 || count++)
            return false;
    }
    return count == 0 || !column->default_kind || keel__name_is(column->default_text, "NULL");
}

/* Whether an expression of column reads a column that is added as well, perhaps later. */
static bool reads_added(const struct keel__sqlite_alter *a, const struct keel_table_model *table,
                        const struct keel_column_model *column)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct keel_column_model *other = &table->columns[i];
        if (other == column || !is_added(a, other))
            continue;
        if (column->generated && keel__sql_mentions(column->generated_text, other->name))
            return true;
        for (size_t k = 0; k < table->check_count; k++)
            if (keel__name_is(table->checks[k].column, column->name) &&
                keel__sql_mentions(table->checks[k].expression, other->name))
                return true;
    }
    return false;
}

/* https://www.sqlite.org/lang_altertable.html#altertabaddcol */
bool keel__alter_can_add(const struct keel__sqlite_alter *a, const struct keel__alteration *table,
                         const struct keel_column_model *column)
{
    return !in_a_key(table->now, column->name) && column->generated != KEEL_GENERATED_STORED &&
           column->default_kind != KEEL_DEFAULT_EXPRESSION &&
           can_add_references(table->now, column) && !reads_added(a, table->now, column);
}

/* ---- DROP COLUMN ----------------------------------------------------------------------------- */

static bool index_needs(const struct keel_index_model *index, const char *column)
{
    for (size_t i = 0; i < index->part_count; i++)
        if (index->parts[i].column ? keel__name_is(index->parts[i].column, column)
                                   : keel__sql_mentions(index->parts[i].expression, column))
            return true;
    return index->where && keel__sql_mentions(index->where, column);
}

/* A table has at least one column that holds something. */
static bool is_last(const struct keel_table_model *table, const struct keel_column_model *column)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (&table->columns[i] != column && !table->columns[i].generated)
            return false;
    return true;
}

/* https://www.sqlite.org/lang_altertable.html#altertabdropcol */
bool keel__alter_can_drop(const struct keel__sqlite_alter *a, const struct keel__alteration *table,
                          const struct keel_column_model *column)
{
    const struct keel_table_model *old = table->old;
    if (a->has_strings || in_a_key(old, column->name) || is_last(old, column))
        return false;
    for (size_t i = 0; i < old->foreign_key_count; i++)
        if (has_name(old->foreign_keys[i].columns, old->foreign_keys[i].column_count, column->name))
            return false;
    for (size_t i = 0; i < old->check_count; i++)
        if (!keel__name_is(old->checks[i].column, column->name) &&
            keel__sql_mentions(old->checks[i].expression, column->name))
            return false;
    for (size_t i = 0; i < old->column_count; i++)
        if (&old->columns[i] != column && old->columns[i].generated &&
            keel__sql_mentions(old->columns[i].generated_text, column->name))
            return false;
    for (size_t i = 0; i < old->index_count; i++)
        if (!keel__alter_change(a, KEEL_CHANGE_DROP_INDEX, &old->indexes[i]) &&
            index_needs(&old->indexes[i], column->name))
            return false;
    return true;
}

/* ---- ALTER or rebuild ------------------------------------------------------------------------ */

static bool column_is_added(const struct keel__sqlite_alter *a,
                            const struct keel_table_model *table, const char *name)
{
    for (size_t i = 0; name && i < table->column_count; i++)
        if (keel__name_is(table->columns[i].name, name))
            return is_added(a, &table->columns[i]);
    return false;
}

static bool column_is_dropped(const struct keel__sqlite_alter *a,
                              const struct keel_table_model *table, const char *name)
{
    for (size_t i = 0; name && i < table->column_count; i++)
        if (keel__name_is(table->columns[i].name, name))
            return is_dropped(a, &table->columns[i]);
    return false;
}

/* Whether ALTER TABLE does it, or it comes and goes with a column for which it does. */
static bool is_alterable(const struct keel__sqlite_alter *a, const struct keel__alteration *table,
                         const struct keel_change *change)
{
    const struct keel_foreign_key_model *key = change->new_item;
    const struct keel_check_model *check = change->new_item;
    switch (change->kind) {
    case KEEL_CHANGE_RENAME_TABLE:
    case KEEL_CHANGE_RENAME_COLUMN:
    case KEEL_CHANGE_COLUMN_ORDER: /* decided by what ALTER TABLE would make of it */
        return true;
    case KEEL_CHANGE_TABLE_OPTIONS:
        return table->old->strict == table->now->strict &&
               table->old->without_rowid == table->now->without_rowid;
    case KEEL_CHANGE_ADD_COLUMN:
        return keel__alter_can_add(a, table, change->new_item);
    case KEEL_CHANGE_DROP_COLUMN:
        return keel__alter_can_drop(a, table, change->old_item);
    case KEEL_CHANGE_ADD_FOREIGN_KEY:
        return key->column_count == 1 && column_is_added(a, table->now, key->columns[0]);
    case KEEL_CHANGE_ADD_CHECK:
        return column_is_added(a, table->now, check->column);
    case KEEL_CHANGE_DROP_CHECK:
        check = change->old_item;
        return column_is_dropped(a, table->old, check->column);
    default:
        return false;
    }
}

/* ALTER TABLE adds columns behind the others and leaves those in their order. */
static bool keeps_order(const struct keel__sqlite_alter *a, const struct keel__alteration *table)
{
    size_t at = 0, count = table->now->column_count;
    for (size_t i = 0; i < table->old->column_count; i++) {
        if (is_dropped(a, &table->old->columns[i]))
            continue;
        if (at == count || keel__alter_source(a, table, &table->now->columns[at]) != i)
            return false;
        at++;
    }
    for (; at < count; at++)
        if (!is_added(a, &table->now->columns[at]))
            return false;
    return true;
}

/* DROP COLUMN writes every row anew, each time. */
static bool drops_several(const struct keel__sqlite_alter *a, const struct keel__alteration *table)
{
    size_t count = 0;
    for (size_t i = 0; i < table->old->column_count; i++)
        count += is_dropped(a, &table->old->columns[i]);
    return count > 1;
}

static bool needs_rebuild(const struct keel__sqlite_alter *a, const struct keel__alteration *table)
{
    for (size_t i = 0; i < a->diff->count; i++) {
        const struct keel_change *change = &a->diff->changes[i];
        bool of_it =
            change->old_table == table->old && change->new_table == table->now &&
            change->kind != KEEL_CHANGE_ADD_INDEX && change->kind != KEEL_CHANGE_DROP_INDEX &&
            change->kind != KEEL_CHANGE_ADD_TRIGGER && change->kind != KEEL_CHANGE_DROP_TRIGGER;
        if (of_it && !is_alterable(a, table, change))
            return true;
    }
    return keel__alter_conversion(a, table->now, NULL) || drops_several(a, table) ||
           !keeps_order(a, table);
}

size_t keel__alter_source(const struct keel__sqlite_alter *a, const struct keel__alteration *table,
                          const struct keel_column_model *column)
{
    const struct keel_change *renamed = keel__alter_change(a, KEEL_CHANGE_RENAME_COLUMN, column);
    if (is_added(a, column))
        return SIZE_MAX;
    for (size_t i = 0; i < table->old->column_count; i++) {
        const struct keel_column_model *old = &table->old->columns[i];
        if (renamed ? old == renamed->old_item
                    : keel__name_is(old->name, column->name) && !is_dropped(a, old) &&
                          !keel__alter_change(a, KEEL_CHANGE_RENAME_COLUMN, old))
            return i;
    }
    return SIZE_MAX;
}

/* Whether expression has a column as table.column. */
static bool is_qualified_by(const char *expression, const char *table)
{
    struct keel__tokenizer tokenizer;
    struct keel__token token;
    char word[256];
    bool before = false;
    keel__tokenizer_init(&tokenizer, keel_slice_of(expression), KEEL_SQLITE, 1);
    while (!keel__token_next(&tokenizer, &token, NULL) && token.kind != KEEL__TOKEN_END) {
        if (before && keel__token_is(&token, '.'))
            return true;
        before =
            keel__token_name(&token, KEEL_SQLITE, word, sizeof word) && keel__name_is(word, table);
    }
    return false;
}

static bool names_itself(const struct keel_table_model *table)
{
    for (size_t i = 0; i < table->check_count; i++)
        if (is_qualified_by(table->checks[i].expression, table->name))
            return true;
    return false;
}

/* Whether a reference of another table names one of the columns that are renamed. */
static bool is_named_elsewhere(const struct keel__sqlite_alter *a,
                               const struct keel__alteration *table)
{
    const struct keel_schema *from = a->diff->from;
    for (size_t i = 0; i < from->table_count; i++)
        for (size_t k = 0; k < from->tables[i].foreign_key_count; k++) {
            const struct keel_foreign_key_model *key = &from->tables[i].foreign_keys[k];
            if (&from->tables[i] == table->old || key->implicit || !key->parent_columns ||
                !keel__name_is(key->parent, table->old->name))
                continue;
            for (size_t c = 0; c < table->old->column_count; c++)
                if (keel__alter_change(a, KEEL_CHANGE_RENAME_COLUMN, &table->old->columns[c]) &&
                    has_name(key->parent_columns, key->column_count, table->old->columns[c].name))
                    return true;
        }
    return false;
}

static bool renames_columns(const struct keel__sqlite_alter *a,
                            const struct keel__alteration *table)
{
    for (size_t i = 0; i < table->old->column_count; i++)
        if (keel__alter_change(a, KEEL_CHANGE_RENAME_COLUMN, &table->old->columns[i]))
            return true;
    return false;
}

static bool has_strings(const struct keel__sqlite_alter *a)
{
    const struct keel_schema *from = a->diff->from;
    for (size_t i = 0; i < from->view_count; i++)
        if (keel__alter_has_string(a, from->views[i].body, NULL))
            return true;
    for (size_t i = 0; i < from->table_count; i++) {
        const struct keel_table_model *table = &from->tables[i];
        for (size_t k = 0; k < table->check_count; k++)
            if (keel__alter_has_string(a, table->checks[k].expression, table))
                return true;
        for (size_t k = 0; k < table->column_count; k++)
            if (keel__alter_has_string(a, table->columns[k].generated_text, table) ||
                keel__alter_has_string(a, table->columns[k].default_text, table))
                return true;
        for (size_t k = 0; k < table->index_count; k++)
            if (keel__alter_has_string(a, table->indexes[k].where, table))
                return true;
    }
    return false;
}

static int plan_table(struct keel__sqlite_alter *a, struct keel__alteration *table,
                      struct keel_error *err)
{
    bool virtual = table->old->kind == KEEL_TABLE_VIRTUAL || table->now->kind == KEEL_TABLE_VIRTUAL;
    bool renamed = strcmp(table->old->name, table->now->name) != 0;
    bool renames = renames_columns(a, table);
    table->rebuilt = needs_rebuild(a, table) || (renames && a->has_strings);
    table->copies_names = renames && table->rebuilt && !is_named_elsewhere(a, table);
    if (virtual && table->rebuilt)
        return keel_error_set(err, KEEL_UNSUPPORTED,
                              "the virtual table %s cannot be changed: drop it and make it again",
                              table->old->name);
    table->names_itself = table->rebuilt && names_itself(table->now);
    a->checked = a->checked || renamed || table->names_itself || (renames && !table->copies_names);
    for (size_t i = 0; !table->rebuilt && i < table->old->column_count; i++)
        a->checked = a->checked || is_dropped(a, &table->old->columns[i]);
    return 0;
}

int keel__alter_plan(struct keel__sqlite_alter *a, struct keel_error *err)
{
    int rc = 0;
    a->has_strings = has_strings(a);
    for (size_t i = 0; !rc && i < a->table_count; i++)
        if (a->tables[i].old && a->tables[i].now)
            rc = plan_table(a, &a->tables[i], err);
    return rc;
}
