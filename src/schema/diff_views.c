#include "schema/diff.h"

#include <string.h>

#include "schema/order.h"

/* The views of one model, and which of them each is made of. */
struct graph {
    struct keel__differ *d;
    const struct keel_view_model *views;
    size_t count;
    struct keel__map places;     /* qualified folded name -> place, from 1 */
    struct keel__map *disturbed; /* names of tables that views have to make way for */
    size_t **needs;              /* places from 0 */
    size_t *need_counts;
    size_t *order;
    bool *goes;  /* old: is dropped */
    size_t node; /* whose names are coming in */
};

static size_t place_of(struct graph *g, const char *schema, const char *name)
{
    void *place = keel__map_get(&g->places, 0, keel__differ_qualified(g->d, schema, name));
    return place ? (size_t)place - 1 : SIZE_MAX;
}

static void add_need(struct graph *g, size_t node, size_t need)
{
    if (need == SIZE_MAX || need == node)
        return;
    size_t *room = KEEL__PUSH(g->d->arena, g->needs[node], g->need_counts[node]);
    if (room)
        *room = need;
    else
        g->d->failed = true;
}

static void use_name(void *context, const char *name)
{
    struct graph *g = context;
    if (g->d->dialect == KEEL_SQLITE)
        add_need(g, g->node, place_of(g, NULL, name));
    else if (g->disturbed && keel__map_get(g->disturbed, 0, keel_slice_of(name)))
        g->goes[g->node] = true;
}

/* "schema.name", as the model has it. */
static void use_dependency(struct graph *g, const char *text)
{
    for (const char *dot = strchr(text, '.'); dot; dot = strchr(dot + 1, '.')) {
        char *schema = keel__arena_dup(g->d->arena, keel_slice(text, (size_t)(dot - text)));
        if (!schema) {
            g->d->failed = true;
            return;
        }
        add_need(g, g->node, place_of(g, *schema ? schema : NULL, dot + 1));
    }
}

static size_t need_of(void *context, size_t node, size_t k)
{
    const struct graph *g = context;
    return k < g->need_counts[node] ? g->needs[node][k] : SIZE_MAX;
}

static void build(struct graph *g, struct keel__differ *d, const struct keel_schema *schema,
                  struct keel__map *disturbed)
{
    *g = (struct graph){
        .d = d, .views = schema->views, .count = schema->view_count, .disturbed = disturbed};
    keel__map_init(&g->places, d->arena);
    g->needs = keel__arena_calloc(d->arena, g->count + 1, sizeof *g->needs);
    g->need_counts = keel__arena_calloc(d->arena, g->count + 1, sizeof *g->need_counts);
    g->order = keel__arena_calloc(d->arena, g->count + 1, sizeof *g->order);
    g->goes = keel__arena_calloc(d->arena, g->count + 1, sizeof *g->goes);
    if (!g->needs || !g->need_counts || !g->order || !g->goes) {
        d->failed = true;
        g->count = 0;
        return;
    }
    for (size_t i = 0; i < g->count; i++) {
        void **place = keel__map_at(
            &g->places, 0, keel__differ_qualified(d, g->views[i].schema, g->views[i].name));
        if (place)
            *place = (void *)(i + 1);
        d->failed = d->failed || !place;
    }
    for (g->node = 0; g->node < g->count; g->node++) {
        const struct keel_view_model *view = &g->views[g->node];
        for (size_t k = 0; k < view->depends_count; k++)
            use_dependency(g, view->depends_on[k]);
        keel__each_name(d, view->body, use_name, g);
    }
    if (!keel__order_nodes(d->arena, g->count, g->order, need_of, g))
        d->failed = true;
}

static void disturb(struct keel__differ *d, struct keel__map *names,
                    const struct keel_table_model *table)
{
    if (table)
        keel__differ_mark(d, names, table->name);
}

static bool is_same_view(struct keel__differ *d, const struct keel_view_model *old,
                         const struct keel_view_model *now)
{
    bool postgres = d->dialect == KEEL_POSTGRES;
    if (old->materialized != now->materialized || old->columns_named != now->columns_named ||
        !keel__same_text(old->options, now->options) ||
        !keel__same_text(old->comment, now->comment) ||
        !keel__normal_same(d, old->body, now->body, NULL))
        return false;
    if (!postgres && !old->columns_named)
        return true; /* they follow from the body */
    if (old->column_count != now->column_count)
        return false;
    for (size_t i = 0; i < old->column_count; i++)
        if (strcmp(keel__differ_fold(d, old->columns[i]), keel__differ_fold(d, now->columns[i])))
            return false;
    return true;
}

