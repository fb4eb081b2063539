#include "http/api.h"
#include "http/request.h"
#include "http/state.h"
#include "store/shape.h"

enum keel__outcome keel__api_session_list(struct keel__request *request)
{
    const char *project = NULL, *after = NULL, *next;
    struct keel_session *sessions;
    struct keel_error err;
    int64_t limit = 50;
    size_t count;

    if (!keel__query_text(request, "project", &project) ||
        !keel__query_text(request, "after", &after) ||
        !keel__query_int(request, "limit", 1, 1000, &limit))
        return KEEL__REPLIED;
    if (keel_session_list(request->server->store, project, after, (int)limit, &sessions, &count,
                          &next, &request->result, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_list(request);
    for (size_t i = 0; i < count; i++)
        keel__shape_session(&json, &sessions[i]);
    return keel__reply_list_end(&json, next);
}
