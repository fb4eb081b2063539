/*
 * base/log.h - what programs tell their operator: one line an event on stderr.
 *
 *     2026-11-22T10:20:30.123456Z INFO  listening address=127.0.0.1:4318 database="sqlite:my db"
 *
 * The library itself never logs. Control bytes and invalid UTF-8 are escaped, so that text from
 * outside can neither fake a line nor drive a terminal. Thread-safe; a line is one write.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <keel/types.h>

enum keel__log_level { KEEL__LOG_ERROR, KEEL__LOG_WARN, KEEL__LOG_INFO, KEEL__LOG_DEBUG };

struct keel__log_field {
    const char *name; /* NULL: left out */
    bool is_number;
    int64_t number;
    struct keel_slice text; /* borrowed during the call */
};

struct keel__log_field keel__log_int(const char *name, int64_t value);
struct keel__log_field keel__log_text(const char *name, struct keel_slice value);
struct keel__log_field keel__log_cstr(const char *name, const char *value);

/* Default INFO. Process-wide; set before threads start. */
void keel__log_level(enum keel__log_level level);
/* "error", "warn", "info", "debug"; false on anything else. */
bool keel__log_level_parse(const char *name, enum keel__log_level *level);
/* Default 2 (stderr). */
void keel__log_descriptor(int fd);

void keel__log_fields(enum keel__log_level level, const char *message,
                      const struct keel__log_field *fields, size_t count);
/* keel__log(KEEL__LOG_INFO, "listening", keel__log_cstr("address", a), keel__log_int("port", p)) */
#define keel__log(level, ...) KEEL__LOG_SPREAD(level, __VA_ARGS__, {0})
#define KEEL__LOG_SPREAD(level, message, ...)                                                      \
    keel__log_fields(level, message, (const struct keel__log_field[]){__VA_ARGS__},                \
                     sizeof((const struct keel__log_field[]){__VA_ARGS__}) /                       \
                         sizeof(struct keel__log_field))

#endif
