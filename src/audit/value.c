#include "audit/scan.h"
#include "base/hex.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_HEX_BYTES = 24 };

/* The shortest of the usual forms that reads back as the same number. */
static void real_text(char out[40], double value)
{
    if (isnan(value)) {
        snprintf(out, 40, "NaN");
        return;
    }
    snprintf(out, 40, "%.15g", value);
    if (strtod(out, NULL) != value)
        snprintf(out, 40, "%.17g", value);
}

static const char *blob_text(struct keel__arena *arena, const struct keel__value *value)
{
    char hex[2 * MAX_HEX_BYTES + 1];
    size_t shown = value->bytes.size < MAX_HEX_BYTES ? value->bytes.size : MAX_HEX_BYTES;
    if (shown == 0)
        return keel__arena_printf(arena, "(%zu bytes)", value->size);
    keel__hex_encode(hex, value->bytes.data, shown);
    hex[2 * shown] = '\0';
    if (shown == value->size)
        return keel__arena_printf(arena, "x'%s'", hex);
    return keel__arena_printf(arena, "x'%s...' (%zu bytes)", hex, value->size);
}

static const char *text_text(struct keel__arena *arena, struct keel_slice text, size_t max)
{
    struct keel_slice cut = keel_slice(text.data, text.size < max ? text.size : max);
    if (cut.size < text.size && keel__utf8_valid(keel__utf8_cut(text, max)))
        cut = keel__utf8_cut(text, max);
    struct keel_slice clean = keel__utf8_clean(arena, cut);
    return keel__arena_dup(arena, keel__utf8_cut(clean, max));
}

const char *keel__value_text(struct keel__arena *arena, const struct keel__value *value, size_t max)
{
    char real[40];
    switch (value->class) {
    case KEEL__STORED_INTEGER:
        return keel__arena_printf(arena, "%" PRId64, value->integer);
    case KEEL__STORED_REAL:
        if (value->bytes.size) /* PostgreSQL's own text */
            return text_text(arena, value->bytes, max);
        real_text(real, value->real);
        return keel__arena_strdup(arena, real);
    case KEEL__STORED_BLOB:
        return blob_text(arena, value);
    case KEEL__STORED_TEXT:
        return text_text(arena, value->bytes, max);
    case KEEL__STORED_NULL:
        break;
    }
    return "NULL";
}

void keel__examples_add(struct keel__examples *examples, const char *text)
{
    if (!text || examples->count >= KEEL__MAX_EXAMPLES)
        return;
    for (int i = 0; i < examples->count; i++)
        if (strcmp(examples->texts[i], text) == 0)
            return;
    examples->texts[examples->count++] = text;
}
