/*
 * ingest/map.h - what the attributes of a span, span event or log record mean for its record.
 *
 * Both fill the fields of record that attributes can say (kind, session, user, agent, tool, input,
 * output, LLM call) and mark what they used as taken; times, ids, names, status and the rest of the
 * attributes are the caller's.
 */
#ifndef INGEST_MAP_H
#define INGEST_MAP_H

#include "ingest/call.h"

#include <keel/record.h>

struct keel__span_facts {
    struct keel_slice name;
    struct keel_slice scope_name;
    Otlp__SpanKind kind;
    bool failed; /* its status is ERROR */
    const struct keel__message_event *message_events;
    size_t message_event_count;
};

void keel__map_span(struct keel__mapper *mapper, struct keel__attributes attributes,
                    const struct keel__span_facts *facts, struct keel_record *record);

/* A span event or log record. Returns whether its body (of log records) is said by the record now.
 */
bool keel__map_event(struct keel__mapper *mapper, const struct keel__message_event *event,
                     struct keel_record *record);

#endif
