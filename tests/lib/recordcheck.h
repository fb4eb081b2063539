/* What holds for every record that ingest makes, whatever bytes it was given. Shared by unit tests
 * and fuzz targets. */
#ifndef TESTS_RECORDCHECK_H
#define TESTS_RECORDCHECK_H

#include "base/json.h"
#include "base/utf8.h"

#include <keel/record.h>
#include <yyjson.h>

static inline bool check_text(struct keel_slice text)
{
    if (!text.data)
        return text.size == 0;
    return keel__utf8_valid(text) && !memchr(text.data, 0, text.size);
}

/* A name that is absent, or neither empty nor too long for an index. */
static inline bool check_name(struct keel_slice text)
{
    return check_text(text) && (!text.data || (text.size > 0 && text.size <= 1024));
}

/* JSON that both databases take: within the depth that they take, and without \u0000. */
static inline bool check_json(struct keel_slice text, yyjson_type type)
{
    struct yyjson_doc *doc;
    const struct keel__json_limits limits = {.max_depth = 900, .max_values = 100000000};
    if (!text.data)
        return true;
    if (!check_text(text) || keel__json_read(&doc, text, &limits, NULL) != 0)
        return false;
    bool right = type == YYJSON_TYPE_NONE || yyjson_get_type(yyjson_doc_get_root(doc)) == type;
    yyjson_doc_free(doc);
    for (size_t i = 0; i + 6 <= text.size; i++) {
        if (text.data[i] != '\\')
            continue;
        if (memcmp(text.data + i, "\\u0000", 6) == 0)
            return false;
        i++;
    }
    return right;
}

static inline bool check_messages(const struct keel_message *messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!check_text(messages[i].role) || !messages[i].role.data || !messages[i].content.data)
            return false;
        if (messages[i].format == KEEL_MESSAGE_JSON
                ? !check_json(messages[i].content, YYJSON_TYPE_OBJ)
                : !check_text(messages[i].content))
            return false;
    }
    return true;
}

static inline const char *check_call(const struct keel_llm_record *llm)
{
    const int64_t tokens[] = {llm->input_tokens, llm->output_tokens, llm->cache_read_tokens,
                              llm->cache_creation_tokens, llm->reasoning_tokens};
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++)
        if (tokens[i] < KEEL_TOKENS_UNKNOWN || tokens[i] > INT64_C(5000000000000000))
            return "tokens";
    if (!check_name(llm->provider) || !check_name(llm->operation) ||
        !check_name(llm->request_model) || !check_name(llm->response_model) ||
        !check_name(llm->response_id) || !check_name(llm->prompt_name) ||
        !check_name(llm->prompt_version))
        return "names of a call";
    if (!check_text(llm->finish_reason) || !check_text(llm->error_type))
        return "texts of a call";
    if (!check_json(llm->tools, YYJSON_TYPE_ARR))
        return "tools";
    if (!check_messages(llm->input_messages, llm->input_message_count) ||
        !check_messages(llm->output_messages, llm->output_message_count))
        return "messages";
    return NULL;
}

/* What does not hold; NULL when all does. */
static inline const char *check_record(const struct keel_record *record)
{
    static const uint8_t zero[16];
    if (record->kind == KEEL_EVENT_MISSING || record->kind > KEEL_EVENT_LOG)
        return "kind";
    if (memcmp(record->trace_id, zero, sizeof zero) == 0)
        return "trace id";
    if (!check_name(record->event_key) || !record->event_key.data)
        return "event key";
    if (!check_name(record->parent_key) ||
        (record->parent_key.data && record->parent_key.size == record->event_key.size &&
         memcmp(record->parent_key.data, record->event_key.data, record->event_key.size) == 0))
        return "parent key";
    if (!check_name(record->project) || !check_name(record->session_id) ||
        !check_name(record->user_id) || !check_name(record->agent_name) ||
        !check_name(record->tool_name) || !check_name(record->tool_call_id))
        return "names";
    if (!record->name.data || !check_text(record->name) || !check_text(record->status_message) ||
        !check_text(record->input) || !check_text(record->output))
        return "texts";
    if (!check_json(record->attributes, YYJSON_TYPE_OBJ))
        return "attributes";
    if (!check_json(record->body, YYJSON_TYPE_NONE))
        return "body";
    if (record->severity < 0 || record->severity > 24)
        return "severity";
    if (record->start_ns < 0 || record->end_ns < 0 ||
        (record->end_ns && record->end_ns < record->start_ns))
        return "times";
    if (record->llm && record->llm_of_parent)
        return "two calls";
    if (record->llm)
        return check_call(record->llm);
    return record->llm_of_parent ? check_call(record->llm_of_parent) : NULL;
}

#endif
