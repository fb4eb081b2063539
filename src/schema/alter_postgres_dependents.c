/* What hangs on a change and is the same in both models: PostgreSQL refuses to change a column that
 * a view, a trigger or a generated column reads, and a key that a reference needs. It is dropped
 * before, and made again after. */
#include "schema/alter_postgres.h"

#include <string.h>

#include "schema/model.h"

static bool has_word(const struct keel__pg *pg, const char *sql)
{
    for (size_t i = 0; i < pg->word_count; i++)
        if (keel__pg_mentions(sql, pg->words[i]))
            return true;
    return false;
}

static bool is_touched(const struct keel__pg_column *column)
{
    return column->type || column->gone;
}

static bool is_in(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool touches(const struct keel__pg *pg, const struct keel_table_model *table,
                    const char *const *names, size_t count, bool only_gone)
{
    for (size_t i = 0; i < pg->column_count; i++) {
        const struct keel__pg_column *c = &pg->columns[i];
        if (c->table == table && (c->gone || (c->type && !only_gone)) &&
            is_in(names, count, c->is->name))
            return true;
    }
    return false;
}

static bool reads_touched(const struct keel__pg *pg, const struct keel_table_model *table,
                          const char *sql, bool only_gone)
{
    for (size_t i = 0; i < pg->column_count; i++) {
        const struct keel__pg_column *c = &pg->columns[i];
        if (c->table == table && (c->gone || (c->type && !only_gone)) &&
            keel__pg_mentions(sql, c->is->name))
            return true;
    }
    return false;
}

/* Whether sql reads a touched column of any table. */
static bool reads_any(const struct keel__pg *pg, const char *sql)
{
    for (size_t i = 0; i < pg->column_count; i++)
        if (is_touched(&pg->columns[i]) && keel__pg_mentions(sql, pg->columns[i].table->name) &&
            keel__pg_mentions(sql, pg->columns[i].is->name))
            return true;
    return false;
}

/* item is in both models, unchanged; drops and adds it. */
static int remake(struct keel__pg *pg, enum keel_change_kind drop, enum keel_change_kind add,
                  const void *item, const struct keel_table_model *table, bool *more,
                  struct keel_error *err)
{
    if (keel__pg_op_of(&pg->adds, add, item))
        return 0;
    *more = true;
    int rc = keel__pg_push(pg, &pg->drops, drop, item, table, true, err);
    return rc ? rc : keel__pg_push(pg, &pg->adds, add, item, table, true, err);
}

/* ---- columns --------------------------------------------------------------------------------- */

/* A type that is replaced takes all columns of it along. */
static bool is_swapped(const struct keel__pg *pg, const struct keel_column_model *column)
{
    for (size_t i = 0; i < pg->swapped_count; i++)
        if (keel__pg_mentions(column->declared_type, pg->swapped[i]))
            return true;
    return false;
}

static int touch_columns(struct keel__pg *pg, const struct keel_table_model *table, bool *more,
                         struct keel_error *err)
{
    for (size_t k = 0; k < table->column_count; k++) {
        const struct keel_column_model *is = &table->columns[k];
        const struct keel_column_model *was =
            pg->word_count ? keel__pg_old_column(pg, table, is->name) : NULL;
        bool type = is_swapped(pg, is);
        bool calls = has_word(pg, is->default_text) || (was && has_word(pg, was->default_text));
        bool reads = is->generated_text && (has_word(pg, is->generated_text) ||
                                            reads_touched(pg, table, is->generated_text, false));
        if (!was && (type || calls || reads))
            was = keel__pg_old_column(pg, table, is->name);
        if (!was || keel__pg_op_of(&pg->adds, KEEL_CHANGE_ADD_COLUMN, is))
            continue;
        struct keel__pg_column *column = keel__pg_column_at(pg, table, was, is);
        if (!column)
            return keel__arena_error(pg->arena, err);
        struct keel__pg_column before = *column;
        bool generated = is->generated && was->generated;
        column->gone = column->gone || (generated && (type || reads));
        column->type = column->type || (!generated && type);
        column->undone = column->undone || calls;
        *more = *more || before.gone != column->gone || before.type != column->type ||
                before.undone != column->undone;
    }
    return 0;
}

/* What a partition has from its parent changes with it. */
static int touch_partition(struct keel__pg *pg, const struct keel_table_model *table, bool *more,
                           struct keel_error *err)
{
    const char *parent = table->partition_of ? table->partition_of : table->inherits;
    const char *schema = table->partition_of ? table->partition_of_schema : table->inherits_schema;
    for (size_t i = 0; parent && i < pg->column_count; i++) {
        struct keel__pg_column c = pg->columns[i];
        if (!is_touched(&c) || strcmp(c.table->name, parent) != 0 ||
            !keel__pg_same(c.table->schema, schema))
            continue;
        const struct keel_column_model *is = keel_table_column(table, c.is->name);
        const struct keel_column_model *was = is ? keel__pg_old_column(pg, table, is->name) : NULL;
        struct keel__pg_column *mine = was ? keel__pg_column_at(pg, table, was, is) : NULL;
        if (was && !mine)
            return keel__arena_error(pg->arena, err);
        if (mine && (mine->type != c.type || mine->gone != c.gone)) {
            mine->type = c.type;
            mine->gone = c.gone;
            *more = true;
        }
    }
    return 0;
}

/* ---- what belongs to a table ----------------------------------------------------------------- */

static bool index_is_touched(const struct keel__pg *pg, const struct keel_table_model *table,
                             const struct keel_index_model *index)
{
    return has_word(pg, index->sql) || reads_touched(pg, table, index->sql, true);
}

static int remake_keys(struct keel__pg *pg, const struct keel_table_model *t, bool *more,
                       struct keel_error *err)
{
    int rc = 0;
    for (size_t k = 0; !rc && k < t->check_count; k++)
        if (has_word(pg, t->checks[k].expression) ||
            reads_touched(pg, t, t->checks[k].expression, true))
            rc = remake(pg, KEEL_CHANGE_DROP_CHECK, KEEL_CHANGE_ADD_CHECK, &t->checks[k], t, more,
                        err);
    for (size_t k = 0; !rc && k < t->index_count; k++)
        if (index_is_touched(pg, t, &t->indexes[k]))
            rc = remake(pg, KEEL_CHANGE_DROP_INDEX, KEEL_CHANGE_ADD_INDEX, &t->indexes[k], t, more,
                        err);
    for (size_t k = 0; !rc && k < t->unique_count; k++)
        if (touches(pg, t, t->uniques[k].columns, t->uniques[k].column_count, true) ||
            touches(pg, t, t->uniques[k].include, t->uniques[k].include_count, true))
            rc = remake(pg, KEEL_CHANGE_DROP_UNIQUE, KEEL_CHANGE_ADD_UNIQUE, &t->uniques[k], t,
                        more, err);
    for (size_t k = 0; !rc && k < t->exclusion_count; k++)
        if (has_word(pg, t->exclusions[k].definition) ||
            reads_touched(pg, t, t->exclusions[k].definition, true))
            rc = remake(pg, KEEL_CHANGE_DROP_EXCLUSION, KEEL_CHANGE_ADD_EXCLUSION,
                        &t->exclusions[k], t, more, err);
    const struct keel_key_model *key = t->primary_key;
    if (!rc && key &&
        (touches(pg, t, key->columns, key->column_count, true) ||
         touches(pg, t, key->include, key->include_count, true)))
        rc = remake(pg, KEEL_CHANGE_DROP_PRIMARY_KEY, KEEL_CHANGE_ADD_PRIMARY_KEY, key, t, more,
                    err);
    return rc;
}

static int remake_triggers(struct keel__pg *pg, const struct keel_table_model *t, bool *more,
                           struct keel_error *err)
{
    int rc = 0;
    for (size_t k = 0; !rc && k < t->trigger_count; k++)
        if (has_word(pg, t->triggers[k].sql) || reads_touched(pg, t, t->triggers[k].sql, false))
            rc = remake(pg, KEEL_CHANGE_DROP_TRIGGER, KEEL_CHANGE_ADD_TRIGGER, &t->triggers[k], t,
                        more, err);
    return rc;
}

/* ---- references ------------------------------------------------------------------------------ */

static const struct keel_table_model *parent_of(const struct keel__pg *pg,
                                                const struct keel_foreign_key_model *key)
{
    for (size_t i = 0; i < pg->to->table_count; i++)
        if (strcmp(pg->to->tables[i].name, key->parent) == 0 &&
            keel__pg_same(pg->to->tables[i].schema, key->parent_schema))
            return &pg->to->tables[i];
    return NULL;
}

/* Whether a key or a unique index of the parent that holds the reference up is dropped. */
static bool loses_key(const struct keel__pg *pg, const struct keel_table_model *parent,
                      const struct keel_foreign_key_model *reference)
{
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel__pg_op *op = &pg->drops.items[i];
        if (op->table != parent || op->done)
            continue;
        if (op->kind == KEEL_CHANGE_DROP_INDEX) {
            if (((const struct keel_index_model *)op->item)->unique)
                return true;
        } else if (op->kind == KEEL_CHANGE_DROP_PRIMARY_KEY ||
                   op->kind == KEEL_CHANGE_DROP_UNIQUE) {
            const struct keel_key_model *key = op->item;
            if (key->column_count == reference->column_count)
                return true;
        }
    }
    return false;
}

