/* The model calls of the batch's events: merged with what is stored, priced. */
#include "keel_sql_store.h"
#include "store/batch.h"
#include "store/price.h"

bool keel__llm_has_usage(const struct keel__llm *llm)
{
    return llm->tokens[KEEL__INPUT_TOKENS] >= 0 || llm->tokens[KEEL__OUTPUT_TOKENS] >= 0;
}

static struct keel__llm *llm_of(struct keel__batch *batch, struct keel__event *event)
{
    if (event->llm)
        return event->llm;
    struct keel__llm *llm = keel__arena_calloc(batch->arena, 1, sizeof *llm);
    struct keel__llm **item = llm ? keel__list_add(&batch->llms, batch->arena) : NULL;
    if (!item)
        return NULL;
    *item = event->llm = llm;
    llm->event = event;
    llm->parts.size = sizeof(const struct keel__item *);
    for (int i = 0; i < KEEL__LLM_TOKENS; i++)
        llm->tokens[i] = KEEL_TOKENS_UNKNOWN;
    return llm;
}

/* ---- merging --------------------------------------------------------------------------------- */

static void merge_text(struct keel__llm *llm, int which, struct keel_slice more)
{
    struct keel_slice *text = &llm->texts[which], fuller = keel__fuller(*text, more);
    if (fuller.data == text->data)
        return;
    llm->changed |= fuller.size != text->size || !text->data ||
                    memcmp(fuller.data, text->data, fuller.size) != 0;
    *text = fuller;
}

static void merge_tokens(struct keel__llm *llm, int which, int64_t more)
{
    if (more <= llm->tokens[which] || more > KEEL_TOKENS_MOST)
        return;
    bool had_usage = keel__llm_has_usage(llm);
    llm->tokens[which] = more;
    llm->changed = true;
    llm->usage_is_new |= !had_usage && keel__llm_has_usage(llm);
}

static void merge_tools(struct keel__llm *llm, const struct keel_hash *hash,
                        struct keel_slice tools)
{
    if (llm->has_tools && memcmp(hash->bytes, llm->tools_hash.bytes, sizeof hash->bytes) <= 0)
        return;
    llm->has_tools = true;
    llm->tools_hash = *hash;
    llm->tools = tools;
    llm->changed = true;
}

static int take_messages(struct keel__batch *batch, struct keel__llm *llm,
                         const struct keel__item *item, bool partial, struct keel_error *err)
{
    const struct keel__said_list *lists[KEEL__THREADS] = {&item->input, &item->output};
    for (int i = 0; i < KEEL__THREADS; i++) {
        struct keel__thread *thread = &llm->threads[i];
        if (partial)
            thread->has_parts |= lists[i]->count > 0;
        else if (keel__said_is_fuller(lists[i], &thread->whole))
            thread->whole = *lists[i];
    }
    if (!partial || item->event->is_part || item->input.count + item->output.count == 0)
        return 0;
    item->event->is_part = true;
    const struct keel__item **place = keel__list_add(&llm->parts, batch->arena);
    if (!place)
        return keel__arena_error(batch->arena, err);
    *place = item;
    return 0;
}

static int take_item(struct keel__batch *batch, struct keel__llm *llm,
                     const struct keel__item *item, const struct keel_llm_record *record,
                     struct keel_error *err)
{
    const struct keel_slice texts[KEEL__LLM_TEXTS] = {
        [KEEL__PROVIDER] = record->provider,
        [KEEL__OPERATION] = record->operation,
        [KEEL__REQUEST_MODEL] = record->request_model,
        [KEEL__RESPONSE_MODEL] = record->response_model,
        [KEEL__RESPONSE_ID] = record->response_id,
        [KEEL__ERROR_TYPE] = record->error_type,
        [KEEL__FINISH_REASON] = record->finish_reason,
        [KEEL__PROMPT_NAME] = record->prompt_name,
        [KEEL__PROMPT_VERSION] = record->prompt_version,
    };
    const int64_t tokens[KEEL__LLM_TOKENS] = {
        [KEEL__INPUT_TOKENS] = record->input_tokens,
        [KEEL__OUTPUT_TOKENS] = record->output_tokens,
        [KEEL__CACHE_READ_TOKENS] = record->cache_read_tokens,
        [KEEL__CACHE_CREATION_TOKENS] = record->cache_creation_tokens,
        [KEEL__REASONING_TOKENS] = record->reasoning_tokens,
    };
    llm->said = true;
    for (int i = 0; i < KEEL__LLM_TEXTS; i++)
        merge_text(llm, i, texts[i]);
    for (int i = 0; i < KEEL__LLM_TOKENS; i++)
        merge_tokens(llm, i, tokens[i]);
    if (record->tools.data)
        merge_tools(llm, &item->tools_hash, record->tools);
    if (!llm->session_id && item->session) {
        llm->session_id = item->session->id;
        llm->changed = true;
    }
    return take_messages(batch, llm, item,
                         record == item->record->llm_of_parent && record->messages_partial, err);
}

