/*
 * base/compress.h - zstd (RFC 8878) for what is stored, gzip and zlib (RFC 1952, 1950) for what is
 * sent.
 *
 * Thread-safe. All output is appended to a struct keel__str of the caller.
 */
#ifndef BASE_COMPRESS_H
#define BASE_COMPRESS_H

#include "base/str.h"

/* Appends the zstd frame of data (with its size in the header) to out if it is smaller than data,
 * and says so in *smaller; otherwise leaves out as it was. level 1 to 19, 0 for zstd's default (3).
 */
int keel__zstd_compress(struct keel__str *out, struct keel_slice data, int level, bool *smaller,
                        struct keel_error *err);
/* INVALID when data is no whole zstd frame; NOMEM when it would become more than max_bytes. */
int keel__zstd_decompress(struct keel__str *out, struct keel_slice data, size_t max_bytes,
                          struct keel_error *err);

/* gzip (one member or several) or zlib, told apart by their first bytes. INVALID when data is not
 * that or is cut short; NOMEM when it would become more than max_bytes. */
int keel__inflate(struct keel__str *out, struct keel_slice data, size_t max_bytes,
                  struct keel_error *err);

#endif
