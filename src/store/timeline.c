/*
 * The tree of a run's events in order of display. Trees are deep (130 levels are normal) and wide,
 * and come from anybody: nothing here recurses, and an event that no root leads to (its parents run
 * in a circle) is shown as a root itself.
 */
#include "store/event_read.h"

#include "keel_sql_store.h"

#include <stdlib.h>

#define NONE SIZE_MAX

struct timeline {
    struct keel_uuid run_id;
    size_t limit;
    struct keel__arena *arena;
    struct keel__list list; /* of struct keel_event, by sequence */
    bool more;
};

static int take_event(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct timeline *timeline = context;
    struct keel__reader reader = keel__reader_of(row, timeline->arena);
    struct keel_event *event = keel__list_add(&timeline->list, timeline->arena);

    if (!event)
        return keel__arena_error(timeline->arena, err);
    keel__read_event(&reader, event);
    return keel__reader_error(&reader, err);
}

static int read_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct timeline *timeline = context;
    int code;

    timeline->list = (struct keel__list){.size = sizeof(struct keel_event)};
    code = keel_db_each(db, &keel_q_event_list,
                        KEEL_PARAMS(keel_uuid_value(timeline->run_id), keel_int(0),
                                    keel_int((int64_t)timeline->limit + 1)),
                        take_event, timeline, err);
    if (!code && timeline->list.count == 0)
        code = keel__run_must_exist(db, timeline->run_id, err);
    timeline->more = timeline->list.count > timeline->limit;
    if (timeline->more)
        timeline->list.count = timeline->limit;
    return code;
}

/* The tree over events[0..count), by their indexes. */
struct node {
    size_t parent, first_child, next_sibling;
    int64_t start_ns; /* its own, or the earliest below it */
    const struct keel_event *event;
    bool placed;
};

static size_t index_of(const struct keel_event *events, size_t count, int64_t sequence)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (events[middle].sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && events[low].sequence == sequence ? low : NONE;
}

static int by_start(const void *a, const void *b)
{
    const struct node *x = *(const struct node *const *)a, *y = *(const struct node *const *)b;

    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    return x->event->sequence < y->event->sequence ? -1 : 1;
}

static void link_parents(struct node *nodes, const struct keel_event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        nodes[i] = (struct node){NONE, NONE, NONE, events[i].start_ns, &events[i], false};
        if (events[i].parent_sequence)
            nodes[i].parent = index_of(events, count, events[i].parent_sequence);
    }
    /* A placeholder has no time: it stands where its first child does. Parents nearly always come
     * before their children, so that one pass from the end carries times all the way up. */
    for (size_t i = count; i-- > 0;) {
        struct node *parent = nodes[i].parent == NONE ? NULL : &nodes[nodes[i].parent];
        if (parent && parent->event->start_ns == 0 && nodes[i].start_ns != 0 &&
            (parent->start_ns == 0 || nodes[i].start_ns < parent->start_ns))
            parent->start_ns = nodes[i].start_ns;
    }
}

/* Hangs nodes below their parents, each list of siblings in order of start. Gives the first root.
 */
static size_t link_children(struct node *nodes, struct node **sorted, size_t count)
{
    size_t first_root = NONE;

    for (size_t i = 0; i < count; i++)
        sorted[i] = &nodes[i];
    qsort(sorted, count, sizeof(struct node *), by_start);
    for (size_t i = count; i-- > 0;) {
        struct node *node = sorted[i];
        size_t *head = node->parent == NONE ? &first_root : &nodes[node->parent].first_child;
        node->next_sibling = *head;
        *head = (size_t)(node - nodes);
    }
    return first_root;
}

/* Appends node and all below it to out, depth first. */
static void place(struct node *nodes, size_t node, int depth, struct keel_event *out, size_t *count)
{
    size_t top = node;

    for (;;) {
        struct keel_event *event = &out[(*count)++];
        *event = *nodes[node].event;
        event->depth = depth;
        nodes[node].placed = true;

        size_t next = nodes[node].first_child;
        depth++;
        while (next == NONE || nodes[next].placed) {
            if (next != NONE) {
                next = nodes[next].next_sibling;
                continue;
            }
            if (node == top)
                return;
            next = nodes[node].next_sibling;
            node = nodes[node].parent;
            depth--;
        }
        node = next;
    }
}

static struct keel_event *order(struct keel__arena *arena, const struct keel_event *events,
                                size_t count)
{
    struct node *nodes = keel__arena_calloc(arena, count, sizeof(*nodes));
    struct node **sorted = keel__arena_calloc(arena, count, sizeof(struct node *));
    struct keel_event *out = keel__arena_calloc(arena, count, sizeof(*out));
    size_t placed = 0;

    if (!nodes || !sorted || !out)
        return NULL;
    link_parents(nodes, events, count);
    for (size_t root = link_children(nodes, sorted, count); root != NONE;
         root = nodes[root].next_sibling)
        place(nodes, root, 0, out, &placed);
    for (size_t i = 0; placed < count && i < count; i++)
        if (!nodes[i].placed)
            place(nodes, i, 0, out, &placed);
    return out;
}

int keel_run_timeline(struct keel_store *store, struct keel_uuid run_id, size_t limit,
                      struct keel_event **events, size_t *count, bool *more,
                      struct keel_result *result, struct keel_error *err)
{
    struct timeline timeline = {
        .run_id = run_id, .limit = limit ? limit : 10000, .arena = keel__result_arena(result)};
    int code = timeline.arena ? keel__store_transact(store, KEEL_TX_READ, read_tx, &timeline, err)
                              : keel__nomem(err);

    *events = NULL;
    *count = 0;
    *more = false;
    if (code || timeline.list.count == 0)
        return code;
    *events = order(timeline.arena, timeline.list.items, timeline.list.count);
    if (!*events)
        return keel__arena_error(timeline.arena, err);
    *count = timeline.list.count;
    *more = timeline.more;
    return 0;
}
