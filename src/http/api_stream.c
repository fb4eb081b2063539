#include "http/api.h"
#include "http/request.h"
#include "http/state.h"

static bool read_filter(struct keel__request *request, struct keel__stream_filter *filter)
{
    const char *run = NULL;
    struct keel_error err;

    if (!keel__query_text(request, "project", &filter->project) ||
        !keel__query_text(request, "run", &run))
        return false;
    filter->has_run = run != NULL;
    if (!run || !keel_run_resolve(request->server->store, run, &filter->run_id, &err))
        return true;
    keel__reply_error(request, &err);
    return false;
}

enum keel__outcome keel__api_stream(struct keel__request *request)
{
    struct keel__stream_filter filter = {0};
    struct MHD_Response *response;
    struct keel_error err;

    if (!read_filter(request, &filter))
        return KEEL__REPLIED;
    if (keel__stream_join(request->server->stream, &filter, request->headers.last_event_id,
                          request->mhd, request->connection, &response, &err)) {
        keel__reply_error(request, &err);
        return KEEL__REPLIED;
    }
    request->reply.status = 200;
    request->reply.content_type = "text/event-stream";
    request->reply.stream = response;
    return KEEL__REPLIED;
}
