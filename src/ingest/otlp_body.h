/*
 * ingest/otlp_body.h - a request body, in either encoding, as the structs generated from
 * otlp.proto.
 *
 * Both readers are driven by the generated descriptors and put all they make in arena: the message
 * tree can be walked with recursion, because no message in it is nested deeper than max_depth.
 */
#ifndef INGEST_OTLP_BODY_H
#define INGEST_OTLP_BODY_H

#include <keel/error.h>
#include <keel/types.h>

#include <protobuf-c/protobuf-c.h>

struct keel__arena;

enum { KEEL__OTLP_DEPTH_LIMIT = 128 }; /* the most that max_depth may be */

/* Walks the wire format without recursion and without memory: checks tags, lengths, wire types and
 * depth, and adds up what protobuf_c_message_unpack would allocate for body (every block rounded up
 * to 16 bytes). INVALID names the field and the byte; NOMEM when the sum passes max_bytes. */
int keel__otlp_scan(const ProtobufCMessageDescriptor *type, struct keel_slice body,
                    size_t max_depth, size_t max_bytes, struct keel_error *err);

/* Reads body as a message of type. INVALID, or NOMEM when arena's limit would be passed. */
int keel__otlp_read_protobuf(struct keel__arena *arena, size_t max_depth,
                             const ProtobufCMessageDescriptor *type, struct keel_slice body,
                             ProtobufCMessage **out, struct keel_error *err);
int keel__otlp_read_json(struct keel__arena *arena, size_t max_depth,
                         const ProtobufCMessageDescriptor *type, struct keel_slice body,
                         ProtobufCMessage **out, struct keel_error *err);

#endif
