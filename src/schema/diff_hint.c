#include "schema/diff.h"

#include <string.h>

#include "schema/tokenize.h"

/* Dropped and added things that look alike. Only a few of each are compared: a schema in which
 * hundreds come and go was not renamed by hand. */
enum { MOST = 64 };

struct likeness {
    size_t old, now;
    unsigned score; /* 0 to 100 */
};

/* The share of letter pairs that two names have in common, in percent. */
static unsigned name_score(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b), common = 0;
    bool used[MOST] = {false};
    if (n < 2 || m < 2 || n > MOST || m > MOST)
        return 0;
    for (size_t i = 0; i + 1 < n; i++)
        for (size_t k = 0; k + 1 < m; k++)
            if (!used[k] && strncasecmp(a + i, b + k, 2) == 0) {
                used[k] = true;
                common++;
                break;
            }
    return (unsigned)(200 * common / (n + m - 2));
}

static unsigned column_score(struct keel__differ *d, const struct keel_column_model *old,
                             const struct keel_column_model *now, bool only)
{
    if (!keel__normal_same(d, old->declared_type, now->declared_type, NULL) ||
        old->generated != now->generated)
        return 0;
    unsigned score = name_score(old->name, now->name) / 2;
    score += old->not_null == now->not_null ? 15 : 0;
    score += keel__normal_same(d, old->default_text, now->default_text, NULL) ? 15 : 0;
    return score + (only ? 20 : 0); /* of one type, one went and one came */
}

/* How many columns two tables have in common, by name and type, in percent of all. */
static unsigned table_score(struct keel__differ *d, const struct keel_table_model *old,
                            const struct keel_table_model *now)
{
    struct keel__map names;
    size_t common = 0, all = old->column_count + now->column_count;
    if (old->kind != now->kind || all == 0)
        return 0;
    keel__map_init(&names, d->arena);
    for (size_t i = 0; i < old->column_count; i++) {
        void **place =
            keel__map_at(&names, 0, keel_slice_of(keel__differ_fold(d, old->columns[i].name)));
        if (place)
            *place = &old->columns[i];
    }
    for (size_t i = 0; i < now->column_count; i++) {
        const struct keel_column_model *was =
            keel__map_get(&names, 0, keel_slice_of(keel__differ_fold(d, now->columns[i].name)));
        common += was && was->type.kind == now->columns[i].type.kind;
    }
    return (unsigned)(200 * common / all);
}

/* Takes the best pairs first; each thing is renamed once. */
static void take_best(struct keel__differ *d, struct likeness *items, size_t count,
                      void (*say)(struct keel__differ *d, void *context, size_t old, size_t now),
                      void *context)
{
    bool old_used[MOST] = {false}, now_used[MOST] = {false};
    for (;;) {
        const struct likeness *best = NULL;
        for (size_t i = 0; i < count; i++)
            if (!old_used[items[i].old] && !now_used[items[i].now] &&
                (!best || items[i].score > best->score))
                best = &items[i];
        if (!best)
            return;
        old_used[best->old] = now_used[best->now] = true;
        say(d, context, best->old, best->now);
    }
}

struct hints {
    struct keel_diff *diff;
    struct keel_rename_hint *items;
    size_t count;
    const struct keel_change *olds[MOST], *news[MOST];
    size_t old_count, new_count;
};

static void add_hint(struct keel__differ *d, void *context, size_t old, size_t now)
{
    struct hints *h = context;
    struct keel_rename_hint *hint = KEEL__PUSH(d->arena, h->items, h->count);
    if (!hint) {
        d->failed = true;
        return;
    }
    const struct keel_change *was = h->olds[old], *is = h->news[now];
    bool is_table = was->kind == KEEL_CHANGE_DROP_TABLE;
    *hint = (struct keel_rename_hint){.schema = was->schema,
                                      .table = is_table ? NULL : was->table,
                                      .old_name = is_table ? was->table : was->name,
                                      .new_name = is_table ? is->table : is->name};
}

