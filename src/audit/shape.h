/*
 * audit/shape.h - what one value looks like.
 *
 * Called for every value of every row: one look at the first byte decides what is tried, and no
 * byte is read more than a few times. Any bytes are taken; nothing fails. A scratch is one
 * thread's.
 *
 * Bounds: words, addresses and times are looked for in values of up to 500 bytes; an upper-case
 * letter in the first 4,096. JSON deeper than 1,000 levels counts as broken (SQLite refuses it
 * too). Of all the objects open at one place in a document, 65,536 keys are remembered: an object
 * whose keys do not fit is not searched for a key that is there twice. A JSON string longer than
 * 1 MiB is not searched for JSON.
 */
#ifndef KEEL_AUDIT_SHAPE_H
#define KEEL_AUDIT_SHAPE_H

#include <keel/types.h>

#include "audit/facts.h"

#define KEEL__SHAPE_BIT(shape) (UINT64_C(1) << (shape))
_Static_assert(KEEL__SHAPE_COUNT <= 64, "a value's shapes are bits of one number");

enum { KEEL__SHAPE_MAX_DEPTH = 1000 };

/* Memory that is used again and again. Zeroed is ready. */
struct keel__shape_scratch {
    struct keel__shape_level { /* an object or array that is open */
        uint32_t first_key;
        bool object, unseen; /* unseen: not all of its keys are remembered */
    } levels[KEEL__SHAPE_MAX_DEPTH];
    uint64_t *keys; /* hashes */
    size_t key_capacity;
    char *text;
    size_t text_capacity;
};
void keel__shape_scratch_fini(struct keel__shape_scratch *scratch);

struct keel__shaped {
    uint64_t shapes; /* KEEL__SHAPE_BIT(...) | ... */
    bool has_time;
    int64_t time_us;    /* Unix microseconds; without a zone it is taken as UTC */
    int64_t characters; /* of text: bytes that begin one, also where it is not UTF-8 */
};

struct keel__shaped keel__shape_text(struct keel__shape_scratch *scratch, struct keel_slice text);
struct keel__shaped keel__shape_blob(struct keel_slice bytes);
struct keel__shaped keel__shape_integer(int64_t value);
struct keel__shaped keel__shape_real(double value);

/* ---- parts: each adds what it sees to out->shapes ---------------------------------------------
 */

/* UUIDs, hex digits, numbers, words, addresses, versions, secrets (shape_text.c). text is not
 * empty. */
void keel__shape_short(struct keel_slice text, struct keel__shaped *out);
void keel__shape_secret(struct keel_slice text, struct keel__shaped *out);
/* Dates and times (shape_time.c). */
void keel__shape_time(struct keel_slice text, struct keel__shaped *out);
void keel__shape_epoch(double value, struct keel__shaped *out);
/* JSON, for text that may be some by its first byte that is no blank (shape_json.c). */
void keel__shape_json(struct keel__shape_scratch *scratch, struct keel_slice text, bool utf8,
                      struct keel__shaped *out);
/* Whether a number is a hair off a decimal of at most 12 digits. */
bool keel__shape_is_dust(double value);

#endif
