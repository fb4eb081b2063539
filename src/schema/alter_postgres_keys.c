/* Constraints and indexes. */
#include "schema/alter_postgres.h"

#include <stdio.h>
#include <string.h>

/* ---- what goes ------------------------------------------------------------------------------- */

static void drop_constraint(struct keel__pg *pg, struct keel__pg_op *op, const char *name)
{
    struct keel__str *out = keel__pg_alter(pg, op->table);
    keel__str_text(out, " DROP CONSTRAINT ");
    keel__sql_name(out, name);
    keel__str_text(out, ";\n");
    op->done = true;
}

/* The materialized view that has the index; NULL: a table has it. */
static const struct keel_view_model *view_of(const struct keel_schema *model,
                                             const struct keel_index_model *index)
{
    for (size_t i = 0; i < model->view_count; i++)
        for (size_t k = 0; k < model->views[i].index_count; k++)
            if (&model->views[i].indexes[k] == index)
                return &model->views[i];
    return NULL;
}

static bool view_goes(const struct keel__pg *pg, const struct keel_view_model *view)
{
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel_view_model *v = pg->drops.items[i].item;
        if (pg->drops.items[i].kind == KEEL_CHANGE_DROP_VIEW && strcmp(v->name, view->name) == 0 &&
            keel__pg_same(v->schema, view->schema))
            return true;
    }
    return false;
}

static bool may_be_concurrent(const struct keel__pg *pg, const struct keel_table_model *table)
{
    return pg->options->concurrently && (!table || table->kind != KEEL_TABLE_PARTITIONED);
}

/* An index whose columns change goes at once; others can stay until there is a new one. */
static bool can_wait(const struct keel__pg *pg, const struct keel__pg_op *op)
{
    if (op->remade || !may_be_concurrent(pg, op->table))
        return false;
    for (size_t i = 0; i < pg->column_count; i++)
        if (pg->columns[i].table == op->table && (pg->columns[i].type || pg->columns[i].gone))
            return false;
    for (size_t i = 0; i < pg->drops.count; i++)
        if (pg->drops.items[i].kind == KEEL_CHANGE_DROP_COLUMN &&
            pg->drops.items[i].table == op->table)
            return false;
    return pg->word_count == 0;
}

static void drop_index(struct keel__pg *pg, struct keel__pg_op *op, bool concurrently)
{
    const struct keel_index_model *index = op->item;
    const struct keel_view_model *view = op->table ? NULL : view_of(pg->from, index);
    op->done = true;
    if (!op->table && (!view || view_goes(pg, view)))
        return;
    struct keel__str *out = concurrently ? keel__pg_alone(pg) : keel__pg_next(pg);
    /* IF EXISTS: it may be run again when nobody knows how it ended. */
    keel__str_printf(out, "DROP INDEX %s", concurrently ? "CONCURRENTLY IF EXISTS " : "");
    keel__sql_qualified(out, view ? view->schema : op->table->schema, index->name);
    keel__str_text(out, ";\n");
}

/* Whether a key of the table is dropped, or dropped and made again. */
static bool loses_key(const struct keel__pg *pg, const struct keel_table_model *table)
{
    for (size_t i = 0; table && i < pg->drops.count; i++) {
        const struct keel__pg_op *op = &pg->drops.items[i];
        if ((op->kind == KEEL_CHANGE_DROP_PRIMARY_KEY || op->kind == KEEL_CHANGE_DROP_UNIQUE) &&
            op->table == table)
            return true;
    }
    return false;
}

/* A table that goes later still refers to keys that go now. */
static void drop_last_references(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel_table_model *table = pg->drops.items[i].item;
        if (pg->drops.items[i].kind != KEEL_CHANGE_DROP_TABLE ||
            table->kind == KEEL_TABLE_PARTITION)
            continue;
        for (size_t k = 0; k < table->foreign_key_count; k++) {
            const struct keel_foreign_key_model *key = &table->foreign_keys[k];
            if (!loses_key(pg, keel__pg_new_table(pg, key->parent_schema, key->parent)))
                continue;
            struct keel__str *out = keel__pg_alter(pg, table);
            keel__str_text(out, " DROP CONSTRAINT ");
            keel__sql_name(out, key->name);
            keel__str_text(out, ";\n");
        }
    }
}

