#include "http/api.h"
#include "http/input.h"
#include "http/state.h"
#include "store/shape.h"

enum { MAX_NAME = 1024, MAX_ID = 256, MAX_REASON = 16384, MAX_INPUTS = 1000 };

/* The run as it is now, for the answer. */
static void reply_run(struct keel__request *request, int status, struct keel_uuid id)
{
    struct keel_run run;
    struct keel_error err;

    if (keel_run_get(request->server->store, id, &run, &request->result, &err)) {
        keel__reply_error(request, &err);
        return;
    }
    struct keel__json json = keel__reply_json(request, status);
    keel__shape_run(&json, &run);
}

static enum keel__outcome reply_done(struct keel__request *request, int rc,
                                     const struct keel_error *err, struct keel_uuid id)
{
    if (rc)
        keel__reply_error(request, err);
    else
        reply_run(request, 200, id);
    return KEEL__REPLIED;
}

static void read_uuid(struct keel__input *input, struct yyjson_val *object, const char *name,
                      bool *has, struct keel_uuid *uuid)
{
    struct keel_slice text = keel__input_text(input, object, name, MAX_ID);

    *has = text.data != NULL;
    if (*has && !keel_uuid_parse(text, uuid))
        keel__input_fail(input, name, "must be a UUID");
}

static const char *read_trace_id(struct keel__input *input, struct yyjson_val *object)
{
    struct keel_slice text = keel__input_text(input, object, "trace_id", MAX_ID);

    if (text.data && (text.size != 32 || strspn(text.data, "0123456789abcdefABCDEF") != 32 ||
                      strspn(text.data, "0") == 32))
        keel__input_fail(input, "trace_id", "must be 32 hex digits, not all 0");
    return text.data;
}

static enum keel_run_status read_status(struct keel__input *input, struct yyjson_val *object,
                                        bool required)
{
    struct keel_slice text = required ? keel__input_required(input, object, "status", MAX_ID)
                                      : keel__input_text(input, object, "status", MAX_ID);
    enum keel_run_status status = 0;

    if (text.data && !keel_run_status_parse(text, &status))
        keel__input_fail(input, "status",
                         "must be pending, in_progress, blocked, completed, failed or cancelled");
    return status;
}

static void read_run(struct keel__input *input, struct keel_run_new *run)
{
    struct yyjson_val *object = input->root;

    keel__input_object(input, object,
                       "id project name kind status session_id user_id worktree dedupe_key "
                       "trace_id parent_run_id started_at actor");
    read_uuid(input, object, "id", &run->has_id, &run->id);
    run->project = keel__input_required(input, object, "project", MAX_NAME).data;
    run->name = keel__input_text(input, object, "name", MAX_NAME).data;
    run->kind = keel__input_text(input, object, "kind", MAX_NAME).data;
    run->status = read_status(input, object, false);
    run->session_id = keel__input_text(input, object, "session_id", MAX_NAME).data;
    run->user_id = keel__input_text(input, object, "user_id", MAX_NAME).data;
    run->worktree = keel__input_text(input, object, "worktree", MAX_NAME).data;
    run->dedupe_key = keel__input_text(input, object, "dedupe_key", MAX_NAME).data;
    run->trace_id = read_trace_id(input, object);
    read_uuid(input, object, "parent_run_id", &run->has_parent, &run->parent_run_id);
    run->started_at = keel__input_time_us(input, object, "started_at");
    run->actor = keel__input_text(input, object, "actor", MAX_NAME).data;
}

enum keel__outcome keel__api_run_create(struct keel__request *request)
{
    struct keel__input input;
    struct keel_run_new run = {0};
    struct keel_uuid id;
    struct keel_error err;
    char text[37];
    bool created;

