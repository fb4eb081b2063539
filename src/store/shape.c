#include "store/shape.h"

#include "base/base64.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

static void add_time(struct keel__json *json, const char *key, int64_t unix_us)
{
    if (unix_us == 0)
        keel__json_add_null(json, key);
    else
        keel__json_add_time(json, key, unix_us);
}

static void add_duration(struct keel__json *json, int64_t from, int64_t until)
{
    if (from == 0 || until == 0)
        keel__json_add_null(json, "duration_us");
    else
        keel__json_add_int(json, "duration_us", until - from);
}

static void add_count(struct keel__json *json, const char *key, int64_t count)
{
    if (count < 0)
        keel__json_add_null(json, key);
    else
        keel__json_add_int(json, key, count);
}

static void add_price(struct keel__json *json, const char *key, int64_t nusd)
{
    if (nusd < 0)
        keel__json_add_null(json, key);
    else
        keel__json_add_money(json, key, nusd);
}

static void add_id(struct keel__json *json, int64_t id)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, id);
    keel__json_add_cstr(json, "id", text);
}

/* Nanoseconds as text, as in OTLP's JSON: a double does not hold them. */
static void add_nanoseconds(struct keel__json *json, const char *key, int64_t ns)
{
    char text[24];
    snprintf(text, sizeof(text), "%" PRId64, ns);
    keel__json_add_cstr(json, key, ns ? text : NULL);
}

static void add_base64(struct keel__json *json, const char *key, struct keel_slice bytes)
{
    struct keel__str text;

    keel__str_init(&text, 0);
    keel__base64_encode(&text, bytes);
    keel__json_add_text(json, key, keel__str_view(&text));
    json->out->failed |= text.failed;
    keel__str_fini(&text);
}

void keel__shape_run_members(struct keel__json *json, const struct keel_run *run)
{
    keel__json_add_uuid(json, "id", run->id);
    keel__json_add_cstr(json, "project", run->project);
    keel__json_add_cstr(json, "name", run->name);
    keel__json_add_cstr(json, "kind", run->kind);
    keel__json_add_cstr(json, "status", keel_run_status_name(run->status));
    keel__json_add_cstr(json, "last_error", run->last_error);
    keel__json_add_cstr(json, "trace_id", run->trace_id);
    keel__json_add_cstr(json, "session_id", run->session_id);
    keel__json_add_cstr(json, "user_id", run->user_id);
    keel__json_add_cstr(json, "worktree", run->worktree);
    keel__json_add_cstr(json, "dedupe_key", run->dedupe_key);
    if (run->has_parent)
        keel__json_add_uuid(json, "parent_run_id", run->parent_run_id);
    else
        keel__json_add_null(json, "parent_run_id");
    add_time(json, "created_at", run->created_at);
    add_time(json, "started_at", run->started_at);
    add_time(json, "ended_at", run->ended_at);
    add_duration(json, run->started_at, run->ended_at);
    keel__json_add_int(json, "event_count", run->event_count);
    keel__json_add_int(json, "llm_call_count", run->llm_call_count);
    keel__json_add_int(json, "input_tokens", run->input_tokens);
    keel__json_add_int(json, "output_tokens", run->output_tokens);
    keel__json_add_int(json, "cache_read_tokens", run->cache_read_tokens);
    keel__json_add_int(json, "cache_creation_tokens", run->cache_creation_tokens);
    keel__json_add_int(json, "reasoning_tokens", run->reasoning_tokens);
    keel__json_add_money(json, "cost_usd", run->cost_nusd);
    keel__json_add_int(json, "unpriced_call_count", run->unpriced_call_count);
}

void keel__shape_run(struct keel__json *json, const struct keel_run *run)
{
    keel__json_object_begin(json);
    keel__shape_run_members(json, run);
    keel__json_object_end(json);
}

void keel__shape_status_change(struct keel__json *json, const struct keel_status_change *change)
{
    keel__json_object_begin(json);
    keel__json_add_int(json, "sequence", change->sequence);
    keel__json_add_cstr(json, "status", keel_run_status_name(change->status));
    keel__json_add_cstr(json, "reason", change->reason);
    keel__json_add_cstr(json, "actor", change->actor);
    add_time(json, "at", change->at);
    keel__json_object_end(json);
}

void keel__shape_input(struct keel__json *json, const struct keel_input *input)
{
    keel__json_object_begin(json);
    keel__json_add_int(json, "sequence", input->sequence);
    keel__json_add_cstr(json, "id", input->external_id);
    keel__json_add_cstr(json, "name", input->name);
    keel__json_add_cstr(json, "media_type", input->media_type);
    if (keel__utf8_valid(input->content)) {
        keel__json_add_text(json, "content", input->content);
    } else {
        keel__json_add_null(json, "content");
        add_base64(json, "content_base64", input->content);
    }
    add_time(json, "created_at", input->created_at);
    keel__json_object_end(json);
}

