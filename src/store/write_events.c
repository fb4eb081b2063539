/* One event for each span, span event and log record of the batch, its versions merged. */
#include "keel_sql_store.h"
#include "store/batch.h"

/* ---- in memory ------------------------------------------------------------------------------- */

static struct keel__event *event_of(struct keel__batch *batch, struct keel__batch_run *run,
                                    struct keel_slice key)
{
    void **place = keel__map_at(&batch->events_by_key, (uint64_t)(uintptr_t)run, key);
    if (!place || *place)
        return place ? *place : NULL;
    struct keel__event *event = keel__arena_calloc(batch->arena, 1, sizeof *event);
    struct keel__event **item = event ? keel__list_add(&batch->events, batch->arena) : NULL;
    if (!item)
        return NULL;
    *place = *item = event;
    event->run = run;
    event->key = key;
    event->data.name = keel_slice("", 0);
    return event;
}

static int take_item(struct keel__batch *batch, struct keel__item *item, struct keel_error *err)
{
    const struct keel_record *record = item->record;
    struct keel__event *event = event_of(batch, item->run, record->event_key);
    bool changed = false;
    int code = 0;
    if (!event)
        return keel__arena_error(batch->arena, err);
    item->event = event;
    item->first = !event->said;
    if (item->first) {
        keel__event_data_of(&event->data, item);
    } else {
        struct keel__event_data more;
        keel__event_data_of(&more, item);
        code = keel__event_merge(&event->data, &more, batch->db, batch->arena, &changed, err);
    }
    item->outcome = changed ? KEEL__COMPLETED : KEEL__DUPLICATE;
    event->said = true;
    event->is_span |= record->is_span;
    if (!event->parent_key.size)
        event->parent_key = record->parent_key;
    return code;
}

int keel__batch_make_events(struct keel__batch *batch, struct keel_error *err)
{
    int code = 0;
    for (size_t i = 0; i < batch->item_count && code == 0; i++)
        code = take_item(batch, batch->items[i], err);
    struct keel__event **events = batch->events.items;
    for (size_t i = 0, n = batch->events.count; i < n && code == 0; i++) {
        struct keel__event *event = events[i];
        if (!event->parent_key.size)
            continue;
        event->parent = event_of(batch, event->run, event->parent_key);
        if (!event->parent)
            code = keel__arena_error(batch->arena, err);
        events = batch->events.items;
    }
    return code;
}

/* ---- what the database has ------------------------------------------------------------------- */

struct lookup {
    struct keel__batch *batch;
    struct keel__event **events;
    size_t count;
};

static struct keel_slice sequence_slice(const int64_t *sequence)
{
    return keel_slice((const char *)sequence, sizeof *sequence);
}

static int take_found(void *context, size_t index, const struct keel_row *row,
                      struct keel_error *err)
{
    const struct lookup *lookup = context;
    struct keel__event *event = lookup->events[index];
    enum keel_event_kind kind = KEEL_EVENT_MISSING;
    event->stored = true;
    event->sequence = keel_row_int(row, 0);
    event->parent_sequence = keel_row_int(row, 1);
    if (!keel_event_kind_parse(keel_row_text(row, 2), &kind))
        return keel_error_set(err, KEEL_IO, "a stored event has an unknown kind");
    event->placeholder = kind == KEEL_EVENT_MISSING;
    event->usage_below = keel_row_bool(row, 3);
    void **place = keel__map_at(&lookup->batch->events_by_sequence, (uint64_t)(uintptr_t)event->run,
                                sequence_slice(&event->sequence));
    if (!place)
        return keel__arena_error(lookup->batch->arena, err);
    *place = event;
    return 0;
}

static int find_stored(struct keel__batch *batch, struct lookup *lookup, struct keel_error *err)
{
    struct keel__event **events = batch->events.items;
    struct keel_value *params =
        keel__arena_calloc(batch->arena, batch->events.count * 2, sizeof *params);
    if (!params)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < batch->events.count; i++) {
        if (events[i]->run->is_new)
            continue;
        params[2 * lookup->count] = keel_uuid_value(events[i]->run->row.id);
        params[2 * lookup->count + 1] = keel_text(events[i]->key);
        lookup->events[lookup->count++] = events[i];
    }
    if (lookup->count == 0)
        return 0;
    return keel_db_batch_each(batch->db, &keel_q_event_find, params, lookup->count, take_found,
                              lookup, err);
}

struct merging {
    struct keel__batch *batch;
    struct keel__event **events;
    struct keel__event_data *stored;
};

