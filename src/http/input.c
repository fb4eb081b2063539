#include "http/input.h"

#include "base/utf8.h"
#include "ingest/mapper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

enum { MAX_FIELD = 160, MAX_VALUES = 1000000, VALUE_BYTES = 16 };

/* A copy of the body and yyjson's values; no text has more values than half its bytes. */
static size_t parsed_bytes(size_t body_size)
{
    size_t values = body_size / 2 + 1;
    return body_size + (values < MAX_VALUES ? values : MAX_VALUES) * VALUE_BYTES;
}

bool keel__input_open(struct keel__input *input, struct keel__request *request)
{
    static const struct keel__json_limits limits = {.max_values = MAX_VALUES};
    struct yyjson_doc *doc;
    struct keel_error err;

    *input = (struct keel__input){.request = request};
    if (!keel__request_inflate(request))
        return false;
    if (!keel__share_resize(&request->share,
                            request->share.bytes + parsed_bytes(request->body_size))) {
        keel__reply_problem(request, 503, "too many requests are under way");
        return false;
    }
    int rc =
        keel__json_read_arena(&doc, &request->arena, keel__request_body(request), &limits, &err);
    keel__request_drop_body(request);
    if (rc) {
        keel__reply_error(request, &err);
        return false;
    }
    input->root = yyjson_doc_get_root(doc);
    return true;
}

bool keel__input_ok(const struct keel__input *input)
{
    return !input->failed;
}

void keel__input_fail(struct keel__input *input, const char *field, const char *format, ...)
{
    char place[MAX_FIELD], message[400];
    va_list args;

    if (input->failed)
        return;
    input->failed = true;
    snprintf(place, sizeof(place), "%s%s", input->place, field);
    size_t size = strlen(place);
    if (size > 0 && place[size - 1] == '.')
        place[size - 1] = '\0';
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    keel__reply_field(input->request, *place ? place : "body", "%s", message);
}

size_t keel__input_count(struct keel__input *input, size_t max)
{
    if (!yyjson_is_arr(input->root))
        return 1;
    size_t count = yyjson_arr_size(input->root);
    if (count > max)
        keel__input_fail(input, "", "has %zu elements, more than the %zu that are taken", count,
                         max);
    return input->failed ? 0 : count;
}

struct yyjson_val *keel__input_at(struct keel__input *input, size_t index)
{
    return yyjson_is_arr(input->root) ? yyjson_arr_get(input->root, index) : input->root;
}

void keel__input_in(struct keel__input *input, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(input->place, sizeof(input->place), format, args);
    va_end(args);
}

static bool stands_in(const char *names, const char *name, size_t size)
{
    for (const char *at = names; *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (length == size && memcmp(at, name, size) == 0)
            return true;
        at += length;
    }
    return false;
}

static void check_member(struct keel__input *input, struct yyjson_val *object,
                         struct yyjson_val *key, const char *names)
{
    const char *name = yyjson_get_str(key);
    size_t size = yyjson_get_len(key);
    char shown[64];

    snprintf(shown, sizeof(shown), "%.*s", (int)(size < 60 ? size : 60), name);
    if (!stands_in(names, name, size))
        keel__input_fail(input, shown, "there is no such field");
    else if (yyjson_obj_getn(object, name, size) != yyjson_obj_iter_get_val(key))
        keel__input_fail(input, shown, "stands twice");
}

void keel__input_object(struct keel__input *input, struct yyjson_val *value, const char *names)
{
    struct yyjson_obj_iter iter;
    struct yyjson_val *key;

    if (input->failed)
        return;
    if (!yyjson_is_obj(value)) {
        keel__input_fail(input, "", "must be an object");
        return;
    }
    yyjson_obj_iter_init(value, &iter);
    while (!input->failed && (key = yyjson_obj_iter_next(&iter)))
        check_member(input, value, key, names);
}

/* NULL when the member is missing or null, or something has failed before. */
static struct yyjson_val *member(const struct keel__input *input, struct yyjson_val *object,
                                 const char *name)
{
    struct yyjson_val *value = input->failed ? NULL : yyjson_obj_get(object, name);
    return value && !yyjson_is_null(value) ? value : NULL;
}

bool keel__input_has(struct yyjson_val *object, const char *name)
{
    struct yyjson_val *value = yyjson_obj_get(object, name);
    return value && !yyjson_is_null(value);
}

/* yyjson ends its strings with NUL, and the document lives as long as the request. A NUL inside
 * becomes U+FFFD, as in what comes by OTLP: PostgreSQL's text has none. */
static struct keel_slice slice_of(struct keel__input *input, struct yyjson_val *value)
{
    struct keel_slice text = keel_slice(yyjson_get_str(value), yyjson_get_len(value));
    return keel__utf8_clean(&input->request->arena, text);
}

