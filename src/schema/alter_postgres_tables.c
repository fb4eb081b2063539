/* Tables: renamed, made, changed as a whole, dropped. */
#include "schema/alter_postgres.h"

#include <stdio.h>
#include <string.h>

#include "schema/model.h"

static const struct keel_table_model *find(const struct keel_schema *model, const char *schema,
                                           const char *name)
{
    for (size_t i = 0; i < model->table_count; i++)
        if (strcmp(model->tables[i].name, name) == 0 &&
            keel__pg_same(model->tables[i].schema, schema))
            return &model->tables[i];
    return NULL;
}

/* ---- what cannot be written ------------------------------------------------------------------ */

static int check_new(const struct keel_table_model *table, struct keel_error *err)
{
    if (table->inherits)
        return keel__pg_unsupported(err, "the new table %s inherits from %s: write that by hand",
                                    table->name, table->inherits);
    if (table->kind == KEEL_TABLE_FOREIGN)
        return keel__pg_unsupported(err, "%s is a new foreign table: write that by hand",
                                    table->name);
    return 0;
}

static bool is_table(enum keel_table_kind kind)
{
    return kind == KEEL_TABLE_PLAIN || kind == KEEL_TABLE_PARTITION;
}

static int check_kept(const struct keel_table_model *was, const struct keel_table_model *is,
                      struct keel_error *err)
{
    if (is->kind == KEEL_TABLE_FOREIGN)
        return 0; /* looked at when something changes in it */
    if (was->kind != is->kind && !(is_table(was->kind) && is_table(is->kind)))
        return keel__pg_unsupported(
            err, "%s is a %s table and becomes a %s one: that takes a new table", is->name,
            keel__table_kind_word(was->kind), keel__table_kind_word(is->kind));
    if (!keel__pg_same(was->partition_by, is->partition_by))
        return keel__pg_unsupported(err,
                                    "%s is to be partitioned in another way: that takes a new "
                                    "table",
                                    is->name);
    if (!keel__pg_same(was->inherits, is->inherits))
        return keel__pg_unsupported(err, "%s changes what it inherits from: write that by hand",
                                    is->name);
    return 0;
}

int keel__pg_tables_check(struct keel__pg *pg, struct keel_error *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < pg->table_count; i++)
        rc = pg->tables[i].was ? check_kept(pg->tables[i].was, pg->tables[i].is, err)
                               : check_new(pg->tables[i].is, err);
    for (size_t i = 0; !rc && i < pg->diff->count; i++) {
        const struct keel_change *change = &pg->diff->changes[i];
        if (change->new_table && change->new_table->kind == KEEL_TABLE_FOREIGN)
            rc = keel__pg_unsupported(err, "%s is a foreign table: %s has to be written by hand",
                                      change->new_table->name, change->what);
    }
    return rc;
}

/* ---- renames --------------------------------------------------------------------------------- */

static void rename_table(struct keel__pg *pg, const char *schema, const char *from, const char *to)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "ALTER TABLE ");
    keel__sql_qualified(out, schema, from);
    keel__str_text(out, " RENAME TO ");
    keel__sql_name(out, to);
    keel__str_text(out, ";\n");
}

static void rename_column(struct keel__pg *pg, const struct keel_table_model *table,
                          const char *from, const char *to)
{
    struct keel__str *out = keel__pg_alter(pg, table);
    keel__str_text(out, " RENAME COLUMN ");
    keel__sql_name(out, from);
    keel__str_text(out, " TO ");
    keel__sql_name(out, to);
    keel__str_text(out, ";\n");
}

/* The diff has them in an order in which each name is free. A partition's columns are renamed with
 * its parent's. */
void keel__pg_renames(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->diff->count; i++) {
        const struct keel_change *change = &pg->diff->changes[i];
        const struct keel_table_model *table = change->new_table;
        if (change->kind == KEEL_CHANGE_RENAME_TABLE)
            rename_table(pg, table->schema, change->old_table->name, table->name);
        else if (change->kind == KEEL_CHANGE_RENAME_COLUMN && !table->partition_of &&
                 !table->inherits)
            rename_column(pg, table, change->old_name, change->name);
    }
}

/* ---- new tables ------------------------------------------------------------------------------ */

