#include "http/api.h"
#include "http/records.h"
#include "http/state.h"
#include "store/shape.h"

#include <inttypes.h>

enum { MAX_TIMELINE = 10000, MAX_PAGE = 5000 };

static void read_kind(struct keel__input *input, struct yyjson_val *object,
                      struct keel_record *record)
{
    struct keel_slice text = keel__input_text(input, object, "kind", KEEL__MAX_NAME);

    record->kind = KEEL_EVENT_SPAN;
    if (text.data &&
        (!keel_event_kind_parse(text, &record->kind) || record->kind == KEEL_EVENT_MISSING))
        keel__input_fail(input, "kind",
                         "must be span, workflow, agent, tool, retrieval, rerank, guardrail, "
                         "evaluator, prompt, embedding, llm, event or log");
}

static void read_event(struct keel__input *input, struct yyjson_val *object,
                       struct keel_uuid run_id, struct keel_record *record)
{
    keel__input_object(input, object,
                       KEEL__EVENT_MEMBERS
                       " kind severity tool_name tool_call_id input output body");
    keel__input_record(input, object, run_id, record);
    record->name = keel__input_required(input, object, "name", KEEL__MAX_NAME);
    read_kind(input, object, record);
    record->severity = (int)keel__input_int(input, object, "severity", 0, 24, 0);
    record->tool_name = keel__input_text(input, object, "tool_name", KEEL__MAX_NAME);
    record->tool_call_id = keel__input_text(input, object, "tool_call_id", KEEL__MAX_NAME);
    record->input = keel__input_text_or_json(input, object, "input");
    record->output = keel__input_text_or_json(input, object, "output");
    record->body = keel__input_json(input, object, "body");
}

enum keel__outcome keel__api_event_add(struct keel__request *request)
{
    return keel__records_add(request, read_event);
}

static const char *cursor(struct keel__request *request, int64_t next)
{
    return next ? keel__arena_printf(&request->arena, "%" PRId64, next) : NULL;
}

enum keel__outcome keel__api_event_list(struct keel__request *request)
{
    struct keel_uuid id;
    struct keel_event *events;
    struct keel_error err;
    int64_t after = 0, limit = 200, next;
    bool details = false;
    size_t count;

    if (!keel__query_int(request, "after", 0, INT64_MAX, &after) ||
        !keel__query_int(request, "limit", 1, MAX_PAGE, &limit) ||
        !keel__query_bool(request, "details", &details) || !keel__request_run(request, &id))
        return KEEL__REPLIED;
    if (keel_event_list(request->server->store, id, after, (int)limit, details, &events, &count,
                        &next, &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_list(request);
    for (size_t i = 0; i < count; i++)
        keel__shape_event(&json, id, &events[i], details ? KEEL__EVENT_DETAILS : KEEL__EVENT_PLAIN);
    return keel__reply_list_end(&json, cursor(request, next));
}

enum keel__outcome keel__api_event_get(struct keel__request *request)
{
    struct keel_uuid id;
    struct keel_event event;
    struct keel_error err;
    int64_t sequence;

    if (!keel__request_sequence(request, &sequence) || !keel__request_run(request, &id))
        return KEEL__REPLIED;
    if (keel_event_get(request->server->store, id, sequence, &event, &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_json(request, 200);
    keel__shape_event(&json, id, &event, KEEL__EVENT_DETAILS);
    return KEEL__REPLIED;
}

enum keel__outcome keel__api_run_timeline(struct keel__request *request)
{
    struct keel_uuid id;
    struct keel_event *events;
    struct keel_error err;
    int64_t limit = MAX_TIMELINE;
    size_t count;
    bool more;

    if (!keel__query_int(request, "limit", 1, MAX_TIMELINE, &limit) ||
        !keel__request_run(request, &id))
        return KEEL__REPLIED;
    if (keel_run_timeline(request->server->store, id, (size_t)limit, &events, &count, &more,
                          &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_json(request, 200);
    keel__json_object_begin(&json);
    keel__json_key(&json, "items");
    keel__json_array_begin(&json);
    for (size_t i = 0; i < count; i++)
        keel__shape_event(&json, id, &events[i], KEEL__EVENT_TREE);
    keel__json_array_end(&json);
    keel__json_add_bool(&json, "more", more);
    keel__json_object_end(&json);
    return KEEL__REPLIED;
}
