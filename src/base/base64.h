/*
 * base/base64.h - bytes as base64 (RFC 4648, with padding).
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/str.h"

void keel__base64_encode(struct keel__str *out, struct keel_slice bytes);

#endif