static void compare(struct keel__differ *d, struct hints *h, bool tables)
{
    enum { TABLES_ALIKE = 60, COLUMNS_ALIKE = 40 };
    struct likeness *items =
        keel__arena_calloc(d->arena, h->old_count * h->new_count + 1, sizeof *items);
    size_t count = 0;
    bool only = h->old_count == 1 && h->new_count == 1;
    if (!items) {
        d->failed = true;
        return;
    }
    for (size_t i = 0; i < h->old_count; i++)
        for (size_t k = 0; k < h->new_count; k++) {
            const void *old = h->olds[i]->old_item, *now = h->news[k]->new_item;
            unsigned score = tables ? table_score(d, old, now) : column_score(d, old, now, only);
            if (score >= (tables ? TABLES_ALIKE : COLUMNS_ALIKE))
                items[count++] = (struct likeness){i, k, score};
        }
    take_best(d, items, count, add_hint, h);
}

static void collect(struct hints *h, const struct keel_change *change, enum keel_change_kind drop,
                    enum keel_change_kind add)
{
    if (change->kind == drop && h->old_count < MOST)
        h->olds[h->old_count++] = change;
    else if (change->kind == add && h->new_count < MOST)
        h->news[h->new_count++] = change;
}

/* A table or column that is dropped to be made again is not renamed. */
static bool is_remade(struct keel__differ *d, const struct keel_change *change)
{
    if (change->kind == KEEL_CHANGE_DROP_TABLE || change->kind == KEEL_CHANGE_ADD_TABLE) {
        struct keel_slice key = keel__differ_qualified(d, change->schema, change->table);
        const struct keel__pair *now = keel__map_get(&d->by_new, 0, key);
        const struct keel__pair *old = keel__map_get(&d->by_old, 0, key);
        return now && old;
    }
    const struct keel__pair *pair =
        keel__map_get(&d->by_new, 0, keel__differ_qualified(d, change->schema, change->table));
    return pair && keel__differ_is_marked(d, &pair->remade, change->name);
}

/* The columns of one table at a time: each has its changes in a list of its own. */
struct list {
    const struct keel_change *change;
    struct list *next;
};

static void hint_columns(struct keel__differ *d, struct hints *h)
{
    struct list **lists = keel__arena_calloc(d->arena, d->pair_count + 1, sizeof *lists);
    for (size_t i = 0; lists && i < h->diff->count; i++) {
        const struct keel_change *change = &h->diff->changes[i];
        if ((change->kind != KEEL_CHANGE_DROP_COLUMN && change->kind != KEEL_CHANGE_ADD_COLUMN) ||
            is_remade(d, change))
            continue;
        struct keel__pair *pair =
            keel__map_get(&d->by_new, 0, keel__differ_qualified(d, change->schema, change->table));
        struct list *item = keel__arena_alloc(d->arena, sizeof *item);
        if (!pair || !item)
            continue;
        *item = (struct list){change, lists[pair - d->pairs]};
        lists[pair - d->pairs] = item;
    }
    for (size_t i = 0; lists && i < d->pair_count; i++) {
        h->old_count = h->new_count = 0;
        for (const struct list *l = lists[i]; l; l = l->next)
            collect(h, l->change, KEEL_CHANGE_DROP_COLUMN, KEEL_CHANGE_ADD_COLUMN);
        if (h->old_count && h->new_count)
            compare(d, h, false);
    }
    d->failed = d->failed || !lists;
}

void keel__differ_hint(struct keel__differ *d, struct keel_diff *diff)
{
    struct hints h = {.diff = diff};
    for (size_t i = 0; i < diff->count; i++)
        if ((diff->changes[i].kind == KEEL_CHANGE_DROP_TABLE ||
             diff->changes[i].kind == KEEL_CHANGE_ADD_TABLE) &&
            !is_remade(d, &diff->changes[i]))
            collect(&h, &diff->changes[i], KEEL_CHANGE_DROP_TABLE, KEEL_CHANGE_ADD_TABLE);
    if (h.old_count && h.new_count)
        compare(d, &h, true);
    hint_columns(d, &h);
    diff->hints = h.items;
    diff->hint_count = h.count;
}
