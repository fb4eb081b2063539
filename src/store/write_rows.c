/* INSERT and UPDATE of what a batch came to. */
#include "keel_sql_store.h"
#include "store/batch.h"

#include <stdlib.h>

/* Payloads that together fit in this stay in the event's row. With the other columns a row is then
 * mostly below 1,000 bytes, from where on SQLite's clustered tables spill to overflow pages. */
#define INLINE_BYTES 704

enum { EVENT_WIDTH = 25, LLM_WIDTH = 25, CHUNK_ROWS = 500 };

/* ---- contents -------------------------------------------------------------------------------- */

static int place_payloads(struct keel__batch *batch, struct keel__event *event,
                          struct keel_error *err)
{
    size_t left = INLINE_BYTES;
    int code = 0;
    for (int i = 0; i < KEEL__PAYLOADS && code == 0; i++) {
        struct keel__payload *payload = &event->data.payloads[i];
        if (payload->hashed || !payload->bytes.data)
            continue;
        if (payload->bytes.size <= left) {
            left -= payload->bytes.size;
            continue;
        }
        payload->hashed = true;
        keel_content_hash(payload->bytes, &payload->hash);
        code = keel__contents_add(&batch->contents, &payload->hash, payload->bytes, err);
    }
    return code;
}

static int write_contents(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__event **events = batch->events.items;
    struct keel__llm **llms = batch->llms.items;
    int code = keel__chains_plan(&batch->chains, batch->db, err);
    for (size_t i = 0; i < batch->events.count && code == 0; i++)
        if (!events[i]->stored || events[i]->changed)
            code = place_payloads(batch, events[i], err);
    for (size_t i = 0; i < batch->llms.count && code == 0; i++)
        if (llms[i]->tools.data)
            code = keel__contents_add(&batch->contents, &llms[i]->tools_hash, llms[i]->tools, err);
    if (code == 0)
        code = keel__contents_write(&batch->contents, batch->db, batch->now_us, err);
    return code ? code : keel__chains_write(&batch->chains, batch->db, err);
}

/* ---- rows in chunks -------------------------------------------------------------------------- */

struct chunk {
    struct keel_db *db;
    const struct keel_query *query;
    struct keel_value *rows;
    size_t width, count;
};

static int chunk_init(struct chunk *chunk, struct keel__batch *batch,
                      const struct keel_query *query, size_t row_count, struct keel_error *err)
{
    size_t most = row_count < CHUNK_ROWS ? row_count : CHUNK_ROWS;
    *chunk = (struct chunk){.db = batch->db, .query = query, .width = query->param_count};
    chunk->rows = keel__arena_calloc(batch->arena, most * chunk->width, sizeof *chunk->rows);
    return chunk->rows ? 0 : keel__arena_error(batch->arena, err);
}

static int chunk_flush(struct chunk *chunk, struct keel_error *err)
{
    int code = chunk->count
                   ? keel_db_batch(chunk->db, chunk->query, chunk->rows, chunk->count, NULL, err)
                   : 0;
    chunk->count = 0;
    return code;
}

