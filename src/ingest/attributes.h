/*
 * ingest/attributes.h - the attributes of one span, event, log record, scope or resource, ordered.
 *
 * The order is that of paths: '.' sorts before every other byte, so that "a", "a.b" and "a.b.c"
 * stand together and everything under a prefix is one range. A key that stands twice keeps its last
 * value.
 */
#ifndef INGEST_ATTRIBUTES_H
#define INGEST_ATTRIBUTES_H

#include "ingest/mapper.h"

struct keel__semconv_row;

struct keel__attribute {
    struct keel_slice key;               /* clean */
    const Otlp__AnyValue *value;         /* never NULL; may have no value set */
    const struct keel__semconv_row *row; /* what the conventions say of the key; NULL: nothing */
    bool taken; /* it stands in a field of the record and is not repeated in its attributes */
};

struct keel__attributes {
    struct keel__attribute *items;
    size_t count;
};

/* <0, 0, >0 in the order of paths. */
int keel__path_compare(struct keel_slice a, struct keel_slice b);

struct keel__attributes keel__attributes_read(struct keel__mapper *mapper,
                                              Otlp__KeyValue *const *pairs, size_t count);
/* NULL when there is none. */
struct keel__attribute *keel__attributes_find(const struct keel__attributes *attributes,
                                              const char *key);
/* Those whose key is prefix (it ends in '.'), then a digit, then anything. */
struct keel__attributes keel__attributes_numbered(const struct keel__attributes *attributes,
                                                  const char *prefix);

/* A string as it is (clean), a number or bool as its text, anything else as JSON. Absent when
 * attribute is NULL or has no value. */
struct keel_slice keel__attribute_text(struct keel__mapper *mapper,
                                       const struct keel__attribute *attribute);
/* A whole number, or a text that is one. */
bool keel__attribute_int(const struct keel__attribute *attribute, int64_t *out);
/* The value as parsed JSON: a string is parsed, anything else is taken as it is. NULL when it is a
 * string that is not JSON. */
struct yyjson_val *keel__attribute_json(struct keel__mapper *mapper,
                                        const struct keel__attribute *attribute);
bool keel__attribute_equal(const struct keel__attribute *a, const struct keel__attribute *b);

/* Members of an object for all that is not taken; returns how many were written. */
size_t keel__attributes_write(struct keel__mapper *mapper, struct keel__json *json,
                              const struct keel__attributes *attributes);

#endif
