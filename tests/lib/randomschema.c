#include "randomschema.h"

#include <stdio.h>
#include <string.h>

#include "schema/render.h"

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

static bool is_sqlite(const struct randomschema *s)
{
    return s->dialect == KEEL_SQLITE;
}

static int key_columns(const struct rs_table *t)
{
    return t->key == RS_NO_KEY ? 0 : t->key == RS_COMPOSITE ? 2 : 1;
}

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
    for (int i = key_columns(t); i < RS_COLUMNS; i++)
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
    c->generated = is_sqlite(s) ? 1 + below(s, 2) : 1;
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
    for (int i = 0; i < key_columns(t); i++) {
        fill_column(s, t, i);
        struct rs_column *c = &t->columns[i];
        c->kind = t->key == RS_TEXT_KEY ? RS_TEXT : RS_INTEGER;
        c->type = 0;
        c->has_nulls = c->collated = false;
        c->not_null = !is_sqlite(s) || t->without_rowid || chance(s, 50);
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
    t->strict = is_sqlite(s) && chance(s, 25);
    t->without_rowid =
        is_sqlite(s) && (t->key == RS_TEXT_KEY || t->key == RS_COMPOSITE) && chance(s, 40);
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
    v->broken = is_sqlite(s) && chance(s, 8);
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
        if (is_sqlite(s))
            drop_key(s, table);
        break;
    case 0:
        t->strict = is_sqlite(s) && !t->strict;
        break;
    case 1:
        if (is_sqlite(s) && (t->key == RS_TEXT_KEY || t->key == RS_COMPOSITE))
            t->without_rowid = !t->without_rowid;
        for (int i = 0; t->without_rowid && i < key_columns(t); i++)
            t->columns[i].not_null = true;
        break;
    case 2:
        if (is_sqlite(s) && (t->key == RS_ROWID || t->key == RS_AUTOINCREMENT))
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

/* ---- as SQL ---------------------------------------------------------------------------------- */

static const char *type_of(const struct randomschema *s, const struct rs_table *t,
                           const struct rs_column *c)
{
    static const char *const sqlite[4][3] = {{"INTEGER", "INT", "TEXT"},
                                             {"TEXT", "VARCHAR(200)", "CLOB"},
                                             {"REAL", "DOUBLE PRECISION", "FLOAT"},
                                             {"BLOB", "", "BLOB"}};
    static const char *const postgres[4][3] = {
        {"bigint", "integer", "numeric(12,0)"},
        {"text", "character varying(200)", "character varying(100)"},
        {"double precision", "numeric(12,2)", "double precision"},
        {"bytea", "bytea", "bytea"}};
    if (!is_sqlite(s))
        return postgres[c->kind][c->type];
    bool plain = t->strict && !(c->kind == RS_INTEGER && c->type == 2);
    return sqlite[c->kind][plain ? 0 : c->type];
}

static const char *default_of(const struct randomschema *s, const struct rs_column *c)
{
    static const char *const texts[4][3] = {{"7", "-8", "(1 + 2)"},
                                            {"'it''s'", "''", "(lower('ABC'))"},
                                            {"1.5", "2.25", "(1.5 + 2)"},
                                            {"X'00ff'", "X''", "(X'01')"}};
    static const char *const bytes[] = {"'\\x00ff'::bytea", "'\\x'::bytea", "'\\x01'::bytea"};
    return c->kind == RS_BYTES && !is_sqlite(s) ? bytes[c->default_kind - 1]
                                                : texts[c->kind][c->default_kind - 1];
}

static void put_check(struct keel__str *out, const struct randomschema *s,
                      const struct rs_column *c)
{
    static const char *const first[] = {" >= -100", ") < 100", " >= 0", ") < 100"};
    const char *const second[] = {" <> -5", " NOT IN ('bad', 'worse')", " < 1000000000",
                                  is_sqlite(s) ? " <> X'99'" : " <> '\\x99'::bytea"};
    keel__str_text(out, " CHECK (");
    if (c->check == 1 && (c->kind == RS_TEXT || c->kind == RS_BYTES))
        keel__str_text(out, "length(");
    keel__sql_name(out, c->name);
    keel__str_text(out, c->check == 1 ? first[c->kind] : second[c->kind]);
    keel__str_char(out, ')');
}

static void put_generated(struct keel__str *out, const struct randomschema *s,
                          const struct rs_table *t, const struct rs_column *c)
{
    const struct rs_column *of = &t->columns[c->of];
    bool length = !is_sqlite(s) && of->kind == RS_BYTES;
    keel__str_text(out, length ? " GENERATED ALWAYS AS ('g' || coalesce(length("
                               : " GENERATED ALWAYS AS ('g' || coalesce(");
    keel__sql_name(out, of->name);
    keel__str_text(out, length ? ")" : "");
    keel__str_text(out, is_sqlite(s) ? ", '-'))" : "::text, '-'))");
    keel__str_text(out, c->generated == 1 ? " STORED" : " VIRTUAL");
}

static void put_column(struct keel__str *out, const struct randomschema *s,
                       const struct rs_table *t, int slot)
{
    const struct rs_column *c = &t->columns[slot];
    bool rowid = slot == 0 && (t->key == RS_ROWID || t->key == RS_AUTOINCREMENT);
    keel__sql_name(out, c->name);
    keel__str_printf(out, " %s", type_of(s, t, c));
    if (rowid && is_sqlite(s))
        keel__str_text(out, t->key == RS_ROWID ? " PRIMARY KEY" : " PRIMARY KEY AUTOINCREMENT");
    else if (rowid && t->key == RS_AUTOINCREMENT)
        keel__str_text(out, " GENERATED BY DEFAULT AS IDENTITY");
    if (c->not_null)
        keel__str_text(out, " NOT NULL");
    if (c->default_kind)
        keel__str_printf(out, " DEFAULT %s", default_of(s, c));
    if (c->collated)
        keel__str_text(out, is_sqlite(s) ? " COLLATE NOCASE" : " COLLATE \"C\"");
    if (c->check)
        put_check(out, s, c);
    if (c->generated)
        put_generated(out, s, t, c);
}

static void put_two(struct keel__str *out, const struct rs_table *t, int first, int second)
{
    keel__str_text(out, " (");
    keel__sql_name(out, t->columns[first].name);
    if (second >= 0) {
        keel__str_text(out, ", ");
        keel__sql_name(out, t->columns[second].name);
    }
    keel__str_char(out, ')');
}

static void put_foreign_key(struct keel__str *out, const struct randomschema *s,
                            const struct rs_table *t, const struct rs_foreign_key *key)
{
    static const char *const actions[] = {"", "CASCADE", "SET NULL", "RESTRICT"};
    const struct rs_table *parent = &s->tables[t->columns[key->column].parent];
    bool two = parent->key == RS_COMPOSITE;
    keel__str_text(out, "FOREIGN KEY");
    put_two(out, t, key->column, two ? key->column + 1 : -1);
    keel__str_text(out, " REFERENCES ");
    keel__sql_name(out, parent->name);
    if (!key->implicit)
        put_two(out, parent, 0, two ? 1 : -1);
    if (key->on_update)
        keel__str_printf(out, " ON UPDATE %s", actions[key->on_update]);
    if (key->on_delete)
        keel__str_printf(out, " ON DELETE %s", actions[key->on_delete]);
    if (key->deferred)
        keel__str_text(out, " DEFERRABLE INITIALLY DEFERRED");
}

static void put_checks(struct keel__str *out, const struct randomschema *s,
                       const struct rs_table *t)
{
    for (int i = 0; i < RS_ITEMS; i++) {
        const struct rs_check *check = &t->checks[i];
        if (!check->used)
            continue;
        keel__str_text(out, ",\n");
        if (check->named)
            keel__str_printf(out, "CONSTRAINT k%d ", i);
        keel__str_text(out, "CHECK (");
        if (is_sqlite(s) && check->column % 3 == 0) {
            keel__sql_name(out, t->name);
            keel__str_char(out, '.');
        }
        keel__sql_name(out, t->columns[check->column].name);
        keel__str_text(out, " IS NOT NULL OR ");
        keel__sql_name(out, t->columns[check->second].name);
        keel__str_text(out, " IS NULL OR 1 = 1)");
    }
}

static void put_table(struct keel__str *out, const struct randomschema *s, const struct rs_table *t)
{
    keel__str_text(out, "CREATE TABLE ");
    keel__sql_name(out, t->name);
    keel__str_text(out, " (\n");
    for (int i = 0; i < RS_COLUMNS && t->order[i] >= 0; i++) {
        keel__str_text(out, i ? ",\n" : "");
        put_column(out, s, t, t->order[i]);
    }
    bool inside = is_sqlite(s) && (t->key == RS_ROWID || t->key == RS_AUTOINCREMENT);
    if (t->key && !inside) {
        keel__str_text(out, ",\nPRIMARY KEY");
        put_two(out, t, 0, t->key == RS_COMPOSITE ? 1 : -1);
    }
    for (int i = 0; i < RS_ITEMS; i++)
        if (t->uniques[i].used) {
            keel__str_text(out, ",\nUNIQUE");
            put_two(out, t, t->uniques[i].column, t->uniques[i].second);
        }
    put_checks(out, s, t);
    for (int i = 0; i < RS_ITEMS && is_sqlite(s); i++)
        if (t->foreign_keys[i].used) {
            keel__str_text(out, ",\n");
            put_foreign_key(out, s, t, &t->foreign_keys[i]);
        }
    keel__str_text(out, "\n)");
    keel__str_text(out, t->strict ? " STRICT" : "");
    if (t->without_rowid)
        keel__str_text(out, t->strict ? ", WITHOUT ROWID" : " WITHOUT ROWID");
    keel__str_text(out, ";\n");
}

static void put_index(struct keel__str *out, const struct rs_table *t, const struct rs_index *x)
{
    keel__str_text(out, x->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    keel__sql_name(out, x->name);
    keel__str_text(out, " ON ");
    keel__sql_name(out, t->name);
    keel__str_text(out, x->expression ? " (lower(" : " (");
    keel__sql_name(out, t->columns[x->column].name);
    keel__str_text(out, x->expression ? ")" : "");
    keel__str_text(out, x->descending ? " DESC" : "");
    if (x->second >= 0) {
        keel__str_text(out, ", ");
        keel__sql_name(out, t->columns[x->second].name);
    }
    keel__str_char(out, ')');
    if (x->partial) {
        keel__str_text(out, " WHERE ");
        keel__sql_name(out, t->columns[x->column].name);
        keel__str_text(out, " IS NOT NULL");
    }
    keel__str_text(out, ";\n");
}

static void put_view(struct keel__str *out, const struct randomschema *s, const struct rs_view *v)
{
    const struct rs_table *t = &s->tables[v->table];
    keel__str_text(out, "CREATE VIEW ");
    keel__sql_name(out, v->name);
    keel__str_text(out, " AS SELECT ");
    for (int i = 0; i < RS_COLUMNS && t->order[i] >= 0; i++) {
        keel__str_text(out, i ? ", " : "");
        if (v->on_view < 0)
            keel__sql_name(out, t->columns[t->order[i]].name);
        if (v->on_view < 0)
            keel__str_text(out, " AS ");
        keel__str_printf(out, "x%d", t->order[i]);
    }
    keel__str_text(out, " FROM ");
    keel__sql_name(out, v->broken         ? "nowhere"
                        : v->on_view >= 0 ? s->views[v->on_view].name
                                          : t->name);
    if (v->filtered)
        keel__str_text(out, " WHERE 1 < 2");
    keel__str_text(out, ";\n");
}

static void put_trigger(struct keel__str *out, const struct randomschema *s,
                        const struct rs_table *t, const struct rs_trigger *x)
{
    static const char *const when[] = {"INSERT", "UPDATE OF ", "DELETE"};
    const char *column = t->columns[t->order[0]].name;
    keel__str_text(out, "CREATE TRIGGER ");
    keel__sql_name(out, x->name);
    keel__str_printf(out, " AFTER %s", when[x->when]);
    if (x->when == 1)
        keel__sql_name(out, column);
    keel__str_text(out, " ON ");
    keel__sql_name(out, t->name);
    keel__str_text(out, " BEGIN SELECT count(*) FROM ");
    keel__sql_name(out, s->tables[x->other].name);
    keel__str_text(out, x->when == 2 ? " WHERE OLD." : " WHERE NEW.");
    keel__sql_name(out, column);
    keel__str_text(out, " IS NOT NULL; END;\n");
}

void randomschema_sql(struct keel__str *out, const struct randomschema *s)
{
    for (int i = 0; i < RS_TABLES; i++)
        if (s->tables[i].used)
            put_table(out, s, &s->tables[i]);
    for (int i = 0; i < RS_TABLES; i++)
        for (int k = 0; s->tables[i].used && k < RS_ITEMS; k++) {
            const struct rs_table *t = &s->tables[i];
            if (t->indexes[k].used)
                put_index(out, t, &t->indexes[k]);
            if (!is_sqlite(s) && t->foreign_keys[k].used) {
                keel__str_text(out, "ALTER TABLE ");
                keel__sql_name(out, t->name);
                keel__str_text(out, " ADD ");
                put_foreign_key(out, s, t, &t->foreign_keys[k]);
                keel__str_text(out, ";\n");
            }
        }
    for (int i = 0; i < RS_VIEWS; i++)
        if (s->views[i].used)
            put_view(out, s, &s->views[i]);
    for (int i = 0; i < RS_TABLES && is_sqlite(s); i++)
        for (int k = 0; s->tables[i].used && k < RS_ITEMS; k++)
            if (s->tables[i].triggers[k].used)
                put_trigger(out, s, &s->tables[i], &s->tables[i].triggers[k]);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void put_key_value(struct keel__str *out, enum rs_key key, int row, int part)
{
    if (key == RS_TEXT_KEY)
        keel__str_printf(out, "'k%dé'", row);
    else if (key == RS_COMPOSITE)
        keel__str_printf(out, "%d", (row + 1) * (part + 1));
    else
        keel__str_printf(out, "%d", row * 3 + 1);
}

static void put_value(struct keel__str *out, const struct randomschema *s, const struct rs_table *t,
                      int slot, int row)
{
    const struct rs_column *c = &t->columns[slot];
    if (slot < key_columns(t)) {
        put_key_value(out, t->key, row, slot);
    } else if (c->parent >= 0) {
        const struct rs_table *parent = &s->tables[c->parent];
        if (parent->rows == 0 || row % 4 == 3)
            keel__str_text(out, "NULL");
        else
            put_key_value(out, parent->key, row % parent->rows, c->part);
    } else if (c->has_nulls && row % 3 == 1) {
        keel__str_text(out, "NULL");
    } else if (c->kind == RS_INTEGER) {
        keel__str_printf(out, "%d", row * 100 + slot);
    } else if (c->kind == RS_TEXT) {
        keel__str_printf(out, "'v%d %d é'", row, slot);
    } else if (c->kind == RS_REAL) {
        keel__str_printf(out, "%d.25", row * 100 + slot);
    } else {
        keel__str_printf(out, is_sqlite(s) ? "X'00%02x%02x'" : "'\\x00%02x%02x'", row, slot);
    }
}

static bool has_free_rowid(const struct randomschema *s, const struct rs_table *t)
{
    return is_sqlite(s) && !t->without_rowid && t->key != RS_ROWID && t->key != RS_AUTOINCREMENT;
}

static void put_row(struct keel__str *out, const struct randomschema *s, const struct rs_table *t,
                    int row)
{
    struct keel__str values;
    keel__str_init(&values, 0);
    keel__str_text(out, "INSERT INTO ");
    keel__sql_name(out, t->name);
    keel__str_text(out, has_free_rowid(s, t) ? " (rowid" : " (");
    if (has_free_rowid(s, t)) /* with holes, against the order of insertion */
        keel__str_printf(&values, "%d", 100 - row * 5);
    for (int i = 0; i < RS_COLUMNS && t->order[i] >= 0; i++) {
        const struct rs_column *c = &t->columns[t->order[i]];
        if (c->generated)
            continue;
        if (values.size) {
            keel__str_text(out, ", ");
            keel__str_text(&values, ", ");
        }
        keel__sql_name(out, c->name);
        put_value(&values, s, t, t->order[i], row);
    }
    keel__str_text(out, ") VALUES (");
    keel__str_slice(out, keel__str_view(&values));
    keel__str_text(out, ");\n");
    keel__str_fini(&values);
}

void randomschema_rows(struct keel__str *out, const struct randomschema *s)
{
    for (int i = 0; i < RS_TABLES; i++) {
        const struct rs_table *t = &s->tables[i];
        for (int row = 0; t->used && row < t->rows; row++)
            put_row(out, s, t, row);
        if (!t->used || t->key != RS_AUTOINCREMENT || !is_sqlite(s))
            continue;
        keel__str_text(out, "DELETE FROM sqlite_sequence WHERE name = ");
        keel__sql_string(out, t->name);
        keel__str_text(out, ";\nINSERT INTO sqlite_sequence (name, seq) VALUES (");
        keel__sql_string(out, t->name);
        keel__str_printf(out, ", %d);\n", 1000 + i);
    }
}

/* ---- renames --------------------------------------------------------------------------------- */

static void add_rename(struct rs_rename_store *store, size_t *count, const char *table,
                       const char *old_name, const char *new_name)
{
    if (*count == RS_RENAMES || strcmp(old_name, new_name) == 0)
        return;
    char *from = store->texts[*count * 2], *to = store->texts[*count * 2 + 1];
    snprintf(from, 96, "%s%s%s", table ? table : "", table ? "." : "", old_name);
    snprintf(to, 96, "%s", new_name);
    store->renames[(*count)++] = (struct keel_rename){from, to};
}

size_t randomschema_renames(struct rs_rename_store *store, const struct randomschema *from,
                            const struct randomschema *to)
{
    size_t count = 0;
    for (int i = 0; i < RS_TABLES; i++) {
        const struct rs_table *old = &from->tables[i], *now = &to->tables[i];
        if (!old->used || !now->used)
            continue;
        add_rename(store, &count, NULL, old->name, now->name);
        for (int k = 0; k < RS_COLUMNS; k++)
            if (old->columns[k].used && now->columns[k].used)
                add_rename(store, &count, old->name, old->columns[k].name, now->columns[k].name);
    }
    return count;
}
