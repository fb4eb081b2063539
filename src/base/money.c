#include "base/money.h"

#include <inttypes.h>
#include <stdio.h>

enum { FRACTION_DIGITS = 9 };
static const uint64_t nusd_per_dollar = 1000000000;

void keel_money_format(int64_t nusd, char out[24])
{
    uint64_t amount = nusd < 0 ? 0 - (uint64_t)nusd : (uint64_t)nusd;
    int size = snprintf(out, 24, "%s%" PRIu64 ".%09" PRIu64, nusd < 0 ? "-" : "",
                        amount / nusd_per_dollar, amount % nusd_per_dollar);
    while (out[size - 1] == '0')
        size--;
    if (out[size - 1] == '.')
        size--;
    out[size] = '\0';
}

/* [-+]digits[.digits], digits on at least one side of the point; zeros beyond the ninth digit are
 * exact too. */
bool keel_money_parse(struct keel_slice text, int64_t *nusd)
{
    size_t i = 0, seen = 0;
    int scale = -1; /* fraction digits so far; -1 before the point */
    uint64_t amount = 0;
    bool negative = text.size > 0 && text.data[0] == '-';
    if (text.size > 0 && (text.data[0] == '-' || text.data[0] == '+'))
        i++;
    for (; i < text.size; i++) {
        char c = text.data[i];
        if (c == '.' && scale < 0) {
            scale = 0;
            continue;
        }
        if (c < '0' || c > '9')
            return false;
        seen++;
        if (scale == FRACTION_DIGITS) {
            if (c != '0')
                return false;
            continue;
        }
        scale += scale >= 0;
        if (__builtin_mul_overflow(amount, 10, &amount) ||
            __builtin_add_overflow(amount, (uint64_t)(c - '0'), &amount))
            return false;
    }
    for (int s = scale < 0 ? 0 : scale; s < FRACTION_DIGITS; s++)
        if (__builtin_mul_overflow(amount, 10, &amount))
            return false;
    if (seen == 0 || amount > (uint64_t)INT64_MAX + negative)
        return false;
    *nusd = negative ? (int64_t)(0 - amount) : (int64_t)amount;
    return true;
}

void keel__money_sum_add(struct keel__money_sum *sum, int64_t units, int64_t nusd_per_million)
{
    const keel__int128 most = (keel__int128)(~(unsigned __int128)0 >> 1);
    keel__int128 product = (keel__int128)units * nusd_per_million;
    if (__builtin_add_overflow(sum->nusd_per_million, product, &sum->nusd_per_million))
        sum->nusd_per_million = product > 0 ? most : -most;
}

bool keel__money_sum_total(const struct keel__money_sum *sum, int64_t *nusd)
{
    const int million = 1000000;
    keel__int128 total = sum->nusd_per_million / million;
    int rest = (int)(sum->nusd_per_million % million);
    if (rest >= million / 2)
        total++;
    if (rest <= -million / 2)
        total--;
    if (total > INT64_MAX || total < INT64_MIN)
        return false;
    *nusd = (int64_t)total;
    return true;
}
