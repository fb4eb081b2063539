/*
 * base/money.h - exact arithmetic with prices.
 */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include <keel/types.h>

__extension__ typedef __int128 keel__int128;

/* A sum of count * price products, rounded once, at the end. */
struct keel__money_sum {
    keel__int128 nusd_per_million; /* nano-dollars times 1,000,000 */
};

/* Adds units * price, the price in nano-dollars per 1,000,000 units (an LLM's price per million
 * tokens). Exact for all int64 arguments while the sum fits in 127 bits, which is far beyond what
 * keel__money_sum_total can give; there it stays. */
void keel__money_sum_add(struct keel__money_sum *sum, int64_t units, int64_t nusd_per_million);
/* The sum in nano-dollars, half away from zero; false when it does not fit. */
bool keel__money_sum_total(const struct keel__money_sum *sum, int64_t *nusd);

#endif
