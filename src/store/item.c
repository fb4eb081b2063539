#include "store/item.h"

#include "base/utf8.h"
#include "store/event.h"
#include "store/message.h"
#include "store/store.h"

#include <stdio.h>

struct named {
    const char *what;
    struct keel_slice text;
};

/* NULL, or what is wrong. */
static const char *check_keys(struct keel__arena *arena, const struct keel_record *record)
{
    const struct keel_llm_record *llm = record->llm ? record->llm : record->llm_of_parent;
    const struct named keys[] = {
        {"event key", record->event_key},
        {"parent key", record->parent_key},
        {"project", record->project},
        {"session id", record->session_id},
        {"user id", record->user_id},
        {"provider", llm ? llm->provider : keel_slice(NULL, 0)},
        {"request model", llm ? llm->request_model : keel_slice(NULL, 0)},
        {"response model", llm ? llm->response_model : keel_slice(NULL, 0)},
    };
    if (record->event_key.size == 0)
        return "it has no key";
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (keys[i].text.size > KEEL__NAME_MAX_BYTES)
            return keel__arena_printf(arena, "its %s is longer than %d bytes", keys[i].what,
                                      KEEL__NAME_MAX_BYTES);
    return NULL;
}

static bool fits(struct keel__arena *arena, struct keel_slice text)
{
    return keel__utf8_clean(arena, text).data == text.data;
}

static const char *check_text(struct keel__arena *arena, const struct named *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!fits(arena, texts[i].text))
            return keel__arena_printf(arena, "its %s is not UTF-8 text without NUL bytes",
                                      texts[i].what);
    return NULL;
}

static const char *check_texts(struct keel__arena *arena, const struct keel_record *record)
{
    const struct named texts[] = {
        {"event key", record->event_key},
        {"parent key", record->parent_key},
        {"project", record->project},
        {"session id", record->session_id},
        {"user id", record->user_id},
        {"name", record->name},
        {"status message", record->status_message},
        {"agent name", record->agent_name},
        {"tool name", record->tool_name},
        {"tool call id", record->tool_call_id},
        {"input", record->input},
        {"output", record->output},
        {"attributes", record->attributes},
        {"body", record->body},
    };
    return check_text(arena, texts, sizeof texts / sizeof texts[0]);
}

static const char *check_messages(struct keel__arena *arena, const struct keel_message *messages,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!fits(arena, messages[i].role) || !fits(arena, messages[i].content))
            return "a message of it is not UTF-8 text without NUL bytes";
    return NULL;
}

static const char *check_llm(struct keel__arena *arena, const struct keel_llm_record *llm)
{
    const struct named texts[] = {
        {"provider", llm->provider},           {"operation", llm->operation},
        {"request model", llm->request_model}, {"response model", llm->response_model},
        {"response id", llm->response_id},     {"finish reason", llm->finish_reason},
        {"error type", llm->error_type},       {"tools", llm->tools},
        {"prompt name", llm->prompt_name},     {"prompt version", llm->prompt_version},
    };
    const char *wrong = check_text(arena, texts, sizeof texts / sizeof texts[0]);
    if (!wrong)
        wrong = check_messages(arena, llm->input_messages, llm->input_message_count);
    if (!wrong)
        wrong = check_messages(arena, llm->output_messages, llm->output_message_count);
    return wrong;
}

static const char *check(struct keel__arena *arena, const struct keel_record *record)
{
    static const uint8_t no_trace[16];
    const char *wrong = check_keys(arena, record);
    if (wrong)
        return wrong;
    if (!record->has_run_id && memcmp(record->trace_id, no_trace, sizeof no_trace) == 0)
        return "it has neither run nor trace id";
    if (record->kind <= KEEL_EVENT_MISSING || record->kind > KEEL_EVENT_LOG)
        return "its kind is unknown";
    if (record->status > KEEL_STATUS_ERROR)
        return "its status is unknown";
    if (record->severity < 0 || record->severity > 24)
        return "its severity is not between 0 and 24";
    wrong = check_texts(arena, record);
    if (!wrong && record->llm)
        wrong = check_llm(arena, record->llm);
    if (!wrong && record->llm_of_parent)
        wrong = check_llm(arena, record->llm_of_parent);
    return wrong;
}

/* JSON without \u0000, which jsonb refuses: U+FFFD stands in its place. */
static int clean_json(struct keel__arena *arena, struct keel_slice json, struct keel_slice *out,
                      struct keel_error *err)
{
    *out = json;
    if (!json.data || !memmem(json.data, json.size, "\\u0000", 6))
        return 0;
    char *copy = keel__arena_dup(arena, json);
    if (!copy)
        return keel__arena_error(arena, err);
    for (size_t i = 0; i + 1 < json.size; i++) {
        if (copy[i] != '\\')
            continue;
        if (json.size - i >= 6 && memcmp(copy + i, "\\u0000", 6) == 0)
            memcpy(copy + i, "\\ufffd", 6);
        i++;
    }
    *out = keel_slice(copy, json.size);
    return 0;
}

