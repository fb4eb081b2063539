/*
 * ingest/call.h - the model call that a span, span event or log record describes.
 */
#ifndef INGEST_CALL_H
#define INGEST_CALL_H

#include "ingest/messages.h"
#include "ingest/slots.h"

#include <keel/record.h>

struct keel__span_messages {
    struct keel__messages input, output;
};

/* A span event or log record that may tell messages of its span's call. */
struct keel__message_event {
    struct keel_slice name; /* "gen_ai.user.message" */
    struct keel__attributes attributes;
    const Otlp__AnyValue *body; /* of log records; NULL: the attributes say it */
};

/* Whether an event of that name carries messages. */
bool keel__is_message_event(struct keel_slice name);

/* Collects the messages of a span: from its attributes, or else from those of its events that carry
 * messages. */
struct keel__span_messages keel__span_messages_read(struct keel__mapper *mapper,
                                                    struct keel__slots *slots,
                                                    const struct keel__message_event *events,
                                                    size_t event_count);

/* What an embedding span was to embed, as a JSON array of texts. Absent when nobody says. */
struct keel_slice keel__embedding_texts(struct keel__mapper *mapper, struct keel__slots *slots);

/* The call that slots describe, with these messages. operation may be absent. NULL when memory is
 * out. */
struct keel_llm_record *keel__call_read(struct keel__mapper *mapper, struct keel__slots *slots,
                                        struct keel_slice operation,
                                        const struct keel__span_messages *messages);

/* What event says of its parent's call; NULL when it says nothing. *body_taken: the messages stood
 * in the body. */
struct keel_llm_record *keel__call_of_event(struct keel__mapper *mapper,
                                            const struct keel__message_event *event,
                                            bool *body_taken);

#endif
