#include "ingest/parts.h"

#include "base/arena.h"
#include "ingest/words.h"

#include <yyjson.h>

/* ---- reading ---- */

yyjson_val *keel__member(yyjson_val *object, const char *names)
{
    if (!yyjson_is_obj(object))
        return NULL;
    while (*names) {
        size_t size = strcspn(names, " ");
        yyjson_val *val = yyjson_obj_getn(object, names, size);
        if (val && !yyjson_is_null(val))
            return val;
        names += size + (names[size] == ' ');
    }
    return NULL;
}

struct keel_slice keel__val_text(yyjson_val *val)
{
    return yyjson_is_str(val) ? keel_slice(yyjson_get_str(val), yyjson_get_len(val))
                              : keel_slice(NULL, 0);
}

struct keel_slice keel__member_text(yyjson_val *object, const char *names)
{
    return keel__val_text(keel__member(object, names));
}

static bool type_is_one_of(struct keel_slice type, const char *const *types)
{
    for (; *types; types++)
        if (keel__slice_is(type, *types))
            return true;
    return false;
}

static struct keel__part text_part(yyjson_val *raw, struct keel_slice text)
{
    return (struct keel__part){.kind = KEEL__PART_TEXT, .raw = raw, .text = text};
}

struct keel__part keel__call_of(yyjson_val *val)
{
    yyjson_val *inner = keel__member(val, "tool_call"); /* OpenInference */
    if (yyjson_is_obj(inner))
        val = inner;
    struct keel__part part = {.kind = KEEL__PART_CALL, .raw = val};
    /* OpenAI's Responses have an id of the item beside the one that the result refers to. */
    part.id = keel__member(val, "call_id toolCallId toolUseId id");
    yyjson_val *function = keel__member(val, "function");
    if (!yyjson_is_obj(function))
        function = val;
    part.name = keel__member(function, "name toolName function_call_name");
    part.value = keel__member(function, "arguments args input function_call_arguments_json");
    return part;
}

static struct keel__part result_of(yyjson_val *val)
{
    return (struct keel__part){
        .kind = KEEL__PART_RESULT,
        .raw = val,
        .id = keel__member(val, "tool_use_id toolCallId toolUseId call_id id"),
        .name = keel__member(val, "name toolName"),
        .value = keel__member(val, "response result output content"),
    };
}

/* Parts of Gemini and Bedrock have no type; the member that is there says what they are. */
static struct keel__part untyped_part(yyjson_val *val)
{
    yyjson_val *inner;
    struct keel_slice text = keel__member_text(val, "text content");
    if (text.data)
        return text_part(val, text);
    if ((inner = keel__member(val, "toolUse functionCall function_call")))
        return keel__call_of(inner);
    if ((inner = keel__member(val, "toolResult functionResponse function_response")))
        return result_of(inner);
    return (struct keel__part){.kind = KEEL__PART_OTHER, .raw = val};
}

struct keel__part keel__part_of(yyjson_val *val)
{
    static const char *const texts[] = {"text", "input_text", "output_text", NULL};
    static const char *const calls[] = {"tool_call", "tool-call",     "tool_use",
                                        "function",  "function_call", NULL};
    static const char *const results[] = {"tool_call_response", "tool-result", "tool_result",
                                          "function_call_output", NULL};
    if (yyjson_is_str(val))
        return text_part(val, keel__val_text(val));
    yyjson_val *inner = keel__member(val, "message_content"); /* OpenInference */
    if (yyjson_is_obj(inner))
        val = inner;
    struct keel_slice type = keel__member_text(val, "type");
    if (!type.data)
        return untyped_part(val);
    if (type_is_one_of(type, texts)) {
        struct keel_slice text = keel__member_text(val, "content text");
        return text_part(val, text.data ? text : keel_slice("", 0));
    }
    if (type_is_one_of(type, calls))
        return keel__call_of(val);
    if (type_is_one_of(type, results))
        return result_of(val);
    return (struct keel__part){.kind = KEEL__PART_OTHER, .raw = val};
}

/* ---- writing ---- */

static void add_text(struct keel__mapper *mapper, struct keel__json *json, const char *key,
                     struct keel_slice text)
{
    keel__json_add_text(json, key, keel__mapper_clean(mapper, text));
}

static void write_typed(struct keel__mapper *mapper, struct keel__json *json,
                        struct keel_slice type, const char *key, struct keel_slice text)
{
    keel__json_object_begin(json);
    add_text(mapper, json, "type", type);
    add_text(mapper, json, key, text);
    keel__json_object_end(json);
}

static bool is_url(struct keel_slice text)
{
    return keel__slice_starts(text, "http://") || keel__slice_starts(text, "https://") ||
           keel__slice_starts(text, "data:") || keel__slice_starts(text, "gs://") ||
           keel__slice_starts(text, "s3://");
}

static struct keel_slice data_url(struct keel__mapper *mapper, struct keel_slice media_type,
                                  struct keel_slice data)
{
    if (!data.data || is_url(data))
        return data;
    if (!media_type.data)
        media_type = keel_slice_of("application/octet-stream");
    static const char base64[] = ";base64,";
    size_t size = 5 + media_type.size + sizeof base64 - 1 + data.size;
    char *url = keel__mapper_alloc(mapper, size, 1);
    if (!url)
        return keel_slice(NULL, 0);
    char *end = mempcpy(url, "data:", 5);
    end = mempcpy(end, media_type.data, media_type.size);
    end = mempcpy(end, base64, sizeof base64 - 1);
    memcpy(end, data.data, data.size);
    return keel_slice(url, size);
}

