/* RFC 8259, read once from front to back without recursion and without a tree. */
#include "audit/shape.h"

#include <stdlib.h>

enum { MAX_NAME_BYTES = 100, MAX_KEYS = 65536, FEW_KEYS = 16, MAX_NESTED_BYTES = 1 << 20 };

struct reader {
    struct keel__shape_scratch *scratch;
    const char *at, *end;
    bool nul, duplicate, dust;
    /* elements of the outermost array, or members of the outermost object */
    size_t names, numbers, others; /* short strings; numbers; anything else */
    bool beyond;                   /* a number that is not between 0 and 1 */
    size_t keys;                   /* remembered: those of the open objects, the innermost last */
    unsigned depth;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(struct reader *in)
{
    while (in->at < in->end &&
           (*in->at == ' ' || *in->at == '\n' || *in->at == '\r' || *in->at == '\t'))
        in->at++;
}

/* ---- strings --------------------------------------------------------------------------------- */

static bool hex4(struct reader *in, unsigned *out)
{
    *out = 0;
    if (in->end - in->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = *in->at++;
        unsigned digit;
        if (is_digit(c))
            digit = (unsigned)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (unsigned)((c | 0x20) - 'a') + 10;
        else
            return false;
        *out = *out << 4 | digit;
    }
    return true;
}

/* What stands behind a backslash. *code is the character that it means. */
static bool escape(struct reader *in, uint32_t *code)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (in->at == in->end || *in->at == '\0')
        return false;
    char c = *in->at++;
    if (c != 'u') {
        const char *found = strchr(from, c);
        if (found)
            *code = (uint32_t)to[found - from];
        return found != NULL;
    }
    unsigned unit, low;
    if (!hex4(in, &unit))
        return false;
    *code = unit;
    in->nul |= unit == 0;
    if (unit < 0xD800 || unit > 0xDFFF)
        return true;
    const char *after = in->at;
    if (unit < 0xDC00 && in->end - in->at >= 6 && in->at[0] == '\\' && in->at[1] == 'u') {
        in->at += 2;
        if (!hex4(in, &low))
            return false;
        if (low >= 0xDC00 && low <= 0xDFFF) {
            *code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            return true;
        }
        in->at = after;
    }
    in->nul = true; /* half of a pair: jsonb refuses it likewise */
    return true;
}

static uint64_t mix(uint64_t hash, uint32_t value)
{
    hash ^= value;
    hash *= UINT64_C(0x9FB21C651E98DF25);
    return hash ^ hash >> 29;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

/* Behind the opening quote. hash (may be NULL) is of the characters meant, so that "a" and
 * "\u0061" are one key. */
static bool string(struct reader *in, uint64_t *hash)
{
    uint64_t h = UINT64_C(0x51ED270B27B4A2C9);
    while (in->at < in->end) {
        if (!hash)
            while (in->end - in->at > 1 && is_plain((unsigned char)*in->at))
                in->at++;
        unsigned char c = (unsigned char)*in->at++;
        if (c == '"') {
            if (hash)
                *hash = h;
            return true;
        }
        if (c < 0x20)
            return false;
        uint32_t code = c;
        if (c == '\\') {
            if (!escape(in, &code))
                return false;
            if (hash && code >= 0x80) { /* as UTF-8, like the bytes of an unescaped one */
                if (code >= 0x10000) {
                    h = mix(h, 0xF0 | code >> 18);
                    h = mix(h, 0x80 | (code >> 12 & 0x3F));
                } else if (code >= 0x800)
                    h = mix(h, 0xE0 | code >> 12);
                h = mix(h, code >= 0x800 ? 0x80 | (code >> 6 & 0x3F) : 0xC0 | code >> 6);
                code = 0x80 | (code & 0x3F);
            }
        }
        if (hash)
            h = mix(h, code);
    }
    return false;
}

/* ---- numbers and words ----------------------------------------------------------------------- */

static bool number(struct reader *in)
{
    const char *start = in->at;
    int significant = 0;
    if (*in->at == '-')
        in->at++;
    if (in->at == in->end || !is_digit(*in->at))
        return false;
    if (*in->at == '0')
        in->at++;
    else
        for (; in->at < in->end && is_digit(*in->at); in->at++)
            significant++;
    bool point = in->at < in->end && *in->at == '.';
    if (point) {
        in->at++;
        if (in->at == in->end || !is_digit(*in->at))
            return false;
        for (; in->at < in->end && is_digit(*in->at); in->at++)
            significant += significant > 0 || *in->at != '0';
    }
    if (in->at < in->end && (*in->at | 0x20) == 'e') {
        in->at++;
        if (in->at < in->end && (*in->at == '+' || *in->at == '-'))
            in->at++;
        if (in->at == in->end || !is_digit(*in->at))
            return false;
        while (in->at < in->end && is_digit(*in->at))
            in->at++;
    }
    if (point && significant >= 16 && in->at - start < 40) {
        char text[40];
        memcpy(text, start, (size_t)(in->at - start));
        text[in->at - start] = '\0';
        in->dust |= keel__shape_is_dust(strtod(text, NULL));
    }
    return true;
}

static bool literal(struct reader *in, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(in->end - in->at) < size || memcmp(in->at, word, size) != 0)
        return false;
    in->at += size;
    return true;
}

