#include "ingest/attributes.h"

#include "ingest/semconv.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

enum { INSERTION_SORT_MAX = 24 };

int keel__path_compare(struct keel_slice a, struct keel_slice b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    for (size_t i = 0; i < size; i++) {
        unsigned char x = (unsigned char)a.data[i], y = (unsigned char)b.data[i];
        if (x == y)
            continue;
        if (x == '.')
            return -1;
        return y == '.' || x > y ? 1 : -1;
    }
    return a.size < b.size ? -1 : a.size > b.size;
}

/* Stable, so that of equal keys the last one stays last. */
static void insertion_sort(struct keel__attribute *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct keel__attribute item = items[i];
        size_t j = i;
        for (; j > 0 && keel__path_compare(items[j - 1].key, item.key) > 0; j--)
            items[j] = items[j - 1];
        items[j] = item;
    }
}

static void merge(struct keel__attribute *out, const struct keel__attribute *left,
                  const struct keel__attribute *right, const struct keel__attribute *end)
{
    const struct keel__attribute *middle = right;
    while (left < middle && right < end)
        *out++ = keel__path_compare(left->key, right->key) <= 0 ? *left++ : *right++;
    while (left < middle)
        *out++ = *left++;
    while (right < end)
        *out++ = *right++;
}

static void merge_sort(struct keel__attribute *items, struct keel__attribute *spare, size_t count)
{
    if (count <= INSERTION_SORT_MAX) {
        insertion_sort(items, count);
        return;
    }
    size_t half = count / 2;
    merge_sort(items, spare, half);
    merge_sort(items + half, spare, count - half);
    memcpy(spare, items, count * sizeof *items);
    merge(items, spare, spare + half, spare + count);
}

static size_t drop_repeated(struct keel__attribute *items, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && keel__path_compare(items[kept - 1].key, items[i].key) == 0)
            kept--;
        items[kept++] = items[i];
    }
    return kept;
}

struct keel__attributes keel__attributes_read(struct keel__mapper *mapper,
                                              Otlp__KeyValue *const *pairs, size_t count)
{
    static const Otlp__AnyValue nothing = {.value_case = OTLP__ANY_VALUE__VALUE__NOT_SET};
    struct keel__attributes attributes = {NULL, 0};
    if (count == 0)
        return attributes;
    struct keel__attribute *items = keel__mapper_alloc(mapper, count, sizeof *items);
    struct keel__attribute *spare =
        count > INSERTION_SORT_MAX ? keel__mapper_alloc(mapper, count, sizeof *spare) : NULL;
    if (!items || (count > INSERTION_SORT_MAX && !spare))
        return attributes;
    for (size_t i = 0; i < count; i++) {
        items[i].key = keel__mapper_clean(mapper, keel__bytes_slice(pairs[i]->key));
        items[i].value = pairs[i]->value ? pairs[i]->value : &nothing;
    }
    merge_sort(items, spare, count);
    attributes.items = items;
    attributes.count = drop_repeated(items, count);
    for (size_t i = 0; i < attributes.count; i++)
        items[i].row = keel__semconv_find(items[i].key);
    return attributes;
}

