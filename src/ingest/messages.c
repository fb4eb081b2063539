#include "ingest/messages.h"

#include "base/arena.h"
#include "ingest/parts.h"
#include "ingest/words.h"

#include <yyjson.h>

enum { MAX_FINISH_REASONS = 16 };

/* A message on its way: what it is made of, by dialects' names. */
struct draft {
    struct keel_slice role, name, tool_call_id;
    struct keel__part *parts; /* of the content, then the tool calls */
    size_t part_count;
    size_t texts, others, calls; /* how many of the parts are what */
};

static void add(struct keel__mapper *mapper, struct keel__messages *messages,
                struct keel_slice role, struct keel_slice content, enum keel_message_format format)
{
    if (messages->count == messages->capacity) {
        size_t capacity = messages->capacity ? messages->capacity * 2 : 4;
        struct keel_message *items = keel__arena_grow(mapper->arena, messages->items,
                                                      messages->count, capacity, sizeof *items);
        if (!items) {
            mapper->failed = true;
            return;
        }
        messages->items = items;
        messages->capacity = capacity;
    }
    messages->items[messages->count++] = (struct keel_message){role, content, format};
}

/* ---- drafts ---- */

static size_t element_count(yyjson_val *val)
{
    return yyjson_is_arr(val) ? yyjson_arr_size(val) : val && !yyjson_is_null(val) ? 1 : 0;
}

static void count_kinds(struct draft *draft)
{
    for (size_t i = 0; i < draft->part_count; i++) {
        draft->texts += draft->parts[i].kind == KEEL__PART_TEXT;
        draft->calls += draft->parts[i].kind == KEEL__PART_CALL;
        draft->others += draft->parts[i].kind == KEEL__PART_OTHER;
    }
}

static void add_parts(struct draft *draft, yyjson_val *val,
                      struct keel__part (*part_of)(yyjson_val *val))
{
    if (!yyjson_is_arr(val)) {
        if (element_count(val))
            draft->parts[draft->part_count++] = part_of(val);
        return;
    }
    yyjson_arr_iter iter = yyjson_arr_iter_with(val);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));)
        draft->parts[draft->part_count++] = part_of(item);
}

static void read_parts(struct keel__mapper *mapper, struct draft *draft, yyjson_val *content,
                       yyjson_val *calls)
{
    size_t count = element_count(content) + element_count(calls);
    draft->parts = keel__mapper_alloc(mapper, count, sizeof *draft->parts);
    if (!draft->parts)
        return;
    add_parts(draft, content, keel__part_of);
    add_parts(draft, calls, keel__call_of);
}

/* The members of a message but its role. text is that of its one text. */
static void write_message(struct keel__mapper *mapper, struct keel__json *json,
                          const struct draft *draft, struct keel_slice text)
{
    if (draft->others > 0 || draft->texts > 1) {
        keel__json_key(json, "content");
        keel__json_array_begin(json);
        for (size_t i = 0; i < draft->part_count; i++)
            if (draft->parts[i].kind == KEEL__PART_TEXT || draft->parts[i].kind == KEEL__PART_OTHER)
                keel__part_write(mapper, json, &draft->parts[i]);
        keel__json_array_end(json);
    } else if (text.size > 0 || draft->calls == 0) {
        keel__json_add_text(json, "content", text.data ? text : keel_slice("", 0));
    }
    if (draft->calls > 0) {
        keel__json_key(json, "tool_calls");
        keel__json_array_begin(json);
        for (size_t i = 0; i < draft->part_count; i++)
            if (draft->parts[i].kind == KEEL__PART_CALL)
                keel__call_write(mapper, json, &draft->parts[i]);
        keel__json_array_end(json);
    }
    if (draft->tool_call_id.size > 0)
        keel__json_add_text(json, "tool_call_id", draft->tool_call_id);
    if (draft->name.size > 0)
        keel__json_add_text(json, "name", draft->name);
}

static struct keel_slice only_text(const struct draft *draft)
{
    for (size_t i = 0; i < draft->part_count; i++)
        if (draft->parts[i].kind == KEEL__PART_TEXT)
            return draft->parts[i].text;
    return keel_slice("", 0);
}

static void add_draft(struct keel__mapper *mapper, struct keel__messages *messages,
                      const struct draft *draft, struct keel_slice text)
{
    struct keel_slice role = keel__mapper_clean(mapper, draft->role);
    bool plain = draft->texts <= 1 && draft->others == 0 && draft->calls == 0 &&
                 draft->tool_call_id.size == 0 && draft->name.size == 0;
    if (plain) {
        add(mapper, messages, role, text, KEEL_MESSAGE_TEXT);
        return;
    }
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_object_begin(&json);
    write_message(mapper, &json, draft, text);
    keel__json_object_end(&json);
    add(mapper, messages, role, keel__mapper_written(mapper), KEEL_MESSAGE_JSON);
}

