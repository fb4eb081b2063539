#include "ingest/mapper.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/utf8.h"

#include <math.h>
#include <yyjson.h>

/* A buffer as large as this after one value is given back rather than kept for the next. */
enum { SCRATCH_KEPT_BYTES = 1 << 20, MAX_DIGITS = 200 };

static const double exact_integers = 9007199254740992.0; /* 2^53 */

void keel__mapper_init(struct keel__mapper *mapper, struct keel__arena *arena)
{
    *mapper = (struct keel__mapper){.arena = arena};
    keel__str_init(&mapper->scratch, arena->limit_bytes / 4);
}

void keel__mapper_fini(struct keel__mapper *mapper)
{
    keel__str_fini(&mapper->scratch);
}

int keel__mapper_error(const struct keel__mapper *mapper, struct keel_error *err)
{
    if (!mapper->failed)
        return KEEL_OK;
    if (mapper->arena->over_limit)
        return keel__arena_error(mapper->arena, err);
    return keel_error_set(err, KEEL_NOMEM,
                          "one value of this needs more memory than is allowed for it");
}

void *keel__mapper_alloc(struct keel__mapper *mapper, size_t count, size_t size)
{
    void *block = keel__arena_calloc(mapper->arena, count, size);
    if (!block)
        mapper->failed = true;
    return block;
}

struct keel__json keel__mapper_write(struct keel__mapper *mapper)
{
    struct keel__json json;
    keel__str_clear(&mapper->scratch);
    keel__json_init(&json, &mapper->scratch, false);
    return json;
}

struct keel_slice keel__mapper_written(struct keel__mapper *mapper)
{
    struct keel_slice text = keel_slice(NULL, 0);
    if (keel__str_error(&mapper->scratch, NULL) == KEEL_OK)
        text = keel__arena_slice(mapper->arena, keel__str_view(&mapper->scratch));
    if (!text.data)
        mapper->failed = true;
    if (mapper->scratch.capacity > SCRATCH_KEPT_BYTES || mapper->scratch.failed) {
        keel__str_fini(&mapper->scratch);
        keel__str_init(&mapper->scratch, mapper->arena->limit_bytes / 4);
    }
    return text;
}

struct keel_slice keel__mapper_clean(struct keel__mapper *mapper, struct keel_slice text)
{
    struct keel_slice clean = keel__utf8_clean(mapper->arena, text);
    if (text.data && !clean.data)
        mapper->failed = true;
    return clean;
}

/* Most texts are not JSON, and some are very long. */
static bool may_be_json(struct keel_slice text)
{
    size_t i = 0;
    while (i < text.size && (text.data[i] == ' ' || text.data[i] == '\n' || text.data[i] == '\r' ||
                             text.data[i] == '\t'))
        i++;
    return i < text.size && memchr("{[\"-0123456789tfn", text.data[i], 17) != NULL;
}

struct yyjson_val *keel__mapper_parse(struct keel__mapper *mapper, struct keel_slice text)
{
    struct yyjson_doc *doc;
    if (!may_be_json(text))
        return NULL;
    int rc =
        keel__json_read_arena(&doc, mapper->arena, keel__mapper_clean(mapper, text), NULL, NULL);
    if (rc == KEEL_NOMEM)
        mapper->failed = true;
    return rc ? NULL : yyjson_doc_get_root(doc);
}

static void put_text(struct keel__mapper *mapper, struct keel__json *json, struct keel_slice text)
{
    keel__json_text(json, keel__mapper_clean(mapper, text));
}

