/*
 * base/utf8.h - UTF-8 as RFC 3629 has it: no surrogates, no overlong forms, up to U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <keel/types.h>

struct keel__arena;

/* Reads one character of text (size > 0). Returns its length and sets *codepoint, or 0 when it is
 * not valid; then *skip (may be NULL) is the length of the longest valid prefix, at least 1: what
 * one U+FFFD stands for (Unicode 15, 3.9, "maximal subparts"). */
size_t keel__utf8_decode(const char *text, size_t size, uint32_t *codepoint, size_t *skip);
bool keel__utf8_valid(struct keel_slice text);
/* The text itself when it is valid and has no NUL byte; otherwise a copy in arena with U+FFFD in
 * place of each fault and each NUL (PostgreSQL text has none). Absent when text is, or when memory
 * is out. */
struct keel_slice keel__utf8_clean(struct keel__arena *arena, struct keel_slice text);
/* The longest prefix of at most max_bytes that does not cut a character in two. */
struct keel_slice keel__utf8_cut(struct keel_slice text, size_t max_bytes);

#endif
