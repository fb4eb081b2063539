/*
 * keel/error.h - how keel says what went wrong.
 *
 * Every fallible function returns 0 or an enum keel_code and fills the struct keel_error that its
 * caller owns (NULL is allowed where the caller does not care). The library never prints and never
 * exits. A message is one line, lower case, and says what to do next where that can be known.
 * Thread rule: a struct keel_error belongs to one thread at a time.
 */
#ifndef KEEL_ERROR_H
#define KEEL_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

enum keel_code {
    KEEL_OK = 0,
    KEEL_NOTFOUND,    /* what was asked for does not exist */
    KEEL_CONFLICT,    /* it exists already, or its state forbids this */
    KEEL_CONSTRAINT,  /* the database refused the data */
    KEEL_BUSY,        /* locked, overloaded or serialization failure: retrying may succeed */
    KEEL_UNCERTAIN,   /* the connection broke during COMMIT: it may or may not have happened */
    KEEL_INVALID,     /* the input is wrong */
    KEEL_UNSUPPORTED, /* this database or build cannot do it */
    KEEL_NOMEM,       /* out of memory, or over a set bound on it */
    KEEL_IO           /* file, network, server unreachable, and everything else from below */
};

struct keel_error {
    enum keel_code code;
    int native;         /* SQLite extended result code or errno; 0 if none */
    int position;       /* of the fault in the SQL, in bytes from 1; 0 if not known */
    char sqlstate[6];   /* PostgreSQL SQLSTATE, "" if none */
    char statement[64]; /* name of the statement that failed, "" if none */
    char message[512];  /* one line, UTF-8, never contains secrets */
};

/* "notfound", "conflict", ...: stable words, used in JSON. */
const char *keel_code_name(enum keel_code code);

/* Fills err (may be NULL) with a formatted message and returns code. Clears the other fields. */
int keel_error_set(struct keel_error *err, enum keel_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " before the message of err (may be NULL); returns err's code. */
int keel_error_context(struct keel_error *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#ifdef __cplusplus
}
#endif
#endif