static int make_list(struct keel__arena *arena, const struct keel_message *messages, size_t count,
                     const struct keel_hash *after, struct keel__said_list *list,
                     struct keel_error *err)
{
    if (count == 0)
        return 0;
    list->items = keel__arena_calloc(arena, count, sizeof *list->items);
    struct keel_hash *nodes = keel__arena_calloc(arena, count, sizeof *nodes);
    if (!list->items || !nodes)
        return keel__arena_error(arena, err);
    list->count = count;
    list->nodes = nodes;
    list->after = *after;
    for (size_t i = 0; i < count; i++) {
        struct keel__said *said = &list->items[i];
        said->role = messages[i].role.data ? messages[i].role : keel_slice("", 0);
        said->content = messages[i].content.data ? messages[i].content : keel_slice("", 0);
        said->format = messages[i].format;
        keel_content_hash(said->content, &said->content_hash);
        keel_message_hash(i ? &nodes[i - 1] : after, said->role, said->format, &said->content_hash,
                          &nodes[i]);
    }
    return 0;
}

static int hash_llm(struct keel__arena *arena, struct keel__item *item,
                    const struct keel_llm_record *llm, struct keel_error *err)
{
    struct keel_hash nothing = {{0}};
    int code = make_list(arena, llm->input_messages, llm->input_message_count, &nothing,
                         &item->input, err);
    if (code == 0)
        code = make_list(arena, llm->output_messages, llm->output_message_count,
                         item->input.count ? &item->input.nodes[item->input.count - 1] : &nothing,
                         &item->output, err);
    if (llm->tools.data)
        keel_content_hash(llm->tools, &item->tools_hash);
    return code;
}

static size_t llm_bytes(const struct keel_llm_record *llm)
{
    size_t bytes = sizeof *llm + llm->tools.size;
    for (size_t i = 0; i < llm->input_message_count; i++)
        bytes += sizeof(struct keel_message) + llm->input_messages[i].content.size;
    for (size_t i = 0; i < llm->output_message_count; i++)
        bytes += sizeof(struct keel_message) + llm->output_messages[i].content.size;
    return bytes;
}

size_t keel__record_bytes(const struct keel_record *record)
{
    size_t bytes = sizeof *record + record->name.size + record->status_message.size +
                   record->input.size + record->output.size + record->attributes.size +
                   record->body.size;
    if (record->llm)
        bytes += llm_bytes(record->llm);
    if (record->llm_of_parent)
        bytes += llm_bytes(record->llm_of_parent);
    return bytes;
}

static int make_item(struct keel__arena *arena, struct keel__item *item,
                     const struct keel_record *record, struct keel_error *err)
{
    const struct keel_llm_record *llm = record->llm ? record->llm : record->llm_of_parent;
    item->record = record;
    item->reason = check(arena, record);
    if (item->reason) {
        item->outcome = KEEL__REJECTED;
        return 0;
    }
    int code = clean_json(arena, record->attributes, &item->attributes, err);
    if (code == 0)
        code = clean_json(arena, record->body, &item->body, err);
    return code == 0 && llm ? hash_llm(arena, item, llm, err) : code;
}

int keel__submit_init(struct keel__submit *submit, const struct keel_record *records, size_t count,
                      struct keel_error *err)
{
    memset(submit, 0, sizeof *submit);
    keel__arena_init(&submit->arena, 0);
    submit->items = keel__arena_calloc(&submit->arena, count, sizeof *submit->items);
    submit->count = count;
    int code = submit->items ? 0 : keel__arena_error(&submit->arena, err);
    for (size_t i = 0; i < count && code == 0; i++) {
        submit->items[i].submit = submit;
        code = make_item(&submit->arena, &submit->items[i], &records[i], err);
        submit->bytes += keel__record_bytes(&records[i]);
    }
    if (code)
        keel__submit_fini(submit);
    return code;
}

void keel__submit_fini(struct keel__submit *submit)
{
    keel__arena_fini(&submit->arena);
}

void keel__item_reject(struct keel__item *item, const char *reason)
{
    const char *copy = keel__arena_strdup(&item->submit->arena, reason);
    item->outcome = KEEL__REJECTED;
    item->reason = copy ? copy : "out of memory";
}

void keel__submit_result(const struct keel__submit *submit, struct keel_write_result *result)
{
    memset(result, 0, sizeof *result);
    for (size_t i = 0; i < submit->count; i++) {
        const struct keel__item *item = &submit->items[i];
        result->inserted += item->outcome == KEEL__INSERTED;
        result->completed += item->outcome == KEEL__COMPLETED;
        result->duplicates += item->outcome == KEEL__DUPLICATE;
        if (item->outcome != KEEL__REJECTED)
            continue;
        if (result->rejected++ > 0)
            continue;
        struct keel_slice key = keel__utf8_cut(item->record->event_key, 64);
        struct keel__arena scratch;
        keel__arena_init(&scratch, 0);
        key = keel__utf8_clean(&scratch, key);
        snprintf(result->message, sizeof result->message, "event %.*s was refused: %s",
                 (int)key.size, key.data ? key.data : "", item->reason);
        keel__arena_fini(&scratch);
    }
}
