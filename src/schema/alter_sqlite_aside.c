#include "schema/alter_sqlite.h"

#include <string.h>

#include "schema/render.h"

/* ---- what goes first ------------------------------------------------------------------------- */

/* change NULL: it comes back. */
static void drop(struct keel__sqlite_alter *a, const char *what, const char *name,
                 const struct keel_change *change)
{
    if (change)
        keel__alter_say(a, change);
    else if (!a->said_aside)
        keel__alter_comment(a->out, "what is in the way steps aside, and is made again at the end");
    a->said_aside = a->said_aside || !change;
    keel__str_printf(a->out, "DROP %s ", what);
    keel__sql_name(a->out, name);
    keel__str_text(a->out, ";\n");
}

static void drop_triggers(struct keel__sqlite_alter *a, const struct keel_trigger_model *triggers,
                          size_t count, bool with_its_table)
{
    for (size_t i = 0; i < count; i++) {
        const struct keel_change *change =
            keel__alter_change(a, KEEL_CHANGE_DROP_TRIGGER, &triggers[i]);
        if (!a->checked && (!change || with_its_table))
            continue;
        drop(a, "TRIGGER", triggers[i].name, change);
    }
}

static bool mentions_a_change(const struct keel__sqlite_alter *a,
                              const struct keel_view_model *view)
{
    for (size_t i = 0; i < a->table_count; i++)
        if (a->tables[i].old && keel__sql_mentions(view->sql, a->tables[i].old->name))
            return true;
    return false;
}

/* Those that go, and when they are looked at those that are broken or read what changes; with all
 * that read them. */
static void choose_views(struct keel__sqlite_alter *a)
{
    const struct keel_schema *from = a->diff->from;
    a->aside = keel__arena_calloc(a->arena, from->view_count, sizeof *a->aside);
    if (!a->aside) {
        a->failed = true;
        return;
    }
    bool more = false;
    for (size_t i = 0; i < from->view_count; i++) {
        const struct keel_view_model *view = &from->views[i];
        a->aside[i] = keel__alter_change(a, KEEL_CHANGE_DROP_VIEW, view) ||
                      (a->checked && (view->broken || mentions_a_change(a, view)));
        more = more || a->aside[i];
    }
    while (a->checked && more) {
        more = false;
        for (size_t i = 0; i < from->view_count; i++)
            for (size_t k = 0; !a->aside[i] && k < from->view_count; k++)
                if (a->aside[k] && keel__sql_mentions(from->views[i].sql, from->views[k].name))
                    a->aside[i] = more = true;
    }
}

void keel__alter_step_aside(struct keel__sqlite_alter *a)
{
    const struct keel_schema *from = a->diff->from;
    choose_views(a);
    if (a->failed)
        return;
    for (size_t i = 0; i < from->table_count; i++) {
        const struct keel__alteration *table = keel__alteration_of(a, &from->tables[i]);
        drop_triggers(a, from->tables[i].triggers, from->tables[i].trigger_count,
                      table && (!table->now || table->rebuilt));
    }
    for (size_t i = 0; i < from->view_count; i++)
        drop_triggers(a, from->views[i].triggers, from->views[i].trigger_count, a->aside[i]);
    for (size_t i = 0; i < from->view_count; i++)
        if (a->aside[i])
            drop(a, "VIEW", from->views[i].name,
                 keel__alter_change(a, KEEL_CHANGE_DROP_VIEW, &from->views[i]));
    for (size_t i = 0; i < from->table_count; i++) {
        const struct keel__alteration *table = keel__alteration_of(a, &from->tables[i]);
        for (size_t k = 0; k < from->tables[i].index_count; k++) {
            const struct keel_index_model *index = &from->tables[i].indexes[k];
            const struct keel_change *change = keel__alter_change(a, KEEL_CHANGE_DROP_INDEX, index);
            if (change && !(table && !table->now))
                drop(a, "INDEX", index->name, change);
        }
    }
}

/* ---- what is made afterwards ----------------------------------------------------------------- */

void keel__alter_indexes(struct keel__sqlite_alter *a)
{
    const struct keel_schema *to = a->diff->to;
    for (size_t i = 0; i < to->table_count; i++) {
        const struct keel__alteration *table = keel__alteration_of(a, &to->tables[i]);
        bool all = table && (!table->old || table->rebuilt);
        for (size_t k = 0; k < to->tables[i].index_count; k++) {
            const struct keel_index_model *index = &to->tables[i].indexes[k];
            const struct keel_change *change = keel__alter_change(a, KEEL_CHANGE_ADD_INDEX, index);
            if (!change && !all)
                continue;
            if (change && !(table && !table->old))
                keel__alter_say(a, change);
            keel__sql_index(a->out, index, NULL, to->tables[i].name, KEEL_SQLITE);
        }
    }
}

static bool stepped_aside(const struct keel__sqlite_alter *a, const struct keel_view_model *view)
{
    const struct keel_schema *from = a->diff->from;
    for (size_t i = 0; i < from->view_count; i++)
        if (a->aside[i] && keel__name_is(from->views[i].name, view->name))
            return true;
    return false;
}

static bool is_made(const struct keel__sqlite_alter *a, const struct keel_view_model *view)
{
    return keel__alter_change(a, KEEL_CHANGE_ADD_VIEW, view) || stepped_aside(a, view);
}

void keel__alter_views(struct keel__sqlite_alter *a)
{
    const struct keel_schema *to = a->diff->to;
    for (size_t i = 0; !a->failed && i < to->view_count; i++) {
        const struct keel_change *change =
            keel__alter_change(a, KEEL_CHANGE_ADD_VIEW, &to->views[i]);
        if (is_made(a, &to->views[i]))
            keel__alter_gap(a);
        if (change)
            keel__alter_say(a, change);
        if (is_made(a, &to->views[i]))
            keel__sqlite_view(a->out, &to->views[i]);
    }
}

static void make_triggers(struct keel__sqlite_alter *a, const struct keel_trigger_model *triggers,
                          size_t count, bool all)
{
    for (size_t i = 0; i < count; i++) {
        const struct keel_change *change =
            keel__alter_change(a, KEEL_CHANGE_ADD_TRIGGER, &triggers[i]);
        if (!change && !all && !a->checked)
            continue;
        keel__alter_gap(a);
        if (change)
            keel__alter_say(a, change);
        keel__str_printf(a->out, "%s;\n", triggers[i].sql);
    }
}

void keel__alter_triggers(struct keel__sqlite_alter *a)
{
    const struct keel_schema *to = a->diff->to;
    for (size_t i = 0; i < to->table_count; i++) {
        const struct keel__alteration *table = keel__alteration_of(a, &to->tables[i]);
        make_triggers(a, to->tables[i].triggers, to->tables[i].trigger_count,
                      table && (!table->old || table->rebuilt));
    }
    for (size_t i = 0; !a->failed && i < to->view_count; i++)
        make_triggers(a, to->views[i].triggers, to->views[i].trigger_count,
                      is_made(a, &to->views[i]));
}