void keel__pg_constraints_drop(struct keel__pg *pg, bool remade)
{
    static const enum keel_change_kind order[] = {
        KEEL_CHANGE_DROP_FOREIGN_KEY, KEEL_CHANGE_DROP_CHECK,       KEEL_CHANGE_DROP_EXCLUSION,
        KEEL_CHANGE_DROP_UNIQUE,      KEEL_CHANGE_DROP_PRIMARY_KEY, KEEL_CHANGE_DROP_INDEX};
    if (!remade)
        drop_last_references(pg);
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < pg->drops.count; i++) {
            struct keel__pg_op *op = &pg->drops.items[i];
            if (op->kind != order[k] || op->done || op->remade != remade)
                continue;
            if (op->kind == KEEL_CHANGE_DROP_INDEX) {
                if (!can_wait(pg, op))
                    drop_index(pg, op, false);
            } else if (op->kind == KEEL_CHANGE_DROP_FOREIGN_KEY) {
                drop_constraint(pg, op, ((const struct keel_foreign_key_model *)op->item)->name);
            } else if (op->kind == KEEL_CHANGE_DROP_CHECK) {
                drop_constraint(pg, op, ((const struct keel_check_model *)op->item)->name);
            } else if (op->kind == KEEL_CHANGE_DROP_EXCLUSION) {
                drop_constraint(pg, op, ((const struct keel_exclusion_model *)op->item)->name);
            } else {
                drop_constraint(pg, op, ((const struct keel_key_model *)op->item)->name);
            }
        }
}

static void rename_constraint(struct keel__pg *pg, const struct keel_change *change)
{
    struct keel__str *out = keel__pg_alter(pg, change->new_table);
    keel__str_text(out, " RENAME CONSTRAINT ");
    keel__sql_name(out, change->old_name);
    keel__str_text(out, " TO ");
    keel__sql_name(out, change->name);
    keel__str_text(out, ";\n");
}

static void rename_index(struct keel__pg *pg, const struct keel_change *change)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "ALTER INDEX ");
    keel__sql_qualified(out, change->schema, change->old_name);
    keel__str_text(out, " RENAME TO ");
    keel__sql_name(out, change->name);
    keel__str_text(out, ";\n");
}

void keel__pg_constraints_rename(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->diff->count; i++) {
        if (pg->diff->changes[i].kind == KEEL_CHANGE_RENAME_CONSTRAINT)
            rename_constraint(pg, &pg->diff->changes[i]);
        else if (pg->diff->changes[i].kind == KEEL_CHANGE_RENAME_INDEX)
            rename_index(pg, &pg->diff->changes[i]);
    }
}

/* ---- checks ---------------------------------------------------------------------------------- */

static void validate(struct keel__pg *pg, const struct keel_table_model *table, const char *name)
{
    struct keel__str *out = keel__pg_alter(pg, table);
    keel__str_text(out, " VALIDATE CONSTRAINT ");
    keel__sql_name(out, name);
    keel__str_text(out, ";\n");
    keel__pg_break(pg);
}

static bool is_new(const struct keel__pg *pg, const struct keel_table_model *table)
{
    return !keel__pg_old_table(pg, table);
}

void keel__pg_checks_add(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        if (op->kind != KEEL_CHANGE_ADD_CHECK || op->done)
            continue;
        struct keel_check_model check = *(const struct keel_check_model *)op->item;
        check.not_valid = true;
        struct keel__str *out = keel__pg_alter(pg, op->table);
        keel__str_text(out, " ADD ");
        keel__sql_check(out, &check);
        keel__str_text(out, ";\n");
    }
    keel__pg_break(pg);
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        const struct keel_check_model *check = op->item;
        if (op->kind == KEEL_CHANGE_ADD_CHECK && !op->done && !check->not_valid)
            validate(pg, op->table, check->name);
    }
    for (size_t i = 0; i < pg->diff->count; i++) {
        const struct keel_change *change = &pg->diff->changes[i];
        if (change->kind == KEEL_CHANGE_VALIDATE && change->is_check && change->new_table)
            validate(pg, change->new_table,
                     ((const struct keel_check_model *)change->new_item)->name);
    }
}

/* ---- indexes --------------------------------------------------------------------------------- */

/* words go behind CREATE INDEX and ON: "CONCURRENTLY ", "ONLY ". */
static void write_index(struct keel__str *out, const struct keel_index_model *index,
                        const char *schema, const char *table, const char *name, bool concurrently,
                        bool only)
{
    struct keel__str text;
    struct keel_index_model copy = *index;
    const char *head = index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ";
    copy.name = "x"; /* so that the text's beginning is known */
    keel__str_init(&text, 0);
    keel__sql_index(&text, &copy, schema, table, KEEL_POSTGRES);
    keel__str_printf(out, "%s%s", head, concurrently ? "CONCURRENTLY " : "");
    keel__sql_name(out, name);
    keel__str_printf(out, " ON %s", only ? "ONLY " : "");
    if (text.data)
        keel__str_text(out, text.data + strlen(head) + strlen("x ON "));
    out->failed = out->failed || text.failed;
    keel__str_fini(&text);
}

