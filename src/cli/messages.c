#include "cli/messages.h"

#include <yyjson.h>

#include "base/json.h"

static struct keel_slice text_of(yyjson_val *value)
{
    return keel_slice(yyjson_get_str(value), yyjson_get_len(value));
}

/* A string as it is, anything else as JSON. */
static void print_value(FILE *out, yyjson_val *value)
{
    if (!value || yyjson_is_null(value))
        return;
    if (yyjson_is_str(value)) {
        keel__term_safe_lines(out, text_of(value));
        return;
    }
    size_t size;
    char *json = yyjson_val_write(value, YYJSON_WRITE_NOFLAG, &size);
    if (json)
        keel__term_safe(out, keel_slice(json, size));
    free(json);
}

static void print_tool_call(const struct keel__term *term, yyjson_val *call)
{
    keel__term_style(term, KEEL__YELLOW);
    fputs("calls ", term->out);
    print_value(term->out, yyjson_obj_get(call, "name"));
    keel__term_reset(term);
    fputc('(', term->out);
    print_value(term->out, yyjson_obj_get(call, "arguments"));
    fputc(')', term->out);
    keel__term_style(term, KEEL__DIM);
    fputs("  ", term->out);
    print_value(term->out, yyjson_obj_get(call, "id"));
    keel__term_reset(term);
}

static void print_json(const struct keel__term *term, yyjson_val *message)
{
    yyjson_val *content = yyjson_obj_get(message, "content");
    yyjson_val *id = yyjson_obj_get(message, "tool_call_id"), *call;
    yyjson_arr_iter calls;
    bool first = true;
    if (id) {
        keel__term_style(term, KEEL__DIM);
        print_value(term->out, id);
        keel__term_reset(term);
        fputc(' ', term->out);
    }
    if (content && !yyjson_is_null(content)) {
        print_value(term->out, content);
        first = false;
    }
    yyjson_arr_iter_init(yyjson_obj_get(message, "tool_calls"), &calls);
    while ((call = yyjson_arr_iter_next(&calls))) {
        fputs(first ? "" : "\n      ", term->out);
        print_tool_call(term, call);
        first = false;
    }
}

static void print_message(const struct keel__term *term, const struct keel_stored_message *message)
{
    yyjson_doc *document = NULL;
    fputs("  ", term->out);
    keel__term_style(term, KEEL__BOLD);
    keel__term_safe(term->out, keel_slice_of(message->role));
    keel__term_reset(term);
    fputs(": ", term->out);
    if (message->format == KEEL_MESSAGE_JSON &&
        !keel__json_read(&document, message->content, NULL, NULL))
        print_json(term, yyjson_doc_get_root(document));
    else
        keel__term_safe_lines(term->out, message->content);
    yyjson_doc_free(document);
    fputc('\n', term->out);
}

static const struct keel_stored_message *message_at(const struct keel_llm_call *call, size_t index)
{
    if (index < call->input_message_count)
        return &call->input_messages[index];
    index -= call->input_message_count;
    return index < call->output_message_count ? &call->output_messages[index] : NULL;
}

/* A node's hash covers all before it: two that are equal say that all before them are. */
static size_t shared_prefix(const struct keel_llm_call *call, const struct keel_llm_call *before)
{
    size_t shared = 0;
    for (size_t i = 0; before && i < call->input_message_count; i++) {
        const struct keel_stored_message *other = message_at(before, i);
        if (!other || memcmp(&other->hash, &call->input_messages[i].hash, sizeof other->hash) != 0)
            break;
        shared = i + 1;
    }
    return shared;
}

void keel__messages_print(const struct keel__term *term, const struct keel_llm_call *call,
                          const struct keel_llm_call *before)
{
    size_t shared = shared_prefix(call, before);
    if (shared) {
        keel__term_style(term, KEEL__DIM);
        fprintf(term->out, "  (the %zu before are call %lld's)\n", shared,
                (long long)before->sequence);
        keel__term_reset(term);
    }
    for (size_t i = shared; i < call->input_message_count; i++)
        print_message(term, &call->input_messages[i]);
    for (size_t i = 0; i < call->output_message_count; i++)
        print_message(term, &call->output_messages[i]);
}
