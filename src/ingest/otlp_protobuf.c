#include "ingest/otlp_body.h"

#include "base/arena.h"

static void *arena_alloc(void *arena, size_t size)
{
    return keel__arena_alloc(arena, size);
}

static void arena_free(void *arena, void *block)
{
    (void)arena;
    (void)block;
}

int keel__otlp_read_protobuf(struct keel__arena *arena, size_t max_depth,
                             const ProtobufCMessageDescriptor *type, struct keel_slice body,
                             ProtobufCMessage **out, struct keel_error *err)
{
    *out = NULL;
    size_t left = arena->limit_bytes ? arena->limit_bytes - arena->used_bytes : SIZE_MAX;
    int rc = keel__otlp_scan(type, body, max_depth, left, err);
    if (rc)
        return rc;
    ProtobufCAllocator allocator = {arena_alloc, arena_free, arena};
    *out = protobuf_c_message_unpack(type, &allocator, body.size, (const uint8_t *)body.data);
    if (*out)
        return KEEL_OK;
    if (arena->over_limit)
        return keel__arena_error(arena, err);
    return keel_error_set(err, KEEL_INVALID, "not valid OTLP protobuf");
}