static bool key_is_touched(const struct keel__pg *pg, const struct keel_table_model *t,
                           const struct keel_key_model *key)
{
    return key && (touches(pg, t, key->columns, key->column_count, false) ||
                   touches(pg, t, key->include, key->include_count, false));
}

/* Whether a key that may hold references up is built again because of one of its columns, included
 * ones, too: PostgreSQL refuses that while a reference needs it. */
static bool rebuilds_key(const struct keel__pg *pg, const struct keel_table_model *parent)
{
    if (key_is_touched(pg, parent, parent->primary_key))
        return true;
    for (size_t i = 0; i < parent->unique_count; i++)
        if (key_is_touched(pg, parent, &parent->uniques[i]))
            return true;
    for (size_t i = 0; i < parent->index_count; i++)
        if (parent->indexes[i].unique && reads_touched(pg, parent, parent->indexes[i].sql, false))
            return true;
    return false;
}

static int remake_references(struct keel__pg *pg, const struct keel_table_model *t, bool *more,
                             struct keel_error *err)
{
    int rc = 0;
    for (size_t k = 0; !rc && k < t->foreign_key_count; k++) {
        const struct keel_foreign_key_model *key = &t->foreign_keys[k];
        const struct keel_table_model *parent = parent_of(pg, key);
        bool touched = touches(pg, t, key->columns, key->column_count, false);
        if (parent && !touched)
            touched = touches(pg, parent, key->parent_columns, key->column_count, false) ||
                      rebuilds_key(pg, parent) || loses_key(pg, parent, key);
        if (touched)
            rc = remake(pg, KEEL_CHANGE_DROP_FOREIGN_KEY, KEEL_CHANGE_ADD_FOREIGN_KEY, key, t, more,
                        err);
    }
    return rc;
}

