#include "recordjson.h"

#include "base/json.h"

static void add_text(struct keel__json *json, const char *key, struct keel_slice text)
{
    if (text.data)
        keel__json_add_text(json, key, text);
}

static void add_raw(struct keel__json *json, const char *key, struct keel_slice raw)
{
    if (raw.data)
        keel__json_add_raw(json, key, raw);
}

static void add_tokens(struct keel__json *json, const char *key, int64_t tokens)
{
    if (tokens != KEEL_TOKENS_UNKNOWN)
        keel__json_add_int(json, key, tokens);
}

static void add_messages(struct keel__json *json, const char *key,
                         const struct keel_message *messages, size_t count)
{
    if (count == 0)
        return;
    keel__json_key(json, key);
    keel__json_array_begin(json);
    for (size_t i = 0; i < count; i++) {
        keel__json_object_begin(json);
        keel__json_add_text(json, "role", messages[i].role);
        if (messages[i].format == KEEL_MESSAGE_TEXT)
            keel__json_add_text(json, "text", messages[i].content);
        else
            keel__json_add_raw(json, "json", messages[i].content);
        keel__json_object_end(json);
    }
    keel__json_array_end(json);
}

static void add_call(struct keel__json *json, const char *key, const struct keel_llm_record *llm)
{
    if (!llm)
        return;
    keel__json_key(json, key);
    keel__json_object_begin(json);
    add_text(json, "provider", llm->provider);
    add_text(json, "operation", llm->operation);
    add_text(json, "request_model", llm->request_model);
    add_text(json, "response_model", llm->response_model);
    add_text(json, "response_id", llm->response_id);
    add_text(json, "finish_reason", llm->finish_reason);
    add_text(json, "error_type", llm->error_type);
    add_tokens(json, "input_tokens", llm->input_tokens);
    add_tokens(json, "output_tokens", llm->output_tokens);
    add_tokens(json, "cache_read_tokens", llm->cache_read_tokens);
    add_tokens(json, "cache_creation_tokens", llm->cache_creation_tokens);
    add_tokens(json, "reasoning_tokens", llm->reasoning_tokens);
    add_raw(json, "tools", llm->tools);
    add_text(json, "prompt_name", llm->prompt_name);
    add_text(json, "prompt_version", llm->prompt_version);
    if (llm->messages_partial)
        keel__json_add_bool(json, "messages_partial", true);
    add_messages(json, "input_messages", llm->input_messages, llm->input_message_count);
    add_messages(json, "output_messages", llm->output_messages, llm->output_message_count);
    keel__json_object_end(json);
}

static void add_record(struct keel__json *json, const struct keel_record *record)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "kind", keel_event_kind_name(record->kind));
    add_text(json, "name", record->name);
    keel__json_add_hex(json, "trace_id", record->trace_id, sizeof record->trace_id);
    add_text(json, "event_key", record->event_key);
    add_text(json, "parent_key", record->parent_key);
    add_text(json, "project", record->project);
    add_text(json, "session_id", record->session_id);
    add_text(json, "user_id", record->user_id);
    if (record->is_span)
        keel__json_add_bool(json, "is_span", true);
    if (record->status)
        keel__json_add_cstr(json, "status", keel_event_status_name(record->status));
    add_text(json, "status_message", record->status_message);
    if (record->severity)
        keel__json_add_int(json, "severity", record->severity);
    if (record->start_ns)
        keel__json_add_int(json, "start_ns", record->start_ns);
    if (record->end_ns)
        keel__json_add_int(json, "end_ns", record->end_ns);
    add_text(json, "agent_name", record->agent_name);
    add_text(json, "tool_name", record->tool_name);
    add_text(json, "tool_call_id", record->tool_call_id);
    add_text(json, "input", record->input);
    add_text(json, "output", record->output);
    add_call(json, "llm", record->llm);
    add_call(json, "llm_of_parent", record->llm_of_parent);
    add_raw(json, "body", record->body);
    add_raw(json, "attributes", record->attributes);
    keel__json_object_end(json);
}

void records_write(struct keel__str *out, const struct keel_record *records, size_t count)
{
    struct keel__json json;
    keel__json_init(&json, out, true);
    keel__json_array_begin(&json);
    for (size_t i = 0; i < count; i++)
        add_record(&json, &records[i]);
    keel__json_array_end(&json);
}
