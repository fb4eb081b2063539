#include "base/arena.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/json.h"

#include <yyjson.h>

enum { DEFAULT_MAX_DEPTH = 128, DEFAULT_MAX_VALUES = 4000000 };

static const char *skip_string(const char *at, const char *end)
{
    while (at < end && *at != '"')
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    return at;
}

/* yyjson reads without recursion but takes memory for every value, and those who walk the document
 * may recurse: so depth and number of values are bounded before it starts. Whether the text is
 * JSON at all is yyjson's to say. */
static int check_bounds(struct keel_slice text, const struct keel__json_limits *limits,
                        struct keel_error *err)
{
    size_t max_depth = limits && limits->max_depth ? limits->max_depth : DEFAULT_MAX_DEPTH;
    size_t max_values = limits && limits->max_values ? limits->max_values : DEFAULT_MAX_VALUES;
    size_t depth = 0, values = 1;
    const char *end = text.data + text.size;
    for (const char *at = text.data; at < end; at++) {
        switch (*at) {
        case '"':
            at = skip_string(at + 1, end);
            break;
        case '[':
        case '{':
            if (++depth > max_depth)
                return keel_error_set(err, KEEL_INVALID,
                                      "the JSON is nested deeper than %zu levels", max_depth);
            values++;
            break;
        case ']':
        case '}':
            depth -= depth > 0;
            break;
        case ',':
        case ':':
            values++;
            break;
        default:
            break;
        }
        if (values > max_values)
            return keel_error_set(err, KEEL_INVALID, "the JSON has more than %zu values",
                                  max_values);
    }
    return KEEL_OK;
}

static int fault_error(struct keel_slice text, const yyjson_read_err *fault, struct keel_error *err)
{
    size_t line = 0, column = 0, character = 0;
    yyjson_locate_pos(text.data, text.size, fault->pos, &line, &column, &character);
    return keel_error_set(err, KEEL_INVALID, "not valid JSON at line %zu, column %zu: %s", line,
                          column, fault->msg);
}

int keel__json_read(struct yyjson_doc **out, struct keel_slice text,
                    const struct keel__json_limits *limits, struct keel_error *err)
{
    *out = NULL;
    if (text.size == 0)
        return keel_error_set(err, KEEL_INVALID, "the JSON is empty");
    int rc = check_bounds(text, limits, err);
    if (rc)
        return rc;
    yyjson_read_err fault;
    *out =
        yyjson_read_opts((char *)(uintptr_t)text.data, text.size, YYJSON_READ_NOFLAG, NULL, &fault);
    if (*out)
        return KEEL_OK;
    if (fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return keel__nomem(err);
    return fault_error(text, &fault, err);
}

/* The UTF-16 code unit of "\\uXXXX" at text, or -1. */
static int code_unit(const char *text, const char *end)
{
    if (end - text < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    unsigned char bytes[2];
    if (!keel__hex_decode(bytes, 2, keel_slice(text + 2, 4)))
        return -1;
    return bytes[0] << 8 | bytes[1];
}

/* Cutting a text between the halves of a surrogate pair is what JavaScript programs do when they
 * shorten one; JSON.stringify then writes the half as an escape, which stands for no character. It
 * becomes U+FFFD, in place. */
static void replace_lone_surrogates(char *text, size_t size)
{
    char *end = text + size;
    char *at = text;
    while ((at = memchr(at, '\\', (size_t)(end - at))) != NULL && end - at >= 2) {
        int unit = code_unit(at, end);
        if (unit < 0xD800 || unit > 0xDFFF) {
            at += 2;
            continue;
        }
        int next = code_unit(at + 6, end);
        if (unit <= 0xDBFF && next >= 0xDC00 && next <= 0xDFFF) {
            at += 12;
            continue;
        }
        memcpy(at, "\\ufffd", 6);
        at += 6;
    }
}

static void *arena_malloc(void *arena, size_t size)
{
    return keel__arena_alloc(arena, size);
}

static void *arena_realloc(void *arena, void *old, size_t old_size, size_t size)
{
    return keel__arena_grow(arena, old, old_size, size, 1);
}

static void arena_free(void *arena, void *block)
{
    (void)arena;
    (void)block;
}

int keel__json_read_arena(struct yyjson_doc **out, struct keel__arena *arena,
                          struct keel_slice text, const struct keel__json_limits *limits,
                          struct keel_error *err)
{
    *out = NULL;
    if (text.size == 0)
        return keel_error_set(err, KEEL_INVALID, "the JSON is empty");
    int rc = check_bounds(text, limits, err);
    if (rc)
        return rc;
    char *copy = keel__arena_alloc(arena, text.size + YYJSON_PADDING_SIZE);
    if (!copy)
        return keel__arena_error(arena, err);
    memcpy(copy, text.data, text.size);
    memset(copy + text.size, 0, YYJSON_PADDING_SIZE);
    replace_lone_surrogates(copy, text.size);
    const yyjson_alc allocator = {arena_malloc, arena_realloc, arena_free, arena};
    yyjson_read_err fault;
    *out = yyjson_read_opts(copy, text.size, YYJSON_READ_INSITU | YYJSON_READ_BIGNUM_AS_RAW,
                            &allocator, &fault);
    if (*out)
        return KEEL_OK;
    if (fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return keel__arena_error(arena, err);
    return fault_error(text, &fault, err);
}