/* ---- views and functions --------------------------------------------------------------------- */

static bool is_view(const struct keel_view_model *view, const char *qualified)
{
    size_t n = view->schema ? strlen(view->schema) : 0;
    return (n == 0 || strncmp(qualified, view->schema, n) == 0) && qualified[n] == '.' &&
           strcmp(qualified + n + 1, view->name) == 0;
}

/* Whether the view is made of one that is dropped. */
static bool needs_dropped(const struct keel__pg *pg, const struct keel_view_model *view)
{
    for (size_t k = 0; k < view->depends_count; k++)
        for (size_t i = 0; i < pg->drops.count; i++)
            if (pg->drops.items[i].kind == KEEL_CHANGE_DROP_VIEW &&
                is_view(pg->drops.items[i].item, view->depends_on[k]))
                return true;
    return false;
}

static int remake_views(struct keel__pg *pg, bool *more, struct keel_error *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < pg->to->view_count; i++) {
        const struct keel_view_model *view = &pg->to->views[i];
        if (has_word(pg, view->body) || reads_any(pg, view->body) || needs_dropped(pg, view))
            rc = remake(pg, KEEL_CHANGE_DROP_VIEW, KEEL_CHANGE_ADD_VIEW, view, NULL, more, err);
    }
    return rc;
}

/* Bodies that are strings depend on nothing; types in the head and BEGIN ATOMIC bodies do. */
static int remake_functions(struct keel__pg *pg, bool *more, struct keel_error *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < pg->to->function_count; i++) {
        const struct keel_function_model *f = &pg->to->functions[i];
        bool atomic = strstr(f->sql, "BEGIN ATOMIC") != NULL;
        if (keel__pg_op_of(&pg->adds, KEEL_CHANGE_ADD_FUNCTION, f) ||
            !(has_word(pg, f->sql) || (atomic && reads_any(pg, f->sql))))
            continue;
        /* The name of the function itself is a word when it was dropped for a new head. */
        rc = remake(pg, KEEL_CHANGE_DROP_FUNCTION, KEEL_CHANGE_ADD_FUNCTION, f, NULL, more, err);
        if (!rc)
            rc = keel__pg_push_word(pg, f->name, err);
    }
    return rc;
}

/* ---- the whole of it ------------------------------------------------------------------------- */

static int spread(struct keel__pg *pg, bool *more, struct keel_error *err)
{
    int rc = remake_functions(pg, more, err);
    for (size_t i = 0; !rc && i < pg->table_count; i++) {
        const struct keel_table_model *table = pg->tables[i].is;
        if (!pg->tables[i].was)
            continue;
        rc = touch_columns(pg, table, more, err);
        if (!rc)
            rc = touch_partition(pg, table, more, err);
        if (!rc)
            rc = remake_keys(pg, table, more, err);
        if (!rc)
            rc = remake_triggers(pg, table, more, err);
        if (!rc)
            rc = remake_references(pg, table, more, err);
    }
    return rc ? rc : remake_views(pg, more, err);
}

int keel__pg_dependents(struct keel__pg *pg, struct keel_error *err)
{
    int rc = 0;
    for (bool more = true; !rc && more;) {
        more = false;
        rc = spread(pg, &more, err);
    }
    return rc;
}