/* The index of the same name that still stands. */
static struct keel__pg_op *replaced(const struct keel__pg *pg, const struct keel__pg_op *add)
{
    const struct keel_index_model *index = add->item;
    for (size_t i = 0; i < pg->drops.count; i++) {
        struct keel__pg_op *op = &pg->drops.items[i];
        if (op->kind == KEEL_CHANGE_DROP_INDEX && !op->done && op->table == add->table &&
            strcmp(((const struct keel_index_model *)op->item)->name, index->name) == 0)
            return op;
    }
    return NULL;
}

/* Whether the parent has partitions on which an index cannot simply be built and attached: those
 * that have partitions themselves, and those that are still there and go in the end. */
static bool has_subpartitions(const struct keel__pg *pg, const struct keel_table_model *table)
{
    for (size_t i = 0; i < pg->drops.count; i++) {
        const struct keel_table_model *t = pg->drops.items[i].item;
        if (pg->drops.items[i].kind == KEEL_CHANGE_DROP_TABLE && t->partition_of &&
            keel__pg_new_table(pg, t->partition_of_schema, t->partition_of) == table)
            return true;
    }
    for (size_t i = 0; i < pg->to->table_count; i++) {
        const struct keel_table_model *t = &pg->to->tables[i];
        if (t->partition_of && strcmp(t->partition_of, table->name) == 0 &&
            keel__pg_same(t->partition_of_schema, table->schema) &&
            (t->partition_by || t->kind == KEEL_TABLE_FOREIGN))
            return true;
    }
    return false;
}

/* On each partition concurrently, then attached to one on the parent. */
static void add_partitioned(struct keel__pg *pg, const struct keel_table_model *table,
                            const struct keel_index_model *index)
{
    write_index(keel__pg_next(pg), index, table->schema, table->name, index->name, false, true);
    for (size_t i = 0; i < pg->to->table_count; i++) {
        const struct keel_table_model *t = &pg->to->tables[i];
        char name[90];
        if (!t->partition_of || strcmp(t->partition_of, table->name) != 0 ||
            !keel__pg_same(t->partition_of_schema, table->schema))
            continue;
        snprintf(name, sizeof name, "%.26s_%.26s_%zu", t->name, index->name, i);
        write_index(keel__pg_alone(pg), index, t->schema, t->name, name, true, false);
        struct keel__str *out = keel__pg_next(pg);
        keel__str_text(out, "ALTER INDEX ");
        keel__sql_qualified(out, table->schema, index->name);
        keel__str_text(out, " ATTACH PARTITION ");
        keel__sql_qualified(out, t->schema, name);
        keel__str_text(out, ";\n");
    }
}

/* The new one is ready before the old one goes. */
static void replace(struct keel__pg *pg, struct keel__pg_op *old,
                    const struct keel_table_model *table, const struct keel_index_model *index)
{
    char beside[64];
    snprintf(beside, sizeof beside, "keel_new_%.50s", index->name);
    write_index(keel__pg_alone(pg), index, table->schema, table->name, beside, true, false);
    drop_index(pg, old, true);
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "ALTER INDEX ");
    keel__sql_qualified(out, table->schema, beside);
    keel__str_text(out, " RENAME TO ");
    keel__sql_name(out, index->name);
    keel__str_text(out, ";\n");
}

