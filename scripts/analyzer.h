/* Included by scripts/lint before every file: what the analyzer cannot see across files. */
#include "base/error.h"

/* They return their code, so `return keel_error_set(err, KEEL_INVALID, ...)` is never 0. */
#define keel_error_set(err, code, ...) (keel_error_set((err), (code), __VA_ARGS__), (int)(code))
#define keel__nomem(err) (keel__nomem(err), (int)KEEL_NOMEM)
