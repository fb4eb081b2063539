#include "ingest/otlp.h"

#include "base/arena.h"
#include "ingest/mapper.h"
#include "ingest/otlp_body.h"
#include "ingest/otlp_records.h"

enum { DEFAULT_MAX_DEPTH = 64, DEFAULT_MAX_RECORDS = 1000000 };
static const size_t default_max_memory_bytes = (size_t)160 << 20;

static const ProtobufCMessageDescriptor *request_type(enum keel__otlp_signal signal)
{
    switch (signal) {
    case KEEL__OTLP_LOGS:
        return &otlp__logs_request__descriptor;
    case KEEL__OTLP_METRICS:
        return &otlp__metrics_request__descriptor;
    case KEEL__OTLP_TRACES:
    default:
        return &otlp__traces_request__descriptor;
    }
}

static int decode(struct keel__arena *arena, const struct keel__otlp_options *options,
                  enum keel__otlp_signal signal, enum keel__otlp_encoding encoding,
                  struct keel_slice body, struct keel__otlp_batch *out, struct keel_error *err)
{
    size_t max_depth = options && options->max_depth ? options->max_depth : DEFAULT_MAX_DEPTH;
    size_t max_records =
        options && options->max_records ? options->max_records : DEFAULT_MAX_RECORDS;
    ProtobufCMessage *request;
    int rc =
        encoding == KEEL__OTLP_JSON
            ? keel__otlp_read_json(arena, max_depth, request_type(signal), body, &request, err)
            : keel__otlp_read_protobuf(arena, max_depth, request_type(signal), body, &request, err);
    if (rc)
        return rc;
    if (signal == KEEL__OTLP_METRICS) {
        if (((Otlp__MetricsRequest *)request)->n_resource_metrics > 0)
            out->message = keel_slice_of("metrics are accepted and not stored");
        return KEEL_OK;
    }
    struct keel__mapper mapper;
    keel__mapper_init(&mapper, arena);
    if (signal == KEEL__OTLP_TRACES)
        rc =
            keel__otlp_span_records(&mapper, (Otlp__TracesRequest *)request, max_records, out, err);
    else
        rc = keel__otlp_log_records(&mapper, (Otlp__LogsRequest *)request, max_records, out, err);
    if (rc == KEEL_OK)
        rc = keel__mapper_error(&mapper, err);
    keel__mapper_fini(&mapper);
    return rc;
}

int keel__otlp_decode(struct keel__arena *arena, const struct keel__otlp_options *options,
                      enum keel__otlp_signal signal, enum keel__otlp_encoding encoding,
                      struct keel_slice body, struct keel__otlp_batch *out, struct keel_error *err)
{
    *out = (struct keel__otlp_batch){.records = NULL};
    size_t max_bytes =
        options && options->max_memory_bytes ? options->max_memory_bytes : default_max_memory_bytes;
    size_t arena_limit = arena->limit_bytes;
    if (!arena_limit || arena->used_bytes + max_bytes < arena_limit)
        arena->limit_bytes = arena->used_bytes + max_bytes;
    int rc = decode(arena, options, signal, encoding, body, out, err);
    arena->limit_bytes = arena_limit;
    if (rc)
        *out = (struct keel__otlp_batch){.records = NULL};
    return rc;
}
