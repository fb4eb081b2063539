#include "schema/diff.h"

#include "schema/order.h"

struct tables {
    struct keel__differ *d;
    bool old; /* of the old model */
};

static size_t table_at(const struct tables *t, const char *schema, const char *name, size_t self)
{
    const struct keel__map *map = t->old ? &t->d->by_old : &t->d->by_new;
    const struct keel__pair *pair =
        name ? keel__map_get(map, 0, keel__differ_qualified(t->d, schema, name)) : NULL;
    return pair ? (size_t)(pair - t->d->pairs) : self;
}

/* A table needs its parents: those it is a part of and those it refers to. */
static size_t parent_of(void *context, size_t node, size_t k)
{
    const struct tables *t = context;
    const struct keel__pair *pair = &t->d->pairs[node];
    const struct keel_table_model *table = t->old ? pair->old : pair->now;
    if (!table || k > table->foreign_key_count + 1)
        return SIZE_MAX;
    if (k == 0)
        return table_at(t, table->partition_of_schema, table->partition_of, node);
    if (k == 1)
        return table_at(t, table->inherits_schema, table->inherits, node);
    const struct keel_foreign_key_model *key = &table->foreign_keys[k - 2];
    return table_at(t, key->parent_schema, key->parent, node);
}

void keel__order_tables(struct keel__differ *d)
{
    struct tables now = {d, false}, old = {d, true};
    size_t *added = keel__arena_calloc(d->arena, d->pair_count + 1, sizeof *added);
    size_t *removed = keel__arena_calloc(d->arena, d->pair_count + 1, sizeof *removed);
    if (!added || !removed || !keel__order_nodes(d->arena, d->pair_count, added, parent_of, &now) ||
        !keel__order_nodes(d->arena, d->pair_count, removed, parent_of, &old)) {
        d->failed = true;
        return;
    }
    for (size_t i = 0; i < d->pair_count; i++)
        d->pairs[i].rank = d->pairs[i].now ? added[i] : d->pair_count - removed[i];
}
