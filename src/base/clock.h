/*
 * base/clock.h - durations.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Microseconds of CLOCK_MONOTONIC: for durations and deadlines, not for dates. */
int64_t keel__clock_us(void);
void keel__sleep_us(int64_t us);

#endif
