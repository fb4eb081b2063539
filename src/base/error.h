/*
 * base/error.h - filling struct keel_error from inside the library.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <keel/error.h>

/* NOMEM, "out of memory". err may be NULL here as everywhere. */
int keel__nomem(struct keel_error *err);

/* Sets code, with errno's text after the message ("cannot open x: Permission denied") and native =
 * number. */
int keel__error_errno(struct keel_error *err, enum keel_code code, int number, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

#endif
