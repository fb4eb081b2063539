/*
 * keel/types.h - the small values that all of keel shares.
 */
#ifndef KEEL_TYPES_H
#define KEEL_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that somebody else owns; not NUL-terminated. {NULL, 0} is "absent", {"", 0} is "empty". */
struct keel_slice {
    const char *data;
    size_t size;
};

static inline struct keel_slice keel_slice(const char *data, size_t size)
{
    struct keel_slice s = {data, size};
    return s;
}

static inline struct keel_slice keel_slice_of(const char *text) /* NULL gives absent */
{
    return keel_slice(text, text ? strlen(text) : 0);
}

/* A UUID in network byte order (RFC 9562). */
struct keel_uuid {
    uint8_t bytes[16];
};

/* A BLAKE2b-256 digest (RFC 7693). */
struct keel_hash {
    uint8_t bytes[32];
};

/* UUIDv7 of now: 48 bits of Unix milliseconds, then 74 random bits, monotonic inside one process.
 * Thread-safe. */
struct keel_uuid keel_uuid_new(void);
/* UUIDv7 whose time prefix is the given Unix microseconds, for data that happened earlier. */
struct keel_uuid keel_uuid_at(int64_t unix_us);
/* Unix milliseconds of a UUIDv7's time prefix. */
int64_t keel_uuid_time_ms(struct keel_uuid uuid);
/* 36 characters and NUL, lower case. */
void keel_uuid_format(struct keel_uuid uuid, char out[37]);
/* Accepts 36 characters with dashes or 32 hex digits, any case. Returns false on anything else. */
bool keel_uuid_parse(struct keel_slice text, struct keel_uuid *out);

/* RFC 3339 UTC with microseconds: "2026-11-22T10:20:30.123456Z". out holds 28 bytes with NUL
 * for the years 0001 to 9999; other times are clamped to that range. */
void keel_time_format(int64_t unix_us, char out[28]);
/* Parses RFC 3339 with any offset and up to 9 fraction digits (cut to microseconds), or a date
 * alone (midnight UTC). Returns false on anything else. */
bool keel_time_parse(struct keel_slice text, int64_t *unix_us);
int64_t keel_time_now_us(void);

/* Nano-dollars as an exact decimal of dollars without trailing zeros: 1500000000 -> "1.5", 0 ->
 * "0". out holds 24 bytes with NUL. */
void keel_money_format(int64_t nusd, char out[24]);
/* Parses a decimal of dollars with at most 9 fraction digits; returns false if inexact or too
 * large. */
bool keel_money_parse(struct keel_slice text, int64_t *nusd);

#ifdef __cplusplus
}
#endif
#endif
