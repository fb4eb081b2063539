#include "http/api.h"
#include "http/records.h"
#include "http/state.h"
#include "ingest/messages.h"
#include "store/shape.h"

#include <inttypes.h>
#include <yyjson.h>

enum { MAX_MESSAGES = 10000, MAX_PAGE = 500, USUAL_PAGE = 50 };

/* Messages in the spelling of any provider: the same conversation gives the same messages,
 * whichever way it comes. */
static void read_messages(struct keel__input *input, struct yyjson_val *object, const char *name,
                          const char *role, struct keel__mapper *mapper,
                          const struct keel_message **items, size_t *count)
{
    struct keel__messages messages = {0};
    struct yyjson_val *list = keel__input_array(input, object, name, MAX_MESSAGES);
    size_t index, size;
    struct yyjson_val *message;

    yyjson_arr_foreach(list, index, size, message)
    {
        if (!yyjson_is_obj(message)) {
            keel__input_fail(input, name, "must be an array of objects with role and content");
            return;
        }
    }
    if (!list)
        return;
    keel__messages_add_all(mapper, &messages, list, role, false);
    *items = messages.items;
    *count = messages.count;
}

static void read_tokens(struct keel__input *input, struct yyjson_val *object,
                        struct keel_llm_record *llm)
{
    const struct {
        const char *name;
        int64_t *place;
    } counts[] = {
        {"input_tokens", &llm->input_tokens},
        {"output_tokens", &llm->output_tokens},
        {"cache_read_tokens", &llm->cache_read_tokens},
        {"cache_creation_tokens", &llm->cache_creation_tokens},
        {"reasoning_tokens", &llm->reasoning_tokens},
    };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        *counts[i].place =
            keel__input_int(input, object, counts[i].name, 0, 1000000000000, KEEL_TOKENS_UNKNOWN);
}

static void read_names(struct keel__input *input, struct yyjson_val *object,
                       struct keel_llm_record *llm)
{
    const struct {
        const char *name;
        struct keel_slice *place;
    } texts[] = {
        {"provider", &llm->provider},
        {"operation", &llm->operation},
        {"request_model", &llm->request_model},
        {"response_model", &llm->response_model},
        {"response_id", &llm->response_id},
        {"finish_reason", &llm->finish_reason},
        {"error_type", &llm->error_type},
        {"prompt_name", &llm->prompt_name},
        {"prompt_version", &llm->prompt_version},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i].place = keel__input_text(input, object, texts[i].name, KEEL__MAX_NAME);
}

static void read_conversation(struct keel__input *input, struct yyjson_val *object,
                              struct keel_llm_record *llm)
{
    struct keel__mapper mapper;

    keel__mapper_init(&mapper, &input->request->arena);
    read_messages(input, object, "input_messages", "user", &mapper, &llm->input_messages,
                  &llm->input_message_count);
    read_messages(input, object, "output_messages", "assistant", &mapper, &llm->output_messages,
                  &llm->output_message_count);
    struct yyjson_val *tools = keel__input_array(input, object, "tools", MAX_MESSAGES);
    if (tools)
        llm->tools = keel__tools_json(&mapper, tools);
    if (keel__mapper_error(&mapper, NULL))
        keel__input_fail(input, "", "is more than there is memory for");
    keel__mapper_fini(&mapper);
}

/* What OpenTelemetry calls the span of a call: "{operation} {model}". */
static struct keel_slice usual_name(struct keel__input *input, const struct keel_llm_record *llm)
{
    struct keel_slice operation = llm->operation.size ? llm->operation : keel_slice_of("chat");
    struct keel_slice model = llm->request_model.size ? llm->request_model : llm->response_model;
    if (!model.size)
        return operation;
    const char *name = keel__arena_printf(&input->request->arena, "%.*s %.*s", (int)operation.size,
                                          operation.data, (int)model.size, model.data);
    return keel_slice_of(name);
}

static void read_llm_call(struct keel__input *input, struct yyjson_val *object,
                          struct keel_uuid run_id, struct keel_record *record)
{
    struct keel_llm_record *llm =
        keel__arena_calloc(&input->request->arena, 1, sizeof(struct keel_llm_record));

    keel__input_object(input, object,
                       KEEL__EVENT_MEMBERS
                       " provider operation request_model response_model response_id finish_reason "
                       "error_type prompt_name prompt_version input_tokens output_tokens "
                       "cache_read_tokens cache_creation_tokens reasoning_tokens tools "
                       "input_messages output_messages");
    keel__input_record(input, object, run_id, record);
    if (!llm) {
        keel__input_fail(input, "", "is more than there is memory for");
        return;
    }
    record->kind = KEEL_EVENT_LLM;
    record->llm = llm;
    read_names(input, object, llm);
    if (!record->name.data)
        record->name = usual_name(input, llm);
    read_tokens(input, object, llm);
    read_conversation(input, object, llm);
    bool embeddings =
        llm->operation.size == 10 && memcmp(llm->operation.data, "embeddings", 10) == 0;
    if (embeddings)
        record->kind = KEEL_EVENT_EMBEDDING;
}

enum keel__outcome keel__api_llm_call_add(struct keel__request *request)
{
    return keel__records_add(request, read_llm_call);
}

enum keel__outcome keel__api_llm_call_list(struct keel__request *request)
{
    struct keel_uuid id;
    struct keel_llm_call *calls;
    struct keel_error err;
    int64_t after = 0, limit = USUAL_PAGE, next;
    bool messages = true;
    size_t count;

    if (!keel__query_int(request, "after", 0, INT64_MAX, &after) ||
        !keel__query_int(request, "limit", 1, MAX_PAGE, &limit) ||
        !keel__query_bool(request, "messages", &messages) || !keel__request_run(request, &id))
        return KEEL__REPLIED;
    if (keel_llm_call_list(request->server->store, id, after, (int)limit, messages, &calls, &count,
                           &next, &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_list(request);
    for (size_t i = 0; i < count; i++)
        keel__shape_llm_call(&json, &calls[i], messages);
    const char *cursor = next ? keel__arena_printf(&request->arena, "%" PRId64, next) : NULL;
    return keel__reply_list_end(&json, cursor);
}

enum keel__outcome keel__api_llm_call_get(struct keel__request *request)
{
    struct keel_uuid id;
    struct keel_llm_call call;
    struct keel_error err;
    int64_t sequence;

    if (!keel__request_sequence(request, &sequence) || !keel__request_run(request, &id))
        return KEEL__REPLIED;
    if (keel_llm_call_get(request->server->store, id, sequence, &call, &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_json(request, 200);
    keel__shape_llm_call(&json, &call, true);
    return KEEL__REPLIED;
}