static void add_index(struct keel__pg *pg, const struct keel__pg_op *op)
{
    const struct keel_index_model *index = op->item;
    const struct keel_view_model *view = op->table ? NULL : view_of(pg->to, index);
    if (!op->table) {
        if (view && !keel__pg_op_of(&pg->adds, KEEL_CHANGE_ADD_VIEW, view))
            write_index(keel__pg_next(pg), index, view->schema, view->name, index->name, false,
                        false);
        return;
    }
    const struct keel_table_model *table = op->table;
    bool asked = pg->options->concurrently && !is_new(pg, table);
    struct keel__pg_op *old = replaced(pg, op);
    if (asked && table->kind == KEEL_TABLE_PARTITIONED && !has_subpartitions(pg, table))
        add_partitioned(pg, table, index);
    else if (asked && old && may_be_concurrent(pg, table))
        replace(pg, old, table, index);
    else if (asked && may_be_concurrent(pg, table))
        write_index(keel__pg_alone(pg), index, table->schema, table->name, index->name, true,
                    false);
    else
        write_index(keel__pg_next(pg), index, table->schema, table->name, index->name, false,
                    false);
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* Its index is built first, which lets others read, or working concurrently also write. */
static void add_key(struct keel__pg *pg, const struct keel__pg_op *op, bool primary)
{
    const struct keel_key_model *key = op->item;
    const struct keel_table_model *table = op->table;
    struct keel__str *out;
    if (table->kind == KEEL_TABLE_PARTITIONED) {
        out = keel__pg_alter(pg, table);
        keel__str_text(out, " ADD ");
        keel__sql_key(out, key, primary);
        keel__str_text(out, ";\n");
        return;
    }
    bool concurrently = may_be_concurrent(pg, table) && !is_new(pg, table);
    out = concurrently ? keel__pg_alone(pg) : keel__pg_next(pg);
    keel__str_printf(out, "CREATE UNIQUE INDEX %s", concurrently ? "CONCURRENTLY " : "");
    keel__sql_name(out, key->name);
    keel__str_text(out, " ON ");
    keel__sql_qualified(out, table->schema, table->name);
    keel__str_char(out, ' ');
    keel__sql_names(out, key->columns, key->column_count);
    if (key->include_count) {
        keel__str_text(out, " INCLUDE ");
        keel__sql_names(out, key->include, key->include_count);
    }
    keel__str_text(out, key->nulls_not_distinct ? " NULLS NOT DISTINCT;\n" : ";\n");
    out = keel__pg_alter(pg, table);
    keel__str_text(out, " ADD ");
    keel__sql_constraint_name(out, key->name);
    keel__str_printf(out, "%s USING INDEX ", primary ? "PRIMARY KEY" : "UNIQUE");
    keel__sql_name(out, key->name);
    if (key->deferrable)
        keel__str_printf(out, " %s", keel__deferrable_words(key->deferrable));
    keel__str_text(out, ";\n");
}

void keel__pg_keys_add(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        if (op->done)
            continue;
        if (op->kind == KEEL_CHANGE_ADD_PRIMARY_KEY || op->kind == KEEL_CHANGE_ADD_UNIQUE) {
            add_key(pg, op, op->kind == KEEL_CHANGE_ADD_PRIMARY_KEY);
        } else if (op->kind == KEEL_CHANGE_ADD_EXCLUSION) {
            const struct keel_exclusion_model *exclusion = op->item;
            struct keel__str *out = keel__pg_alter(pg, op->table);
            keel__str_text(out, " ADD ");
            keel__sql_constraint_name(out, exclusion->name);
            keel__str_printf(out, "%s;\n", exclusion->definition);
        } else if (op->kind == KEEL_CHANGE_ADD_INDEX) {
            add_index(pg, op);
        }
    }
    for (size_t i = 0; i < pg->drops.count; i++)
        if (pg->drops.items[i].kind == KEEL_CHANGE_DROP_INDEX && !pg->drops.items[i].done)
            drop_index(pg, &pg->drops.items[i], true);
}

/* ---- references ------------------------------------------------------------------------------ */

/* A new table has no rows; PostgreSQL has no NOT VALID for a partitioned one. */
static bool in_two_steps(const struct keel__pg *pg, const struct keel__pg_op *op)
{
    return !is_new(pg, op->table) && op->table->kind != KEEL_TABLE_PARTITIONED;
}

void keel__pg_references_add(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        if (op->kind != KEEL_CHANGE_ADD_FOREIGN_KEY || op->done)
            continue;
        struct keel_foreign_key_model key = *(const struct keel_foreign_key_model *)op->item;
        key.not_valid = key.not_valid || in_two_steps(pg, op);
        struct keel__str *out = keel__pg_alter(pg, op->table);
        keel__str_text(out, " ADD ");
        keel__sql_foreign_key(out, &key);
        keel__str_text(out, ";\n");
    }
}

void keel__pg_references_validate(struct keel__pg *pg)
{
    keel__pg_break(pg);
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        const struct keel_foreign_key_model *key = op->item;
        if (op->kind == KEEL_CHANGE_ADD_FOREIGN_KEY && !op->done && !key->not_valid &&
            in_two_steps(pg, op))
            validate(pg, op->table, key->name);
    }
    for (size_t i = 0; i < pg->diff->count; i++) {
        const struct keel_change *change = &pg->diff->changes[i];
        if (change->kind == KEEL_CHANGE_VALIDATE && !change->is_check && change->new_table)
            validate(pg, change->new_table,
                     ((const struct keel_foreign_key_model *)change->new_item)->name);
    }
}
