#include "http/api.h"
#include "http/request.h"
#include "http/state.h"
#include "store/shape.h"

#include <inttypes.h>

enum keel__outcome keel__api_audit_log(struct keel__request *request)
{
    struct keel_audit_entry *entries;
    struct keel_error err;
    int64_t after = 0, limit = 100;
    size_t count;

    if (!keel__query_int(request, "after", 0, INT64_MAX, &after) ||
        !keel__query_int(request, "limit", 1, 1000, &limit))
        return KEEL__REPLIED;
    if (keel_audit_log(request->server->store, after, (int)limit, &entries, &count,
                       &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_list(request);
    for (size_t i = 0; i < count; i++)
        keel__shape_audit_entry(&json, &entries[i]);
    bool more = count == (size_t)limit;
    return keel__reply_list_end(
        &json,
        more ? keel__arena_printf(&request->arena, "%" PRId64, entries[count - 1].id) : NULL);
}