/* ---- what is stored -------------------------------------------------------------------------- */

struct lookup {
    struct keel__batch *batch;
    struct keel__llm **llms;
};

static bool take_hash(struct keel_hash *hash, const struct keel_row *row, size_t column)
{
    struct keel_slice bytes = keel_row_bytes(row, column);
    if (bytes.size != sizeof hash->bytes)
        return false;
    memcpy(hash->bytes, bytes.data, sizeof hash->bytes);
    return true;
}

/* Puts what is stored below what the batch says. */
static int take_stored(void *context, size_t index, const struct keel_row *row,
                       struct keel_error *err)
{
    const struct lookup *lookup = context;
    struct keel__llm *llm = lookup->llms[index], said = *llm;
    (void)err;
    llm->stored = true;
    llm->changed = llm->usage_is_new = false;
    for (int i = 0; i < KEEL__LLM_TEXTS; i++) {
        llm->texts[i] = keel__arena_slice(lookup->batch->arena, keel_row_text(row, (size_t)i));
        merge_text(llm, i, said.texts[i]);
    }
    for (int i = 0; i < KEEL__LLM_TOKENS; i++) {
        size_t column = KEEL__LLM_TEXTS + (size_t)i;
        llm->tokens[i] =
            keel_row_is_null(row, column) ? KEEL_TOKENS_UNKNOWN : keel_row_int(row, column);
    }
    for (int i = 0; i < KEEL__LLM_TOKENS; i++)
        merge_tokens(llm, i, said.tokens[i]);
    llm->session_id = keel_row_int(row, 14);
    if (!llm->session_id && said.session_id) {
        llm->session_id = said.session_id;
        llm->changed = true;
    }
    llm->has_tools = take_hash(&llm->tools_hash, row, 15);
    llm->tools = keel_slice(NULL, 0);
    if (said.has_tools)
        merge_tools(llm, &said.tools_hash, said.tools);
    for (size_t i = 0; i < KEEL__THREADS; i++) {
        llm->threads[i].has_hash = take_hash(&llm->threads[i].hash, row, 16 + i);
        llm->threads[i].from_parts = keel_row_bool(row, 18 + i);
    }
    llm->started_at = keel_row_time(row, 20);
    llm->has_cost = !keel_row_is_null(row, 21);
    llm->cost_nusd = keel_row_money(row, 21);
    llm->price_id = keel_row_int(row, 22);
    return 0;
}

static int read_stored(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__llm **llms = batch->llms.items;
    struct lookup lookup = {batch,
                            keel__arena_calloc(batch->arena, batch->llms.count, sizeof *llms)};
    struct keel_value *params =
        keel__arena_calloc(batch->arena, batch->llms.count * 2, sizeof *params);
    size_t count = 0;
    if (!lookup.llms || !params)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < batch->llms.count; i++) {
        if (!llms[i]->event->stored)
            continue;
        params[2 * count] = keel_uuid_value(llms[i]->event->run->row.id);
        params[2 * count + 1] = keel_int(llms[i]->event->sequence);
        lookup.llms[count++] = llms[i];
    }
    return count ? keel_db_batch_each(batch->db, &keel_q_llm_call_read, params, count, take_stored,
                                      &lookup, err)
                 : 0;
}

/* ---- cost ------------------------------------------------------------------------------------ */

