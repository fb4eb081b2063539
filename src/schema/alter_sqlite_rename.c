#include "schema/alter_sqlite.h"

#include <string.h>

#include "schema/render.h"

/* One of several renames that are made one after the other and may want each other's names. */
struct rename {
    const char **name; /* what it is called by now */
    const char *target;
    const struct keel_change *change; /* NULL: it only makes room */
    bool done;
};

struct renames {
    struct keel__sqlite_alter *a;
    const char *table; /* of columns; NULL: tables are renamed */
    struct rename *items;
    size_t count;
};

static void add(struct renames *r, const char **name, const char *target,
                const struct keel_change *change)
{
    struct rename *rename = KEEL__PUSH(r->a->arena, r->items, r->count);
    if (rename)
        *rename = (struct rename){name, target, change, false};
    else
        r->a->failed = true;
}

static void write_rename(struct renames *r, struct rename *rename, const char *target)
{
    struct keel__str *out = r->a->out;
    if (rename->change && target == rename->target)
        keel__alter_say(r->a, rename->change);
    keel__str_text(out, "ALTER TABLE ");
    keel__sql_name(out, r->table ? r->table : *rename->name);
    keel__str_text(out, " RENAME ");
    if (r->table) {
        keel__str_text(out, "COLUMN ");
        keel__sql_name(out, *rename->name);
        keel__str_char(out, ' ');
    }
    keel__str_text(out, "TO ");
    keel__sql_name(out, target);
    keel__str_text(out, ";\n");
    *rename->name = target;
    rename->done = target == rename->target;
}

/* A table cannot be given its own name in another case. */
static bool is_free(const struct renames *r, const struct rename *rename)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct rename *other = &r->items[i];
        if (!other->done && (other != rename || !r->table) &&
            keel__name_is(*other->name, rename->target))
            return false;
    }
    return true;
}

static struct rename *next_free(struct renames *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (!r->items[i].done && is_free(r, &r->items[i]))
            return &r->items[i];
    return NULL;
}

static struct rename *next_blocked(struct renames *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (!r->items[i].done)
            return &r->items[i];
    return NULL;
}

/* Each when its name is free; a circle is opened by a name between. */
static void run(struct renames *r)
{
    struct rename *rename;
    while (!r->a->failed && (rename = next_blocked(r))) {
        struct rename *free_one = next_free(r);
        if (free_one)
            write_rename(r, free_one, free_one->target);
        else
            write_rename(r, rename, keel__alter_free_name(r->a, "keel_old_", *rename->name));
    }
}

void keel__alter_rename_tables(struct keel__sqlite_alter *a)
{
    struct renames r = {.a = a};
    for (size_t i = 0; i < a->table_count; i++) {
        struct keel__alteration *table = &a->tables[i];
        if (table->old && table->now && strcmp(table->old->name, table->now->name) != 0)
            add(&r, &table->name, table->now->name,
                keel__alter_change(a, KEEL_CHANGE_RENAME_TABLE, table->now));
    }
    run(&r);
}

static bool is_wanted(const struct renames *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++)
        if (keel__name_is(r->items[i].target, name))
            return true;
    return false;
}

void keel__alter_rename_columns(struct keel__sqlite_alter *a, struct keel__alteration *table)
{
    struct renames r = {.a = a, .table = table->name};
    for (size_t i = 0; i < table->old->column_count; i++) {
        const struct keel_change *change =
            keel__alter_change(a, KEEL_CHANGE_RENAME_COLUMN, &table->old->columns[i]);
        if (change) {
            const struct keel_column_model *now = change->new_item;
            add(&r, &table->columns[i], now->name, change);
        }
    }
    /* The rebuild leaves out what goes, but until then it has its name. */
    for (size_t i = 0, count = r.count; count && i < table->old->column_count; i++)
        if (table->columns[i] && is_wanted(&r, table->columns[i]) &&
            keel__alter_change(a, KEEL_CHANGE_DROP_COLUMN, &table->old->columns[i]))
            add(&r, &table->columns[i], keel__alter_free_name(a, "keel_old_", table->columns[i]),
                NULL);
    run(&r);
}