/* Where the bytes of an image, a sound or a file are. */
static struct keel_slice find_url(struct keel__mapper *mapper, yyjson_val *val)
{
    struct keel_slice media = keel__member_text(val, "mime_type media_type mediaType mimeType");
    yyjson_val *holder =
        keel__member(val, "image_url input_audio image audio video document file source");
    if (yyjson_is_obj(holder)) { /* one level for most, two for OpenInference's image.image.url */
        yyjson_val *deeper = keel__member(holder, "image audio video document");
        if (yyjson_is_obj(deeper))
            holder = deeper;
        struct keel_slice inner = keel__member_text(holder, "mime_type media_type");
        struct keel_slice url = keel__member_text(holder, "url uri file_data data");
        return data_url(mapper, inner.data ? inner : media, url);
    }
    if (yyjson_is_str(holder))
        return data_url(mapper, media, keel__val_text(holder));
    return data_url(mapper, media, keel__member_text(val, "uri url data content"));
}

static struct keel_slice modality(yyjson_val *val, struct keel_slice type)
{
    static const char *const known[] = {"image", "audio", "video"};
    struct keel_slice hints[] = {
        keel__member_text(val, "modality"),
        keel__member_text(val, "mime_type media_type mediaType mimeType"),
        keel__slice_starts(type, "input_") ? keel_slice(type.data + 6, type.size - 6) : type,
    };
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        for (size_t j = 0; j < sizeof known / sizeof known[0]; j++)
            if (hints[i].data && keel__slice_starts(hints[i], known[j]))
                return keel_slice_of(known[j]);
    return keel_slice_of("file");
}

static void write_other(struct keel__mapper *mapper, struct keel__json *json, yyjson_val *val)
{
    static const char *const reasoning[] = {"reasoning", "thinking", NULL};
    static const char *const media[] = {"image_url",  "image", "input_image", "input_audio",
                                        "audio",      "video", "document",    "file",
                                        "input_file", "blob",  "uri",         NULL};
    struct keel_slice type = keel__member_text(val, "type");
    if (type_is_one_of(type, reasoning)) {
        struct keel_slice text = keel__member_text(val, "content text thinking");
        if (text.data) {
            write_typed(mapper, json, keel_slice_of("reasoning"), "text", text);
            return;
        }
    }
    if (type_is_one_of(type, media)) {
        struct keel_slice url = find_url(mapper, val);
        if (url.data) {
            write_typed(mapper, json, modality(val, type), "url", url);
            return;
        }
    }
    keel__json_val(mapper, json, val);
}

void keel__part_write(struct keel__mapper *mapper, struct keel__json *json,
                      const struct keel__part *part)
{
    if (part->kind == KEEL__PART_TEXT)
        write_typed(mapper, json, keel_slice_of("text"), "text", part->text);
    else
        write_other(mapper, json, part->raw);
}

/* val, or what it is the JSON text of, when that is an object or an array; else NULL. */
static yyjson_val *structure(struct keel__mapper *mapper, yyjson_val *val)
{
    if (yyjson_is_ctn(val))
        return val;
    struct keel_slice text = keel__val_text(val);
    size_t i = 0;
    while (i < text.size && strchr(" \t\r\n", text.data[i]) && text.data[i])
        i++;
    if (i == text.size || (text.data[i] != '{' && text.data[i] != '['))
        return NULL;
    yyjson_val *parsed = keel__mapper_parse(mapper, text);
    return yyjson_is_ctn(parsed) ? parsed : NULL;
}

void keel__call_write(struct keel__mapper *mapper, struct keel__json *json,
                      const struct keel__part *part)
{
    keel__json_object_begin(json);
    if (part->id) {
        keel__json_key(json, "id");
        keel__json_val(mapper, json, part->id);
    }
    if (part->name) {
        keel__json_key(json, "name");
        keel__json_val(mapper, json, part->name);
    }
    if (part->value) {
        yyjson_val *arguments = structure(mapper, part->value);
        keel__json_key(json, "arguments");
        keel__json_val(mapper, json, yyjson_is_obj(arguments) ? arguments : part->value);
    }
    keel__json_object_end(json);
}

/* The AI SDK says what the value is:
 * {"type":"text"|"json"|"error-text"|"error-json"|"content","value":...}. */
static yyjson_val *unwrap_result(yyjson_val *val)
{
    static const char *const types[] = {"text",       "json",    "error-text",
                                        "error-json", "content", NULL};
    yyjson_val *value = keel__member(val, "value");
    return value && type_is_one_of(keel__member_text(val, "type"), types) ? value : val;
}

struct keel_slice keel__result_text(struct keel__mapper *mapper, yyjson_val *val)
{
    val = unwrap_result(val);
    if (yyjson_is_arr(val) && yyjson_arr_size(val) == 1) {
        struct keel__part part = keel__part_of(yyjson_arr_get_first(val));
        if (part.kind == KEEL__PART_TEXT)
            val = keel__member(part.raw, "content text");
        if (part.kind == KEEL__PART_TEXT && !val)
            return part.text;
    }
    yyjson_val *structured = structure(mapper, val);
    if (structured)
        return keel__json_of_val(mapper, structured);
    if (!val)
        return keel_slice("", 0);
    return yyjson_is_str(val) ? keel__mapper_clean(mapper, keel__val_text(val))
                              : keel__json_of_val(mapper, val);
}
