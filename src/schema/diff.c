#include "schema/diff.h"

#include "base/error.h"

#include <stdlib.h>

/* ---- tables of both models ------------------------------------------------------------------- */

static struct keel__pair *add_pair(struct keel__differ *d, const struct keel_table_model *old,
                                   const struct keel_table_model *now)
{
    struct keel__pair *pair = &d->pairs[d->pair_count++];
    pair->old = old;
    pair->now = now;
    keel__map_init(&pair->renamed, d->arena);
    keel__map_init(&pair->old_columns, d->arena);
    keel__map_init(&pair->new_columns, d->arena);
    keel__map_init(&pair->retyped, d->arena);
    keel__map_init(&pair->remade, d->arena);
    keel__map_init(&pair->lost_keys, d->arena);
    return pair;
}

static void enter(struct keel__differ *d, struct keel__map *map,
                  const struct keel_table_model *table, struct keel__pair *pair)
{
    void **place = keel__map_at(map, 0, keel__differ_qualified(d, table->schema, table->name));
    if (place)
        *place = pair;
    else
        d->failed = true;
}

static void pair_tables(struct keel__differ *d)
{
    for (size_t i = 0; i < d->to->table_count; i++) {
        const struct keel_table_model *now = &d->to->tables[i];
        if (now->kind != KEEL_TABLE_SHADOW)
            enter(d, &d->by_new, now, add_pair(d, NULL, now));
    }
    for (size_t i = 0; i < d->from->table_count; i++) {
        const struct keel_table_model *old = &d->from->tables[i];
        if (old->kind == KEEL_TABLE_SHADOW)
            continue;
        struct keel__pair *pair =
            keel__map_get(&d->by_new, 0, keel__differ_qualified(d, old->schema, old->name));
        if (pair)
            pair->old = old;
        else
            pair = add_pair(d, old, NULL);
        enter(d, &d->by_old, old, pair);
    }
}

/* Tables that cannot be altered into their new form are dropped and added; so are their partitions.
 */
static void split_pairs(struct keel__differ *d)
{
    for (bool again = true; again && !d->failed;) {
        again = false;
        for (size_t i = 0, count = d->pair_count; i < count; i++) {
            struct keel__pair *pair = &d->pairs[i];
            if (!pair->old || !pair->now || !keel__is_replaced(d, pair->old, pair->now))
                continue;
            enter(d, &d->by_old, pair->old, add_pair(d, pair->old, NULL));
            pair->old = NULL;
            again = true;
        }
    }
}

/* ---- changes of tables ----------------------------------------------------------------------- */

static void add_or_drop(struct keel__differ *d, struct keel__pair *pair)
{
    const struct keel_table_model *table = pair->now ? pair->now : pair->old;
    struct keel_change change = {.kind = pair->now ? KEEL_CHANGE_ADD_TABLE : KEEL_CHANGE_DROP_TABLE,
                                 .old_item = pair->old,
                                 .new_item = pair->now,
                                 .old_table = pair->old,
                                 .new_table = pair->now};
    if (!table)
        return;
    change.schema = table->schema;
    change.table = table->name;
    keel__change(d, pair->now ? KEEL__PHASE_ADD_TABLES : KEEL__PHASE_DROP_TABLES, pair->rank,
                 change);
    if (pair->now)
        keel__diff_new_table(d, pair);
    else
        keel__diff_gone_table(d, pair);
}

static bool is_kept(const struct keel__pair *pair)
{
    return pair->old && pair->now;
}

static void compare(struct keel__differ *d)
{
    keel__order_tables(d);
    for (size_t i = 0; i < d->pair_count && !d->failed; i++)
        if (is_kept(&d->pairs[i]))
            keel__diff_columns(d, &d->pairs[i]);
    for (size_t i = 0; i < d->pair_count && !d->failed; i++)
        if (is_kept(&d->pairs[i]))
            keel__diff_keys(d, &d->pairs[i]);
    for (size_t i = 0; i < d->pair_count && !d->failed; i++) {
        struct keel__pair *pair = &d->pairs[i];
        if (is_kept(pair)) {
            keel__diff_references(d, pair);
            keel__diff_triggers(d, pair);
        } else {
            add_or_drop(d, pair);
        }
    }
    keel__diff_types(d);
    keel__diff_views(d);
}

