#include "http/api.h"
#include "http/request.h"
#include "http/state.h"

enum {
    MIB = 1 << 20,
    USUAL_EXPANSION = 8, /* memory of decoded records by bytes of the body; seldom more */
    MOST_DECODED = 160 * MIB
};

struct export
{
    enum keel__otlp_signal signal;
    struct keel__otlp_batch batch;
};

/* 200, when what could be stored is stored. */
static void reply_stored(struct keel__request *request, int64_t refused, const char *why)
{
    const struct export *export = request->work;
    struct keel_slice message = export->batch.message, body;
    int64_t rejected = export->batch.rejected + refused;
    struct keel_error err;

    if (refused > 0 && why[0]) {
        const char *both = message.size ? keel__arena_printf(&request->arena, "%.*s; %s",
                                                             (int)message.size, message.data, why)
                                        : keel__arena_strdup(&request->arena, why);
        message = keel_slice_of(both);
    }
    if (keel__otlp_response(&request->arena, export->signal, request->encoding, rejected, message,
                            &body, &err))
        keel__reply_error(request, &err);
    else
        keel__reply_fixed(request, 200, keel__otlp_content_type(request->encoding), body);
}

/* On a writer's thread. */
static void committed(void *context, int code, const struct keel_write_result *result,
                      const struct keel_error *err)
{
    struct keel__request *request = context;

    if (code)
        keel__reply_error(request, err);
    else
        reply_stored(request, result->rejected, result->message);
    keel__request_finish(request);
}

/* What a body may take at most beside itself: never more than there is when nobody else is served,
 * or a client would be told for ever to come later. */
static size_t most_decoded(const struct keel__share *share)
{
    size_t rest = keel__budget_most(share->budget) - share->bytes;
    return rest < MOST_DECODED ? rest : MOST_DECODED;
}

/* Decodes within what is left of the memory bound: first with as much as bodies usually take, then
 * with as much as any may. */
static int decode(struct keel__request *request, struct export *export, struct keel_error *err)
{
    size_t body = request->share.bytes, most = most_decoded(&request->share);
    size_t usual = request->body_size * USUAL_EXPANSION + MIB;
    size_t grants[] = {usual < most ? usual : most, most};
    int rc = KEEL_NOMEM;

    for (size_t i = 0; i < 2 && rc == KEEL_NOMEM; i++) {
        if (!keel__share_resize(&request->share, body + grants[i]))
            return keel_error_set(err, KEEL_BUSY, "too many requests are under way");
        struct keel__otlp_options options = {.max_memory_bytes = grants[i]};
        keel__arena_reset(&request->arena);
        rc = keel__otlp_decode(&request->arena, &options, export->signal, request->encoding,
                               keel__request_body(request), &export->batch, err);
    }
    return rc;
}

static enum keel__outcome refuse(struct keel__request *request, const struct keel_error *err)
{
    if (err->code == KEEL_NOMEM)
        keel__reply_problem(request, 413, "%s", err->message);
    else
        keel__reply_error(request, err);
    return KEEL__REPLIED;
}

static enum keel__outcome export_signal(struct keel__request *request,
                                        enum keel__otlp_signal signal)
{
    struct export export = {.signal = signal};
    struct keel_error err;

    if (!keel__request_inflate(request))
        return KEEL__REPLIED;
    if (decode(request, &export, &err))
        return refuse(request, &err);
    keel__request_drop_body(request);
    keel__share_resize(&request->share, request->arena.used_bytes);
    request->work = keel__arena_memdup(&request->arena, &export, sizeof(export));
    if (!request->work) {
        keel__arena_error(&request->arena, &err);
        return refuse(request, &err);
    }
    if (export.batch.record_count == 0) {
        reply_stored(request, 0, "");
        return KEEL__REPLIED;
    }
    int rc = keel_queue_submit(request->server->queue, export.batch.records,
                               export.batch.record_count, committed, request, &err);
    if (!rc)
        return KEEL__LATER;
    keel__reply_error(request, &err);
    return KEEL__REPLIED;
}

enum keel__outcome keel__api_traces(struct keel__request *request)
{
    return export_signal(request, KEEL__OTLP_TRACES);
}

enum keel__outcome keel__api_logs(struct keel__request *request)
{
    return export_signal(request, KEEL__OTLP_LOGS);
}

enum keel__outcome keel__api_metrics(struct keel__request *request)
{
    return export_signal(request, KEEL__OTLP_METRICS);
}
