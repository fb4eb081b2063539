#include "ingest/call.h"

#include "ingest/flatten.h"
#include "ingest/parts.h"
#include "ingest/tokens.h"
#include "ingest/words.h"

#include <yyjson.h>

/* ---- attributes ---- */

/* The numbered attributes of a list, as an array; all are marked as taken. NULL when there are
 * none. */
static yyjson_val *read_list(struct keel__mapper *mapper, const struct keel__slots *slots,
                             const struct keel__semconv_list *list)
{
    struct keel__attributes numbered = keel__attributes_numbered(&slots->attributes, list->prefix);
    if (numbered.count == 0)
        return NULL;
    return keel__mapper_parse(mapper, keel__unflatten(mapper, numbered, list->prefix));
}

static void add_lists(struct keel__mapper *mapper, const struct keel__slots *slots,
                      enum keel__list wanted, const char *role, struct keel__messages *messages)
{
    for (size_t i = 0; i < keel__semconv_list_count; i++) {
        const struct keel__semconv_list *list = &keel__semconv_lists[i];
        if (list->list != wanted)
            continue;
        yyjson_val *found = read_list(mapper, slots, list);
        if (found && messages->count == 0)
            keel__messages_add_all(mapper, messages, found, role,
                                   list->dialect == KEEL__OPENLLMETRY);
    }
}

/* [{"prompt":{"text":...}}], [{"completion":{"text":...}}]: OpenInference's plain completions. */
static void add_texts(struct keel__mapper *mapper, const struct keel__slots *slots,
                      enum keel__list wanted, const char *role, struct keel__messages *messages)
{
    for (size_t i = 0; i < keel__semconv_list_count; i++) {
        if (keel__semconv_lists[i].list != wanted)
            continue;
        yyjson_val *found = read_list(mapper, slots, &keel__semconv_lists[i]);
        if (!found || messages->count > 0)
            continue;
        yyjson_arr_iter iter = yyjson_arr_iter_with(found);
        for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));) {
            struct keel_slice text =
                keel__member_text(keel__member(item, "prompt completion"), "text");
            if (text.data)
                keel__messages_add_text(mapper, messages, role, text);
        }
    }
}

/* A field that holds messages as JSON, or as a text that is one message. */
static void add_field(struct keel__mapper *mapper, struct keel__slots *slots,
                      enum keel__field field, const char *role, struct keel__messages *messages)
{
    struct keel__attribute *attribute = slots->best[field];
    if (!attribute)
        return;
    size_t before = messages->count;
    yyjson_val *found = before ? NULL : keel__attribute_json(mapper, attribute);
    if (yyjson_is_ctn(found))
        keel__messages_add_all(mapper, messages, found, role, false);
    /* Messages that do not parse (an exporter cut them) stay in the attributes, unless they are
     * known otherwise. */
    if (before || messages->count > before)
        attribute->taken = true;
}

static void add_old_field(struct keel__mapper *mapper, struct keel__slots *slots,
                          enum keel__field field, const char *role, struct keel__messages *messages)
{
    struct keel__attribute *attribute = slots->best[field];
    add_field(mapper, slots, field, role, messages);
    if (attribute && !attribute->taken)
        keel__messages_add_text(mapper, messages, role, keel__slot_text(mapper, slots, field));
}

/* The AI SDK gives the answer in pieces; together they are one message. */
static void add_ai_response(struct keel__mapper *mapper, struct keel__slots *slots,
                            struct keel__messages *messages)
{
    bool known = messages->count > 0;
    struct keel_slice text = keel__slot_text(mapper, slots, KEEL__F_AI_TEXT);
    struct keel_slice reasoning = keel__slot_text(mapper, slots, KEEL__F_AI_REASONING);
    yyjson_val *calls =
        known ? NULL : keel__attribute_json(mapper, slots->best[KEEL__F_AI_TOOL_CALLS]);
    if (!text.data)
        text = keel__slot_text(mapper, slots, KEEL__F_AI_OBJECT);
    if (known || calls)
        keel__slot_take(slots, KEEL__F_AI_TOOL_CALLS);
    if (known || (!text.data && !reasoning.data && !calls))
        return;
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_object_begin(&json);
    keel__json_key(&json, "content");
    keel__json_array_begin(&json);
    if (reasoning.size) {
        keel__json_object_begin(&json);
        keel__json_add_cstr(&json, "type", "reasoning");
        keel__json_add_text(&json, "text", reasoning);
        keel__json_object_end(&json);
    }
    if (text.size)
        keel__json_text(&json, text);
    keel__json_array_end(&json);
    if (calls) {
        keel__json_key(&json, "tool_calls");
        keel__json_val(mapper, &json, calls);
    }
    keel__json_object_end(&json);
    yyjson_val *message = keel__mapper_parse(mapper, keel__mapper_written(mapper));
    if (message)
        keel__messages_add(mapper, messages, message, "assistant", false);
}