static bool is_written(const struct keel__pg *pg, const struct keel_table_model *table)
{
    for (size_t i = 0; i < pg->adds.count; i++)
        if (pg->adds.items[i].kind == KEEL_CHANGE_ADD_TABLE && pg->adds.items[i].item == table)
            return pg->adds.items[i].done;
    return true;
}

static bool waits_for_parent(const struct keel__pg *pg, const struct keel_table_model *table)
{
    const struct keel_table_model *parent =
        table->partition_of ? find(pg->to, table->partition_of_schema, table->partition_of) : NULL;
    return parent && !is_written(pg, parent);
}

static void column_options(struct keel__pg *pg, const struct keel_table_model *table,
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

/* What a partition says of its columns beyond its parent. */
static void partition_defaults(struct keel__pg *pg, const struct keel_table_model *table)
{
    const struct keel_table_model *parent =
        find(pg->to, table->partition_of_schema, table->partition_of);
    for (size_t i = 0; parent && i < table->column_count; i++) {
        const struct keel_column_model *column = &table->columns[i];
        const struct keel_column_model *above = keel_table_column(parent, column->name);
        if (!above || column->generated || column->identity >= KEEL_IDENTITY_ALWAYS)
            continue;
        bool same = keel__pg_same(above->default_text, column->default_text);
        if (same && above->not_null == column->not_null)
            continue;
        struct keel__str *out = keel__pg_alter(pg, table);
        keel__str_text(out, " ALTER COLUMN ");
        keel__sql_name(out, column->name);
        if (!same && column->default_text)
            keel__str_printf(out, " SET DEFAULT %s", column->default_text);
        else if (!same)
            keel__str_text(out, " DROP DEFAULT");
        if (above->not_null != column->not_null) {
            keel__str_text(out, same ? "" : ", ALTER COLUMN ");
            if (!same)
                keel__sql_name(out, column->name);
            keel__str_text(out, " SET NOT NULL");
        }
        keel__str_text(out, ";\n");
    }
}

static void add_table(struct keel__pg *pg, const struct keel_table_model *table)
{
    keel__postgres_table(keel__pg_next(pg), table);
    if (table->kind == KEEL_TABLE_PARTITION)
        partition_defaults(pg, table);
    if (table->comment)
        keel__postgres_comment(keel__pg_next(pg), "TABLE", table->schema, table->name, NULL,
                               table->comment);
    for (size_t i = 0; i < table->column_count; i++)
        column_options(pg, table, &table->columns[i]);
}

void keel__pg_tables_add(struct keel__pg *pg)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < pg->adds.count; i++) {
            struct keel__pg_op *op = &pg->adds.items[i];
            if (op->kind != KEEL_CHANGE_ADD_TABLE || op->done || waits_for_parent(pg, op->item))
                continue;
            op->done = again = true;
            add_table(pg, op->item);
        }
    }
}

/* ---- options --------------------------------------------------------------------------------- */

/* Calls write for each "name=value" of list. */
static void each_option(const char *list, void *context,
                        void (*write)(void *context, const char *option, size_t name_size))
{
    char option[512];
    while (list && *list) {
        const char *end = strstr(list, ", ");
        size_t size = end ? (size_t)(end - list) : strlen(list);
        if (size < sizeof option) {
            memcpy(option, list, size);
            option[size] = 0;
            write(context, option, strcspn(option, "="));
        }
        list += size + (end ? 2 : 0);
    }
}

struct resetting {
    struct keel__str names;
    const char *now;
};

static void add_gone(void *context, const char *option, size_t name_size)
{
    struct resetting *r = context;
    char name[128];
    if (name_size + 2 >= sizeof name)
        return;
    memcpy(name, option, name_size);
    strcpy(name + name_size, "=");
    if (r->now && strstr(r->now, name))
        return;
    name[name_size] = 0;
    keel__str_printf(&r->names, "%s%s", r->names.size ? ", " : "", name);
}

static void change_options(struct keel__pg *pg, const struct keel_table_model *was,
                           const struct keel_table_model *is)
{
    struct resetting r = {.now = is->options};
    if (keel__pg_same(was->options, is->options))
        return;
    keel__str_init(&r.names, 0);
    each_option(was->options, &r, add_gone);
    if (r.names.size)
        keel__str_printf(keel__pg_alter(pg, is), " RESET (%s);\n", r.names.data);
    if (is->options)
        keel__str_printf(keel__pg_alter(pg, is), " SET (%s);\n", is->options);
    keel__str_fini(&r.names);
}

