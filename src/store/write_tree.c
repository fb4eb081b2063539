/* The tree of a run's events: parents, circles, sequence numbers, and which events have token usage
 * beneath them. */
#include "keel_sql_store.h"
#include "store/batch.h"

static struct keel_slice sequence_slice(const int64_t *sequence)
{
    return keel_slice((const char *)sequence, sizeof *sequence);
}

static struct keel__event *by_sequence(const struct keel__batch *batch,
                                       const struct keel__batch_run *run, int64_t sequence)
{
    return keel__map_get(&batch->events_by_sequence, (uint64_t)(uintptr_t)run,
                         sequence_slice(&sequence));
}

/* ---- what is above ----------------------------------------------------------------------------
 */

struct ascent {
    struct keel__batch *batch;
    struct keel__event **from;
};

/* A stored event above one of the batch. Its parent is known by number, and as an event once that
 * is read. */
static int take_ancestor(void *context, size_t index, const struct keel_row *row,
                         struct keel_error *err)
{
    const struct ascent *ascent = context;
    struct keel__batch *batch = ascent->batch;
    struct keel__batch_run *run = ascent->from[index]->run;
    int64_t sequence = keel_row_int(row, 0);
    if (by_sequence(batch, run, sequence))
        return 0;
    struct keel__event *event = keel__arena_calloc(batch->arena, 1, sizeof *event);
    if (!event)
        return keel__arena_error(batch->arena, err);
    *event = (struct keel__event){.run = run,
                                  .sequence = sequence,
                                  .parent_sequence = keel_row_int(row, 1),
                                  .usage_below = keel_row_bool(row, 2),
                                  .stored = true};
    void **place = keel__map_at(&batch->events_by_sequence, (uint64_t)(uintptr_t)run,
                                sequence_slice(&event->sequence));
    if (!place)
        return keel__arena_error(batch->arena, err);
    *place = event;
    return 0;
}

/* Reads what is above stored events. */
static int ascend(struct keel__batch *batch, struct keel__event **from, size_t count,
                  bool until_marked, struct keel_error *err)
{
    enum { WIDTH = 3 };
    struct ascent ascent = {batch, from};
    struct keel_value *params = keel__arena_calloc(batch->arena, count * WIDTH, sizeof *params);
    if (!params)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < count; i++) {
        params[i * WIDTH] = keel_uuid_value(from[i]->run->row.id);
        params[i * WIDTH + 1] = keel_int(from[i]->sequence);
        params[i * WIDTH + 2] = keel_bool(until_marked);
    }
    return keel_db_batch_each(batch->db, &keel_q_event_ancestors, params, count, take_ancestor,
                              &ascent, err);
}

/* The parent as far as it has been read. */
static struct keel__event *parent_of(const struct keel__batch *batch, struct keel__event *event)
{
    if (!event->parent && event->parent_sequence)
        event->parent = by_sequence(batch, event->run, event->parent_sequence);
    return event->parent;
}

/* ---- linking --------------------------------------------------------------------------------- */

/* A stored event keeps the parent it has; only one that had none gets one now. */
static void settle_parents(struct keel__batch *batch)
{
    struct keel__event **events = batch->events.items;
    for (size_t i = 0; i < batch->events.count; i++) {
        struct keel__event *event = events[i];
        if (event->stored && event->parent_sequence)
            event->parent = NULL;
        else if (event->parent)
            event->linked = true;
    }
}

/* Only a stored event can have children that are not in the batch, so only where one gets a stored
 * parent can a circle close outside it. */
static int read_above_new_links(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__event **events = batch->events.items;
    struct keel__event **from = keel__arena_calloc(batch->arena, batch->events.count, sizeof *from);
    size_t count = 0;
    if (!from)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < batch->events.count; i++)
        if (events[i]->linked && events[i]->stored && events[i]->parent &&
            events[i]->parent->stored)
            from[count++] = events[i]->parent;
    return count ? ascend(batch, from, count, false, err) : 0;
}

/* Of a circle, the new link with the least key goes: that event becomes a root. */
static void cut(const struct keel__batch *batch, struct keel__event *circle)
{
    struct keel__event *cut_at = NULL, *event = circle;
    do {
        if (event->linked && (!cut_at || event->key.size < cut_at->key.size ||
                              (event->key.size == cut_at->key.size &&
                               memcmp(event->key.data, cut_at->key.data, event->key.size) < 0)))
            cut_at = event;
        event = parent_of(batch, event);
    } while (event != circle);
    if (cut_at) {
        cut_at->parent = NULL;
        cut_at->linked = false;
    }
}

