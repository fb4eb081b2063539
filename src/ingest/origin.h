/*
 * ingest/origin.h - what spans and log records share with others: their resource and their scope;
 * and how the rest of what they say becomes a record's attributes.
 */
#ifndef INGEST_ORIGIN_H
#define INGEST_ORIGIN_H

#include "ingest/attributes.h"

#include <keel/record.h>

struct keel__origin {
    struct keel__attributes resource;               /* service.name taken */
    struct keel_slice project, session_id, user_id; /* what the resource says of them */
    const Otlp__InstrumentationScope *scope;        /* NULL: none */
};

struct keel__origin keel__origin_read(struct keel__mapper *mapper, const Otlp__Resource *resource);

/* What a record of this origin starts with. */
struct keel_record keel__origin_record(const struct keel__origin *origin);

/* Members of an attributes object: the attributes that are not taken, then the scope
 * ("otel.scope.name", ...). */
void keel__origin_write(struct keel__mapper *mapper, struct keel__json *json,
                        const struct keel__attributes *attributes,
                        const struct keel__origin *origin);
/* "otel.resource": the resource without its service.name. */
void keel__origin_write_resource(struct keel__mapper *mapper, struct keel__json *json,
                                 const struct keel__origin *origin);
/* key: text, unless text is empty. */
void keel__write_member(struct keel__mapper *mapper, struct keel__json *json, const char *key,
                        ProtobufCBinaryData text);

/* Ends the object that keel__mapper_write began; absent when it has no members. */
struct keel_slice keel__attributes_end(struct keel__mapper *mapper, struct keel__json *json);

/* A span or trace id: of that length, and not all zeros. */
bool keel__id_valid(ProtobufCBinaryData id, size_t size);
/* 16 hex digits. */
struct keel_slice keel__span_key(struct keel__mapper *mapper, ProtobufCBinaryData span_id);
/* Unix nanoseconds; 0 for what no int64 holds. */
int64_t keel__time_ns(uint64_t unix_nano);

#endif