/* ---- the result ------------------------------------------------------------------------------ */

static int by_order(const void *a, const void *b)
{
    const struct keel__said *x = a, *y = b;
    if (x->phase != y->phase)
        return x->phase < y->phase ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

/* Whoever is told that two schemas are equal has to know what was not looked at. */
static void say_not_compared(struct keel__differ *d, struct keel_diff *diff)
{
    const struct keel_schema *both[] = {d->from, d->to};
    const char **items = NULL;
    size_t count = 0;
    struct keel__map known;
    keel__map_init(&known, d->arena);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < both[i]->unmodelled_count && !d->failed; k++) {
            const char *what = both[i]->unmodelled[k];
            void **place = keel__map_at(&known, 0, keel_slice_of(what));
            const char **item = place && !*place ? KEEL__PUSH(d->arena, items, count) : NULL;
            d->failed = d->failed || !place || (!*place && !item);
            if (!item)
                continue;
            *place = item;
            *item = what;
        }
    diff->not_compared = items;
    diff->not_compared_count = count;
}

static void finish(struct keel__differ *d, struct keel_diff *diff)
{
    struct keel_change *changes = keel__arena_calloc(d->arena, d->said_count + 1, sizeof *changes);
    if (!changes) {
        d->failed = true;
        return;
    }
    if (d->said_count)
        qsort(d->said, d->said_count, sizeof *d->said, by_order);
    for (size_t i = 0; i < d->said_count; i++) {
        changes[i] = d->said[i].change;
        keel__change_weigh(d, &changes[i]);
        keel__change_describe(d, &changes[i]);
        diff->blocking += changes[i].risk == KEEL_RISK_BLOCKING;
        diff->destructive += changes[i].risk == KEEL_RISK_DESTRUCTIVE;
    }
    diff->changes = changes;
    diff->count = d->said_count;
    keel__differ_hint(d, diff);
    say_not_compared(d, diff);
}

static int run(struct keel__differ *d, struct keel_diff *diff,
               const struct keel_diff_options *options, struct keel_error *err)
{
    size_t most = 2 * (d->from->table_count + d->to->table_count) + 1;
    keel__map_init(&d->by_old, d->arena);
    keel__map_init(&d->by_new, d->arena);
    d->pairs = keel__arena_calloc(d->arena, most, sizeof *d->pairs);
    if (!d->pairs)
        return keel__arena_error(d->arena, err);
    pair_tables(d);
    int rc = keel__differ_rename(d, options, err);
    if (rc)
        return rc;
    split_pairs(d);
    compare(d);
    if (!d->failed)
        finish(d, diff);
    return d->failed ? keel__arena_error(d->arena, err) : 0;
}

int keel_schema_diff(struct keel_diff **out, const struct keel_schema *from,
                     const struct keel_schema *to, const struct keel_diff_options *options,
                     struct keel_error *err)
{
    *out = NULL;
    if (from->dialect != to->dialect)
        return keel_error_set(err, KEEL_INVALID,
                              "a schema of SQLite and one of PostgreSQL cannot be compared");
    struct keel__arena *arena = malloc(sizeof *arena);
    if (!arena)
        return keel__nomem(err);
    keel__arena_init(arena, 0);
    struct keel_diff *diff = keel__arena_calloc(arena, 1, sizeof *diff);
    if (!diff) {
        free(arena);
        return keel__nomem(err);
    }
    *diff = (struct keel_diff){.dialect = from->dialect, .from = from, .to = to, .arena = arena};
    struct keel__differ d = {.arena = arena, .from = from, .to = to, .dialect = from->dialect};
    int rc = run(&d, diff, options, err);
    if (rc)
        keel_diff_free(diff);
    else
        *out = diff;
    return rc;
}

void keel_diff_free(struct keel_diff *diff)
{
    if (!diff)
        return;
    struct keel__arena *arena = diff->arena;
    keel__arena_fini(arena);
    free(arena);
}