static void add_result(struct keel__mapper *mapper, struct keel__messages *messages,
                       const struct keel__part *part)
{
    struct draft draft = {.role = keel_slice_of("tool")};
    draft.tool_call_id = keel__mapper_clean(mapper, keel__val_text(part->id));
    add_draft(mapper, messages, &draft, keel__result_text(mapper, part->value));
}

static void add_segment(struct keel__mapper *mapper, struct keel__messages *messages,
                        const struct draft *whole, size_t from, size_t to)
{
    struct draft segment = {.role = whole->role,
                            .name = whole->name,
                            .parts = whole->parts + from,
                            .part_count = to - from};
    count_kinds(&segment);
    add_draft(mapper, messages, &segment, keel__mapper_clean(mapper, only_text(&segment)));
}

/* Results become messages of their own; what stands before and after them stays before and after.
 */
static void finish_draft(struct keel__mapper *mapper, struct keel__messages *messages,
                         const struct draft *draft)
{
    size_t from = 0;
    if (!draft->parts)
        return;
    for (size_t i = 0; i < draft->part_count; i++) {
        if (draft->parts[i].kind != KEEL__PART_RESULT)
            continue;
        if (i > from)
            add_segment(mapper, messages, draft, from, i);
        add_result(mapper, messages, &draft->parts[i]);
        from = i + 1;
    }
    if (from == 0 || from < draft->part_count)
        add_segment(mapper, messages, draft, from, draft->part_count);
}

/* ---- messages ---- */

static void add_finish_reason(struct keel__mapper *mapper, struct keel__messages *messages,
                              yyjson_val *message)
{
    struct keel_slice said = keel__member_text(message, "finish_reason finishReason stop_reason");
    if (said.size == 0)
        return;
    struct keel_slice reason = keel__finish_reason(mapper, keel__mapper_clean(mapper, said));
    struct keel_slice before = messages->finish_reasons;
    size_t commas = 0;
    for (size_t i = 0; i < before.size; i++)
        commas += before.data[i] == ',';
    if (commas + 1 >= MAX_FINISH_REASONS)
        return;
    if (before.size == 0) {
        messages->finish_reasons = reason;
        return;
    }
    char *joined = keel__mapper_alloc(mapper, before.size + 1 + reason.size, 1);
    if (!joined)
        return;
    char *end = mempcpy(joined, before.data, before.size);
    *end++ = ',';
    memcpy(end, reason.data, reason.size);
    messages->finish_reasons = keel_slice(joined, before.size + 1 + reason.size);
}

static struct keel_slice role_of(yyjson_val *message, const char *role)
{
    static const char *const types[] = {"human", "ai", "system", "tool", "user", "assistant"};
    struct keel_slice said = keel__member_text(message, "role");
    struct keel_slice type = keel__member_text(message, "type"); /* LangChain */
    for (size_t i = 0; !said.size && i < sizeof types / sizeof types[0]; i++)
        if (keel__slice_is(type, types[i]))
            said = type;
    return keel__role(said.size ? said : keel_slice_of(role));
}

/* text, or the array of parts that it is the JSON of. */
static yyjson_val *parts_in_text(struct keel__mapper *mapper, yyjson_val *content)
{
    struct keel_slice text = keel__val_text(content);
    if (text.size == 0 || text.data[0] != '[')
        return content;
    yyjson_val *list = keel__mapper_parse(mapper, text);
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) == 0)
        return content;
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));)
        if (!keel__member_text(item, "type").data)
            return content;
    return list;
}

/* A message whose content is what a tool gave back. */
static void add_tool_message(struct keel__mapper *mapper, struct keel__messages *messages,
                             yyjson_val *message, yyjson_val *content)
{
    const struct keel__part part = {
        .kind = KEEL__PART_RESULT,
        .id = keel__member(message, "tool_call_id toolCallId tool_use_id id"),
        .value = content,
    };
    add_result(mapper, messages, &part);
}

static bool has_results(yyjson_val *content)
{
    yyjson_arr_iter iter;
    if (!yyjson_arr_iter_init(content, &iter))
        return false;
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));)
        if (keel__part_of(item).kind == KEEL__PART_RESULT)
            return true;
    return false;
}

/* A list of tool calls, or the one call of the older interface, which OpenInference spreads over
 * the message itself. */
static yyjson_val *calls_of(yyjson_val *message)
{
    yyjson_val *calls = keel__member(message, "tool_calls toolCalls function_call");
    return calls || !keel__member(message, "function_call_name") ? calls : message;
}