static void add_system(struct keel__mapper *mapper, struct keel__slots *slots,
                       struct keel__messages *messages)
{
    struct keel__attribute *attribute = slots->best[KEEL__F_SYSTEM_INSTRUCTIONS];
    if (!attribute)
        return;
    struct keel_slice text = keel__slot_text(mapper, slots, KEEL__F_SYSTEM_INSTRUCTIONS);
    yyjson_val *instructions = keel__mapper_parse(mapper, text);
    if (!yyjson_is_ctn(instructions)) {
        struct keel__json json = keel__mapper_write(mapper);
        keel__json_text(&json, text);
        instructions = keel__mapper_parse(mapper, keel__mapper_written(mapper));
    }
    if (instructions)
        keel__messages_add_system(mapper, messages, instructions);
}

/* ---- events ---- */

static const struct message_event {
    const char *name, *role;
    bool output;
} message_events[] = {
    {"gen_ai.system.message", "system", false},
    {"gen_ai.user.message", "user", false},
    {"gen_ai.assistant.message", "assistant", false},
    {"gen_ai.tool.message", "tool", false},
    {"gen_ai.choice", "assistant", true},
    {"gen_ai.content.prompt", "user", false},
    {"gen_ai.content.completion", "assistant", true},
    {"gen_ai.client.inference.operation.details", NULL, false},
};

static const struct message_event *find_event(struct keel_slice name)
{
    for (size_t i = 0; i < sizeof message_events / sizeof message_events[0]; i++)
        if (keel__slice_is(name, message_events[i].name))
            return &message_events[i];
    return NULL;
}

bool keel__is_message_event(struct keel_slice name)
{
    return keel__slice_starts(name, "gen_ai.") && find_event(name) != NULL;
}

/* The attributes of a span event, as the object that a log record would have for its body. */
static yyjson_val *event_object(struct keel__mapper *mapper,
                                const struct keel__message_event *event)
{
    static const char *const names[] = {"role",          "content", "tool_calls", "id",
                                        "finish_reason", "message", "name"};
    struct keel__attribute *whole =
        keel__attributes_find(&event->attributes, "gen_ai.event.content");
    yyjson_val *object = keel__attribute_json(mapper, whole);
    if (object) {
        whole->taken = true;
        return object;
    }
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_object_begin(&json);
    if (whole) { /* a text that is not JSON */
        keel__json_key(&json, "content");
        keel__json_any(mapper, &json, whole->value);
        whole->taken = true;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct keel__attribute *attribute = keel__attributes_find(&event->attributes, names[i]);
        if (!attribute)
            continue;
        keel__json_key(&json, names[i]);
        keel__json_any(mapper, &json, attribute->value);
        attribute->taken = true;
    }
    keel__json_object_end(&json);
    return keel__mapper_parse(mapper, keel__mapper_written(mapper));
}

/* Members of a span event can only be text: those that are JSON are opened. */
static yyjson_val *open_texts(struct keel__mapper *mapper, yyjson_val *object)
{
    static const char *const structured[] = {"content", "tool_calls", "message"};
    bool any = false;
    struct keel__json json = keel__mapper_write(mapper);
    yyjson_obj_iter iter = yyjson_obj_iter_with(object);
    keel__json_object_begin(&json);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        yyjson_val *val = yyjson_obj_iter_get_val(key), *opened = NULL;
        struct keel_slice text = keel__val_text(val);
        for (size_t i = 0; i < sizeof structured / sizeof structured[0]; i++)
            if (text.size > 1 && (text.data[0] == '[' || text.data[0] == '{') &&
                yyjson_equals_str(key, structured[i]))
                opened = keel__mapper_parse(mapper, text);
        any |= yyjson_is_ctn(opened);
        keel__json_key_slice(&json, keel__val_text(key));
        keel__json_val(mapper, &json, yyjson_is_ctn(opened) ? opened : val);
    }
    keel__json_object_end(&json);
    return any ? keel__mapper_parse(mapper, keel__mapper_written(mapper)) : object;
}