/* Room for one more row; flushes what is full. */
static int chunk_row(struct chunk *chunk, struct keel_value **row, struct keel_error *err)
{
    int code = chunk->count == CHUNK_ROWS ? chunk_flush(chunk, err) : 0;
    *row = chunk->rows + chunk->count++ * chunk->width;
    return code;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void bind_time(struct keel_value *pair, int64_t ns)
{
    pair[0] = ns ? keel_time(ns / 1000) : keel_null();
    pair[1] = keel_int(ns % 1000);
}

static struct keel_value inline_bytes(const struct keel__payload *payload)
{
    return payload->hashed ? keel_null() : keel_text(payload->bytes);
}

static struct keel_value inline_json(const struct keel__payload *payload)
{
    return payload->hashed ? keel_null() : keel_json(payload->bytes);
}

static void bind_event(struct keel_value *row, const struct keel__event *event)
{
    const struct keel__event_data *data = &event->data;
    row[0] = keel_uuid_value(event->run->row.id);
    row[1] = keel_int(event->sequence);
    row[2] = keel__key_or_null(event->parent_sequence);
    row[3] = keel_text(event->key);
    row[4] = keel_cstr(keel_event_kind_name(data->kind));
    row[5] = keel_text(data->name);
    row[6] = keel_cstr(keel_event_status_name(data->status));
    row[7] = keel_text(data->status_message);
    row[8] = keel__key_or_null(data->severity);
    bind_time(&row[9], data->start_ns);
    bind_time(&row[11], data->end_ns);
    row[13] = keel_text(data->agent_name);
    row[14] = keel_text(data->tool_name);
    row[15] = keel_text(data->tool_call_id);
    row[16] = keel_bool(event->usage_below);
    row[17] = inline_json(&data->payloads[KEEL__ATTRIBUTES]);
    row[18] = inline_json(&data->payloads[KEEL__BODY]);
    row[19] = inline_bytes(&data->payloads[KEEL__INPUT]);
    row[20] = inline_bytes(&data->payloads[KEEL__OUTPUT]);
    for (int i = 0; i < KEEL__PAYLOADS; i++)
        row[21 + i] = keel_hash_value(data->payloads[i].hashed ? &data->payloads[i].hash : NULL);
}

/* In the order of the primary key, which puts parents before their children. */
static int by_place(const void *a, const void *b)
{
    const struct keel__event *x = *(const struct keel__event *const *)a;
    const struct keel__event *y = *(const struct keel__event *const *)b;
    int order = x->run == y->run ? 0
                                 : memcmp(x->run->row.id.bytes, y->run->row.id.bytes,
                                          sizeof x->run->row.id.bytes);
    return order ? order : (x->sequence > y->sequence) - (x->sequence < y->sequence);
}

/* Inserts the new events (stored false), or updates those that changed. */
static int write_events(struct keel__batch *batch, bool stored, struct keel_error *err)
{
    struct keel__event **all = batch->events.items, **events;
    struct chunk chunk;
    struct keel_value *row;
    size_t count = 0;
    events = keel__arena_calloc(batch->arena, batch->events.count, sizeof *events);
    if (!events)
        return keel__arena_error(batch->arena, err);
    for (size_t i = 0; i < batch->events.count; i++)
        if (all[i]->stored == stored && (!stored || all[i]->changed))
            events[count++] = all[i];
    if (count == 0)
        return 0;
    qsort(events, count, sizeof *events, by_place);
    int code =
        chunk_init(&chunk, batch, stored ? &keel_q_event_update : &keel_q_event_insert, count, err);
    for (size_t i = 0; i < count && code == 0; i++) {
        code = chunk_row(&chunk, &row, err);
        if (code == 0)
            bind_event(row, events[i]);
    }
    return code ? code : chunk_flush(&chunk, err);
}

static int write_marks(struct keel__batch *batch, struct keel_error *err)
{
    struct keel__event **marked = batch->marked.items;
    struct chunk chunk;
    struct keel_value *row;
    if (batch->marked.count == 0)
        return 0;
    int code = chunk_init(&chunk, batch, &keel_q_event_mark_usage, batch->marked.count, err);
    for (size_t i = 0; i < batch->marked.count && code == 0; i++) {
        code = chunk_row(&chunk, &row, err);
        if (code)
            break;
        row[0] = keel_uuid_value(marked[i]->run->row.id);
        row[1] = keel_int(marked[i]->sequence);
    }
    return code ? code : chunk_flush(&chunk, err);
}

/* ---- model calls ----------------------------------------------------------------------------- */

static struct keel_value name_key(const struct keel__name *name)
{
    return keel__key_or_null(name ? name->id : 0);
}

static struct keel_value thread_hash(const struct keel__thread *thread)
{
    return keel_hash_value(thread->has_hash ? &thread->hash : NULL);
}

static void bind_llm(struct keel_value *row, const struct keel__llm *llm)
{
    row[0] = keel_uuid_value(llm->event->run->row.id);
    row[1] = keel_int(llm->event->sequence);
    row[2] = keel_text(llm->texts[KEEL__PROVIDER]);
    row[3] = keel_text(llm->texts[KEEL__OPERATION]);
    row[4] = name_key(llm->request_model);
    row[5] = name_key(llm->response_model);
    row[6] = keel_text(llm->texts[KEEL__RESPONSE_ID]);
    row[7] = keel__key_or_null(llm->session_id);
    row[8] = keel_text(llm->texts[KEEL__ERROR_TYPE]);
    row[9] = keel_text(llm->texts[KEEL__FINISH_REASON]);
    for (int i = 0; i < KEEL__LLM_TOKENS; i++)
        row[10 + i] = llm->tokens[i] >= 0 ? keel_int(llm->tokens[i]) : keel_null();
    row[15] = llm->has_cost ? keel_money(llm->cost_nusd) : keel_null();
    row[16] = keel__key_or_null(llm->price_id);
    row[17] = keel_text(llm->texts[KEEL__PROMPT_NAME]);
    row[18] = keel_text(llm->texts[KEEL__PROMPT_VERSION]);
    row[19] = keel_hash_value(llm->has_tools ? &llm->tools_hash : NULL);
    row[20] = thread_hash(&llm->threads[KEEL__IN]);
    row[21] = thread_hash(&llm->threads[KEEL__OUT]);
    row[22] = keel_bool(llm->threads[KEEL__IN].from_parts);
    row[23] = keel_bool(llm->threads[KEEL__OUT].from_parts);
    row[24] = keel__time_or_null(llm->started_at);
}

static int write_llms(struct keel__batch *batch, bool stored, struct keel_error *err)
{
    struct keel__llm **llms = batch->llms.items;
    struct chunk chunk;
    struct keel_value *row;
    if (batch->llms.count == 0)
        return 0;
    int code = chunk_init(&chunk, batch, stored ? &keel_q_llm_call_update : &keel_q_llm_call_insert,
                          batch->llms.count, err);
    for (size_t i = 0; i < batch->llms.count && code == 0; i++) {
        if (llms[i]->stored != stored || (stored && !llms[i]->changed))
            continue;
        code = chunk_row(&chunk, &row, err);
        if (code == 0)
            bind_llm(row, llms[i]);
    }
    return code ? code : chunk_flush(&chunk, err);
}

static int write_parts(struct keel__batch *batch, struct keel_error *err)
{
    const struct keel__part *parts = batch->parts.items;
    struct chunk chunk;
    struct keel_value *row;
    if (batch->parts.count == 0)
        return 0;
    int code = chunk_init(&chunk, batch, &keel_q_llm_call_part_insert, batch->parts.count, err);
    for (size_t i = 0; i < batch->parts.count && code == 0; i++) {
        code = chunk_row(&chunk, &row, err);
        if (code)
            break;
        row[0] = keel_uuid_value(parts[i].event->run->row.id);
        row[1] = keel_int(parts[i].event->sequence);
        row[2] = keel_int(parts[i].counts[KEEL__IN]);
        row[3] = keel_int(parts[i].counts[KEEL__OUT]);
    }
    return code ? code : chunk_flush(&chunk, err);
}

int keel__batch_write_rows(struct keel__batch *batch, struct keel_error *err)
{
    int code = write_contents(batch, err);
    if (code == 0)
        code = write_events(batch, false, err);
    if (code == 0)
        code = write_events(batch, true, err);
    if (code == 0)
        code = write_marks(batch, err);
    if (code == 0)
        code = write_llms(batch, false, err);
    if (code == 0)
        code = write_llms(batch, true, err);
    return code ? code : write_parts(batch, err);
}