/* A view as the table that its triggers and indexes could be on. */
static const struct keel_table_model *as_table(struct keel__differ *d,
                                               const struct keel_view_model *view)
{
    struct keel_table_model *table = keel__arena_calloc(d->arena, 1, sizeof *table);
    if (!table) {
        d->failed = true;
        return NULL;
    }
    table->schema = view->schema;
    table->name = view->name;
    table->triggers = view->triggers;
    table->trigger_count = view->trigger_count;
    table->indexes = view->indexes;
    table->index_count = view->index_count;
    return table;
}

static void compare_parts(struct keel__differ *d, const struct keel_view_model *old,
                          const struct keel_view_model *now, size_t rank)
{
    struct keel__pair pair = {.old = old ? as_table(d, old) : NULL,
                              .now = as_table(d, now),
                              .rank = rank,
                              .is_view = true};
    if (d->failed)
        return;
    if (!pair.old) {
        keel__diff_new_table(d, &pair);
        return;
    }
    keel__diff_keys(d, &pair);
    keel__diff_triggers(d, &pair);
}

static void say_dropped(struct keel__differ *d, size_t rank, const struct keel_view_model *old)
{
    keel__change(d, KEEL__PHASE_DROP_VIEWS, rank,
                 (struct keel_change){.kind = KEEL_CHANGE_DROP_VIEW,
                                      .schema = old->schema,
                                      .name = old->name,
                                      .old_item = old});
}

static void say_added(struct keel__differ *d, size_t rank, const struct keel_view_model *now)
{
    keel__change(d, KEEL__PHASE_ADD_VIEWS, rank,
                 (struct keel_change){.kind = KEEL_CHANGE_ADD_VIEW,
                                      .schema = now->schema,
                                      .name = now->name,
                                      .new_item = now});
}

/* What is made of a view that goes has to go as well; in order, so that one pass is enough. */
static void spread(struct graph *g)
{
    size_t *at = keel__arena_calloc(g->d->arena, g->count + 1, sizeof *at);
    if (!at) {
        g->d->failed = true;
        return;
    }
    for (size_t i = 0; i < g->count; i++)
        at[g->order[i]] = i;
    for (size_t place = 0; place < g->count; place++) {
        size_t i = at[place];
        for (size_t k = 0; k < g->need_counts[i]; k++)
            g->goes[i] = g->goes[i] || g->goes[g->needs[i][k]];
    }
}

static const struct keel_view_model *counterpart(struct graph *g, const struct keel_view_model *v)
{
    size_t place = place_of(g, v->schema, v->name);
    return place == SIZE_MAX ? NULL : &g->views[place];
}

void keel__diff_views(struct keel__differ *d)
{
    struct graph old, now;
    struct keel__map disturbed;
    keel__map_init(&disturbed, d->arena);
    for (size_t i = 0; d->dialect == KEEL_POSTGRES && i < d->pair_count; i++)
        if (d->pairs[i].disturbs_views) {
            disturb(d, &disturbed, d->pairs[i].old);
            disturb(d, &disturbed, d->pairs[i].now);
        }
    build(&old, d, d->from, &disturbed);
    build(&now, d, d->to, NULL);
    if (d->failed)
        return;
    for (size_t i = 0; i < old.count; i++) {
        const struct keel_view_model *partner = counterpart(&now, &old.views[i]);
        old.goes[i] = old.goes[i] || !partner || !is_same_view(d, &old.views[i], partner);
    }
    spread(&old);
    for (size_t i = 0; i < old.count && !d->failed; i++)
        if (old.goes[i])
            say_dropped(d, old.count - old.order[i], &old.views[i]);
    for (size_t i = 0; i < now.count && !d->failed; i++) {
        const struct keel_view_model *was = counterpart(&old, &now.views[i]);
        bool stays = was && !old.goes[was - old.views];
        if (!stays)
            say_added(d, now.order[i], &now.views[i]);
        compare_parts(d, stays ? was : NULL, &now.views[i], now.order[i]);
    }
}
