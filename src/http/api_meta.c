#include "base/embedded.h"
#include "http/api.h"
#include "http/request.h"
#include "http/state.h"
#include "keel_data_http.h"

#include <keel/version.h>

/* The process is there and answers. */
enum keel__outcome keel__api_health(struct keel__request *request)
{
    struct keel__json json = keel__reply_json(request, 200);

    keel__json_object_begin(&json);
    keel__json_add_cstr(&json, "status", "ok");
    keel__json_add_cstr(&json, "version", keel_version());
    keel__json_object_end(&json);
    return KEEL__REPLIED;
}

static bool queue_is_full(struct keel__server *server)
{
    struct keel_queue_stats stats;

    keel_queue_stats(server->queue, &stats);
    return stats.depth_records >= server->queue_max_records ||
           stats.depth_bytes >= server->queue_max_bytes;
}

/* The database answers, and the queue has room. */
enum keel__outcome keel__api_ready(struct keel__request *request)
{
    struct keel_error err;
    int64_t keys;

    if (keel_api_key_count(request->server->store, &keys, &err)) {
        keel__reply_problem(request, 503, "the database does not answer: %s", err.message);
        return KEEL__REPLIED;
    }
    if (queue_is_full(request->server)) {
        keel__reply_problem(request, 503, "the queue is full");
        return KEEL__REPLIED;
    }
    struct keel__json json = keel__reply_json(request, 200);
    keel__json_object_begin(&json);
    keel__json_add_cstr(&json, "status", "ready");
    keel__json_object_end(&json);
    return KEEL__REPLIED;
}

enum keel__outcome keel__api_prometheus(struct keel__request *request)
{
    keel__reply_json(request, 200); /* an empty body */
    request->reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    keel__metrics_write(request->server, &request->reply.body);
    return KEEL__REPLIED;
}

enum keel__outcome keel__api_openapi(struct keel__request *request)
{
    keel__reply_fixed(request, 200, "application/json",
                      keel_slice(keel_data_openapi.data, keel_data_openapi.size));
    return KEEL__REPLIED;
}
