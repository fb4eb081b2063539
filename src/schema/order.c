#include "schema/order.h"

#include <keel/schema.h>

#include <string.h>

#include "base/map.h"

struct visit {
    size_t node, next; /* which of its needs comes next */
};

bool keel__order_nodes(struct keel__arena *arena, size_t count, size_t *place,
                       size_t (*needs)(void *context, size_t node, size_t k), void *context)
{
    bool *seen = keel__arena_calloc(arena, count + 1, sizeof *seen);
    struct visit *stack = keel__arena_calloc(arena, count + 1, sizeof *stack);
    size_t done = 0;
    if (!seen || !stack)
        return false;
    for (size_t i = 0; i < count; i++) {
        size_t depth = 0;
        if (seen[i])
            continue;
        stack[depth++] = (struct visit){i, 0};
        seen[i] = true;
        while (depth) {
            struct visit *top = &stack[depth - 1];
            size_t need = needs(context, top->node, top->next++);
            if (need == SIZE_MAX) {
                place[top->node] = done++;
                depth--;
            } else if (!seen[need]) {
                seen[need] = true;
                stack[depth++] = (struct visit){need, 0};
            }
        }
    }
    return true;
}

/* ---- of a model ------------------------------------------------------------------------------ */

struct model {
    struct keel__arena *arena;
    const struct keel_schema *schema;
    struct keel__map places; /* "schema.name" -> place in the array, from 1 */
};

/* The names of a view's dependencies are written so; no dot: of the first schema of the path. */
static const char *qualified(struct model *m, const char *schema, const char *name)
{
    return keel__arena_printf(m->arena, "%s.%s", schema ? schema : "", name);
}

static bool enter(struct model *m, const char *schema, const char *name, size_t place)
{
    const char *key = qualified(m, schema, name);
    void **slot = key ? keel__map_at(&m->places, 0, keel_slice_of(key)) : NULL;
    if (slot)
        *slot = (void *)(place + 1);
    return slot != NULL;
}

static size_t look_up(struct model *m, const char *key, size_t otherwise)
{
    void *place = key ? keel__map_get(&m->places, 0, keel_slice_of(key)) : NULL;
    return place ? (size_t)place - 1 : otherwise;
}

static size_t parent_of(void *context, size_t node, size_t k)
{
    struct model *m = context;
    const struct keel_table_model *table = &m->schema->tables[node];
    if (k > 0 || !table->partition_of)
        return SIZE_MAX;
    return look_up(m, qualified(m, table->partition_of_schema, table->partition_of), node);
}

static size_t view_of(void *context, size_t node, size_t k)
{
    struct model *m = context;
    const struct keel_view_model *view = &m->schema->views[node];
    return k < view->depends_count ? look_up(m, view->depends_on[k], node) : SIZE_MAX;
}

static size_t *order(struct model *m, size_t count,
                     size_t (*needs)(void *context, size_t node, size_t k))
{
    size_t *places = keel__arena_calloc(m->arena, count + 1, sizeof *places);
    size_t *nodes = keel__arena_calloc(m->arena, count + 1, sizeof *nodes);
    if (!places || !nodes || !keel__order_nodes(m->arena, count, places, needs, m))
        return NULL;
    for (size_t i = 0; i < count; i++)
        nodes[places[i]] = i;
    return nodes;
}

size_t *keel__order_partitions(struct keel__arena *arena, const struct keel_schema *schema)
{
    struct model m = {.arena = arena, .schema = schema};
    keel__map_init(&m.places, arena);
    for (size_t i = 0; i < schema->table_count; i++)
        if (!enter(&m, schema->tables[i].schema, schema->tables[i].name, i))
            return NULL;
    return order(&m, schema->table_count, parent_of);
}

size_t *keel__order_views(struct keel__arena *arena, const struct keel_schema *schema)
{
    struct model m = {.arena = arena, .schema = schema};
    keel__map_init(&m.places, arena);
    for (size_t i = 0; i < schema->view_count; i++)
        if (!enter(&m, schema->views[i].schema, schema->views[i].name, i))
            return NULL;
    return order(&m, schema->view_count, view_of);
}