    if (!keel__input_open(&input, request))
        return KEEL__REPLIED;
    read_run(&input, &run);
    if (!keel__input_ok(&input))
        return KEEL__REPLIED;
    if (keel_run_create(request->server->store, &run, &id, &created, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    reply_run(request, created ? 201 : 200, id);
    keel_uuid_format(id, text);
    request->reply.location = keel__arena_printf(&request->arena, "/api/v1/runs/%s", text);
    return KEEL__REPLIED;
}

static bool read_filter(struct keel__request *request, struct keel_run_filter *filter)
{
    const char *status = NULL;
    int64_t limit = 50;

    if (!keel__query_text(request, "project", &filter->project) ||
        !keel__query_text(request, "status", &status) ||
        !keel__query_text(request, "kind", &filter->kind) ||
        !keel__query_text(request, "session", &filter->session_id) ||
        !keel__query_text(request, "q", &filter->text) ||
        !keel__query_time(request, "since", &filter->since) ||
        !keel__query_time(request, "until", &filter->until) ||
        !keel__query_int(request, "limit", 1, 1000, &limit) ||
        !keel__query_text(request, "after", &filter->after))
        return false;
    filter->limit = (int)limit;
    if (!status || keel_run_status_parse(keel_slice_of(status), &filter->status))
        return true;
    keel__reply_field(request, "status",
                      "must be pending, in_progress, blocked, completed, failed or cancelled");
    return false;
}

enum keel__outcome keel__api_run_list(struct keel__request *request)
{
    struct keel_run_filter filter = {0};
    struct keel_run *runs;
    struct keel_error err;
    const char *next;
    size_t count;

    if (!read_filter(request, &filter))
        return KEEL__REPLIED;
    if (keel_run_list(request->server->store, &filter, &runs, &count, &next, &request->result,
                      &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_list(request);
    for (size_t i = 0; i < count; i++)
        keel__shape_run(&json, &runs[i]);
    return keel__reply_list_end(&json, next);
}

enum keel__outcome keel__api_run_get(struct keel__request *request)
{
    struct keel_uuid id;

    if (keel__request_run(request, &id))
        reply_run(request, 200, id);
    return KEEL__REPLIED;
}

enum keel__outcome keel__api_run_set_status(struct keel__request *request)
{
    struct keel__input input;
    struct keel_uuid id;
    struct keel_error err;

    if (!keel__request_run(request, &id) || !keel__input_open(&input, request))
        return KEEL__REPLIED;
    keel__input_object(&input, input.root, "status reason actor");
    enum keel_run_status status = read_status(&input, input.root, true);
    const char *reason = keel__input_text(&input, input.root, "reason", MAX_REASON).data;
    const char *actor = keel__input_text(&input, input.root, "actor", MAX_NAME).data;
    if (!keel__input_ok(&input))
        return KEEL__REPLIED;
    int rc = keel_run_set_status(request->server->store, id, status, reason, actor ? actor : "api",
                                 &err);
    return reply_done(request, rc, &err, id);
}

enum keel__outcome keel__api_run_status_log(struct keel__request *request)
{
    struct keel_uuid id;
    struct keel_status_change *changes;
    struct keel_error err;
    size_t count;

    if (!keel__request_run(request, &id))
        return KEEL__REPLIED;
    if (keel_run_status_log(request->server->store, id, &changes, &count, &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_list(request);
    for (size_t i = 0; i < count; i++)
        keel__shape_status_change(&json, &changes[i]);
    return keel__reply_list_end(&json, NULL);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static void read_input(struct keel__input *input, struct yyjson_val *object, struct keel_input *out)
{
    size_t max = input->request->server->max_body_bytes;

    keel__input_object(input, object, "id name media_type content");
    out->external_id = keel__input_text(input, object, "id", MAX_ID).data;
    out->name = keel__input_text(input, object, "name", MAX_NAME).data;
    out->media_type = keel__input_text(input, object, "media_type", MAX_NAME).data;
    out->content = keel__input_text(input, object, "content", max);
    if (!out->content.data)
        keel__input_fail(input, "content", "is missing");
}

enum keel__outcome keel__api_run_inputs(struct keel__request *request)
{
    struct keel_uuid id;
    struct keel_input *inputs;
    struct keel_error err;
    size_t count;

    if (!keel__request_run(request, &id))
        return KEEL__REPLIED;
    if (keel_run_inputs(request->server->store, id, &inputs, &count, &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_list(request);
    for (size_t i = 0; i < count; i++)
        keel__shape_input(&json, &inputs[i]);
    return keel__reply_list_end(&json, NULL);
}

enum keel__outcome keel__api_run_add_inputs(struct keel__request *request)
{
    struct keel__input input;
    struct keel_uuid id;
    struct keel_error err;

    if (!keel__request_run(request, &id) || !keel__input_open(&input, request))
        return KEEL__REPLIED;
    size_t count = keel__input_count(&input, MAX_INPUTS);
    struct keel_input *inputs = keel__arena_calloc(&request->arena, count, sizeof(*inputs));
    for (size_t i = 0; inputs && i < count && keel__input_ok(&input); i++) {
        if (input.root != keel__input_at(&input, i))
            keel__input_in(&input, "[%zu].", i);
        read_input(&input, keel__input_at(&input, i), &inputs[i]);
    }
    if (!keel__input_ok(&input))
        return KEEL__REPLIED;
    int rc = inputs ? keel_run_add_inputs(request->server->store, id, inputs, count, &err)
                    : keel__arena_error(&request->arena, &err);
    if (rc) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_json(request, 200);
    keel__json_object_begin(&json);
    keel__json_add_int(&json, "accepted", (int64_t)count);
    keel__json_object_end(&json);
    return KEEL__REPLIED;
}

/* ---- approval -------------------------------------------------------------------------------- */

enum keel__outcome keel__api_run_request_approval(struct keel__request *request)
{
    struct keel__input input;
    struct keel_uuid id;
    struct keel_error err;
    char token[65];

    if (!keel__request_run(request, &id) || !keel__input_open(&input, request))
        return KEEL__REPLIED;
    keel__input_object(&input, input.root, "reason actor");
    const char *reason = keel__input_text(&input, input.root, "reason", MAX_REASON).data;
    const char *actor = keel__input_text(&input, input.root, "actor", MAX_NAME).data;
    if (!keel__input_ok(&input))
        return KEEL__REPLIED;
    if (keel_run_request_approval(request->server->store, id, reason, actor ? actor : "api", token,
                                  &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_json(request, 201);
    keel__json_object_begin(&json);
    keel__json_add_uuid(&json, "run_id", id);
    keel__json_add_cstr(&json, "token", token);
    keel__json_object_end(&json);
    return KEEL__REPLIED;
}

static bool read_decision(struct keel__input *input)
{
    struct keel_slice text = keel__input_required(input, input->root, "decision", MAX_ID);
    bool approve = text.size == 7 && memcmp(text.data, "approve", 7) == 0;

    if (text.data && !approve && !(text.size == 6 && memcmp(text.data, "reject", 6) == 0))
        keel__input_fail(input, "decision", "must be approve or reject");
    return approve;
}

enum keel__outcome keel__api_run_decide(struct keel__request *request)
{
    struct keel__input input;
    struct keel_uuid id;
    struct keel_error err;

    if (!keel__request_run(request, &id) || !keel__input_open(&input, request))
        return KEEL__REPLIED;
    keel__input_object(&input, input.root, "token decision reason actor");
    const char *token = keel__input_required(&input, input.root, "token", MAX_ID).data;
    bool approve = read_decision(&input);
    const char *reason = keel__input_text(&input, input.root, "reason", MAX_REASON).data;
    const char *actor = keel__input_text(&input, input.root, "actor", MAX_NAME).data;
    if (!keel__input_ok(&input))
        return KEEL__REPLIED;
    int rc = keel_run_decide(request->server->store, id, token, approve, reason,
                             actor ? actor : "api", &err);
    return reply_done(request, rc, &err, id);
}