static void put_double(struct keel__json *json, double value)
{
    if (isfinite(value))
        keel__json_double(json, value);
    else
        keel__json_cstr(json, isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
}

static void put_base64(struct keel__json *json, ProtobufCBinaryData bytes)
{
    struct keel__str text;
    keel__str_init(&text, 0);
    keel__base64_encode(&text, keel__bytes_slice(bytes));
    if (keel__str_error(&text, NULL))
        json->out->failed = true;
    keel__json_text(json, keel__str_view(&text));
    keel__str_fini(&text);
}

static void put_list(struct keel__mapper *mapper, struct keel__json *json,
                     const Otlp__KeyValueList *list)
{
    keel__json_object_begin(json);
    for (size_t i = 0; list && i < list->n_values; i++) {
        struct keel_slice key = keel__bytes_slice(list->values[i]->key);
        keel__json_key_slice(json, keel__mapper_clean(mapper, key));
        keel__json_any(mapper, json, list->values[i]->value);
    }
    keel__json_object_end(json);
}

static void put_array(struct keel__mapper *mapper, struct keel__json *json,
                      const Otlp__ArrayValue *array)
{
    keel__json_array_begin(json);
    for (size_t i = 0; array && i < array->n_values; i++)
        keel__json_any(mapper, json, array->values[i]);
    keel__json_array_end(json);
}

/* Recursion is bounded by the depth of the message tree (ingest/otlp_body.h). */
void keel__json_any(struct keel__mapper *mapper, struct keel__json *json,
                    const Otlp__AnyValue *value)
{
    switch (value ? value->value_case : OTLP__ANY_VALUE__VALUE__NOT_SET) {
    case OTLP__ANY_VALUE__VALUE_STRING_VALUE:
        put_text(mapper, json, keel__bytes_slice(value->string_value));
        return;
    case OTLP__ANY_VALUE__VALUE_BOOL_VALUE:
        keel__json_bool(json, value->bool_value);
        return;
    case OTLP__ANY_VALUE__VALUE_INT_VALUE:
        keel__json_int(json, value->int_value);
        return;
    case OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE:
        put_double(json, value->double_value);
        return;
    case OTLP__ANY_VALUE__VALUE_ARRAY_VALUE:
        put_array(mapper, json, value->array_value);
        return;
    case OTLP__ANY_VALUE__VALUE_KVLIST_VALUE:
        put_list(mapper, json, value->kvlist_value);
        return;
    case OTLP__ANY_VALUE__VALUE_BYTES_VALUE:
        put_base64(json, value->bytes_value);
        return;
    case OTLP__ANY_VALUE__VALUE__NOT_SET:
    default:
        keel__json_null(json);
        return;
    }
}

static void put_container(struct keel__mapper *mapper, struct keel__json *json, yyjson_val *val)
{
    if (yyjson_is_arr(val)) {
        yyjson_arr_iter iter = yyjson_arr_iter_with(val);
        keel__json_array_begin(json);
        for (yyjson_val *item; (item = yyjson_arr_iter_next(&iter));)
            keel__json_val(mapper, json, item);
        keel__json_array_end(json);
        return;
    }
    yyjson_obj_iter iter = yyjson_obj_iter_with(val);
    keel__json_object_begin(json);
    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter));) {
        struct keel_slice name = keel_slice(yyjson_get_str(key), yyjson_get_len(key));
        keel__json_key_slice(json, keel__mapper_clean(mapper, name));
        keel__json_val(mapper, json, yyjson_obj_iter_get_val(key));
    }
    keel__json_object_end(json);
}

/* A whole number of more than 64 bits stays one. What is beyond a double (1e400), or beyond reason,
 * becomes its text: PostgreSQL's numeric ends somewhere, too. */
static void put_raw(struct keel__json *json, struct keel_slice raw)
{
    bool whole = raw.size <= MAX_DIGITS;
    for (size_t i = 0; i < raw.size && whole; i++)
        whole = raw.data[i] == '-' || (raw.data[i] >= '0' && raw.data[i] <= '9');
    if (whole)
        keel__json_raw(json, raw);
    else
        keel__json_text(json, raw);
}

/* Recursion is bounded by the limits of keel__json_read_arena. */
void keel__json_val(struct keel__mapper *mapper, struct keel__json *json, yyjson_val *val)
{
    double real;
    switch (yyjson_get_type(val)) {
    case YYJSON_TYPE_RAW:
        put_raw(json, keel_slice(yyjson_get_raw(val), yyjson_get_len(val)));
        return;
    case YYJSON_TYPE_BOOL:
        keel__json_bool(json, yyjson_get_bool(val));
        return;
    case YYJSON_TYPE_NUM:
        real = yyjson_get_num(val);
        if (yyjson_is_uint(val))
            keel__json_uint(json, yyjson_get_uint(val));
        else if (yyjson_is_sint(val))
            keel__json_int(json, yyjson_get_sint(val));
        else if (real == trunc(real) && fabs(real) <= exact_integers)
            keel__json_int(json, (int64_t)real);
        else
            keel__json_double(json, real);
        return;
    case YYJSON_TYPE_STR:
        put_text(mapper, json, keel_slice(yyjson_get_str(val), yyjson_get_len(val)));
        return;
    case YYJSON_TYPE_ARR:
    case YYJSON_TYPE_OBJ:
        put_container(mapper, json, val);
        return;
    default:
        keel__json_null(json);
        return;
    }
}

struct keel_slice keel__json_of_any(struct keel__mapper *mapper, const Otlp__AnyValue *value)
{
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_any(mapper, &json, value);
    return keel__mapper_written(mapper);
}

struct keel_slice keel__json_of_val(struct keel__mapper *mapper, yyjson_val *val)
{
    struct keel__json json = keel__mapper_write(mapper);
    keel__json_val(mapper, &json, val);
    return keel__mapper_written(mapper);
}
