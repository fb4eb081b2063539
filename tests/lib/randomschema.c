#include "randomschema.h"

#include <stdio.h>
#include <string.h>

/* ---- chance ---------------------------------------------------------------------------------- */

/* https://prng.di.unimi.it/splitmix64.c */
static uint64_t next(struct randomschema *s)
{
    uint64_t z = (s->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static int below(struct randomschema *s, int count)
{
    return (int)(next(s) % (uint64_t)count);
}

static bool chance(struct randomschema *s, int percent)
{
    return below(s, 100) < percent;
}

static void odd_name(char name[32], int which, unsigned n)
{
    static const char *const odd[] = {"Mixed Case", "order\"q",    "", "grün",
                                      "a-b",        "line\nbreak", "T"};
    snprintf(name, 32, "%s%u", odd[which], n);
}

static void name_it(struct randomschema *s, char name[32], const char *prefix)
{
    unsigned n = ++s->names;
    int which = below(s, 60);
    if (which == 2)
        snprintf(name, 32, "select %u", n);
    else if (which < 7)
        odd_name(name, which, n);
    else
        snprintf(name, 32, "%s%u", prefix, n);
}

/* ---- what a table can have ------------------------------------------------------------------- */

/* One that was never used: a slot is one column for ever. */
static int free_column(const struct rs_table *t)
{
    for (int i = 2; i < RS_COLUMNS; i++)
        if (!t->columns[i].used && !t->columns[i].name[0])
            return i;
    return -1;
}

/* A column whose values are its own: not of the key, not generated; -1: none. */
static int some_column(struct randomschema *s, const struct rs_table *t, bool plain)
{
    int found[RS_COLUMNS], count = 0;
    for (int i = randomschema_key_columns(t); i < RS_COLUMNS; i++)
        if (t->columns[i].used &&
            (!plain || (!t->columns[i].generated && t->columns[i].parent < 0)))
            found[count++] = i;
    return count ? found[below(s, count)] : -1;
}

static bool is_needed(const struct randomschema *s, int table, int column)
{
    const struct rs_table *t = &s->tables[table];
    for (int i = 0; i < RS_ITEMS; i++)
        if ((t->uniques[i].used &&
             (t->uniques[i].column == column || t->uniques[i].second == column)) ||
            (t->checks[i].used &&
             (t->checks[i].column == column || t->checks[i].second == column)) ||
            (t->indexes[i].used &&
             (t->indexes[i].column == column || t->indexes[i].second == column)) ||
            (t->foreign_keys[i].used &&
             (t->foreign_keys[i].column == column ||
              (t->columns[t->foreign_keys[i].column].parent >= 0 &&
               s->tables[t->columns[t->foreign_keys[i].column].parent].key == RS_COMPOSITE &&
               t->foreign_keys[i].column + 1 == column))))
            return true;
    for (int i = 0; i < RS_COLUMNS; i++)
        if (t->columns[i].used && t->columns[i].generated && t->columns[i].of == column)
            return true;
    return false;
}

static bool is_referred_to(const struct randomschema *s, int table)
{
    for (int i = 0; i < RS_TABLES; i++)
        for (int k = 0; s->tables[i].used && k < RS_COLUMNS; k++)
            if (s->tables[i].columns[k].used && s->tables[i].columns[k].parent == table)
                return true;
    for (int i = 0; i < RS_TABLES; i++)
        for (int k = 0; s->tables[i].used && k < RS_ITEMS; k++)
            if (i != table && s->tables[i].triggers[k].used &&
                s->tables[i].triggers[k].other == table)
                return true;
    for (int i = 0; i < RS_VIEWS; i++)
        if (s->views[i].used && s->views[i].table == table)
            return true;
    return false;
}

/* ---- making ---------------------------------------------------------------------------------- */

static void place_last(struct rs_table *t, int slot)
{
    for (int i = 0; i < RS_COLUMNS; i++)
        if (t->order[i] < 0) {
            t->order[i] = slot;
            return;
        }
}

static void place_anywhere(struct randomschema *s, struct rs_table *t, int slot)
{
    int count = 0, at;
    place_last(t, slot);
    while (count < RS_COLUMNS && t->order[count] >= 0)
        count++;
    at = below(s, count);
    memmove(&t->order[at + 1], &t->order[at], (size_t)(count - 1 - at) * sizeof *t->order);
    t->order[at] = slot;
}

static void fill_column(struct randomschema *s, struct rs_table *t, int slot)
{
    struct rs_column *c = &t->columns[slot];
    *c = (struct rs_column){.used = true, .parent = -1};
    name_it(s, c->name, "c");
    c->kind = (enum rs_kind)below(s, 4);
    c->type = below(s, 3);
    c->has_nulls = chance(s, 40);
    c->not_null = !c->has_nulls && chance(s, 40);
    c->default_kind = chance(s, 40) ? 1 + below(s, 3) : 0;
    c->collated = c->kind == RS_TEXT && chance(s, 20);
    c->check = chance(s, 20) ? 1 + below(s, 2) : 0;
}

static void add_generated(struct randomschema *s, struct rs_table *t)
{
    int of = some_column(s, t, true), slot = free_column(t);
    if (of < 0 || slot < 0)
        return;
    fill_column(s, t, slot);
    struct rs_column *c = &t->columns[slot];
    c->kind = RS_TEXT;
    c->type = 0;
    c->generated = randomschema_is_sqlite(s) ? 1 + below(s, 2) : 1;
    c->of = of;
    c->default_kind = c->check = 0;
    c->not_null = c->collated = false;
    c->has_nulls = true;
    place_last(t, slot);
}

/* Columns that refer to another table or to the table itself, with or without a foreign key. */
static void add_reference(struct randomschema *s, int table)
{
    struct rs_table *t = &s->tables[table];
    int parent = below(s, RS_TABLES), slot = free_column(t), item = -1;
    if (!s->tables[parent].used || s->tables[parent].key == RS_NO_KEY || slot < 0)
        return;
    int parts = s->tables[parent].key == RS_COMPOSITE ? 2 : 1;
    if (slot + parts > RS_COLUMNS)
        return;
    for (int i = 0; i < parts; i++) {
        struct rs_column *c = &t->columns[slot + i];
        fill_column(s, t, slot + i);
        c->kind = s->tables[parent].key == RS_TEXT_KEY ? RS_TEXT : RS_INTEGER;
        c->type = 0;
        c->parent = parent;
        c->part = i;
        c->has_nulls = true;
        c->not_null = c->collated = false;
        c->default_kind = c->check = 0;
        place_last(t, slot + i);
    }
    for (int i = 0; i < RS_ITEMS; i++)
        if (!t->foreign_keys[i].used)
            item = i;
    if (item >= 0)
        t->foreign_keys[item] = (struct rs_foreign_key){.used = chance(s, 80),
                                                        .column = slot,
                                                        .on_delete = below(s, 4),
                                                        .on_update = below(s, 3),
                                                        .deferred = chance(s, 20),
                                                        .implicit = chance(s, 30)};
}

static void add_unique(struct randomschema *s, struct rs_table *t, int item)
{
    int column = some_column(s, t, true), second = chance(s, 30) ? some_column(s, t, false) : -1;
    if (column < 0 || t->columns[column].added)
        return;
    t->uniques[item] = (struct rs_unique){
        .used = true, .column = column, .second = second == column ? -1 : second};
    for (int i = 0; i < RS_ITEMS; i++) /* the same twice is another story */
        if (i != item && t->uniques[i].used && t->uniques[i].column == column &&
            t->uniques[i].second == t->uniques[item].second)
            t->uniques[item].used = false;
}

static void add_check(struct randomschema *s, struct rs_table *t, int item)
{
    int column = some_column(s, t, true), second = some_column(s, t, true);
    if (column >= 0 && column != second)
        t->checks[item] = (struct rs_check){true, chance(s, 50), column, second};
}

static void add_index(struct randomschema *s, struct rs_table *t, int item)
{
    int column = some_column(s, t, true), second = some_column(s, t, false);
    if (column < 0)
        return;
    struct rs_index *x = &t->indexes[item];
    *x = (struct rs_index){.used = true, .column = column, .second = second};
    if (second == column)
        x->second = -1;
    name_it(s, x->name, "i");
    x->partial = chance(s, 25);
    x->expression = t->columns[column].kind == RS_TEXT && chance(s, 30);
    x->unique = !x->expression && !t->columns[column].added && chance(s, 25);
    x->descending = chance(s, 25);
}

static void add_trigger(struct randomschema *s, int table, int item)
{
    int other = below(s, RS_TABLES);
    if (!s->tables[other].used)
        other = table;
    struct rs_trigger *x = &s->tables[table].triggers[item];
    *x = (struct rs_trigger){.used = true, .when = below(s, 3), .other = other};
    name_it(s, x->name, "g");
}

static void add_item(struct randomschema *s, int table, int what)
{
    struct rs_table *t = &s->tables[table];
    for (int i = 0; i < RS_ITEMS; i++) {
        bool used = what == 0   ? t->uniques[i].used
                    : what == 1 ? t->checks[i].used
                    : what == 2 ? t->indexes[i].used
                                : t->triggers[i].used;
        if (used)
            continue;
        if (what == 0)
            add_unique(s, t, i);
        else if (what == 1)
            add_check(s, t, i);
        else if (what == 2)
            add_index(s, t, i);
        else
            add_trigger(s, table, i);
        return;
    }
}

static void add_key_columns(struct randomschema *s, struct rs_table *t)
{
    for (int i = 0; i < randomschema_key_columns(t); i++) {
        fill_column(s, t, i);
        struct rs_column *c = &t->columns[i];
        c->kind = t->key == RS_TEXT_KEY ? RS_TEXT : RS_INTEGER;
        c->type = 0;
        c->has_nulls = c->collated = false;
        c->not_null = !randomschema_is_sqlite(s) || t->without_rowid || chance(s, 50);
        if (t->key == RS_ROWID || t->key == RS_AUTOINCREMENT)
            c->not_null = true;
        c->default_kind = c->check = 0;
        place_last(t, i);
    }
}

static void add_table(struct randomschema *s, int table)
{
    struct rs_table *t = &s->tables[table];
    memset(t, 0, sizeof *t);
    memset(t->order, -1, sizeof t->order);
    t->used = true;
    name_it(s, t->name, "t");
    t->key = (enum rs_key)below(s, 5);
    t->strict = randomschema_is_sqlite(s) && chance(s, 25);
    t->without_rowid = randomschema_is_sqlite(s) &&
                       (t->key == RS_TEXT_KEY || t->key == RS_COMPOSITE) && chance(s, 40);
    t->rows = below(s, 7);
    add_key_columns(s, t);
    for (int i = 0, count = 1 + below(s, 4); i < count; i++) {
        int slot = free_column(t);
        fill_column(s, t, slot);
        place_anywhere(s, t, slot);
    }
    if (chance(s, 25))
        add_generated(s, t);
}

static void add_view(struct randomschema *s, int view)
{
    int table = below(s, RS_TABLES);
    if (!s->tables[table].used)
        return;
    struct rs_view *v = &s->views[view];
    *v = (struct rs_view){.used = true, .table = table, .filtered = chance(s, 50), .on_view = -1};
    name_it(s, v->name, "v");
    v->broken = randomschema_is_sqlite(s) && chance(s, 8);
    if (view > 0 && s->views[view - 1].used && !v->broken && chance(s, 40)) {
        v->on_view = view - 1;
        v->table = s->views[view - 1].table;
    }
}

void randomschema_make(struct randomschema *s, uint64_t seed, enum keel_dialect dialect)
{
    memset(s, 0, sizeof *s);
    s->dialect = dialect;
    s->state = seed * 2 + 1;
    int count = 1 + below(s, RS_TABLES - 2);
    for (int i = 0; i < count; i++)
        add_table(s, i);
    for (int i = 0; i < count; i++) {
        for (int k = below(s, 3); k > 0; k--)
            add_reference(s, i);
        for (int what = 0; what < 4; what++)
            for (int k = below(s, 3); k > 0; k--)
                add_item(s, i, what);
    }
    for (int i = 0; i < 2; i++)
        if (chance(s, 50))
            add_view(s, i);
}

/* ---- changing -------------------------------------------------------------------------------- */

static void rename_something(struct randomschema *s, const struct randomschema *from, int table)
{
    struct rs_table *t = &s->tables[table];
    int column = some_column(s, t, false);
    bool was = column >= 0 && from->tables[table].used && from->tables[table].columns[column].used;
    if (chance(s, 40)) {
        if (from->tables[table].used)
            name_it(s, t->name, "t");
    } else if (was) {
        name_it(s, t->columns[column].name, "c");
    }
}

static bool is_unique(const struct rs_table *t, int column)
{
    for (int i = 0; i < RS_ITEMS; i++)
        if ((t->uniques[i].used &&
             (t->uniques[i].column == column || t->uniques[i].second == column)) ||
            (t->indexes[i].used && t->indexes[i].unique &&
             (t->indexes[i].column == column || t->indexes[i].second == column)))
            return true;
    return false;
}

/* What goes with a column. */
static void drop_dependents(struct rs_table *t, int column)
{
    for (int i = 0; i < RS_ITEMS; i++) {
        if (t->checks[i].column == column || t->checks[i].second == column)
            t->checks[i].used = false;
        if (t->indexes[i].column == column || t->indexes[i].second == column)
            t->indexes[i].used = false;
    }
}

static void drop_column(struct randomschema *s, const struct randomschema *from, int table)
{
    struct rs_table *t = &s->tables[table];
    int column = some_column(s, t, false), left = 0;
    for (int i = 0; i < RS_COLUMNS; i++)
        left += t->columns[i].used && !t->columns[i].generated;
    /* The way back has to find a value for it. */
    if (column < 0 || left < 2 || is_unique(&from->tables[table], column) ||
        t->columns[column].parent >= 0)
        return;
    if (chance(s, 50))
        drop_dependents(t, column);
    if (is_needed(s, table, column))
        return;
    const struct rs_column *c = &from->tables[table].columns[column];
    if (c->not_null && !c->default_kind && !c->generated)
        return;
    t->columns[column].used = false;
    for (int i = 0, k = 0; i < RS_COLUMNS; i++)
        if (t->order[i] != column)
            t->order[k++] = t->order[i];
    t->order[RS_COLUMNS - 1] = -1;
    s->destructive = s->destructive || !c->generated;
}

static void add_column(struct randomschema *s, struct rs_table *t)
{
    int slot = free_column(t);
    if (slot < 0)
        return;
    fill_column(s, t, slot);
    struct rs_column *c = &t->columns[slot];
    if (!c->default_kind || c->default_kind == 3)
        c->not_null = false;
    c->has_nulls = c->added = true;
    if (chance(s, 60))
        place_last(t, slot);
    else
        place_anywhere(s, t, slot);
}

static void change_column(struct randomschema *s, struct rs_table *t)
{
    int column = some_column(s, t, true);
    struct rs_column *c = column < 0 ? NULL : &t->columns[column];
    if (!c || c->added)
        return;
    switch (below(s, 5)) {
    case 0:
        c->type = below(s, 3);
        break;
    case 1:
        c->not_null = !c->has_nulls && !c->not_null;
        break;
    case 2:
        c->default_kind = below(s, 4);
        break;
    case 3:
        c->check = below(s, 3);
        break;
    default:
        c->collated = c->kind == RS_TEXT && !c->collated;
    }
}

/* Its columns stay. */
static void drop_key(struct randomschema *s, int table)
{
    struct rs_table *t = &s->tables[table];
    if (t->without_rowid || is_referred_to(s, table))
        return;
    t->key = RS_NO_KEY;
}

static void change_table(struct randomschema *s, int table)
{
    struct rs_table *t = &s->tables[table];
    switch (below(s, 5)) {
    case 3:
        if (randomschema_is_sqlite(s))
            drop_key(s, table);
        break;
    case 0:
        t->strict = randomschema_is_sqlite(s) && !t->strict;
        break;
    case 1:
        if (randomschema_is_sqlite(s) && (t->key == RS_TEXT_KEY || t->key == RS_COMPOSITE))
            t->without_rowid = !t->without_rowid;
        for (int i = 0; t->without_rowid && i < randomschema_key_columns(t); i++)
            t->columns[i].not_null = true;
        break;
    case 2:
        if (randomschema_is_sqlite(s) && (t->key == RS_ROWID || t->key == RS_AUTOINCREMENT))
            t->key = t->key == RS_ROWID ? RS_AUTOINCREMENT : RS_ROWID;
        break;
    default:
        for (int i = RS_COLUMNS - 1; i > 0; i--) {
            int k = below(s, i + 1);
            if (t->order[i] >= 0 && t->order[k] >= 0) {
                int held = t->order[i];
                t->order[i] = t->order[k];
                t->order[k] = held;
            }
        }
    }
}

static void drop_item(struct randomschema *s, struct rs_table *t)
{
    int i = below(s, RS_ITEMS);
    switch (below(s, 5)) {
    case 0:
        t->uniques[i].used = false;
        break;
    case 1:
        t->checks[i].used = false;
        break;
    case 2:
        t->indexes[i].used = false;
        break;
    case 3:
        t->triggers[i].used = false;
        break;
    default:
        t->foreign_keys[i].used = false;
    }
}

static void change_reference(struct randomschema *s, struct rs_table *t)
{
    struct rs_foreign_key *key = &t->foreign_keys[below(s, RS_ITEMS)];
    const struct rs_column *c = &t->columns[key->column];
    if (key->column && c->used && c->parent >= 0 && s->tables[c->parent].used) {
        key->used = true;
        key->on_delete = below(s, 4);
    }
}

static void change_views(struct randomschema *s)
{
    int i = below(s, RS_VIEWS);
    if (!s->views[i].used)
        add_view(s, i);
    else if (chance(s, 50))
        s->views[i].filtered = !s->views[i].filtered;
    else if (i + 1 >= RS_VIEWS || !s->views[i + 1].used || s->views[i + 1].on_view != i)
        s->views[i].used = false;
}

static void change_tables(struct randomschema *s)
{
    int i = below(s, RS_TABLES);
    if (!s->tables[i].used)
        return;
    int left = 0;
    for (int k = 0; k < RS_TABLES; k++)
        left += s->tables[k].used;
    if (left > 1 && !is_referred_to(s, i)) {
        s->tables[i].used = false;
        s->destructive = true;
    }
}

/* A new one takes a slot that neither schema has used. */
static void new_table(struct randomschema *s, const struct randomschema *from)
{
    for (int i = 0; i < RS_TABLES; i++)
        if (!s->tables[i].used && !from->tables[i].used && from->tables[i].name[0] == 0) {
            add_table(s, i);
            s->tables[i].rows = 0;
            add_reference(s, i);
            add_item(s, i, below(s, 4));
            return;
        }
}

void randomschema_change(struct randomschema *s, const struct randomschema *from, uint64_t seed)
{
    *s = *from;
    s->state = seed * 2 + 0x5bd1e995u;
    s->destructive = false;
    for (int n = 1 + below(s, 6); n > 0; n--) {
        int table = below(s, RS_TABLES);
        while (!s->tables[table].used)
            table = (table + 1) % RS_TABLES;
        struct rs_table *t = &s->tables[table];
        switch (below(s, 12)) {
        case 0:
            rename_something(s, from, table);
            break;
        case 1:
            drop_column(s, from, table);
            break;
        case 2:
            add_column(s, t);
            break;
        case 3:
        case 4:
            change_column(s, t);
            break;
        case 5:
            change_table(s, table);
            break;
        case 6:
            drop_item(s, t);
            break;
        case 7:
            add_item(s, table, below(s, 4));
            break;
        case 8:
            change_reference(s, t);
            break;
        case 9:
            change_views(s);
            break;
        case 10:
            change_tables(s);
            new_table(s, from);
            break;
        default:
            if (chance(s, 50))
                add_generated(s, t);
            else
                add_reference(s, table);
        }
    }
}
