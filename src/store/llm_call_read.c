/* Reading model calls, with what they were told and what they said. */
#include "store/event_read.h"
#include "store/message_read.h"

#include "keel_sql_store.h"

#define PAGE_BYTES (8 << 20)

struct entry {
    struct keel_llm_call call;
    struct keel_hash tools, input, output;
    bool has_tools, has_input, has_output;
};

struct page {
    struct keel_uuid run_id;
    int64_t after;
    size_t limit;
    bool messages;
    struct keel__arena *arena;
    struct keel__list list; /* of struct entry */
    bool more;
};

static void read_usage(struct keel__reader *reader, struct keel_llm_call *call)
{
    call->input_tokens = keel__read_int(reader, KEEL_TOKENS_UNKNOWN);
    call->output_tokens = keel__read_int(reader, KEEL_TOKENS_UNKNOWN);
    call->cache_read_tokens = keel__read_int(reader, KEEL_TOKENS_UNKNOWN);
    call->cache_creation_tokens = keel__read_int(reader, KEEL_TOKENS_UNKNOWN);
    call->reasoning_tokens = keel__read_int(reader, KEEL_TOKENS_UNKNOWN);
    call->cost_nusd = keel__read_money(reader, -1);
    call->has_cost = call->cost_nusd >= 0;
    if (!call->has_cost)
        call->cost_nusd = 0;
}

static void read_times(struct keel__reader *reader, struct keel_llm_call *call)
{
    int64_t start_ns = keel__read_nanoseconds(reader), end_ns = keel__read_nanoseconds(reader);

    call->started_at = start_ns / 1000;
    call->ended_at = end_ns / 1000;
    call->duration_us = start_ns && end_ns ? (end_ns - start_ns) / 1000 : -1;
}

static int take_call(void *context, const struct keel_row *row, struct keel_error *err)
{
    struct page *page = context;
    struct entry *entry = keel__list_add(&page->list, page->arena);
    struct keel__reader reader = keel__reader_of(row, page->arena);
    struct keel_llm_call *call;

    if (!entry)
        return keel__arena_error(page->arena, err);
    call = &entry->call;
    call->id = keel__read_text(&reader);
    keel__read_uuid(&reader, &call->run_id);
    call->sequence = keel__read_int(&reader, 0);
    call->name = keel__read_text(&reader);
    call->provider = keel__read_text(&reader);
    call->operation = keel__read_text(&reader);
    call->request_model = keel__read_text(&reader);
    call->response_model = keel__read_text(&reader);
    call->response_id = keel__read_text(&reader);
    keel_event_status_parse(keel__read_word(&reader), &call->status);
    call->error_type = keel__read_text(&reader);
    call->error_message = keel__read_text(&reader);
    if (call->status != KEEL_STATUS_ERROR)
        call->error_message = NULL;
    call->finish_reason = keel__read_text(&reader);
    read_usage(&reader, call);
    call->is_leaf = keel__read_bool(&reader);
    read_times(&reader, call);
    call->session_id = keel__read_text(&reader);
    entry->has_tools = keel__read_hash(&reader, &entry->tools);
    entry->has_input = keel__read_hash(&reader, &entry->input);
    entry->has_output = keel__read_hash(&reader, &entry->output);
    return keel__reader_error(&reader, err);
}

static int take_agent(void *context, size_t index, const struct keel_row *row,
                      struct keel_error *err)
{
    struct page *page = context;
    struct entry *entries = page->list.items;
    struct keel__reader reader = keel__reader_of(row, page->arena);

    entries[index].call.agent_name = keel__read_text(&reader);
    return keel__reader_error(&reader, err);
}

static int read_agents(struct keel_db *db, struct page *page, struct keel_error *err)
{
    struct entry *entries = page->list.items;
    struct keel_value *events =
        keel__arena_calloc(page->arena, page->list.count, 2 * sizeof(*events));

    if (!events)
        return keel__arena_error(page->arena, err);
    for (size_t i = 0; i < page->list.count; i++) {
        events[2 * i] = keel_uuid_value(entries[i].call.run_id);
        events[2 * i + 1] = keel_int(entries[i].call.sequence);
    }
    return keel_db_batch_each(db, &keel_q_event_agent, events, page->list.count, take_agent, page,
                              err);
}

