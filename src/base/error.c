#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *keel_code_name(enum keel_code code)
{
    static const char *const names[] = {
        [KEEL_OK] = "ok",
        [KEEL_NOTFOUND] = "notfound",
        [KEEL_CONFLICT] = "conflict",
        [KEEL_CONSTRAINT] = "constraint",
        [KEEL_BUSY] = "busy",
        [KEEL_UNCERTAIN] = "uncertain",
        [KEEL_INVALID] = "invalid",
        [KEEL_UNSUPPORTED] = "unsupported",
        [KEEL_NOMEM] = "nomem",
        [KEEL_IO] = "io",
    };
    if ((unsigned)code >= sizeof names / sizeof *names)
        return "unknown";
    return names[code];
}

/* Keeps the promise of "one line, UTF-8": no control bytes, and no character cut in two by the
 * size of the buffer. */
static void make_one_line(char *text, size_t capacity)
{
    size_t size = strlen(text);
    if (size == capacity - 1) {
        size_t start = size;
        while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
            start--;
        if (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0xC0)
            start--;
        text[start] = '\0';
    }
    for (unsigned char *c = (unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7F)
            *c = ' ';
    for (size = strlen(text); size > 0 && text[size - 1] == ' '; size--)
        text[size - 1] = '\0';
}

int keel_error_set(struct keel_error *err, enum keel_code code, const char *format, ...)
{
    if (!err)
        return (int)code;
    char message[sizeof err->message]; /* the arguments may point into err */
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    make_one_line(message, sizeof message);
    memset(err, 0, sizeof *err);
    err->code = code;
    memcpy(err->message, message, sizeof message);
    return (int)code;
}

int keel_error_context(struct keel_error *err, const char *format, ...)
{
    if (!err)
        return KEEL_IO;
    char context[sizeof err->message];
    char message[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(context, sizeof context, format, args);
    va_end(args);
    memcpy(message, err->message, sizeof message);
    size_t used = (size_t)snprintf(err->message, sizeof err->message, "%s: ", context);
    if (used < sizeof err->message)
        snprintf(err->message + used, sizeof err->message - used, "%s", message);
    make_one_line(err->message, sizeof err->message);
    return (int)err->code;
}

int keel__nomem(struct keel_error *err)
{
    return keel_error_set(err, KEEL_NOMEM, "out of memory");
}

int keel__error_errno(struct keel_error *err, enum keel_code code, int number, const char *format,
                      ...)
{
    if (!err)
        return (int)code;
    char message[sizeof err->message];
    char reason[128];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    keel_error_set(err, code, "%s: %s", message, strerror_r(number, reason, sizeof reason));
    err->native = number;
    return (int)code;
}