/* Returns whether the messages stood in the body. */
static bool add_event(struct keel__mapper *mapper, const struct keel__message_event *event,
                      struct keel__span_messages *messages)
{
    const struct message_event *kind = find_event(event->name);
    if (!kind || !kind->role)
        return false;
    struct keel__messages *list = kind->output ? &messages->output : &messages->input;
    struct keel__slots slots = keel__slots_fill(event->attributes);
    enum keel__field field = kind->output ? KEEL__F_OLD_COMPLETION : KEEL__F_OLD_PROMPT;
    if (slots.best[field]) {
        add_old_field(mapper, &slots, field, kind->role, list);
        return false;
    }
    yyjson_val *body = NULL;
    if (event->body && event->body->value_case != OTLP__ANY_VALUE__VALUE__NOT_SET)
        body = keel__mapper_parse(mapper, keel__json_of_any(mapper, event->body));
    yyjson_val *message = body ? body : event_object(mapper, event);
    if (yyjson_is_str(message) && body) { /* Azure writes the body as JSON text */
        yyjson_val *inner = keel__mapper_parse(mapper, keel__val_text(message));
        message = yyjson_is_ctn(inner) ? inner : message;
    }
    if (!body && yyjson_is_obj(message))
        message = open_texts(mapper, message);
    if (message && !(yyjson_is_obj(message) && yyjson_obj_size(message) == 0))
        keel__messages_add(mapper, list, message, kind->role, false);
    return body != NULL;
}

/* ---- messages of a span ---- */

struct keel__span_messages keel__span_messages_read(struct keel__mapper *mapper,
                                                    struct keel__slots *slots,
                                                    const struct keel__message_event *events,
                                                    size_t event_count)
{
    struct keel__span_messages messages = {.input = {.items = NULL}};
    struct keel__span_messages told = {.input = {.items = NULL}};
    add_field(mapper, slots, KEEL__F_INPUT_MESSAGES, "user", &messages.input);
    add_lists(mapper, slots, KEEL__L_INPUT_MESSAGES, "user", &messages.input);
    add_field(mapper, slots, KEEL__F_AI_MESSAGES, "user", &messages.input);
    add_texts(mapper, slots, KEEL__L_PROMPTS, "user", &messages.input);
    add_old_field(mapper, slots, KEEL__F_OLD_PROMPT, "user", &messages.input);

    add_field(mapper, slots, KEEL__F_OUTPUT_MESSAGES, "assistant", &messages.output);
    add_lists(mapper, slots, KEEL__L_OUTPUT_MESSAGES, "assistant", &messages.output);
    add_ai_response(mapper, slots, &messages.output);
    add_texts(mapper, slots, KEEL__L_CHOICES, "assistant", &messages.output);
    add_old_field(mapper, slots, KEEL__F_OLD_COMPLETION, "assistant", &messages.output);

    for (size_t i = 0; i < event_count; i++)
        add_event(mapper, &events[i], &told);
    if (messages.input.count == 0)
        messages.input = told.input;
    if (messages.output.count == 0)
        messages.output = told.output;
    add_system(mapper, slots, &messages.input);
    return messages;
}

/* ---- the call ---- */

/* One reason, or a list of them as JSON. */
static struct keel_slice finish_reason_of(struct keel__mapper *mapper,
                                          const struct keel__attribute *attribute)
{
    struct keel_slice text = keel__attribute_text(mapper, attribute);
    yyjson_val *list = NULL;
    if (text.size > 0 && text.data[0] == '[')
        list = keel__mapper_parse(mapper, text);
    if (!yyjson_is_arr(list))
        return keel__finish_reason(mapper, text);
    struct keel__json json = keel__mapper_write(mapper);
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));) {
        struct keel_slice reason =
            keel__finish_reason(mapper, keel__mapper_clean(mapper, keel__val_text(item)));
        if (reason.size && json.out->size)
            keel__str_char(json.out, ',');
        keel__str_slice(json.out, reason);
    }
    return keel__mapper_written(mapper);
}

/* Different words for the same reason are the same value. */
static struct keel_slice finish_reasons(struct keel__mapper *mapper, struct keel__slots *slots,
                                        const struct keel__messages *output)
{
    struct keel__attribute *best = slots->best[KEEL__F_FINISH];
    struct keel_slice reasons = best ? finish_reason_of(mapper, best) : output->finish_reasons;
    if (reasons.size == 0 || reasons.size > KEEL__NAME_MAX_BYTES)
        return output->finish_reasons;
    for (size_t i = 0; i < slots->attributes.count; i++) {
        struct keel__attribute *other = &slots->attributes.items[i];
        if (other->row && other->row->field == KEEL__F_FINISH &&
            keel__slice_equal(finish_reason_of(mapper, other), reasons))
            other->taken = true;
    }
    return reasons;
}

/* OpenInference says the request's model among its parameters only. */
static struct keel_slice model_in_parameters(struct keel__mapper *mapper,
                                             const struct keel__slots *slots)
{
    yyjson_val *parameters = keel__attribute_json(mapper, slots->best[KEEL__F_PARAMETERS]);
    struct keel_slice model = keel__member_text(parameters, "model model_name");
    if (model.size == 0 || model.size > KEEL__NAME_MAX_BYTES)
        return keel_slice(NULL, 0);
    return keel__mapper_clean(mapper, model);
}