/* Messages and tools; cuts the page off where they become too many bytes. */
static int read_contents(struct keel_db *db, struct page *page, struct keel_error *err)
{
    struct entry *entries = page->list.items;
    struct keel__message_reader reader;
    size_t bytes = 0;
    int code = 0;

    keel__message_reader_init(&reader, db, page->arena);
    for (size_t i = 0; i < page->list.count && !code; i++) {
        struct entry *entry = &entries[i];
        if (i > 0 && bytes >= PAGE_BYTES) {
            page->list.count = i;
            page->more = true;
            break;
        }
        if (entry->has_tools) {
            code = keel__read_hashed(&reader, &entry->tools, &entry->call.tools, err);
            bytes += entry->call.tools.size;
        }
        if (!code)
            code = keel__read_messages(&reader, entry->has_input ? &entry->input : NULL,
                                       entry->has_output ? &entry->output : NULL, &entry->call,
                                       &bytes, err);
    }
    return code;
}

static int list_tx(struct keel_db *db, void *context, struct keel_error *err)
{
    struct page *page = context;
    int code;

    page->list = (struct keel__list){.size = sizeof(struct entry)};
    code = keel_db_each(db, &keel_q_llm_call_list,
                        KEEL_PARAMS(keel_uuid_value(page->run_id), keel_int(page->after),
                                    keel_int((int64_t)page->limit + 1)),
                        take_call, page, err);
    if (code)
        return code;
    page->more = page->list.count > page->limit;
    if (page->more)
        page->list.count = page->limit;
    if (page->list.count == 0)
        return keel__run_must_exist(db, page->run_id, err);
    if (page->messages)
        code = read_contents(db, page, err);
    return code ? code : read_agents(db, page, err);
}

int keel_llm_call_list(struct keel_store *store, struct keel_uuid run_id, int64_t after, int limit,
                       bool with_messages, struct keel_llm_call **calls, size_t *count,
                       int64_t *next_after, struct keel_result *result, struct keel_error *err)
{
    struct page page = {.run_id = run_id,
                        .after = after,
                        .limit = limit <= 0     ? 200
                                 : limit < 1000 ? (size_t)limit
                                                : 1000,
                        .messages = with_messages,
                        .arena = keel__result_arena(result)};
    const struct entry *entries;
    int code;

    *calls = NULL;
    *count = 0;
    *next_after = 0;
    if (!page.arena)
        return keel__nomem(err);
    code = keel__store_transact(store, KEEL_TX_READ, list_tx, &page, err);
    if (code || page.list.count == 0)
        return code;
    *calls = keel__arena_calloc(page.arena, page.list.count, sizeof(**calls));
    if (!*calls)
        return keel__arena_error(page.arena, err);
    entries = page.list.items;
    for (size_t i = 0; i < page.list.count; i++)
        (*calls)[i] = entries[i].call;
    *count = page.list.count;
    *next_after = page.more ? (*calls)[*count - 1].sequence : 0;
    return 0;
}

int keel_llm_call_get(struct keel_store *store, struct keel_uuid run_id, int64_t sequence,
                      struct keel_llm_call *call, struct keel_result *result,
                      struct keel_error *err)
{
    struct keel_llm_call *found = NULL;
    size_t count = 0;
    int64_t next;
    char text[37];
    int code = sequence < 1 ? 0
                            : keel_llm_call_list(store, run_id, sequence - 1, 1, true, &found,
                                                 &count, &next, result, err);

    if (code)
        return code;
    if (count == 0 || found->sequence != sequence) {
        keel_uuid_format(run_id, text);
        return keel_error_set(err, KEEL_NOTFOUND, "event %lld of run %s is no LLM call",
                              (long long)sequence, text);
    }
    *call = *found;
    return 0;
}
