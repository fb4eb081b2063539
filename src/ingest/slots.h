/*
 * ingest/slots.h - for each field of the conventions, the attribute that fills it best.
 */
#ifndef INGEST_SLOTS_H
#define INGEST_SLOTS_H

#include "ingest/attributes.h"
#include "ingest/semconv.h"

/* Names that databases index are cut to this; the whole of a longer one stays in the record's
 * attributes. */
enum { KEEL__NAME_MAX_BYTES = 1024 };

struct keel__slots {
    struct keel__attributes attributes;
    struct keel__attribute *best[KEEL__FIELD_COUNT]; /* NULL: nobody says */
};

/* Borrows attributes. */
struct keel__slots keel__slots_fill(struct keel__attributes attributes);

/* The following mark the attribute as taken when they give something. */
struct keel_slice keel__slot_text(struct keel__mapper *mapper, struct keel__slots *slots,
                                  enum keel__field field);
/* A name: absent when empty, cut when long. */
struct keel_slice keel__slot_name(struct keel__mapper *mapper, struct keel__slots *slots,
                                  enum keel__field field);
/* A count; KEEL_TOKENS_UNKNOWN when not said, negative or beyond 10^15. */
int64_t keel__slot_tokens(struct keel__slots *slots, enum keel__field field);
void keel__slot_take(struct keel__slots *slots, enum keel__field field);
/* Gives an attribute back: it was taken, and is needed in the record's attributes after all. */
void keel__slot_release(struct keel__slots *slots, enum keel__field field);

/* Marks as taken what repeats the value of a field that is taken. */
void keel__slots_settle(struct keel__slots *slots);

#endif
