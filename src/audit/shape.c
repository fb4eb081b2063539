#include "audit/shape.h"

#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_SHORT_BYTES = 500, MAX_UPPER_BYTES = 4096 };

void keel__shape_scratch_fini(struct keel__shape_scratch *scratch)
{
    free(scratch->keys);
    free(scratch->text);
    *scratch = (struct keel__shape_scratch){0};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether all bytes are ASCII, and how many of them begin a character. */
static bool count_characters(struct keel_slice text, int64_t *characters)
{
    const uint64_t tops = UINT64_C(0x8080808080808080);
    size_t i = 0, following = 0;
    uint64_t seen = 0;
    for (uint64_t word; text.size - i >= sizeof word; i += sizeof word) {
        memcpy(&word, text.data + i, sizeof word);
        seen |= word & tops;
        /* 10xxxxxx goes on with a character: the top bit is set and the next is not */
        following += (size_t)__builtin_popcountll(word & tops & ~(word << 1));
    }
    for (; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        seen |= c & 0x80u;
        following += (c & 0xC0u) == 0x80u;
    }
    *characters = (int64_t)(text.size - following);
    return seen == 0;
}

static bool has_upper(struct keel_slice text)
{
    size_t size = text.size < MAX_UPPER_BYTES ? text.size : MAX_UPPER_BYTES;
    for (size_t i = 0; i < size; i++)
        if (text.data[i] >= 'A' && text.data[i] <= 'Z')
            return true;
    return false;
}

static bool may_be_json(char c)
{
    return c == '{' || c == '[' || c == '"' || c == '-' || (c >= '0' && c <= '9') || c == 't' ||
           c == 'f' || c == 'n';
}

struct keel__shaped keel__shape_text(struct keel__shape_scratch *scratch, struct keel_slice text)
{
    struct keel__shaped out = {0};
    if (text.size == 0) {
        out.shapes = KEEL__SHAPE_BIT(KEEL__SHAPE_EMPTY);
        return out;
    }
    bool ascii = count_characters(text, &out.characters);
    bool utf8 = ascii || keel__utf8_valid(text);
    if (!utf8)
        out.shapes |= KEEL__SHAPE_BIT(KEEL__SHAPE_BAD_UTF8);
    if (memchr(text.data, '\0', text.size))
        out.shapes |= KEEL__SHAPE_BIT(KEEL__SHAPE_NUL_BYTE);
    if (is_blank(text.data[0]) || is_blank(text.data[text.size - 1]))
        out.shapes |= KEEL__SHAPE_BIT(KEEL__SHAPE_BLANK_EDGE);
    if (has_upper(text))
        out.shapes |= KEEL__SHAPE_BIT(KEEL__SHAPE_UPPER);
    if (text.size <= MAX_SHORT_BYTES && ascii) {
        keel__shape_short(text, &out);
        keel__shape_time(text, &out);
    }
    keel__shape_secret(text, &out);
    size_t blanks = 0;
    while (blanks < text.size && is_blank(text.data[blanks]))
        blanks++;
    if (blanks < text.size && may_be_json(text.data[blanks]))
        keel__shape_json(scratch, text, utf8, &out);
    return out;
}

/* Printable: UTF-8 without control characters other than white space. */
struct keel__shaped keel__shape_blob(struct keel_slice bytes)
{
    struct keel__shaped out = {0};
    if (bytes.size == 0) {
        out.shapes = KEEL__SHAPE_BIT(KEEL__SHAPE_EMPTY);
        return out;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char c = (unsigned char)bytes.data[i];
        if ((c < 0x20 && !is_blank((char)c)) || c == 0x7F)
            return out;
    }
    if (keel__utf8_valid(bytes))
        out.shapes = KEEL__SHAPE_BIT(KEEL__SHAPE_BLOB_TEXT);
    return out;
}

struct keel__shaped keel__shape_integer(int64_t value)
{
    struct keel__shaped out = {0};
    keel__shape_epoch((double)value, &out);
    return out;
}

struct keel__shaped keel__shape_real(double value)
{
    struct keel__shaped out = {0};
    if (isnan(value))
        out.shapes |= KEEL__SHAPE_BIT(KEEL__SHAPE_NAN);
    else if (isinf(value))
        out.shapes |= KEEL__SHAPE_BIT(KEEL__SHAPE_INFINITE);
    else if (keel__shape_is_dust(value))
        out.shapes |= KEEL__SHAPE_BIT(KEEL__SHAPE_FLOAT_DUST);
    keel__shape_epoch(value, &out);
    return out;
}

bool keel__shape_is_dust(double value)
{
    /* Powers of ten up to 10^22 are exact doubles, so that whole / power is the double nearest to
     * that decimal (IEEE 754: division is correctly rounded). */
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    double size = fabs(value);
    if (!(size > 1e-9) || size >= 1e12)
        return false;
    for (size_t i = 0; i < sizeof powers / sizeof *powers; i++) {
        double whole = nearbyint(size * powers[i]);
        if (whole >= 1e12)
            return false;
        if (whole < 1)
            continue;
        double near = whole / powers[i];
        if (near == size)
            return false;
        if (fabs(near - size) <= size * 4e-15)
            return true;
    }
    return false;
}
