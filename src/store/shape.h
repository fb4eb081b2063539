/*
 * store/shape.h - the JSON that keel shows of what it stores, the same from the command line and
 * over HTTP.
 *
 * Each function appends one value to json. Ids are text, times RFC 3339 UTC with microseconds
 * (..._at), durations microseconds (..._us), money decimal strings of dollars (..._usd), null what
 * is not known. Members are always there, in one order, unless said otherwise.
 */
#ifndef STORE_SHAPE_H
#define STORE_SHAPE_H

#include "base/json.h"

#include <keel/store.h>

void keel__shape_run(struct keel__json *json, const struct keel_run *run);
/* The same without the braces, for an object that says more of the run. */
void keel__shape_run_members(struct keel__json *json, const struct keel_run *run);
void keel__shape_status_change(struct keel__json *json, const struct keel_status_change *change);
/* "content" is text; where the bytes are not UTF-8 it is null and "content_base64" has them. */
void keel__shape_input(struct keel__json *json, const struct keel_input *input);

enum keel__event_shape {
    KEEL__EVENT_PLAIN,   /* without input, output, attributes and body */
    KEEL__EVENT_DETAILS, /* with them */
    KEEL__EVENT_TREE     /* plain, and "depth" */
};
void keel__shape_event(struct keel__json *json, struct keel_uuid run_id,
                       const struct keel_event *event, enum keel__event_shape shape);

/* messages: with "tools", "input_messages" and "output_messages", which are absent otherwise. */
void keel__shape_llm_call(struct keel__json *json, const struct keel_llm_call *call, bool messages);
/* {"role", "content"} and, where the message has them, "tool_calls", "tool_call_id", "name". */
void keel__shape_message(struct keel__json *json, const struct keel_stored_message *message);

void keel__shape_session(struct keel__json *json, const struct keel_session *session);
/* The first member is named after the dimension: {"model": "gpt-4o", "llm_call_count": 3, ...}. */
void keel__shape_cost(struct keel__json *json, enum keel_cost_by by, const struct keel_cost *cost);
/* An entry of a price document (docs/prices.md): what is listed can be imported again. */
void keel__shape_price(struct keel__json *json, const struct keel_price *price);

/* secret: the key itself, only when it has just been created (member "key"); else NULL. */
void keel__shape_api_key(struct keel__json *json, const struct keel_api_key *key,
                         const char *secret);
void keel__shape_partition(struct keel__json *json, const struct keel_partition *partition);
void keel__shape_audit_entry(struct keel__json *json, const struct keel_audit_entry *entry);

#endif
