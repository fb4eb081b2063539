/* Included by scripts/lint before every file: what the analyzer cannot see across files. */
#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "migrate/set.h"

/* They return a code that is not 0, so what `return keel_error_set(...)` left unset is not read. */
#define keel_error_set(err, code, ...) (keel_error_set((err), (code), __VA_ARGS__), (int)(code))
#define keel__arena_error(arena, err) (keel__arena_error((arena), (err)), (int)KEEL_NOMEM)
#define keel__error_errno(err, code, ...)                                                          \
    (keel__error_errno((err), (code), __VA_ARGS__), (int)(code))
#define keel__file_error(err, ...) (keel__file_error((err), __VA_ARGS__), (int)KEEL_INVALID)
#define keel__nomem(err) (keel__nomem(err), (int)KEEL_NOMEM)
#define keel__str_error(str, err) (keel__str_error((str), (err)), (int)KEEL_NOMEM)
