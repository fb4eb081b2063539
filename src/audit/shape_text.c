#include "audit/shape.h"

#include <stdlib.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void add(struct keel__shaped *out, enum keel__shape shape)
{
    out->shapes |= KEEL__SHAPE_BIT(shape);
}

static bool starts(struct keel_slice text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

static size_t digit_run(struct keel_slice text, size_t from)
{
    size_t i = from;
    while (i < text.size && is_digit(text.data[i]))
        i++;
    return i - from;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void number(struct keel_slice text, struct keel__shaped *out)
{
    size_t at = text.data[0] == '-' || text.data[0] == '+';
    size_t whole = digit_run(text, at), fraction = 0, end = at + whole;
    bool point = end < text.size && text.data[end] == '.';
    if (point) {
        fraction = digit_run(text, end + 1);
        end += 1 + fraction;
    }
    if (whole + fraction == 0)
        return;
    bool exponent = false;
    if (end < text.size && (text.data[end] == 'e' || text.data[end] == 'E')) {
        size_t sign =
            end + 1 < text.size && (text.data[end + 1] == '-' || text.data[end + 1] == '+');
        size_t digits = digit_run(text, end + 1 + sign);
        if (digits == 0 || digits > 3)
            return;
        exponent = true;
        end += 1 + sign + digits;
    }
    if (end != text.size || (point && (!whole || !fraction) && !exponent))
        return;
    if (exponent) {
        add(out, KEEL__SHAPE_SCIENTIFIC);
        return;
    }
    if (text.data[0] == '+')
        return;
    add(out, fraction ? KEEL__SHAPE_DECIMAL : KEEL__SHAPE_INTEGER);
    if (whole > 1 && text.data[at] == '0')
        add(out, KEEL__SHAPE_LEADING_ZERO);
    else if (at == 0 && whole >= 9 && whole <= 19 && fraction <= 9) {
        char digits[32];
        memcpy(digits, text.data, text.size);
        digits[text.size] = '\0';
        keel__shape_epoch(strtod(digits, NULL), out);
    }
}

/* ---- hex digits and UUIDs -------------------------------------------------------------------- */

/* 8-4-4-4-12 hex digits. */
static bool hyphened(const char *text, bool *lower)
{
    *lower = true;
    for (int i = 0; i < 36; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        if (hyphen ? text[i] != '-' : !is_hex(text[i]))
            return false;
        *lower &= !(text[i] >= 'A' && text[i] <= 'F');
    }
    return true;
}

static bool uuid(struct keel_slice text, struct keel__shaped *out)
{
    bool lower;
    if (text.size == 36 && hyphened(text.data, &lower)) {
        add(out, lower ? KEEL__SHAPE_UUID : KEEL__SHAPE_UUID_OTHER);
        return true;
    }
    if ((text.size == 38 && text.data[0] == '{' && text.data[37] == '}' &&
         hyphened(text.data + 1, &lower)) ||
        (text.size == 45 && strncasecmp(text.data, "urn:uuid:", 9) == 0 &&
         hyphened(text.data + 9, &lower))) {
        add(out, KEEL__SHAPE_UUID_OTHER);
        return true;
    }
    return false;
}

static void hex(struct keel_slice text, struct keel__shaped *out)
{
    if (text.size < 16 || text.size % 2)
        return;
    for (size_t i = 0; i < text.size; i++)
        if (!is_hex(text.data[i]))
            return;
    add(out, KEEL__SHAPE_HEX);
    /* 32 hex digits may be any hash; RFC 9562's version (1 to 8) and variant (8 to b) tell. */
    if (text.size == 32 && text.data[12] >= '1' && text.data[12] <= '8' &&
        strchr("89abAB", text.data[16]))
        add(out, KEEL__SHAPE_UUID_OTHER);
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool one_of(struct keel_slice text, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == text.size && strncasecmp(*words, text.data, text.size) == 0)
            return true;
    return false;
}

static void word(struct keel_slice text, struct keel__shaped *out)
{
    static const char *const nothing[] = {"null", "none", "nil", "n/a", "undefined", "nan", NULL};
    static const char *const boolean[] = {"true", "false", "yes", "no",  "t", "f",
                                          "y",    "n",     "on",  "off", NULL};
    if (!is_letter(text.data[0]) || text.size > 40)
        return;
    for (size_t i = 1; i < text.size; i++)
        if (!is_letter(text.data[i]) && !is_digit(text.data[i]) &&
            (text.data[i] == '\0' || !strchr(" ._-/:", text.data[i])))
            return;
    add(out, KEEL__SHAPE_WORD);
    if (text.size <= 9 && one_of(text, nothing))
        add(out, KEEL__SHAPE_NULL_WORD);
    if (text.size <= 5 && one_of(text, boolean))
        add(out, KEEL__SHAPE_BOOLEAN_WORD);
}

/* v1, 1.2, 1.2.3-rc.1, v2025.06.04 */
static void version(struct keel_slice text, struct keel__shaped *out)
{
    bool v = text.data[0] == 'v' || text.data[0] == 'V';
    size_t at = v, parts = 0;
    if (text.size > 40)
        return;
    for (;;) {
        size_t digits = digit_run(text, at);
        if (digits == 0 || digits > 8)
            return;
        parts++;
        at += digits;
        if (at == text.size || text.data[at] != '.')
            break;
        at++;
    }
    if (!v && parts < 2)
        return;
    if (at < text.size) {
        if (text.data[at] != '-' && text.data[at] != '+')
            return;
        for (size_t i = at + 1; i < text.size; i++)
            if (!is_letter(text.data[i]) && !is_digit(text.data[i]) &&
                !memchr(".-+", text.data[i], 3))
                return;
        if (at + 1 == text.size || (!v && parts < 3))
            return; /* 12.5-13.5 is a range */
    }
    add(out, KEEL__SHAPE_VERSION);
}

/* ---- addresses ------------------------------------------------------------------------------- */

static bool is_mail_part(char c)
{
    return is_letter(c) || is_digit(c) || (c && strchr("._%+-'", c));
}

static void email(struct keel_slice text, struct keel__shaped *out)
{
    const char *at = text.size <= 254 ? memchr(text.data, '@', text.size) : NULL;
    if (!at || at == text.data)
        return;
    const char *end = text.data + text.size, *point = NULL;
    for (const char *c = text.data; c < at; c++)
        if (!is_mail_part(*c))
            return;
    for (const char *c = at + 1; c < end; c++) {
        if (*c == '.' && (c == at + 1 || c[-1] == '.'))
            return;
        if (*c == '.')
            point = c;
        else if (!is_letter(*c) && !is_digit(*c) && *c != '-')
            return;
    }
    if (point && end - point > 2)
        add(out, KEEL__SHAPE_EMAIL);
}

static void url(struct keel_slice text, struct keel__shaped *out)
{
    size_t at = 0;
    while (at < text.size && at < 20 &&
           (is_letter(text.data[at]) ||
            (at && (is_digit(text.data[at]) || strchr("+-.", text.data[at])) && text.data[at])))
        at++;
    if (at < 2 || text.size - at < 4 || memcmp(text.data + at, "://", 3) != 0)
        return;
    for (size_t i = at + 3; i < text.size; i++)
        if (text.data[i] == ' ' || (unsigned char)text.data[i] < 0x20)
            return;
    add(out, KEEL__SHAPE_URL);
}

/* ---- secrets --------------------------------------------------------------------------------- */

/* Forms of tokens and keys that their makers publish, and the fewest bytes that are one. */
static const struct {
    const char *prefix;
    size_t least;
} secrets[] = {
    {"sk-", 20},         {"sk_live_", 20}, {"sk_test_", 20}, {"rk_live_", 20}, {"pk_live_", 20},
    {"ghp_", 30},        {"gho_", 30},     {"ghs_", 30},     {"ghu_", 30},     {"ghr_", 30},
    {"github_pat_", 30}, {"glpat-", 20},   {"xoxb-", 20},    {"xoxp-", 20},    {"xoxa-", 20},
    {"xoxs-", 20},       {"xoxr-", 20},    {"AKIA", 20},     {"ASIA", 20},     {"AIza", 35},
    {"ya29.", 20},       {"hf_", 30},      {"npm_", 30},     {"dop_v1_", 30},  {"SG.", 40},
    {"Bearer ", 20},
};

static bool is_token(struct keel_slice text, size_t from)
{
    for (size_t i = from; i < text.size; i++)
        if (!is_letter(text.data[i]) && !is_digit(text.data[i]) &&
            (text.data[i] == '\0' || !strchr("_-.~+/=", text.data[i])))
            return false;
    return true;
}

void keel__shape_secret(struct keel_slice text, struct keel__shaped *out)
{
    if (starts(text, "-----BEGIN ")) {
        size_t size = text.size < 64 ? text.size : 64;
        if (memmem(text.data, size, "PRIVATE KEY", 11))
            add(out, KEEL__SHAPE_SECRET);
        return;
    }
    if (text.size > 4096 || text.size < 20)
        return;
    if (starts(text, "eyJ")) { /* a JSON Web Token: three parts of base64url */
        const char *first = memchr(text.data, '.', text.size);
        const char *end = text.data + text.size;
        const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
        if (second && second > first + 10 && is_token(text, 0))
            add(out, KEEL__SHAPE_SECRET);
        return;
    }
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (text.data[0] == secrets[i].prefix[0] && text.size >= secrets[i].least &&
            starts(text, secrets[i].prefix) && is_token(text, strlen(secrets[i].prefix))) {
            add(out, KEEL__SHAPE_SECRET);
            return;
        }
}

void keel__shape_short(struct keel_slice text, struct keel__shaped *out)
{
    char c = text.data[0];
    bool digit = is_digit(c), letter = is_letter(c);
    if (digit || c == '-' || c == '+' || c == '.')
        number(text, out);
    if ((is_hex(c) || c == '{' || c == 'u' || c == 'U') && !uuid(text, out) && is_hex(c))
        hex(text, out);
    if (digit || c == 'v' || c == 'V')
        version(text, out);
    if (letter) {
        word(text, out);
        url(text, out);
    }
    if (letter || digit || c == '_')
        email(text, out);
}