struct keel_slice keel__input_text(struct keel__input *input, struct yyjson_val *object,
                                   const char *name, size_t max_bytes)
{
    struct yyjson_val *value = member(input, object, name);

    if (!value)
        return keel_slice(NULL, 0);
    if (!yyjson_is_str(value))
        keel__input_fail(input, name, "must be a text");
    else if (yyjson_get_len(value) > max_bytes)
        keel__input_fail(input, name, "is longer than %zu bytes", max_bytes);
    return input->failed ? keel_slice(NULL, 0) : slice_of(input, value);
}

struct keel_slice keel__input_required(struct keel__input *input, struct yyjson_val *object,
                                       const char *name, size_t max_bytes)
{
    struct keel_slice text = keel__input_text(input, object, name, max_bytes);

    if (text.size == 0)
        keel__input_fail(input, name, text.data ? "must not be empty" : "is missing");
    return text;
}

static bool read_int(struct yyjson_val *value, int64_t *out)
{
    if (yyjson_is_sint(value))
        *out = yyjson_get_sint(value);
    else if (yyjson_is_uint(value) && yyjson_get_uint(value) <= INT64_MAX)
        *out = (int64_t)yyjson_get_uint(value);
    else
        return false;
    return true;
}

int64_t keel__input_int(struct keel__input *input, struct yyjson_val *object, const char *name,
                        int64_t min, int64_t max, int64_t otherwise)
{
    struct yyjson_val *value = member(input, object, name);
    int64_t number;

    if (!value)
        return otherwise;
    if (read_int(value, &number) && number >= min && number <= max)
        return number;
    keel__input_fail(input, name, "must be a whole number from %lld to %lld", (long long)min,
                     (long long)max);
    return otherwise;
}

bool keel__input_bool(struct keel__input *input, struct yyjson_val *object, const char *name)
{
    struct yyjson_val *value = member(input, object, name);

    if (value && !yyjson_is_bool(value))
        keel__input_fail(input, name, "must be true or false");
    return value && yyjson_get_bool(value);
}

int64_t keel__input_time_us(struct keel__input *input, struct yyjson_val *object, const char *name)
{
    struct yyjson_val *value = member(input, object, name);
    int64_t us = 0;

    if (value && (!yyjson_is_str(value) || !keel_time_parse(slice_of(input, value), &us)))
        keel__input_fail(input, name, "must be a time such as 2026-01-31T12:00:00.123456Z");
    return us;
}

static bool read_nanoseconds(struct yyjson_val *value, int64_t *ns)
{
    char *end;

    if (!yyjson_is_str(value))
        return read_int(value, ns) && *ns >= 0;
    errno = 0;
    *ns = strtoll(yyjson_get_str(value), &end, 10);
    return errno == 0 && yyjson_get_len(value) > 0 && *end == '\0' && *ns >= 0;
}

int64_t keel__input_time_ns(struct keel__input *input, struct yyjson_val *object, const char *name,
                            const char *name_ns)
{
    struct yyjson_val *value = member(input, object, name_ns);
    int64_t ns = 0;

    if (!value) {
        int64_t us = keel__input_time_us(input, object, name);
        if (us < 0 || us > INT64_MAX / 1000)
            keel__input_fail(input, name, "must be between 1970 and 2262");
        return input->failed ? 0 : us * 1000;
    }
    if (!read_nanoseconds(value, &ns))
        keel__input_fail(input, name_ns, "must be nanoseconds since 1970, as a text or a number");
    return input->failed ? 0 : ns;
}

static struct keel_slice written(struct keel__input *input, struct yyjson_val *value,
                                 const char *name)
{
    struct keel__mapper mapper;

    keel__mapper_init(&mapper, &input->request->arena);
    struct keel_slice text = keel__json_of_val(&mapper, value);
    if (keel__mapper_error(&mapper, NULL))
        keel__input_fail(input, name, "is more than there is memory for");
    keel__mapper_fini(&mapper);
    return text;
}

struct keel_slice keel__input_json(struct keel__input *input, struct yyjson_val *object,
                                   const char *name)
{
    struct yyjson_val *value = member(input, object, name);
    return value ? written(input, value, name) : keel_slice(NULL, 0);
}

void keel__input_members(struct keel__input *input, struct yyjson_val *object, const char *name)
{
    struct yyjson_val *value = member(input, object, name);

    if (value && !yyjson_is_obj(value))
        keel__input_fail(input, name, "must be an object");
}

struct keel_slice keel__input_text_or_json(struct keel__input *input, struct yyjson_val *object,
                                           const char *name)
{
    struct yyjson_val *value = member(input, object, name);

    if (!value)
        return keel_slice(NULL, 0);
    return yyjson_is_str(value) ? slice_of(input, value) : written(input, value, name);
}

struct yyjson_val *keel__input_array(struct keel__input *input, struct yyjson_val *object,
                                     const char *name, size_t max)
{
    struct yyjson_val *value = member(input, object, name);

    if (value && !yyjson_is_arr(value))
        keel__input_fail(input, name, "must be an array");
    else if (value && yyjson_arr_size(value) > max)
        keel__input_fail(input, name, "has more than %zu elements", max);
    return input->failed ? NULL : value;
}