void keel__shape_event(struct keel__json *json, struct keel_uuid run_id,
                       const struct keel_event *event, enum keel__event_shape shape)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "id", event->event_key);
    keel__json_add_uuid(json, "run_id", run_id);
    keel__json_add_int(json, "sequence", event->sequence);
    add_count(json, "parent_sequence", event->parent_sequence ? event->parent_sequence : -1);
    if (shape == KEEL__EVENT_TREE)
        keel__json_add_int(json, "depth", event->depth);
    keel__json_add_cstr(json, "kind", keel_event_kind_name(event->kind));
    keel__json_add_cstr(json, "name", event->name);
    keel__json_add_cstr(json, "status", keel_event_status_name(event->status));
    keel__json_add_cstr(json, "status_message", event->status_message);
    add_count(json, "severity", event->severity ? event->severity : -1);
    add_time(json, "started_at", event->start_ns / 1000);
    add_time(json, "ended_at", event->end_ns / 1000);
    if (event->start_ns && event->end_ns)
        keel__json_add_int(json, "duration_us", (event->end_ns - event->start_ns) / 1000);
    else
        keel__json_add_null(json, "duration_us");
    add_nanoseconds(json, "start_unix_nano", event->start_ns);
    add_nanoseconds(json, "end_unix_nano", event->end_ns);
    keel__json_add_cstr(json, "agent_name", event->agent_name);
    keel__json_add_cstr(json, "tool_name", event->tool_name);
    keel__json_add_cstr(json, "tool_call_id", event->tool_call_id);
    keel__json_add_bool(json, "has_llm_call", event->has_llm_call);
    if (shape == KEEL__EVENT_DETAILS) {
        keel__json_add_text(json, "input", event->input);
        keel__json_add_text(json, "output", event->output);
        keel__json_add_raw(json, "attributes", event->attributes);
        keel__json_add_raw(json, "body", event->body);
    }
    keel__json_object_end(json);
}

/* Stored as a canonical object whose "content", where there is one, comes first
 * (keel/record.h): its members follow the role as they are. */
static void add_members(struct keel__json *json, struct keel_slice object)
{
    static const char first[] = "{\"content\":";
    size_t known = sizeof(first) - 1;

    if (object.size < known || memcmp(object.data, first, known) != 0)
        keel__json_add_null(json, "content");
    if (object.size > 2) {
        keel__str_char(json->out, ',');
        keel__str_append(json->out, object.data + 1, object.size - 2);
    }
}

void keel__shape_message(struct keel__json *json, const struct keel_stored_message *message)
{
    struct keel_slice content = message->content;
    bool object = message->format == KEEL_MESSAGE_JSON && content.size >= 2 &&
                  content.data[0] == '{' && content.data[content.size - 1] == '}';

    keel__json_object_begin(json);
    keel__json_add_cstr(json, "role", message->role);
    if (object)
        add_members(json, content);
    else
        keel__json_add_text(json, "content", content);
    keel__json_object_end(json);
}

static void add_messages(struct keel__json *json, const char *key,
                         const struct keel_stored_message *messages, size_t count)
{
    keel__json_key(json, key);
    keel__json_array_begin(json);
    for (size_t i = 0; i < count; i++)
        keel__shape_message(json, &messages[i]);
    keel__json_array_end(json);
}

static void add_usage(struct keel__json *json, const struct keel_llm_call *call)
{
    add_count(json, "input_tokens", call->input_tokens);
    add_count(json, "output_tokens", call->output_tokens);
    add_count(json, "cache_read_tokens", call->cache_read_tokens);
    add_count(json, "cache_creation_tokens", call->cache_creation_tokens);
    add_count(json, "reasoning_tokens", call->reasoning_tokens);
    if (call->has_cost)
        keel__json_add_money(json, "cost_usd", call->cost_nusd);
    else
        keel__json_add_null(json, "cost_usd");
    keel__json_add_bool(json, "is_leaf", call->is_leaf);
}

