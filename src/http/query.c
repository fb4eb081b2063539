#include "base/log.h"
#include "http/request.h"
#include "http/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

bool keel__request_run(struct keel__request *request, struct keel_uuid *run_id)
{
    struct keel_error err;
    const char *text = keel__arena_dup(&request->arena, request->args[0]);

    int rc = text ? keel_run_resolve(request->server->store, text, run_id, &err)
                  : keel__arena_error(&request->arena, &err);
    if (rc == KEEL_INVALID)
        keel__reply_problem(request, 404, "%s", err.message);
    else if (rc)
        keel__reply_error(request, &err);
    return rc == KEEL_OK;
}

static bool parse_int(struct keel_slice text, int64_t min, int64_t max, int64_t *out)
{
    char digits[24], *end;

    if (text.size == 0 || text.size >= sizeof(digits) || text.data[0] == '+' || text.data[0] == ' ')
        return false;
    memcpy(digits, text.data, text.size);
    digits[text.size] = '\0';
    long long value = strtoll(digits, &end, 10);
    if (*end || value < min || value > max)
        return false;
    *out = value;
    return true;
}

bool keel__request_sequence(struct keel__request *request, int64_t *sequence)
{
    if (parse_int(request->args[1], 1, INT64_MAX - 1, sequence))
        return true;
    keel__reply_problem(request, 404, "a sequence is a number from 1");
    return false;
}

/* The parameter's value: absent when it is not there. False: it has a NUL byte. */
static bool find(struct keel__request *request, const char *name, struct keel_slice *value)
{
    const char *data = NULL;
    size_t size = 0;

    *value = keel_slice(NULL, 0);
    if (MHD_lookup_connection_value_n(request->mhd, MHD_GET_ARGUMENT_KIND, name, strlen(name),
                                      &data, &size) == MHD_NO)
        return true;
    *value = keel_slice(data ? data : "", size);
    if (!memchr(value->data, '\0', size))
        return true;
    keel__reply_field(request, name, "must not have a NUL character");
    return false;
}

bool keel__query_text(struct keel__request *request, const char *name, const char **out)
{
    struct keel_slice value;

    if (!find(request, name, &value))
        return false;
    if (value.data && value.size > 0)
        *out = keel__arena_dup(&request->arena, value);
    return true;
}

bool keel__query_int(struct keel__request *request, const char *name, int64_t min, int64_t max,
                     int64_t *out)
{
    struct keel_slice value;

    if (!find(request, name, &value))
        return false;
    if (!value.data || parse_int(value, min, max, out))
        return true;
    keel__reply_field(request, name, "must be a whole number from %" PRId64 " to %" PRId64, min,
                      max);
    return false;
}

bool keel__query_bool(struct keel__request *request, const char *name, bool *out)
{
    struct keel_slice value;

    if (!find(request, name, &value))
        return false;
    if (!value.data)
        return true;
    bool yes = value.size == 4 && memcmp(value.data, "true", 4) == 0;
    if (!yes && !(value.size == 5 && memcmp(value.data, "false", 5) == 0)) {
        keel__reply_field(request, name, "must be true or false");
        return false;
    }
    *out = yes;
    return true;
}

bool keel__query_time(struct keel__request *request, const char *name, int64_t *out)
{
    struct keel_slice value;

    if (!find(request, name, &value))
        return false;
    if (!value.data || keel_time_parse(value, out))
        return true;
    keel__reply_field(request, name, "must be a time such as 2026-01-31T12:00:00Z, or a date");
    return false;
}
