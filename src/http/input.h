/*
 * http/input.h - reading a request's JSON body field by field, strictly.
 *
 * The first fault is kept and named with its place (items[3].started_at); after it every read gives
 * nothing. So a handler reads all it wants and asks once, with keel__input_ok, whether it may go
 * on.
 */
#ifndef HTTP_INPUT_H
#define HTTP_INPUT_H

#include "http/request.h"

struct yyjson_val;

struct keel__input {
    struct keel__request *request;
    struct yyjson_val *root;
    char place[64]; /* of the object being read: "", "[3].", "input_messages[0]." */
    bool failed;    /* then the request is answered */
};

/* Decompresses and parses the body. False: the request is answered. */
bool keel__input_open(struct keel__input *input, struct keel__request *request);
bool keel__input_ok(const struct keel__input *input);
void keel__input_fail(struct keel__input *input, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The root as a list: itself when it is one object, else its elements; at most max. */
size_t keel__input_count(struct keel__input *input, size_t max);
struct yyjson_val *keel__input_at(struct keel__input *input, size_t index);
/* Sets the place for what is read next: keel__input_in(input, "%s[%zu].", name, index). */
void keel__input_in(struct keel__input *input, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* That value is an object which has none but the named members (names: separated by blanks), none
 * twice. */
void keel__input_object(struct keel__input *input, struct yyjson_val *value, const char *names);
/* Members of an object. Missing and null are the same. */
bool keel__input_has(struct yyjson_val *object, const char *name);
/* Absent when missing; copied into the request's arena, NUL-terminated. */
struct keel_slice keel__input_text(struct keel__input *input, struct yyjson_val *object,
                                   const char *name, size_t max_bytes);
/* Likewise; missing or "" is a fault. */
struct keel_slice keel__input_required(struct keel__input *input, struct yyjson_val *object,
                                       const char *name, size_t max_bytes);
int64_t keel__input_int(struct keel__input *input, struct yyjson_val *object, const char *name,
                        int64_t min, int64_t max, int64_t otherwise);
bool keel__input_bool(struct keel__input *input, struct yyjson_val *object, const char *name);
/* RFC 3339; 0 when missing. */
int64_t keel__input_time_us(struct keel__input *input, struct yyjson_val *object, const char *name);
/* Nanoseconds: the text or number name_ns where there is one, else the time name. 0 when both are
 * missing. */
int64_t keel__input_time_ns(struct keel__input *input, struct yyjson_val *object, const char *name,
                            const char *name_ns);
/* Any value as compact JSON; absent when missing. */
struct keel_slice keel__input_json(struct keel__input *input, struct yyjson_val *object,
                                   const char *name);
/* That the member, if it is there, is an object. */
void keel__input_members(struct keel__input *input, struct yyjson_val *object, const char *name);
/* A text as it is, any other value as compact JSON. */
struct keel_slice keel__input_text_or_json(struct keel__input *input, struct yyjson_val *object,
                                           const char *name);
/* An array, or NULL when missing. */
struct yyjson_val *keel__input_array(struct keel__input *input, struct yyjson_val *object,
                                     const char *name, size_t max);

#endif
