#include "ingest/call.h"

#include "ingest/flatten.h"
#include "ingest/parts.h"
#include "ingest/words.h"

#include <yyjson.h>

/* OpenInference's texts, without their vectors, which stay attributes. */
static yyjson_val *read_texts(struct keel__mapper *mapper, const struct keel__slots *slots,
                              const char *prefix)
{
    static const char suffix[] = ".embedding.text";
    const size_t size = sizeof suffix - 1;
    struct keel__attributes all = keel__attributes_numbered(&slots->attributes, prefix);
    struct keel__attributes texts = {keel__mapper_alloc(mapper, all.count, sizeof *all.items), 0};
    for (size_t i = 0; texts.items && i < all.count; i++) {
        struct keel_slice key = all.items[i].key;
        if (key.size < size || memcmp(key.data + key.size - size, suffix, size) != 0)
            continue;
        texts.items[texts.count++] = all.items[i];
        all.items[i].taken = true;
    }
    if (texts.count == 0)
        return NULL;
    return keel__mapper_parse(mapper, keel__unflatten(mapper, texts, prefix));
}

/* Each element of the AI SDK's list is the JSON of a text. */
static void write_values(struct keel__mapper *mapper, struct keel__json *json, yyjson_val *values)
{
    yyjson_arr_iter iter = yyjson_arr_iter_with(values);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));) {
        struct keel_slice text = keel__val_text(item);
        yyjson_val *inner = text.data ? keel__mapper_parse(mapper, text) : NULL;
        keel__json_val(mapper, json, yyjson_is_str(inner) ? inner : item);
    }
}

static void write_texts(struct keel__mapper *mapper, struct keel__json *json, yyjson_val *list)
{
    yyjson_arr_iter iter = yyjson_arr_iter_with(list);
    for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));)
        keel__json_val(mapper, json, keel__member(keel__member(item, "embedding"), "text"));
}

struct keel_slice keel__embedding_texts(struct keel__mapper *mapper, struct keel__slots *slots)
{
    struct keel__span_messages messages = keel__span_messages_read(mapper, slots, NULL, 0);
    yyjson_val *texts = read_texts(mapper, slots, "embedding.embeddings.");
    yyjson_val *values = keel__attribute_json(mapper, slots->best[KEEL__F_AI_VALUES]);
    if (values)
        keel__slot_take(slots, KEEL__F_AI_VALUES);
    if (messages.input.count == 0 && !texts && !values)
        return keel_slice(NULL, 0);
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_array_begin(&json);
    for (size_t i = 0; i < messages.input.count; i++)
        keel__json_text(&json, messages.input.items[i].content);
    if (messages.input.count == 0 && texts)
        write_texts(mapper, &json, texts);
    else if (messages.input.count == 0 && yyjson_is_arr(values))
        write_values(mapper, &json, values);
    else if (messages.input.count == 0)
        keel__json_val(mapper, &json, values);
    keel__json_array_end(&json);
    return keel__mapper_written(mapper);
}
