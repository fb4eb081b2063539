#include "ingest/otlp.h"

#include "base/arena.h"
#include "base/json.h"
#include "otlp.pb-c.h"

#include <stdio.h>
#include <strings.h>

/* google/rpc/code.proto */
enum rpc_code {
    RPC_INVALID_ARGUMENT = 3,
    RPC_DEADLINE_EXCEEDED = 4,
    RPC_NOT_FOUND = 5,
    RPC_PERMISSION_DENIED = 7,
    RPC_RESOURCE_EXHAUSTED = 8,
    RPC_FAILED_PRECONDITION = 9,
    RPC_INTERNAL = 13,
    RPC_UNAVAILABLE = 14,
    RPC_UNAUTHENTICATED = 16
};

static const char protobuf_type[] = "application/x-protobuf";
static const char json_type[] = "application/json";

static bool media_type_is(struct keel_slice type, const char *wanted)
{
    size_t size = strlen(wanted);
    return type.size == size && strncasecmp(type.data, wanted, size) == 0;
}

bool keel__otlp_encoding_parse(struct keel_slice content_type, enum keel__otlp_encoding *out)
{
    size_t start = 0, end = 0;
    while (start < content_type.size && content_type.data[start] == ' ')
        start++;
    for (end = start; end < content_type.size; end++)
        if (content_type.data[end] == ';')
            break;
    while (end > start && content_type.data[end - 1] == ' ')
        end--;
    struct keel_slice type = keel_slice(content_type.data + start, end - start);
    if (media_type_is(type, protobuf_type))
        *out = KEEL__OTLP_PROTOBUF;
    else if (media_type_is(type, json_type))
        *out = KEEL__OTLP_JSON;
    else
        return false;
    return true;
}

const char *keel__otlp_content_type(enum keel__otlp_encoding encoding)
{
    return encoding == KEEL__OTLP_JSON ? json_type : protobuf_type;
}

static ProtobufCBinaryData bytes_of(struct keel_slice text)
{
    return (ProtobufCBinaryData){.len = text.size, .data = (uint8_t *)(uintptr_t)text.data};
}

static int pack(struct keel__arena *arena, const ProtobufCMessage *message, struct keel_slice *out,
                struct keel_error *err)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *bytes = keel__arena_alloc(arena, size);
    if (!bytes)
        return keel__arena_error(arena, err);
    protobuf_c_message_pack(message, bytes);
    *out = keel_slice((const char *)bytes, size);
    return KEEL_OK;
}

/* Moves what a writer has written into arena. */
static int finish(struct keel__arena *arena, struct keel__str *text, struct keel_slice *out,
                  struct keel_error *err)
{
    int rc = keel__str_error(text, err);
    if (rc == KEEL_OK) {
        *out = keel__arena_slice(arena, keel__str_view(text));
        if (!out->data)
            rc = keel__arena_error(arena, err);
    }
    keel__str_fini(text);
    return rc;
}

static const char *rejected_name(enum keel__otlp_signal signal)
{
    switch (signal) {
    case KEEL__OTLP_LOGS:
        return "rejectedLogRecords";
    case KEEL__OTLP_METRICS:
        return "rejectedDataPoints";
    case KEEL__OTLP_TRACES:
    default:
        return "rejectedSpans";
    }
}

static int response_json(struct keel__arena *arena, enum keel__otlp_signal signal, bool partial,
                         int64_t rejected, struct keel_slice message, struct keel_slice *out,
                         struct keel_error *err)
{
    struct keel__str text;
    struct keel__json json;
    keel__str_init(&text, 0);
    keel__json_init(&json, &text, false);
    keel__json_object_begin(&json);
    if (partial) {
        char digits[24];
        snprintf(digits, sizeof digits, "%lld", (long long)rejected);
        keel__json_key(&json, "partialSuccess");
        keel__json_object_begin(&json);
        if (rejected)
            keel__json_add_cstr(&json, rejected_name(signal), digits); /* int64 is text in JSON */
        if (message.size)
            keel__json_add_text(&json, "errorMessage", message);
        keel__json_object_end(&json);
    }
    keel__json_object_end(&json);
    return finish(arena, &text, out, err);
}

int keel__otlp_response(struct keel__arena *arena, enum keel__otlp_signal signal,
                        enum keel__otlp_encoding encoding, int64_t rejected,
                        struct keel_slice message, struct keel_slice *out, struct keel_error *err)
{
    bool partial = rejected != 0 || message.size > 0;
    if (encoding == KEEL__OTLP_JSON)
        return response_json(arena, signal, partial, rejected, message, out, err);
    /* The three signals' responses have the same field numbers. */
    Otlp__ExportResponse response = OTLP__EXPORT_RESPONSE__INIT;
    Otlp__PartialSuccess success = OTLP__PARTIAL_SUCCESS__INIT;
    success.rejected = rejected;
    success.error_message = bytes_of(message);
    if (partial)
        response.partial_success = &success;
    return pack(arena, &response.base, out, err);
}

static enum rpc_code code_of(int http_status)
{
    static const struct {
        int http;
        enum rpc_code rpc;
    } codes[] = {
        {400, RPC_INVALID_ARGUMENT},   {401, RPC_UNAUTHENTICATED},    {403, RPC_PERMISSION_DENIED},
        {404, RPC_NOT_FOUND},          {413, RPC_RESOURCE_EXHAUSTED}, {415, RPC_INVALID_ARGUMENT},
        {429, RPC_RESOURCE_EXHAUSTED}, {503, RPC_UNAVAILABLE},        {504, RPC_DEADLINE_EXCEEDED},
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].http == http_status)
            return codes[i].rpc;
    return http_status < 500 ? RPC_FAILED_PRECONDITION : RPC_INTERNAL;
}

int keel__otlp_status(struct keel__arena *arena, enum keel__otlp_encoding encoding, int http_status,
                      struct keel_slice message, struct keel_slice *out, struct keel_error *err)
{
    if (encoding != KEEL__OTLP_JSON) {
        Otlp__RpcStatus status = OTLP__RPC_STATUS__INIT;
        status.code = (int32_t)code_of(http_status);
        status.message = bytes_of(message);
        return pack(arena, &status.base, out, err);
    }
    struct keel__str text;
    struct keel__json json;
    keel__str_init(&text, 0);
    keel__json_init(&json, &text, false);
    keel__json_object_begin(&json);
    keel__json_add_int(&json, "code", (int64_t)code_of(http_status));
    keel__json_add_text(&json, "message", message.data ? message : keel_slice("", 0));
    keel__json_object_end(&json);
    return finish(arena, &text, out, err);
}
