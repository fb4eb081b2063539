/*
 * ingest/otlp.h - OTLP bytes to records, and the answers OTLP wants.
 *
 * Pure functions over untrusted bytes: no database, no HTTP, no clock, no global state; any number
 * of threads at once, each with its own arena. All memory comes from the caller's arena; nothing is
 * freed before the arena is, and nothing of the body is borrowed: the body may go once
 * keel__otlp_decode has returned.
 *
 * Sources: opentelemetry-proto v1.5 (docs/specification.md, trace.proto, logs.proto, common.proto),
 * OTLP/HTTP JSON mapping of the same; google/rpc/status.proto. docs/otlp.md says which attribute
 * becomes which field.
 */
#ifndef KEEL_INGEST_OTLP_H
#define KEEL_INGEST_OTLP_H

#include <keel/error.h>
#include <keel/record.h>

struct keel__arena;

enum keel__otlp_signal { KEEL__OTLP_TRACES = 1, KEEL__OTLP_LOGS, KEEL__OTLP_METRICS };
enum keel__otlp_encoding { KEEL__OTLP_PROTOBUF = 1, KEEL__OTLP_JSON };

/* "application/x-protobuf" and "application/json", with or without parameters, in any case. False
 * on anything else. */
bool keel__otlp_encoding_parse(struct keel_slice content_type, enum keel__otlp_encoding *out);
/* The Content-Type of a response in that encoding. Static. */
const char *keel__otlp_content_type(enum keel__otlp_encoding encoding);

/* Bounds on one body; zero takes the default. */
struct keel__otlp_options {
    size_t max_memory_bytes; /* of the arena; default 160 MiB. A quarter more is used meanwhile */
    size_t max_depth;        /* messages inside messages; default 64 */
    size_t max_records;      /* spans + span events + log records; default 1,000,000 */
};

/* What a body held. */
struct keel__otlp_batch {
    const struct keel_record
        *records; /* spans in the order they stand, each followed by its span events */
    size_t record_count;
    int64_t rejected; /* spans, log records or metric data points that are not in records */
    struct keel_slice
        message; /* for partial_success: why, or a warning with rejected == 0; else absent */
};

/* Decodes one request body (already decompressed). options may be NULL.
 * KEEL_INVALID: the body is not what it says it is (HTTP 400); the message says where.
 * KEEL_NOMEM: it would take more than the options allow (HTTP 413).
 * A single bad span or log record (its ids are wrong) fails nothing: it is counted in rejected. An
 * empty body is an empty request in protobuf and an error in JSON. Metrics are checked and counted
 * as nothing stored: no records, rejected is 0, message says so. */
int keel__otlp_decode(struct keel__arena *arena, const struct keel__otlp_options *options,
                      enum keel__otlp_signal signal, enum keel__otlp_encoding encoding,
                      struct keel_slice body, struct keel__otlp_batch *out, struct keel_error *err);

/* The body of a 200: Export{Trace,Logs,Metrics}ServiceResponse. partial_success is there only when
 * rejected is not 0 or message is not absent or empty. */
int keel__otlp_response(struct keel__arena *arena, enum keel__otlp_signal signal,
                        enum keel__otlp_encoding encoding, int64_t rejected,
                        struct keel_slice message, struct keel_slice *out, struct keel_error *err);

/* The body of a 4xx or 5xx: google.rpc.Status whose code is the canonical one for http_status (400
 * INVALID_ARGUMENT, 401 UNAUTHENTICATED, 403 PERMISSION_DENIED, 404 NOT_FOUND, 413 and 429
 * RESOURCE_EXHAUSTED, 415 INVALID_ARGUMENT, 503 UNAVAILABLE, 504 DEADLINE_EXCEEDED, other 4xx
 * FAILED_PRECONDITION, other 5xx INTERNAL). */
int keel__otlp_status(struct keel__arena *arena, enum keel__otlp_encoding encoding, int http_status,
                      struct keel_slice message, struct keel_slice *out, struct keel_error *err);

#endif
