#include "base/arena.h"
#include "base/money.h"
#include "db/postgres.h"

#include <stdlib.h>

/* The binary format (numeric_send): ndigits, weight, sign, dscale as big-endian 16-bit integers,
 * then ndigits digits of base 10000. The first digit stands for digit * 10000^weight. */
enum { POSITIVE = 0x0000, NEGATIVE = 0x4000, NOT_A_NUMBER = 0xC000, PLUS_INFINITY = 0xD000 };
enum { HEADER_BYTES = 8, BASE = 10000, BASE_DIGITS = 4, MONEY_SCALE = 9, FRACTION_GROUPS = 3 };

static void put16(char *out, unsigned value)
{
    out[0] = (char)(value >> 8);
    out[1] = (char)value;
}

static unsigned get16(const char *in)
{
    return (unsigned)(unsigned char)in[0] << 8 | (unsigned char)in[1];
}

size_t keel__pg_numeric_encode(char *out, int64_t nusd)
{
    unsigned digits[8];
    int count = 0;
    /* Three more decimals make the fraction three whole groups of four. */
    unsigned __int128 rest =
        (unsigned __int128)(nusd < 0 ? 0 - (uint64_t)nusd : (uint64_t)nusd) * 1000;
    for (; rest > 0; rest /= BASE)
        digits[count++] = (unsigned)(rest % BASE);
    int weight = count - 1 - FRACTION_GROUPS, last = 0;
    while (last < count && digits[last] == 0)
        last++;
    int kept = count - last;
    put16(out, (unsigned)kept);
    put16(out + 2, kept > 0 ? (unsigned)weight : 0);
    put16(out + 4, nusd < 0 ? NEGATIVE : POSITIVE);
    put16(out + 6, MONEY_SCALE);
    for (int i = 0; i < kept; i++)
        put16(out + HEADER_BYTES + 2 * i, digits[count - 1 - i]);
    return HEADER_BYTES + 2 * (size_t)kept;
}

struct numeric {
    int count, weight;
    unsigned sign, scale;
    const char *digits;
};

static bool parse(struct numeric *out, struct keel_slice bytes)
{
    if (bytes.size < HEADER_BYTES)
        return false;
    *out = (struct numeric){
        .count = (int)get16(bytes.data),
        .weight = (int16_t)get16(bytes.data + 2),
        .sign = get16(bytes.data + 4),
        .scale = get16(bytes.data + 6),
        .digits = bytes.data + HEADER_BYTES,
    };
    return bytes.size == HEADER_BYTES + 2 * (size_t)out->count;
}

static unsigned digit(const struct numeric *n, int power)
{
    int i = n->weight - power;
    return i >= 0 && i < n->count ? get16(n->digits + 2 * i) : 0;
}

/* In units of 10^-12, cut; false when it is too large for that. *rest says whether something was
 * cut. */
static bool to_trillionths(const struct numeric *n, keel__int128 *out, bool *rest)
{
    if (n->weight > 5 || (n->sign != POSITIVE && n->sign != NEGATIVE))
        return false;
    keel__int128 value = 0;
    int lowest = n->weight - n->count + 1;
    for (int power = n->weight; power >= -FRACTION_GROUPS; power--)
        value = value * BASE + digit(n, power);
    if (n->weight < -FRACTION_GROUPS)
        value = 0;
    *rest = n->count > 0 && lowest < -FRACTION_GROUPS;
    *out = n->sign == NEGATIVE ? -value : value;
    return true;
}

static bool fits(keel__int128 value)
{
    return value >= INT64_MIN && value <= INT64_MAX;
}

static bool to_int(const struct numeric *n, int64_t *out)
{
    const keel__int128 one = (keel__int128)1000000 * 1000000;
    keel__int128 value;
    bool rest;
    if (!to_trillionths(n, &value, &rest) || rest || value % one != 0 || !fits(value / one))
        return false;
    *out = (int64_t)(value / one);
    return true;
}

static bool to_money(const struct numeric *n, int64_t *out)
{
    keel__int128 value;
    bool rest;
    if (!to_trillionths(n, &value, &rest))
        return false;
    int last = (int)(value %
                     1000); /* what is cut beyond can no longer change which side of a half it is */
    value /= 1000;
    value += (last >= 500) - (last <= -500);
    if (!fits(value))
        return false;
    *out = (int64_t)value;
    return true;
}

static struct keel_value to_text(const struct numeric *n, struct keel__arena *arena)
{
    if (n->sign != POSITIVE && n->sign != NEGATIVE) {
        const char *name = n->sign == NOT_A_NUMBER    ? "NaN"
                           : n->sign == PLUS_INFINITY ? "Infinity"
                                                      : "-Infinity";
        return keel_cstr(name);
    }
    int groups = (n->weight > 0 ? n->weight : 0) + 1;
    int fraction = ((int)n->scale + BASE_DIGITS - 1) / BASE_DIGITS;
    char *text = keel__arena_alloc(arena, (size_t)(groups + fraction) * BASE_DIGITS + 4);
    if (!text)
        return keel_null();
    char *at = text;
    if (n->sign == NEGATIVE)
        *at++ = '-';
    char *first = at;
    for (int power = groups - 1; power >= -fraction; power--) {
        unsigned group = digit(n, power);
        if (power == -1)
            *at++ = '.';
        for (unsigned unit = BASE / 10; unit > 0; unit /= 10)
            if (at > first || group / unit % 10 > 0 || power < 0 || (power == 0 && unit == 1))
                *at++ = (char)('0' + group / unit % 10);
    }
    at -= fraction * BASE_DIGITS - (int)n->scale;
    return keel_text(keel_slice(text, (size_t)(at - text)));
}

bool keel__pg_numeric_decode(struct keel_value *out, struct keel_slice bytes,
                             enum keel_type declared, struct keel__arena *arena)
{
    struct numeric n;
    int64_t integer;
    if (!parse(&n, bytes))
        return false;
    if (declared == KEEL_INT && to_int(&n, &integer)) {
        *out = keel_int(integer);
    } else if (declared == KEEL_MONEY && to_money(&n, &integer)) {
        *out = keel_money(integer);
    } else {
        *out = to_text(&n, arena);
        if (declared == KEEL_DOUBLE && out->type == KEEL_TEXT) {
            char *copy = keel__arena_dup(arena, out->as.bytes);
            *out = copy ? keel_double(strtod(copy, NULL)) : keel_null();
        }
    }
    return true;
}
