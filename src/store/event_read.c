/* Reading events: page by page in order of sequence, or one. */
#include "store/event_read.h"

#include "keel_sql_store.h"

#define PAGE_BYTES (8 << 20)

int64_t keel__read_nanoseconds(struct keel__reader *reader)
{
    int64_t us = keel__read_time(reader);
    int64_t below = keel__read_int(reader, 0);

    /* Nanoseconds in 64 bits end in the year 2262. */
    if (us > (INT64_MAX - 999) / 1000 || us < INT64_MIN / 1000)
        return us > 0 ? INT64_MAX : INT64_MIN;
    return us * 1000 + below;
}

void keel__read_event(struct keel__reader *reader, struct keel_event *event)
{
    struct keel_slice missing = keel_slice_of(keel_event_kind_name(KEEL_EVENT_MISSING));

    event->sequence = keel__read_int(reader, 0);
    event->parent_sequence = keel__read_int(reader, 0);
    event->event_key = keel__read_text(reader);
    if (!keel_event_kind_parse(keel__read_word(reader), &event->kind))
        keel_event_kind_parse(missing, &event->kind);
    event->name = keel__read_text(reader);
    keel_event_status_parse(keel__read_word(reader), &event->status);
    event->status_message = keel__read_text(reader);
    event->severity = (int)keel__read_int(reader, 0);
    event->start_ns = keel__read_nanoseconds(reader);
    event->end_ns = keel__read_nanoseconds(reader);
    event->agent_name = keel__read_text(reader);
    event->tool_name = keel__read_text(reader);
    event->tool_call_id = keel__read_text(reader);
    event->has_llm_call = keel__read_bool(reader);
}

struct page {
    struct keel_uuid run_id;
    int64_t after;
    size_t limit;
    bool details;
    struct keel__arena *arena;
    struct keel__list list; /* of struct keel_event */
    size_t bytes;           /* of their details */
    bool more;
};

/* What take_event returns to stop reading; no keel_code has it. */
#define PAGE_FULL (-1)

static int take_event(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct page *page = context;
    struct keel__reader reader = keel__reader_of(row, page->arena);
    struct keel_event *event;
    int code = 0;

    if (page->list.count == page->limit || (page->list.count > 0 && page->bytes >= PAGE_BYTES)) {
        page->more = true;
        return PAGE_FULL;
    }
    event = keel__list_add(&page->list, page->arena);
    if (!event)
        return keel__arena_error(page->arena, err);
    keel__read_event(&reader, event);
    if (page->details) {
        struct keel_slice *slices[] = {&event->input, &event->output, &event->attributes,
                                       &event->body};
        for (size_t i = 0; i < 4 && !code; i++) {
            code = keel__read_content(&reader, slices[i], err);
            page->bytes += slices[i]->size;
        }
    }
    return code ? code : keel__reader_error(&reader, err);
}

static int list_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct page *page = context;
    const struct keel_query *query =
        page->details ? &keel_q_event_list_details : &keel_q_event_list;
    int code;

    page->list = (struct keel__list){.size = sizeof(struct keel_event)};
    page->bytes = 0;
    page->more = false;
    code = keel_db_each(db, query,
                        KEEL_PARAMS(keel_uuid_value(page->run_id), keel_int(page->after),
                                    keel_int((int64_t)page->limit + 1)),
                        take_event, page, err);
    if (code == PAGE_FULL)
        code = 0;
    if (!code && page->list.count == 0)
        code = keel__run_must_exist(db, page->run_id, err);
    return code;
}

int keel_event_list(struct keel_store *store, struct keel_uuid run_id, int64_t after, int limit,
                    bool details, struct keel_event **events, size_t *count, int64_t *next_after,
                    struct keel_result *result, struct keel_error *err)
{
    struct page page = {.run_id = run_id,
                        .after = after,
                        .limit = limit <= 0     ? 200
                                 : limit < 5000 ? (size_t)limit
                                                : 5000,
                        .details = details,
                        .arena = keel__result_arena(result)};
    int code = page.arena ? keel__store_transact(store, KEEL_TX_READ, list_tx, &page, err)
                          : keel__nomem(err);

    *events = code ? NULL : page.list.items;
    *count = code ? 0 : page.list.count;
    *next_after = !code && page.more ? (*events)[*count - 1].sequence : 0;
    return code;
}

int keel_event_get(struct keel_store *store, struct keel_uuid run_id, int64_t sequence,
                   struct keel_event *event, struct keel_result *result, struct keel_error *err)
{
    struct page page = {.run_id = run_id,
                        .after = sequence > 0 ? sequence - 1 : 0,
                        .limit = 1,
                        .details = true,
                        .arena = keel__result_arena(result)};
    const struct keel_event *found;
    int code;

    if (!page.arena)
        return keel__nomem(err);
    code = sequence < 1 ? 0 : keel__store_transact(store, KEEL_TX_READ, list_tx, &page, err);
    if (code)
        return code;
    found = page.list.items;
    if (page.list.count == 0 || found->sequence != sequence) {
        char text[37];
        keel_uuid_format(run_id, text);
        return keel_error_set(err, KEEL_NOTFOUND, "run %s has no event %lld", text,
                              (long long)sequence);
    }
    *event = *found;
    return 0;
}
