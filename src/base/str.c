#include "base/str.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 128 };

void keel__str_init(struct keel__str *str, size_t limit_bytes)
{
    memset(str, 0, sizeof *str);
    str->limit_bytes = limit_bytes;
}

void keel__str_fini(struct keel__str *str)
{
    free(str->data);
    keel__str_init(str, str->limit_bytes);
}

void keel__str_clear(struct keel__str *str)
{
    str->size = 0;
    str->failed = str->over_limit = false;
    if (str->data)
        str->data[0] = '\0';
}

static bool grow(struct keel__str *str, size_t needed)
{
    size_t capacity = str->capacity ? str->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity = capacity > SIZE_MAX / 4 ? needed : capacity * 2;
    char *data = realloc(str->data, capacity);
    if (!data)
        return false;
    str->data = data;
    str->capacity = capacity;
    return true;
}

char *keel__str_reserve(struct keel__str *str, size_t size)
{
    if (str->failed)
        return NULL;
    if (str->limit_bytes && size > str->limit_bytes - str->size) {
        str->failed = str->over_limit = true;
        return NULL;
    }
    if (size > SIZE_MAX / 4 ||
        (str->size + size + 1 > str->capacity && !grow(str, str->size + size + 1))) {
        str->failed = true;
        return NULL;
    }
    return str->data + str->size;
}

void keel__str_advance(struct keel__str *str, size_t size)
{
    if (str->failed)
        return;
    str->size += size;
    str->data[str->size] = '\0';
}

void keel__str_append(struct keel__str *str, const void *data, size_t size)
{
    char *place = keel__str_reserve(str, size);
    if (!place)
        return;
    if (size)
        memcpy(place, data, size);
    keel__str_advance(str, size);
}

void keel__str_slice(struct keel__str *str, struct keel_slice text)
{
    keel__str_append(str, text.data, text.size);
}

void keel__str_text(struct keel__str *str, const char *text)
{
    keel__str_append(str, text, strlen(text));
}

void keel__str_char(struct keel__str *str, char c)
{
    keel__str_append(str, &c, 1);
}

void keel__str_vprintf(struct keel__str *str, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    char *place = size < 0 ? NULL : keel__str_reserve(str, (size_t)size);
    if (size < 0)
        str->failed = true;
    if (place) {
        vsnprintf(place, (size_t)size + 1, format, again);
        keel__str_advance(str, (size_t)size);
    }
    va_end(again);
}

void keel__str_printf(struct keel__str *str, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    keel__str_vprintf(str, format, args);
    va_end(args);
}

struct keel_slice keel__str_view(const struct keel__str *str)
{
    return keel_slice(str->data ? str->data : "", str->size);
}

char *keel__str_steal(struct keel__str *str)
{
    if (str->failed || !keel__str_reserve(str, 0))
        return NULL;
    char *data = str->data;
    data[str->size] = '\0';
    str->data = NULL;
    str->size = str->capacity = 0;
    return data;
}

int keel__str_error(const struct keel__str *str, struct keel_error *err)
{
    if (!str->failed)
        return KEEL_OK;
    if (!str->over_limit)
        return keel__nomem(err);
    return keel_error_set(err, KEEL_NOMEM, "this needs more than the %zu bytes allowed for it",
                          str->limit_bytes);
}