static int take_hash(struct keel__payload *payload, const struct keel_row *row, size_t column,
                     struct keel_error *err)
{
    struct keel_slice hash = keel_row_bytes(row, column);
    if (!hash.data)
        return 0;
    if (hash.size != sizeof payload->hash.bytes)
        return keel_error_set(err, KEEL_IO, "a stored event has a hash of %zu bytes", hash.size);
    payload->hashed = true;
    memcpy(payload->hash.bytes, hash.data, hash.size);
    return 0;
}

static int64_t nanos(const struct keel_row *row, size_t column)
{
    return keel_row_is_null(row, column)
               ? 0
               : keel_row_time(row, column) * 1000 + keel_row_int(row, column + 1);
}

static int take_stored(void *context, size_t index, const struct keel_row *row,
                       struct keel_error *err)
{
    const struct merging *merging = context;
    struct keel__arena *arena = merging->batch->arena;
    struct keel__event_data *data = &merging->stored[index];
    int code = 0;
    keel_event_kind_parse(keel_row_text(row, 0), &data->kind);
    keel_event_status_parse(keel_row_text(row, 2), &data->status);
    data->name = keel__arena_slice(arena, keel_row_text(row, 1));
    data->status_message = keel__arena_slice(arena, keel_row_text(row, 3));
    data->severity = (int)keel_row_int(row, 4);
    data->start_ns = nanos(row, 5);
    data->end_ns = nanos(row, 7);
    data->agent_name = keel__arena_slice(arena, keel_row_text(row, 9));
    data->tool_name = keel__arena_slice(arena, keel_row_text(row, 10));
    data->tool_call_id = keel__arena_slice(arena, keel_row_text(row, 11));
    for (size_t i = 0; i < KEEL__PAYLOADS && code == 0; i++) {
        data->payloads[i].bytes = keel__arena_slice(arena, keel_row_text(row, 12 + i));
        code = take_hash(&data->payloads[i], row, 12 + KEEL__PAYLOADS + i, err);
    }
    return code;
}

/* Merges what the batch says into what is stored. */
static int merge_one(struct keel__batch *batch, struct keel__event *event,
                     struct keel__event_data *stored, struct keel_error *err)
{
    bool changed = false;
    int code = keel__event_merge(stored, &event->data, batch->db, batch->arena, &changed, err);
    event->data = *stored;
    event->changed |= changed;
    return code;
}

static int merge_stored(struct keel__batch *batch, const struct lookup *lookup,
                        struct keel_error *err)
{
    struct merging merging = {
        .batch = batch,
        .events = keel__arena_calloc(batch->arena, lookup->count, sizeof *merging.events),
        .stored = keel__arena_calloc(batch->arena, lookup->count, sizeof *merging.stored)};
    struct keel_value *params = keel__arena_calloc(batch->arena, lookup->count * 2, sizeof *params);
    size_t count = 0;
    if (!merging.events || !merging.stored || !params)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < lookup->count; i++) {
        struct keel__event *event = lookup->events[i];
        if (!event->said || !event->stored)
            continue;
        if (event->placeholder) {
            event->changed = true;
            continue;
        }
        params[2 * count] = keel_uuid_value(event->run->row.id);
        params[2 * count + 1] = keel_int(event->sequence);
        merging.events[count++] = event;
    }
    if (count == 0)
        return 0;
    int code = keel_db_batch_each(batch->db, &keel_q_event_read, params, count, take_stored,
                                  &merging, err);
    for (size_t i = 0; i < count && code == 0; i++)
        code = merge_one(batch, merging.events[i], &merging.stored[i], err);
    return code;
}

int keel__batch_find_events(struct keel__batch *batch, struct keel_error *err)
{
    struct lookup lookup = {.batch = batch};
    lookup.events = keel__arena_calloc(batch->arena, batch->events.count, sizeof *lookup.events);
    if (!lookup.events)
        return keel__arena_error(batch->arena, err);
    int code = find_stored(batch, &lookup, err);
    if (code == 0 && lookup.count)
        code = merge_stored(batch, &lookup, err);
    return code;
}

void keel__batch_set_outcomes(struct keel__batch *batch)
{
    for (size_t i = 0; i < batch->item_count; i++) {
        struct keel__item *item = batch->items[i];
        struct keel__event *event = item->event;
        if (!item->first)
            continue; /* what it added to the first was seen when they were merged */
        if (event->stored && event->changed)
            event->run->touched = true;
        if (!event->stored)
            item->outcome = KEEL__INSERTED;
        else if (event->changed || (item->record->llm && event->llm && event->llm->changed))
            item->outcome = KEEL__COMPLETED;
    }
}
