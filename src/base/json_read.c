#include "base/error.h"
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
    size_t line = 0, column = 0, character = 0;
    yyjson_locate_pos(text.data, text.size, fault.pos, &line, &column, &character);
    return keel_error_set(err, KEEL_INVALID, "not valid JSON at line %zu, column %zu: %s", line,
                          column, fault.msg);
}
