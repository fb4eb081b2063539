/*
 * base/hex.h - bytes as hex digits.
 */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <keel/types.h>

/* Writes 2 * size lower-case digits, no NUL. */
void keel__hex_encode(char *out, const void *bytes, size_t size);
/* Reads exactly 2 * size digits, any case; false (out undefined) on anything else. */
bool keel__hex_decode(void *out, size_t size, struct keel_slice text);

#endif