/* ---- objects --------------------------------------------------------------------------------- */

static void remember_key(struct reader *in, uint64_t hash)
{
    struct keel__shape_scratch *scratch = in->scratch;
    if (in->keys == scratch->key_capacity && scratch->key_capacity < MAX_KEYS) {
        size_t capacity = scratch->key_capacity ? scratch->key_capacity * 2 : 256;
        uint64_t *keys = realloc(scratch->keys, capacity * sizeof *keys);
        if (keys) {
            scratch->keys = keys;
            scratch->key_capacity = capacity;
        }
    }
    if (in->keys == scratch->key_capacity)
        in->scratch->levels[in->depth - 1].unseen = true;
    else
        scratch->keys[in->keys++] = hash;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Forgets the keys of the object that ends, and sees whether two were the same. */
static void end_keys(struct reader *in, const struct keel__shape_level *level)
{
    uint64_t *keys = in->scratch->keys + level->first_key;
    size_t count = in->keys - level->first_key;
    in->keys = level->first_key;
    if (in->duplicate || level->unseen || count < 2)
        return;
    if (count > FEW_KEYS)
        qsort(keys, count, sizeof *keys, compare_hashes);
    for (size_t i = 1; i < count; i++)
        for (size_t j = count > FEW_KEYS ? i - 1 : 0; j < i; j++)
            if (keys[i] == keys[j])
                in->duplicate = true;
}

static bool begin(struct reader *in, bool object)
{
    if (in->depth == KEEL__SHAPE_MAX_DEPTH)
        return false;
    in->scratch->levels[in->depth++] =
        (struct keel__shape_level){(uint32_t)in->keys, object, false};
    in->at++;
    return true;
}

static bool key(struct reader *in)
{
    uint64_t hash;
    skip_blanks(in);
    if (in->at == in->end || *in->at++ != '"' || !string(in, &hash))
        return false;
    remember_key(in, hash);
    skip_blanks(in);
    return in->at < in->end && *in->at++ == ':';
}

/* Closes what ends here. *more: a comma, and another value follows. */
static bool after_value(struct reader *in, bool *more)
{
    *more = false;
    while (in->depth > 0) {
        struct keel__shape_level *level = &in->scratch->levels[in->depth - 1];
        skip_blanks(in);
        if (in->at == in->end)
            return false;
        char c = *in->at++;
        if (c == ',') {
            *more = true;
            return !level->object || key(in);
        }
        if (c != (level->object ? '}' : ']'))
            return false;
        if (level->object)
            end_keys(in, level);
        in->depth--;
    }
    return true;
}

/* One value up to its end; of an object or array that is not empty, up to its first value. */
static bool value(struct reader *in, bool *opened)
{
    *opened = false;
    skip_blanks(in);
    if (in->at == in->end)
        return false;
    switch (*in->at) {
    case '{':
    case '[': {
        bool object = *in->at == '{';
        if (!begin(in, object))
            return false;
        skip_blanks(in);
        if (in->at < in->end && *in->at == (object ? '}' : ']'))
            return true; /* after_value closes it */
        *opened = true;
        return !object || key(in);
    }
    case '"':
        in->at++;
        return string(in, NULL);
    case 't':
        return literal(in, "true");
    case 'f':
        return literal(in, "false");
    case 'n':
        return literal(in, "null");
    default:
        return number(in);
    }
}

/* What stands from there to in->at in the outermost array or object. */
static void note_element(struct reader *in, const char *from)
{
    size_t size = (size_t)(in->at - from);
    char text[40];
    if (*from == '"' && size <= MAX_NAME_BYTES + 2)
        in->names++;
    else if ((*from == '-' || is_digit(*from)) && size < sizeof text) {
        memcpy(text, from, size);
        text[size] = '\0';
        double number = strtod(text, NULL);
        in->beyond |= number < 0 || number > 1;
        in->numbers++;
    } else
        in->others++;
}

static bool document(struct reader *in)
{
    bool more = true;
    while (more) {
        bool outermost = in->depth == 1;
        skip_blanks(in);
        const char *from = in->at;
        if (!value(in, &more))
            return false;
        if (outermost)
            note_element(in, from);
        if (!more && !after_value(in, &more))
            return false;
    }
    skip_blanks(in);
    return in->at == in->end;
}

/* ---- JSON inside a JSON string -----------------------------------------------------------------
 */

static size_t put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        to[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        to[0] = (char)(0xC0 | code >> 6);
        to[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        to[0] = (char)(0xE0 | code >> 12);
        to[1] = (char)(0x80 | (code >> 6 & 0x3F));
        to[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | code >> 18);
    to[1] = (char)(0x80 | (code >> 12 & 0x3F));
    to[2] = (char)(0x80 | (code >> 6 & 0x3F));
    to[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

/* The text of the string that in->at stands in, in the scratch; no escape is shorter than what it
 * means. Absent when it is too long or memory is out. */
static struct keel_slice unescape(struct reader *in)
{
    size_t left = (size_t)(in->end - in->at), size = 0;
    struct keel__shape_scratch *scratch = in->scratch;
    if (left > MAX_NESTED_BYTES)
        return keel_slice(NULL, 0);
    if (scratch->text_capacity < left) {
        free(scratch->text);
        scratch->text = malloc(left);
        scratch->text_capacity = scratch->text ? left : 0;
    }
    if (!scratch->text)
        return keel_slice(NULL, 0);
    while (in->at < in->end && *in->at != '"') {
        uint32_t code;
        if (*in->at != '\\')
            scratch->text[size++] = *in->at++;
        else if (in->at++, escape(in, &code))
            size += put_utf8(scratch->text + size, code);
        else
            return keel_slice(NULL, 0);
    }
    return keel_slice(scratch->text, size);
}

static bool holds_json(struct reader *in)
{
    struct keel_slice text = unescape(in);
    if (!text.data)
        return false;
    in->at = text.data;
    in->end = text.data + text.size;
    in->keys = 0;
    in->depth = 0;
    skip_blanks(in);
    return in->at < in->end && (*in->at == '{' || *in->at == '[') && document(in);
}

/* ---- the door -------------------------------------------------------------------------------- */

void keel__shape_json(struct keel__shape_scratch *scratch, struct keel_slice text, bool utf8,
                      struct keel__shaped *out)
{
    struct reader in = {.scratch = scratch, .at = text.data, .end = text.data + text.size};
    skip_blanks(&in);
    if (in.at == in.end)
        return;
    const char *start = in.at;
    if (!utf8 || !document(&in)) {
        if (*start == '{' || *start == '[')
            out->shapes |= KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_BROKEN);
        return;
    }
    enum keel__shape kind = *start == '{'   ? KEEL__SHAPE_JSON_OBJECT
                            : *start == '[' ? KEEL__SHAPE_JSON_ARRAY
                            : *start == '"' ? KEEL__SHAPE_JSON_STRING
                                            : KEEL__SHAPE_JSON_SCALAR;
    out->shapes |= KEEL__SHAPE_BIT(kind) |
                   (*start == 'n' ? KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_NULL) : 0) |
                   (in.nul ? KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_NUL) : 0) |
                   (in.dust ? KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_DUST) : 0) |
                   (in.duplicate ? KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_DUPLICATE_KEY) : 0);
    bool names = kind == KEEL__SHAPE_JSON_ARRAY && in.names && !in.others && !in.numbers;
    bool scores = kind == KEEL__SHAPE_JSON_OBJECT && in.numbers > 2 && !in.others && !in.names;
    out->shapes |= (names ? KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_NAMES) : 0) |
                   (names && in.names > 1 ? KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_NAMES_MANY) : 0) |
                   (scores ? KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_SCORES) : 0) |
                   (scores && in.beyond ? KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_SCORES_OUT) : 0);
    if (kind == KEEL__SHAPE_JSON_STRING) {
        in.at = start + 1;
        in.end = text.data + text.size;
        if (holds_json(&in))
            out->shapes |= KEEL__SHAPE_BIT(KEEL__SHAPE_JSON_IN_STRING);
    }
}
