/*
 * ingest/mapper.h - what mapping one request needs all the way: memory, a buffer, and whether
 * either ran out.
 *
 * Like a keel__str, a mapper remembers that memory ran out and goes on with absent values; who made
 * it asks at the end. One thread at a time.
 */
#ifndef INGEST_MAPPER_H
#define INGEST_MAPPER_H

#include "base/json.h"
#include "base/str.h"
#include "otlp.pb-c.h"

#include <keel/types.h>

struct keel__arena;
struct yyjson_val;

struct keel__mapper {
    struct keel__arena *arena;
    struct keel__str
        scratch; /* of the function that is at work; at most a quarter of arena's limit */
    bool failed;
};

void keel__mapper_init(struct keel__mapper *mapper, struct keel__arena *arena);
void keel__mapper_fini(struct keel__mapper *mapper);
/* 0, or NOMEM. */
int keel__mapper_error(const struct keel__mapper *mapper, struct keel_error *err);

/* Zeroed; NULL when memory is out. */
void *keel__mapper_alloc(struct keel__mapper *mapper, size_t count, size_t size);
/* A JSON writer on the empty scratch, and what it wrote, moved into the arena. */
struct keel__json keel__mapper_write(struct keel__mapper *mapper);
struct keel_slice keel__mapper_written(struct keel__mapper *mapper);

/* text without faults of UTF-8 and without NUL; text itself if it has none. */
struct keel_slice keel__mapper_clean(struct keel__mapper *mapper, struct keel_slice text);
/* The root of text as JSON; NULL when it is not JSON, or nested or large beyond reason. */
struct yyjson_val *keel__mapper_parse(struct keel__mapper *mapper, struct keel_slice text);

/* value as canonical JSON: no blanks, members in their order, U+FFFD for NUL, bytes as base64, NaN
 * and the infinities as text. NULL or an empty AnyValue is null. */
void keel__json_any(struct keel__mapper *mapper, struct keel__json *json,
                    const Otlp__AnyValue *value);
/* The same for what was read from JSON; whole numbers up to 2^53 lose a fraction of zero (1.0 is
 * 1), because languages differ in writing it. */
void keel__json_val(struct keel__mapper *mapper, struct keel__json *json, struct yyjson_val *val);
struct keel_slice keel__json_of_any(struct keel__mapper *mapper, const Otlp__AnyValue *value);
struct keel_slice keel__json_of_val(struct keel__mapper *mapper, struct yyjson_val *val);

static inline struct keel_slice keel__bytes_slice(ProtobufCBinaryData bytes)
{
    return keel_slice(bytes.len ? (const char *)bytes.data : "", bytes.len);
}

#endif
