/*
 * base/str.h - a growing byte buffer.
 *
 * Appending never fails on the spot: once memory is out or the limit is passed the buffer is marked
 * as failed, ignores what follows, and keel__str_error says so at the end. data is NUL-terminated
 * whenever it is not NULL; the NUL is not counted in size. One thread at a time.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <keel/error.h>
#include <keel/types.h>

#include <stdarg.h>

struct keel__str {
    char *data;
    size_t size;
    size_t capacity;
    size_t limit_bytes; /* 0: none */
    bool failed;
    bool over_limit;
};

void keel__str_init(struct keel__str *str, size_t limit_bytes);
void keel__str_fini(struct keel__str *str);
/* Empties it and keeps its memory. */
void keel__str_clear(struct keel__str *str);

/* Room for size more bytes at the returned place, which a following keel__str_advance makes part of
 * the buffer; NULL when it fails. */
char *keel__str_reserve(struct keel__str *str, size_t size);
void keel__str_advance(struct keel__str *str, size_t size);

void keel__str_append(struct keel__str *str, const void *data, size_t size);
void keel__str_slice(struct keel__str *str, struct keel_slice text);
void keel__str_text(struct keel__str *str, const char *text);
void keel__str_char(struct keel__str *str, char c);
void keel__str_printf(struct keel__str *str, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void keel__str_vprintf(struct keel__str *str, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* What it holds, borrowed until the next change; never absent. */
struct keel_slice keel__str_view(const struct keel__str *str);
/* Hands the bytes (NUL-terminated) over to the caller, who frees them; the buffer is empty after.
 * NULL when it failed. */
char *keel__str_steal(struct keel__str *str);

/* 0, or NOMEM when an append failed. */
int keel__str_error(const struct keel__str *str, struct keel_error *err);

#endif