/* The first attribute that does not sort before key. */
static size_t lower_bound(const struct keel__attributes *attributes, struct keel_slice key)
{
    size_t low = 0, high = attributes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (keel__path_compare(attributes->items[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct keel__attribute *keel__attributes_find(const struct keel__attributes *attributes,
                                              const char *key)
{
    struct keel_slice wanted = keel_slice_of(key);
    size_t at = lower_bound(attributes, wanted);
    if (at == attributes->count || keel__path_compare(attributes->items[at].key, wanted) != 0)
        return NULL;
    return &attributes->items[at];
}

struct keel__attributes keel__attributes_numbered(const struct keel__attributes *attributes,
                                                  const char *prefix)
{
    if (attributes->count == 0)
        return *attributes;
    size_t size = strlen(prefix);
    size_t from = lower_bound(attributes, keel_slice(prefix, size));
    /* Bytes below '0' and above '9' may stand around the digits. */
    while (from < attributes->count) {
        struct keel_slice key = attributes->items[from].key;
        if (key.size < size || memcmp(key.data, prefix, size) != 0 ||
            (key.size > size && key.data[size] >= '0'))
            break;
        from++;
    }
    size_t to = from;
    while (to < attributes->count) {
        struct keel_slice key = attributes->items[to].key;
        if (key.size <= size || memcmp(key.data, prefix, size) != 0 || key.data[size] < '0' ||
            key.data[size] > '9')
            break;
        to++;
    }
    return (struct keel__attributes){attributes->items + from, to - from};
}

struct keel_slice keel__attribute_text(struct keel__mapper *mapper,
                                       const struct keel__attribute *attribute)
{
    if (!attribute || attribute->value->value_case == OTLP__ANY_VALUE__VALUE__NOT_SET)
        return keel_slice(NULL, 0);
    if (attribute->value->value_case == OTLP__ANY_VALUE__VALUE_STRING_VALUE)
        return keel__mapper_clean(mapper, keel__bytes_slice(attribute->value->string_value));
    return keel__json_of_any(mapper, attribute->value);
}

static bool parse_int(struct keel_slice text, int64_t *out)
{
    char digits[24];
    if (text.size == 0 || text.size >= sizeof digits)
        return false;
    memcpy(digits, text.data, text.size);
    digits[text.size] = '\0';
    char *end;
    if (strspn(digits, "-0123456789") != text.size)
        return false;
    *out = strtoll(digits, &end, 10);
    return *end == '\0' && *out != INT64_MAX && *out != INT64_MIN;
}

bool keel__attribute_int(const struct keel__attribute *attribute, int64_t *out)
{
    if (!attribute)
        return false;
    const Otlp__AnyValue *value = attribute->value;
    switch (value->value_case) {
    case OTLP__ANY_VALUE__VALUE_INT_VALUE:
        *out = value->int_value;
        return true;
    case OTLP__ANY_VALUE__VALUE_DOUBLE_VALUE:
        if (value->double_value != trunc(value->double_value) ||
            fabs(value->double_value) > 9007199254740992.0)
            return false;
        *out = (int64_t)value->double_value;
        return true;
    case OTLP__ANY_VALUE__VALUE_STRING_VALUE:
        return parse_int(keel__bytes_slice(value->string_value), out);
    default:
        return false;
    }
}

struct yyjson_val *keel__attribute_json(struct keel__mapper *mapper,
                                        const struct keel__attribute *attribute)
{
    if (!attribute)
        return NULL;
    return keel__mapper_parse(mapper, keel__attribute_text(mapper, attribute));
}

bool keel__attribute_equal(const struct keel__attribute *a, const struct keel__attribute *b)
{
    int64_t x, y;
    if (keel__attribute_int(a, &x) && keel__attribute_int(b, &y))
        return x == y;
    if (a->value->value_case != OTLP__ANY_VALUE__VALUE_STRING_VALUE ||
        b->value->value_case != OTLP__ANY_VALUE__VALUE_STRING_VALUE)
        return false;
    ProtobufCBinaryData s = a->value->string_value, t = b->value->string_value;
    return s.len == t.len && (s.len == 0 || memcmp(s.data, t.data, s.len) == 0);
}

size_t keel__attributes_write(struct keel__mapper *mapper, struct keel__json *json,
                              const struct keel__attributes *attributes)
{
    size_t written = 0;
    for (size_t i = 0; i < attributes->count; i++) {
        if (attributes->items[i].taken)
            continue;
        keel__json_key_slice(json, attributes->items[i].key);
        keel__json_any(mapper, json, attributes->items[i].value);
        written++;
    }
    return written;
}