/* An item of OpenAI's Responses that is a call, a result or reasoning all by itself. */
static bool is_bare_part(yyjson_val *message)
{
    return keel__member(message, "type") &&
           !keel__member(message, "role content parts contents message");
}

static void add_object(struct keel__mapper *mapper, struct keel__messages *messages,
                       yyjson_val *message, yyjson_val *calls, const char *role,
                       bool text_may_be_parts)
{
    struct draft draft = {.role = role_of(message, role)};
    yyjson_val *content = keel__member(message, "parts contents content text");
    if (text_may_be_parts)
        content = parts_in_text(mapper, content);
    if (keel__slice_is(draft.role, "tool") && !has_results(content)) {
        add_tool_message(mapper, messages, message, content);
        return;
    }
    if (calls_of(message))
        calls = calls_of(message);
    if (!keel__slice_is(draft.role, "tool"))
        draft.name = keel__mapper_clean(mapper, keel__member_text(message, "name"));
    read_parts(mapper, &draft, content, calls);
    finish_draft(mapper, messages, &draft);
}

void keel__messages_add(struct keel__mapper *mapper, struct keel__messages *messages,
                        yyjson_val *message, const char *role, bool text_may_be_parts)
{
    if (!yyjson_is_obj(message) || is_bare_part(message)) {
        struct draft draft = {.role = keel_slice_of(role)};
        if (yyjson_is_obj(message))
            draft.role = keel_slice_of("assistant");
        read_parts(mapper, &draft, message, NULL);
        if (draft.part_count > 0)
            finish_draft(mapper, messages, &draft);
        return;
    }
    add_finish_reason(mapper, messages, message);
    yyjson_val *inner = keel__member(message, "message");
    if (yyjson_is_obj(inner)) {
        add_finish_reason(mapper, messages, inner);
        add_object(mapper, messages, inner, calls_of(message), role, text_may_be_parts);
    } else if (inner && !keel__member(message, "content parts contents")) {
        keel__messages_add(mapper, messages, inner, role, text_may_be_parts); /* text, or parts */
    } else {
        add_object(mapper, messages, message, NULL, role, text_may_be_parts);
    }
}

void keel__messages_add_all(struct keel__mapper *mapper, struct keel__messages *messages,
                            yyjson_val *list, const char *role, bool text_may_be_parts)
{
    if (!yyjson_is_arr(list)) {
        if (list && !yyjson_is_null(list))
            keel__messages_add(mapper, messages, list, role, text_may_be_parts);
        return;
    }
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));)
        keel__messages_add(mapper, messages, item, role, text_may_be_parts);
}

void keel__messages_add_text(struct keel__mapper *mapper, struct keel__messages *messages,
                             const char *role, struct keel_slice text)
{
    add(mapper, messages, keel_slice_of(role), keel__mapper_clean(mapper, text), KEEL_MESSAGE_TEXT);
}

void keel__messages_add_system(struct keel__mapper *mapper, struct keel__messages *messages,
                               yyjson_val *instructions)
{
    struct keel__messages first = {.items = NULL};
    struct draft draft = {.role = keel_slice_of("system")};
    yyjson_val *parts = keel__member(instructions, "parts");
    read_parts(mapper, &draft, parts ? parts : instructions, NULL);
    if (draft.part_count == 0)
        return;
    count_kinds(&draft);
    add_draft(mapper, &first, &draft, keel__mapper_clean(mapper, only_text(&draft)));
    if (first.count == 0)
        return;
    const struct keel_message *old = messages->items;
    if (messages->count > 0 && keel__slice_equal(old->role, first.items->role) &&
        old->format == first.items->format && keel__slice_equal(old->content, first.items->content))
        return;
    for (size_t i = 0; i < messages->count; i++)
        add(mapper, &first, messages->items[i].role, messages->items[i].content,
            messages->items[i].format);
    first.finish_reasons = messages->finish_reasons;
    *messages = first;
}

struct keel_slice keel__messages_json(struct keel__mapper *mapper,
                                      const struct keel__messages *messages)
{
    if (messages->count == 0)
        return keel_slice(NULL, 0);
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_array_begin(&json);
    for (size_t i = 0; i < messages->count; i++) {
        const struct keel_message *message = &messages->items[i];
        keel__json_object_begin(&json);
        keel__json_add_text(&json, "role", message->role);
        if (message->format == KEEL_MESSAGE_TEXT) {
            keel__json_add_text(&json, "content", message->content);
        } else if (message->content.size > 2) { /* its members, without the braces */
            keel__str_char(json.out, ',');
            keel__str_append(json.out, message->content.data + 1, message->content.size - 2);
        }
        keel__json_object_end(&json);
    }
    keel__json_array_end(&json);
    return keel__mapper_written(mapper);
}