/* OpenInference keeps the id of the response in the response only. */
static struct keel_slice id_in_output(struct keel__mapper *mapper, const struct keel__slots *slots)
{
    const struct keel__attribute *output = slots->best[KEEL__F_OUTPUT];
    if (!output || output->row->dialect != KEEL__OPENINFERENCE)
        return keel_slice(NULL, 0);
    struct keel_slice text = keel__attribute_text(mapper, output);
    if (text.size == 0 || text.data[0] != '{')
        return keel_slice(NULL, 0);
    struct keel_slice id = keel__member_text(keel__mapper_parse(mapper, text), "id");
    if (id.size == 0 || id.size > KEEL__NAME_MAX_BYTES)
        return keel_slice(NULL, 0);
    return keel__mapper_clean(mapper, id);
}

static struct keel_slice read_tools(struct keel__mapper *mapper, struct keel__slots *slots)
{
    struct keel_slice tools = keel_slice(NULL, 0);
    struct keel__attribute *attribute = slots->best[KEEL__F_TOOLS];
    if (attribute)
        tools = keel__tools_json(mapper, keel__attribute_json(mapper, attribute));
    if (tools.data)
        attribute->taken = true;
    for (size_t i = 0; i < keel__semconv_list_count; i++) {
        if (keel__semconv_lists[i].list != KEEL__L_TOOLS)
            continue;
        yyjson_val *list = read_list(mapper, slots, &keel__semconv_lists[i]);
        if (list && !tools.data)
            tools = keel__tools_json(mapper, list);
    }
    return tools;
}

static void read_models(struct keel__mapper *mapper, struct keel__slots *slots,
                        struct keel_llm_record *llm)
{
    llm->request_model = keel__slot_name(mapper, slots, KEEL__F_REQUEST_MODEL);
    llm->response_model = keel__slot_name(mapper, slots, KEEL__F_RESPONSE_MODEL);
    if (!llm->request_model.data)
        llm->request_model = model_in_parameters(mapper, slots);
    const struct keel__attribute *model = slots->best[KEEL__F_RESPONSE_MODEL];
    if (!llm->request_model.data && model && model->row->dialect == KEEL__OPENINFERENCE)
        llm->request_model = llm->response_model;
}

struct keel_llm_record *keel__call_read(struct keel__mapper *mapper, struct keel__slots *slots,
                                        struct keel_slice operation,
                                        const struct keel__span_messages *messages)
{
    struct keel_llm_record *llm = keel__mapper_alloc(mapper, 1, sizeof *llm);
    if (!llm)
        return NULL;
    struct keel_slice family = keel__slot_name(mapper, slots, KEEL__F_SYSTEM);
    struct keel_slice provider = keel__slot_name(mapper, slots, KEEL__F_PROVIDER);
    llm->provider = keel__provider(mapper, provider, family);
    llm->operation = operation;
    read_models(mapper, slots, llm);
    llm->response_id = keel__slot_name(mapper, slots, KEEL__F_RESPONSE_ID);
    if (!llm->response_id.data)
        llm->response_id = id_in_output(mapper, slots);
    llm->finish_reason = finish_reasons(mapper, slots, &messages->output);
    llm->error_type = keel__slot_name(mapper, slots, KEEL__F_ERROR_TYPE);
    llm->prompt_name = keel__slot_name(mapper, slots, KEEL__F_PROMPT_NAME);
    llm->prompt_version = keel__slot_name(mapper, slots, KEEL__F_PROMPT_VERSION);
    llm->tools = read_tools(mapper, slots);
    keel__tokens_read(slots, llm);
    llm->input_messages = messages->input.items;
    llm->input_message_count = messages->input.count;
    llm->output_messages = messages->output.items;
    llm->output_message_count = messages->output.count;
    return llm;
}

struct keel_llm_record *keel__call_of_event(struct keel__mapper *mapper,
                                            const struct keel__message_event *event,
                                            bool *body_taken)
{
    *body_taken = false;
    const struct message_event *kind = find_event(event->name);
    if (!kind)
        return NULL;
    struct keel__slots slots = keel__slots_fill(event->attributes);
    struct keel__span_messages messages = {.input = {.items = NULL}};
    if (kind->role)
        *body_taken = add_event(mapper, event, &messages);
    else
        messages = keel__span_messages_read(mapper, &slots, NULL, 0);
    struct keel_slice operation = keel_slice(NULL, 0);
    enum keel_event_kind ignored;
    if (slots.best[KEEL__F_OPERATION] &&
        keel__kind_of_operation(keel__attribute_text(mapper, slots.best[KEEL__F_OPERATION]),
                                &ignored, &operation))
        keel__slot_take(&slots, KEEL__F_OPERATION);
    struct keel_llm_record *llm = keel__call_read(mapper, &slots, operation, &messages);
    if (llm)
        llm->messages_partial = kind->role != NULL;
    keel__slots_settle(&slots);
    return llm;
}