static void price(struct keel__batch *batch, struct keel__llm *llm,
                  const struct keel__price_book *book)
{
    const struct keel__usage usage = {
        .input = llm->tokens[KEEL__INPUT_TOKENS],
        .output = llm->tokens[KEEL__OUTPUT_TOKENS],
        .cache_read = llm->tokens[KEEL__CACHE_READ_TOKENS],
        .cache_creation = llm->tokens[KEEL__CACHE_CREATION_TOKENS],
        .reasoning = llm->tokens[KEEL__REASONING_TOKENS],
    };
    const struct keel__priced *priced = keel__price_find(
        book, llm->texts[KEEL__PROVIDER], llm->texts[KEEL__REQUEST_MODEL],
        llm->texts[KEEL__RESPONSE_MODEL], llm->started_at ? llm->started_at : batch->now_us);
    llm->has_cost = priced && keel__price_cost(&priced->price, &usage, &llm->cost_nusd);
    llm->price_id = llm->has_cost ? priced->id : 0;
}

static int price_all(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__llm **llms = batch->llms.items;
    const struct keel__price_book *book = NULL;
    int code = 0;
    for (size_t i = 0; i < batch->llms.count && code == 0; i++) {
        if (llms[i]->stored && !llms[i]->changed)
            continue;
        if (!book)
            code = keel__price_book_open(&book, &batch->store->prices, batch->db, err);
        if (code == 0)
            price(batch, llms[i], book);
    }
    keel__price_book_close(book);
    return code;
}

/* ---- the step -------------------------------------------------------------------------------- */

static int take_items(struct keel__batch *batch, struct keel_error *err)
{
    int code = 0;
    for (size_t i = 0; i < batch->item_count && code == 0; i++) {
        const struct keel__item *item = batch->items[i];
        const struct keel_record *record = item->record;
        const struct keel_llm_record *told = record->llm ? record->llm : record->llm_of_parent;
        struct keel__event *event = item->event;
        if (told && !record->llm)
            event = record->parent_key.size
                        ? keel__map_get(&batch->events_by_key, (uint64_t)(uintptr_t)item->run,
                                        record->parent_key)
                        : NULL;
        if (!told || !event)
            continue;
        struct keel__llm *llm = llm_of(batch, event);
        code = llm ? take_item(batch, llm, item, told, err) : keel__arena_error(batch->arena, err);
    }
    return code;
}

/* A stored event that changed may have a call that must follow its start. */
static int take_changed_events(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__event **events = batch->events.items;
    for (size_t i = 0; i < batch->events.count; i++)
        if (events[i]->stored && events[i]->said && events[i]->changed && !llm_of(batch, events[i]))
            return keel__arena_error(batch->arena, err);
    return 0;
}

/* Forgets events that turned out to have no call. */
static void drop_unsaid(struct keel__batch *batch)
{
    struct keel__llm **llms = batch->llms.items;
    size_t kept = 0;
    for (size_t i = 0; i < batch->llms.count; i++) {
        if (llms[i]->said || llms[i]->stored)
            llms[kept++] = llms[i];
        else
            llms[i]->event->llm = NULL;
    }
    batch->llms.count = kept;
}

static int name_models(struct keel__batch *batch, struct keel__llm *llm, struct keel_error *err)
{
    struct keel_slice provider = llm->texts[KEEL__PROVIDER];
    struct keel_value group = keel_text(provider.data ? provider : keel_slice("", 0));
    const struct keel_slice names[2] = {llm->texts[KEEL__REQUEST_MODEL],
                                        llm->texts[KEEL__RESPONSE_MODEL]};
    struct keel__name **places[2] = {&llm->request_model, &llm->response_model};
    for (int i = 0; i < 2; i++) {
        if (!names[i].size)
            continue;
        *places[i] = keel__names_add(&batch->models, group, names[i]);
        if (!*places[i])
            return keel__arena_error(batch->arena, err);
    }
    return 0;
}

int keel__batch_make_llms(struct keel__batch *batch, struct keel_error *err)
{
    int code = take_items(batch, err);
    if (code == 0)
        code = take_changed_events(batch, err);
    if (code || batch->llms.count == 0)
        return code;
    code = read_stored(batch, err);
    drop_unsaid(batch);
    struct keel__llm **llms = batch->llms.items;
    for (size_t i = 0; i < batch->llms.count && code == 0; i++) {
        int64_t started_at = llms[i]->event->data.start_ns / 1000;
        llms[i]->changed |= llms[i]->event->said && llms[i]->started_at != started_at;
        if (llms[i]->event->said)
            llms[i]->started_at = started_at;
        code = name_models(batch, llms[i], err);
    }
    if (code == 0)
        code = keel__names_resolve(&batch->models, batch->db, batch->now_us, err);
    return code ? code : price_all(batch, err);
}
