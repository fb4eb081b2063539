#include "base/utf8.h"

#include "base/arena.h"

static const char replacement[3] = {'\xEF', '\xBF', '\xBD'}; /* U+FFFD */

/* Length announced by the first byte, and the range its second byte must be in. */
static size_t announced(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = 0x80;
    *high = 0xBF;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF) {
        if (first == 0xE0)
            *low = 0xA0;
        if (first == 0xED)
            *high = 0x9F;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (first == 0xF0)
            *low = 0x90;
        if (first == 0xF4)
            *high = 0x8F;
        return 4;
    }
    return 0;
}

size_t keel__utf8_decode(const char *text, size_t size, uint32_t *codepoint, size_t *skip)
{
    const unsigned char *bytes = (const unsigned char *)text;
    if (bytes[0] < 0x80) {
        *codepoint = bytes[0];
        return 1;
    }
    unsigned char low, high;
    size_t length = announced(bytes[0], &low, &high);
    uint32_t value = length ? bytes[0] & (0x7Fu >> length) : 0;
    size_t i = 1;
    for (; i < length && i < size && bytes[i] >= low && bytes[i] <= high; i++) {
        value = (value << 6) | (bytes[i] & 0x3Fu);
        low = 0x80;
        high = 0xBF;
    }
    if (length && i == length) {
        *codepoint = value;
        return length;
    }
    if (skip)
        *skip = i;
    return 0;
}

/* How many of the bytes from i on are plain ASCII without NUL, counted in eights: most text is. */
static size_t ascii_run(struct keel_slice text, size_t i)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    size_t from = i;
    for (uint64_t word; text.size - i >= sizeof word; i += sizeof word) {
        memcpy(&word, text.data + i, sizeof word);
        if ((word | (word - ones)) & tops) /* a byte over 127, or 0 */
            break;
    }
    return i - from;
}

/* The number of leading bytes that are valid UTF-8, and not NUL unless allowed. */
static size_t valid_prefix(struct keel_slice text, bool allow_nul)
{
    size_t i = 0;
    while (i < text.size) {
        i += ascii_run(text, i);
        if (i == text.size)
            break;
        uint32_t codepoint;
        size_t length = keel__utf8_decode(text.data + i, text.size - i, &codepoint, NULL);
        if (length == 0 || (codepoint == 0 && !allow_nul))
            break;
        i += length;
    }
    return i;
}

bool keel__utf8_valid(struct keel_slice text)
{
    return valid_prefix(text, true) == text.size;
}

static size_t cleaned(char *out, struct keel_slice text)
{
    size_t used = 0;
    for (size_t i = 0; i < text.size;) {
        uint32_t codepoint;
        size_t skip = 1;
        size_t length = keel__utf8_decode(text.data + i, text.size - i, &codepoint, &skip);
        if (length > 0 && codepoint != 0) {
            if (out)
                memcpy(out + used, text.data + i, length);
            used += length;
            i += length;
        } else {
            if (out)
                memcpy(out + used, replacement, sizeof replacement);
            used += sizeof replacement;
            i += skip;
        }
    }
    return used;
}

struct keel_slice keel__utf8_clean(struct keel__arena *arena, struct keel_slice text)
{
    if (!text.data || valid_prefix(text, false) == text.size)
        return text;
    size_t size = cleaned(NULL, text);
    char *copy = keel__arena_alloc(arena, size + 1);
    if (!copy)
        return keel_slice(NULL, 0);
    cleaned(copy, text);
    copy[size] = '\0';
    return keel_slice(copy, size);
}

struct keel_slice keel__utf8_cut(struct keel_slice text, size_t max_bytes)
{
    if (text.size <= max_bytes)
        return text;
    size_t size = max_bytes;
    while (size > 0 && ((unsigned char)text.data[size] & 0xC0) == 0x80)
        size--;
    return keel_slice(text.data, size);
}
