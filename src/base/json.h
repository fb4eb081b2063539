/*
 * base/json.h - writing JSON (RFC 8259) as a stream, and reading it within limits.
 *
 * Writing keeps no tree and no stack, so depth is not bounded by it; the caller keeps begin and end
 * in balance. Errors stay in the keel__str until its owner asks. Reading gives a yyjson document
 * (<yyjson.h>).
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/str.h"

struct keel__arena;
struct keel_hash;
struct keel_uuid;
struct yyjson_doc;

struct keel__json {
    struct keel__str *out;
    bool pretty; /* two blanks a level, one member a line */
    bool comma;  /* the next value is not the first of its container */
    bool keyed;  /* a key has just been written */
    unsigned depth;
};

void keel__json_init(struct keel__json *json, struct keel__str *out, bool pretty);

void keel__json_object_begin(struct keel__json *json);
void keel__json_object_end(struct keel__json *json);
void keel__json_array_begin(struct keel__json *json);
void keel__json_array_end(struct keel__json *json);
void keel__json_key(struct keel__json *json, const char *key);
void keel__json_key_slice(struct keel__json *json, struct keel_slice key);

void keel__json_null(struct keel__json *json);
void keel__json_bool(struct keel__json *json, bool value);
void keel__json_int(struct keel__json *json, int64_t value);
void keel__json_uint(struct keel__json *json, uint64_t value);
/* The shortest text that reads back as the same double; null for what JSON cannot say (NaN,
 * infinity). */
void keel__json_double(struct keel__json *json, double value);
/* Bytes that are not UTF-8 become U+FFFD. Absent (NULL) gives null. */
void keel__json_text(struct keel__json *json, struct keel_slice text);
void keel__json_cstr(struct keel__json *json, const char *text);
void keel__json_hex(struct keel__json *json, const void *bytes, size_t size);
void keel__json_uuid(struct keel__json *json, struct keel_uuid uuid);
void keel__json_time(struct keel__json *json, int64_t unix_us);
void keel__json_money(struct keel__json *json, int64_t nusd); /* a string: "0.0123" */
/* A value that is JSON already, put in as it is. Absent or empty gives null. */
void keel__json_raw(struct keel__json *json, struct keel_slice raw);

/* Key and value in one. */
void keel__json_add_null(struct keel__json *json, const char *key);
void keel__json_add_bool(struct keel__json *json, const char *key, bool value);
void keel__json_add_int(struct keel__json *json, const char *key, int64_t value);
void keel__json_add_uint(struct keel__json *json, const char *key, uint64_t value);
void keel__json_add_double(struct keel__json *json, const char *key, double value);
void keel__json_add_text(struct keel__json *json, const char *key, struct keel_slice text);
void keel__json_add_cstr(struct keel__json *json, const char *key, const char *text);
void keel__json_add_hex(struct keel__json *json, const char *key, const void *bytes, size_t size);
void keel__json_add_uuid(struct keel__json *json, const char *key, struct keel_uuid uuid);
void keel__json_add_time(struct keel__json *json, const char *key, int64_t unix_us);
void keel__json_add_money(struct keel__json *json, const char *key, int64_t nusd);
void keel__json_add_raw(struct keel__json *json, const char *key, struct keel_slice raw);

struct keel__json_limits {
    unsigned max_depth; /* 0: 128. [] is depth 1 */
    size_t max_values;  /* 0: 4,000,000. Values and keys; yyjson takes 16 bytes for each */
};

/* Reads text, which may be changed or freed after. limits may be NULL for the defaults. INVALID
 * with line and column, or what bound was passed; *out is freed by yyjson_doc_free. */
int keel__json_read(struct yyjson_doc **out, struct keel_slice text,
                    const struct keel__json_limits *limits, struct keel_error *err);
/* The same with all memory from arena, where the document stays (yyjson_doc_free is not needed);
 * NOMEM when the arena's limit is passed. Two things that would be faults or losses are kept: an
 * escaped half of a surrogate pair reads as U+FFFD, and a number that neither 64 bits nor a double
 * can hold as its text (yyjson_is_raw). */
int keel__json_read_arena(struct yyjson_doc **out, struct keel__arena *arena,
                          struct keel_slice text, const struct keel__json_limits *limits,
                          struct keel_error *err);

#endif
