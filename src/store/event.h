/*
 * store/event.h - an event in a write transaction, and how its versions merge.
 *
 * Merging is a join: whatever versions of an event arrive, in whatever order, however often, the
 * result is the same. Of two texts the longer one stays (then the greater by bytes), of two starts
 * the earlier, of two ends the later, of two statuses the one further from unset; attributes are
 * united key by key. What a version does not say takes nothing away.
 */
#ifndef STORE_EVENT_H
#define STORE_EVENT_H

#include "store/item.h"

enum keel__payload_kind {
    KEEL__ATTRIBUTES,
    KEEL__BODY,
    KEEL__INPUT,
    KEEL__OUTPUT,
    KEEL__PAYLOADS /* how many */
};

/* Bytes that stand in the event's row when they are short, else in contents. */
struct keel__payload {
    struct keel_slice bytes; /* absent: there is none, or only its hash is known */
    bool hashed;             /* stands in contents under `hash` */
    struct keel_hash hash;
};

/* What is said of an event. */
struct keel__event_data {
    enum keel_event_kind kind;
    enum keel_event_status status;
    int severity;
    int64_t start_ns, end_ns;
    struct keel_slice name, status_message, agent_name, tool_name, tool_call_id;
    struct keel__payload payloads[KEEL__PAYLOADS];
};

void keel__event_data_of(struct keel__event_data *data, const struct keel__item *item);

/* Merges `more` into `data`; *changed is set to true when data says more than before (and left
 * alone otherwise). db is used for contents that must be compared; memory comes from arena. */
int keel__event_merge(struct keel__event_data *data, const struct keel__event_data *more,
                      struct keel_db *db, struct keel__arena *arena, bool *changed,
                      struct keel_error *err);

/* The fuller of two texts: the longer, then the greater; absent is least. */
struct keel_slice keel__fuller(struct keel_slice a, struct keel_slice b);
/* The union of two JSON objects, the fuller value where a key is in both; of other JSON the
 * fuller text. */
int keel__json_union(struct keel__arena *arena, struct keel_slice a, struct keel_slice b,
                     struct keel_slice *out, struct keel_error *err);
/* The same value, however it is written. */
bool keel__json_same(struct keel_slice a, struct keel_slice b);

struct keel__batch_run;
struct keel__llm;

struct keel__event {
    struct keel__batch_run *run;
    struct keel_slice key;
    struct keel__event_data data;
    int64_t sequence;        /* 0 until known or given */
    int64_t parent_sequence; /* 0: none */
    struct keel__event *parent;
    struct keel_slice parent_key;
    struct keel__llm *llm; /* in this batch, or NULL */
    bool said;             /* a record tells of it; otherwise it is only somebody's parent */
    bool is_span;
    bool stored;      /* the database has a row */
    bool placeholder; /* ... of kind missing */
    bool linked;      /* got its parent in this batch */
    bool is_part;     /* its single messages are noted with its parent's call */
    bool changed;     /* its row differs from what is stored */
    bool usage_below;
    size_t visit; /* while circles are looked for */
};

#endif