void keel__shape_llm_call(struct keel__json *json, const struct keel_llm_call *call, bool messages)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "id", call->id);
    keel__json_add_uuid(json, "run_id", call->run_id);
    keel__json_add_int(json, "sequence", call->sequence);
    keel__json_add_cstr(json, "name", call->name);
    keel__json_add_cstr(json, "provider", call->provider);
    keel__json_add_cstr(json, "operation", call->operation);
    keel__json_add_cstr(json, "request_model", call->request_model);
    keel__json_add_cstr(json, "response_model", call->response_model);
    keel__json_add_cstr(json, "response_id", call->response_id);
    keel__json_add_cstr(json, "status", keel_event_status_name(call->status));
    keel__json_add_cstr(json, "error_type", call->error_type);
    keel__json_add_cstr(json, "error_message", call->error_message);
    keel__json_add_cstr(json, "finish_reason", call->finish_reason);
    add_usage(json, call);
    add_time(json, "started_at", call->started_at);
    add_time(json, "ended_at", call->ended_at);
    add_count(json, "duration_us", call->started_at && call->ended_at ? call->duration_us : -1);
    keel__json_add_cstr(json, "session_id", call->session_id);
    keel__json_add_cstr(json, "agent_name", call->agent_name);
    if (messages) {
        keel__json_add_raw(json, "tools", call->tools);
        add_messages(json, "input_messages", call->input_messages, call->input_message_count);
        add_messages(json, "output_messages", call->output_messages, call->output_message_count);
    }
    keel__json_object_end(json);
}

void keel__shape_session(struct keel__json *json, const struct keel_session *session)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "id", session->id);
    keel__json_add_cstr(json, "project", session->project);
    add_time(json, "first_at", session->first_at);
    add_time(json, "last_at", session->last_at);
    keel__json_add_int(json, "run_count", session->run_count);
    keel__json_add_int(json, "llm_call_count", session->llm_call_count);
    keel__json_add_int(json, "input_tokens", session->input_tokens);
    keel__json_add_int(json, "output_tokens", session->output_tokens);
    keel__json_add_money(json, "cost_usd", session->cost_nusd);
    keel__json_object_end(json);
}

void keel__shape_cost(struct keel__json *json, enum keel_cost_by by, const struct keel_cost *cost)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, keel_cost_by_name(by), cost->key);
    keel__json_add_int(json, "llm_call_count", cost->llm_call_count);
    keel__json_add_int(json, "input_tokens", cost->input_tokens);
    keel__json_add_int(json, "output_tokens", cost->output_tokens);
    keel__json_add_int(json, "cache_read_tokens", cost->cache_read_tokens);
    keel__json_add_int(json, "cache_creation_tokens", cost->cache_creation_tokens);
    keel__json_add_int(json, "reasoning_tokens", cost->reasoning_tokens);
    keel__json_add_money(json, "cost_usd", cost->cost_nusd);
    keel__json_add_int(json, "unpriced_call_count", cost->unpriced_call_count);
    keel__json_object_end(json);
}

void keel__shape_price(struct keel__json *json, const struct keel_price *price)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "provider",
                        price->provider && *price->provider ? price->provider : NULL);
    keel__json_add_cstr(json, "model", price->model);
    keel__json_add_time(json, "valid_from", price->valid_from);
    add_price(json, "input_per_million_usd", price->input_nusd);
    add_price(json, "output_per_million_usd", price->output_nusd);
    add_price(json, "cache_read_per_million_usd", price->cache_read_nusd);
    add_price(json, "cache_creation_per_million_usd", price->cache_creation_nusd);
    add_price(json, "reasoning_per_million_usd", price->reasoning_nusd);
    keel__json_add_cstr(json, "source", price->source);
    keel__json_object_end(json);
}

void keel__shape_api_key(struct keel__json *json, const struct keel_api_key *key,
                         const char *secret)
{
    keel__json_object_begin(json);
    add_id(json, key->id);
    keel__json_add_cstr(json, "name", key->name);
    if (secret)
        keel__json_add_cstr(json, "key", secret);
    keel__json_add_cstr(json, "prefix", key->prefix);
    keel__json_add_cstr(json, "role", keel_role_name(key->role));
    add_time(json, "created_at", key->created_at);
    add_time(json, "last_used_at", key->last_used_at);
    add_time(json, "revoked_at", key->revoked_at);
    keel__json_object_end(json);
}

void keel__shape_partition(struct keel__json *json, const struct keel_partition *partition)
{
    keel__json_object_begin(json);
    keel__json_add_cstr(json, "table", partition->table);
    keel__json_add_cstr(json, "name", partition->name);
    keel__json_add_bool(json, "is_default", partition->from == 0 && partition->until == 0);
    add_time(json, "from", partition->from);
    add_time(json, "until", partition->until);
    add_count(json, "estimated_rows", partition->estimated_rows);
    keel__json_add_int(json, "bytes", partition->bytes);
    keel__json_object_end(json);
}

void keel__shape_audit_entry(struct keel__json *json, const struct keel_audit_entry *entry)
{
    keel__json_object_begin(json);
    add_id(json, entry->id);
    add_time(json, "at", entry->at);
    keel__json_add_cstr(json, "actor", entry->actor);
    keel__json_add_cstr(json, "action", entry->action);
    keel__json_add_cstr(json, "object_type", entry->object_type);
    keel__json_add_cstr(json, "object_id", entry->object_id);
    keel__json_add_raw(json, "detail", entry->detail);
    keel__json_object_end(json);
}