static void attach(struct keel__pg *pg, const struct keel_table_model *table, const char *schema,
                   const char *parent, bool attaching)
{
    struct keel__str *out = keel__pg_next(pg);
    keel__str_text(out, "ALTER TABLE ");
    keel__sql_qualified(out, schema, parent);
    keel__str_text(out, attaching ? " ATTACH PARTITION " : " DETACH PARTITION ");
    keel__sql_qualified(out, table->schema, table->name);
    if (attaching)
        keel__str_printf(out, " %s", table->partition_bound);
    keel__str_text(out, ";\n");
}

static void change_parent(struct keel__pg *pg, const struct keel_table_model *was,
                          const struct keel_table_model *is)
{
    const struct keel_table_model *parent =
        was->partition_of ? keel__pg_new_table(pg, was->partition_of_schema, was->partition_of)
                          : NULL;
    bool same_parent = parent && is->partition_of && strcmp(parent->name, is->partition_of) == 0 &&
                       keel__pg_same(parent->schema, is->partition_of_schema);
    if (!was->partition_of && !is->partition_of)
        return;
    if (same_parent && keel__pg_same(was->partition_bound, is->partition_bound))
        return;
    if (was->partition_of) {
        const struct keel_table_model *old = parent;
        attach(pg, is, old ? old->schema : was->partition_of_schema,
               old ? old->name : was->partition_of, false);
    }
    if (is->partition_of)
        attach(pg, is, is->partition_of_schema, is->partition_of, true);
}

void keel__pg_tables_options(struct keel__pg *pg)
{
    for (size_t i = 0; i < pg->table_count; i++) {
        const struct keel_table_model *was = pg->tables[i].was, *is = pg->tables[i].is;
        if (!was || is->kind == KEEL_TABLE_FOREIGN)
            continue;
        change_parent(pg, was, is);
        if (was->unlogged != is->unlogged)
            keel__str_printf(keel__pg_alter(pg, is), " SET %s;\n",
                             is->unlogged ? "UNLOGGED" : "LOGGED");
        change_options(pg, was, is);
        if (!keel__pg_same(was->comment, is->comment))
            keel__postgres_comment(keel__pg_next(pg), "TABLE", is->schema, is->name, NULL,
                                   is->comment);
    }
}

/* ---- what goes ------------------------------------------------------------------------------- */

/* Tables and views share their names. */
static bool name_is_wanted(const struct keel__pg *pg, const struct keel_table_model *table)
{
    for (size_t i = 0; i < pg->adds.count; i++) {
        const struct keel__pg_op *op = &pg->adds.items[i];
        if (op->kind == KEEL_CHANGE_ADD_TABLE) {
            const struct keel_table_model *t = op->item;
            if (strcmp(t->name, table->name) == 0 && keel__pg_same(t->schema, table->schema))
                return true;
        } else if (op->kind == KEEL_CHANGE_ADD_VIEW) {
            const struct keel_view_model *v = op->item;
            if (strcmp(v->name, table->name) == 0 && keel__pg_same(v->schema, table->schema))
                return true;
        }
    }
    return false;
}

/* All in one statement, so that their references to each other are no obstacle; early when
 * something new wants the name of one. */
void keel__pg_tables_drop(struct keel__pg *pg, bool early)
{
    bool wanted = !early;
    for (size_t i = 0; !wanted && i < pg->drops.count; i++)
        wanted = pg->drops.items[i].kind == KEEL_CHANGE_DROP_TABLE &&
                 name_is_wanted(pg, pg->drops.items[i].item);
    for (int foreign = 0; wanted && foreign < 2; foreign++) {
        struct keel__str *out = NULL;
        for (size_t i = 0; i < pg->drops.count; i++) {
            struct keel__pg_op *op = &pg->drops.items[i];
            const struct keel_table_model *table = op->item;
            if (op->kind != KEEL_CHANGE_DROP_TABLE || op->done ||
                (table->kind == KEEL_TABLE_FOREIGN) != foreign)
                continue;
            op->done = true;
            if (!out) {
                out = keel__pg_next(pg);
                keel__str_text(out, foreign ? "DROP FOREIGN TABLE " : "DROP TABLE ");
            } else {
                keel__str_text(out, ", ");
            }
            keel__sql_qualified(out, table->schema, table->name);
        }
        if (out)
            keel__str_text(out, ";\n");
    }
}
