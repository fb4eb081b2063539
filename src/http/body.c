#include "base/compress.h"
#include "http/request.h"
#include "http/state.h"

#include <stdlib.h>
#include <strings.h>

struct keel_slice keel__request_body(const struct keel__request *request)
{
    return keel_slice(request->body ? request->body : "", request->body_size);
}

void keel__request_drop_body(struct keel__request *request)
{
    size_t held = request->share.bytes;

    free(request->body);
    keel__share_resize(&request->share,
                       held > request->body_capacity ? held - request->body_capacity : 0);
    request->body = NULL;
    request->body_size = request->body_capacity = 0;
}

/* What is not known in advance is how large it becomes: the most that it may is held meanwhile. */
bool keel__request_inflate(struct keel__request *request)
{
    const char *coding = request->headers.content_encoding;
    size_t max = request->server->max_body_bytes, held = request->share.bytes;
    struct keel__str plain;
    struct keel_error err;

    if (!coding || strcasecmp(coding, "gzip") != 0 || request->body_size == 0)
        return true;
    if (!keel__share_resize(&request->share, held + max)) {
        keel__reply_problem(request, 503, "too many requests are under way");
        return false;
    }
    keel__str_init(&plain, 0);
    int rc = keel__inflate(&plain, keel__request_body(request), max, &err);
    keel__request_drop_body(request);
    if (rc == KEEL_NOMEM) {
        keel__reply_problem(request, 413,
                            "the body has more than the %zu bytes that are taken when "
                            "it is decompressed",
                            max);
    } else if (rc) {
        keel__reply_problem(request, 400, "the body cannot be decompressed: %s", err.message);
    } else {
        request->body_size = plain.size;
        request->body_capacity = plain.capacity;
        request->body = keel__str_steal(&plain);
    }
    keel__str_fini(&plain);
    keel__share_resize(&request->share, request->body_capacity);
    return rc == KEEL_OK;
}