/* Walks up from every event; each walk leaves its own mark, so meeting that mark is a circle, and
 * meeting that of another walk is the end. */
static void cut_circles(const struct keel__batch *batch)
{
    struct keel__event **events = batch->events.items;
    for (size_t i = 0; i < batch->events.count; i++) {
        struct keel__event *event = events[i];
        while (event && event->visit == 0) {
            event->visit = i + 1;
            event = parent_of(batch, event);
        }
        if (event && event->visit == i + 1)
            cut(batch, event);
    }
}

/* Numbers an event after its parents. */
static void number(struct keel__event *event)
{
    /* Up to the first numbered one, turning the links around on the way, and back down. */
    struct keel__event *below = NULL;
    while (event && event->sequence == 0) {
        struct keel__event *parent = event->parent;
        event->parent = below;
        below = event;
        event = parent;
    }
    while (below) {
        struct keel__event *next = below->parent;
        struct keel__batch_run *run = below->run;
        below->parent = event;
        below->sequence = ++run->row.last_event;
        if (!run->first_new)
            run->first_new = below->sequence;
        run->last_new = below->sequence;
        event = below;
        below = next;
    }
}

static void number_all(struct keel__batch *batch)
{
    struct keel__event **events = batch->events.items;
    for (size_t i = 0; i < batch->events.count; i++)
        number(events[i]);
    for (size_t i = 0; i < batch->events.count; i++) {
        struct keel__event *event = events[i];
        if (!event->linked)
            continue;
        event->parent_sequence = event->parent->sequence;
        event->changed |= event->stored;
    }
}

int keel__batch_link(struct keel__batch *batch, struct keel_error *err)
{
    settle_parents(batch);
    int code = read_above_new_links(batch, err);
    if (code)
        return code;
    cut_circles(batch);
    number_all(batch);
    return 0;
}

/* ---- usage ----------------------------------------------------------------------------------- */

static int mark(struct keel__batch *batch, struct keel__event *event, struct keel_error *err)
{
    event->usage_below = true;
    if (!event->stored || event->changed)
        return 0; /* its row is written anyway */
    struct keel__event **place = keel__list_add(&batch->marked, batch->arena);
    if (!place)
        return keel__arena_error(batch->arena, err);
    *place = event;
    return 0;
}

/* Marks what is above event until something is marked already. *end is the event above which
 * nothing has been read yet, or NULL. */
static int mark_above(struct keel__batch *batch, struct keel__event *event,
                      struct keel__event **end, struct keel_error *err)
{
    struct keel__event *parent;
    while ((parent = parent_of(batch, event)) && !parent->usage_below) {
        int code = mark(batch, parent, err);
        if (code)
            return code;
        event = parent;
    }
    *end = !parent && event->parent_sequence ? event : NULL;
    return 0;
}

/* An event from which marks go up: there is usage in it or below it, and that or its parent is
 * new. */
static bool is_source(const struct keel__event *event)
{
    bool used = event->llm && keel__llm_has_usage(event->llm);
    if (event->usage_below)
        return event->linked; /* what is above a stored parent is marked already */
    return used && (event->linked || !event->stored || event->llm->usage_is_new);
}

int keel__batch_mark_usage(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__event **events = batch->events.items, *end;
    struct keel__event **from = keel__arena_calloc(batch->arena, batch->events.count, sizeof *from);
    size_t count = 0, left;
    int code = from ? 0 : keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < batch->events.count && code == 0; i++) {
        if (!is_source(events[i]))
            continue;
        code = mark_above(batch, events[i], &end, err);
        if (code == 0 && end)
            from[count++] = end;
    }
    for (; count > 0 && code == 0; count = left) {
        code = ascend(batch, from, count, true, err);
        left = 0;
        for (size_t i = 0; i < count && code == 0; i++) {
            struct keel__event *start = from[i];
            code = mark_above(batch, start, &end, err);
            if (code == 0 && end && end != start)
                from[left++] = end;
        }
    }
    return code;
}
