#include "http/records.h"

#include "http/state.h"

enum { MAX_ID = 256, MAX_TEXT = 65536 };

/* "id:<client's id>"; ids that come back from a reading route have the prefix already. */
static struct keel_slice key_of(struct keel__input *input, struct keel_slice id)
{
    if (!id.data || (id.size > 3 && memcmp(id.data, "id:", 3) == 0))
        return id;
    return keel_slice_of(
        keel__arena_printf(&input->request->arena, "id:%.*s", (int)id.size, id.data));
}

static struct keel_slice new_key(struct keel__input *input)
{
    char text[37];

    keel_uuid_format(keel_uuid_new(), text);
    return key_of(input, keel_slice_of(text));
}

static struct keel_slice read_parent(struct keel__input *input, struct yyjson_val *object)
{
    struct keel_slice id = keel__input_text(input, object, "parent_id", MAX_ID);
    struct keel_slice span = keel__input_text(input, object, "parent_span_id", MAX_ID);

    if (id.data && span.data)
        keel__input_fail(input, "parent_span_id", "excludes parent_id");
    if (span.data && (span.size != 16 || strspn(span.data, "0123456789abcdef") != 16))
        keel__input_fail(input, "parent_span_id", "must be 16 lower-case hex digits");
    if (span.data)
        return span;
    return id.data && id.size > 4 && memcmp(id.data, "log:", 4) == 0 ? id : key_of(input, id);
}

static void read_status(struct keel__input *input, struct yyjson_val *object,
                        struct keel_record *record)
{
    struct keel_slice text = keel__input_text(input, object, "status", MAX_ID);

    if (text.data && !keel_event_status_parse(text, &record->status))
        keel__input_fail(input, "status", "must be unset, ok or error");
    record->status_message = keel__input_text(input, object, "status_message", MAX_TEXT);
}

void keel__input_record(struct keel__input *input, struct yyjson_val *object,
                        struct keel_uuid run_id, struct keel_record *record)
{
    *record = (struct keel_record){.has_run_id = true, .run_id = run_id};
    struct keel_slice id = keel__input_text(input, object, "id", MAX_ID);
    if (id.data && id.size == 0)
        keel__input_fail(input, "id", "must not be empty");
    record->event_key = id.data ? key_of(input, id) : new_key(input);
    record->parent_key = read_parent(input, object);
    record->name = keel__input_text(input, object, "name", KEEL__MAX_NAME);
    read_status(input, object, record);
    record->start_ns = keel__input_time_ns(input, object, "started_at", "start_unix_nano");
    record->end_ns = keel__input_time_ns(input, object, "ended_at", "end_unix_nano");
    if (record->start_ns && record->end_ns && record->end_ns < record->start_ns)
        keel__input_fail(input, "ended_at", "is before started_at");
    record->session_id = keel__input_text(input, object, "session_id", KEEL__MAX_NAME);
    record->user_id = keel__input_text(input, object, "user_id", KEEL__MAX_NAME);
    record->agent_name = keel__input_text(input, object, "agent_name", KEEL__MAX_NAME);
    keel__input_members(input, object, "attributes");
    record->attributes = keel__input_json(input, object, "attributes");
    if (record->attributes.size == 2) /* {} */
        record->attributes = keel_slice(NULL, 0);
}

static void reply_written(struct keel__request *request, const struct keel_write_result *result)
{
    struct keel__json json = keel__reply_json(request, 200);

    keel__json_object_begin(&json);
    keel__json_add_int(&json, "inserted", result->inserted);
    keel__json_add_int(&json, "completed", result->completed);
    keel__json_add_int(&json, "duplicates", result->duplicates);
    keel__json_add_int(&json, "rejected", result->rejected);
    keel__json_add_cstr(&json, "message", result->message[0] ? result->message : NULL);
    keel__json_object_end(&json);
}

/* On a writer's thread. */
static void committed(void *context, int code, const struct keel_write_result *result,
                      const struct keel_error *err)
{
    struct keel__request *request = context;

    if (code)
        keel__reply_error(request, err);
    else
        reply_written(request, result);
    keel__request_finish(request);
}

static struct keel_record *read_all(struct keel__input *input, keel__read_fn *read,
                                    struct keel_uuid run_id, size_t *count)
{
    struct keel__request *request = input->request;

    *count = keel__input_count(input, KEEL__MAX_RECORDS);
    struct keel_record *records = keel__arena_calloc(&request->arena, *count + 1, sizeof(*records));
    if (!records)
        keel__input_fail(input, "", "is more than there is memory for");
    for (size_t i = 0; i < *count && keel__input_ok(input); i++) {
        struct yyjson_val *object = keel__input_at(input, i);
        if (object != input->root)
            keel__input_in(input, "[%zu].", i);
        read(input, object, run_id, &records[i]);
    }
    return records;
}

enum keel__outcome keel__records_add(struct keel__request *request, keel__read_fn *read)
{
    struct keel_write_result nothing = {0};
    struct keel__input input;
    struct keel_uuid run_id;
    struct keel_error err;
    size_t count;

    if (!keel__request_run(request, &run_id) || !keel__input_open(&input, request))
        return KEEL__REPLIED;
    struct keel_record *records = read_all(&input, read, run_id, &count);
    if (!keel__input_ok(&input))
        return KEEL__REPLIED;
    if (count == 0) {
        reply_written(request, &nothing);
        return KEEL__REPLIED;
    }
    keel__share_resize(&request->share, request->arena.used_bytes);
    if (!keel_queue_submit(request->server->queue, records, count, committed, request, &err))
        return KEEL__LATER;
    keel__reply_error(request, &err);
    return KEEL__REPLIED;
}
