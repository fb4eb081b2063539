/*
 * ingest/words.h - the words of the dialects, brought to one. Pure look-ups; results are static or
 * the text itself.
 */
#ifndef INGEST_WORDS_H
#define INGEST_WORDS_H

#include "ingest/mapper.h"

#include <keel/record.h>

/* The provider as OpenTelemetry names it (gen_ai.provider.name): "openai.chat" is "openai",
 * "vertex_ai" is "gcp.vertex_ai". family is OpenInference's llm.system beside llm.provider; absent
 * elsewhere. What is not known is given back in lower case. */
struct keel_slice keel__provider(struct keel__mapper *mapper, struct keel_slice name,
                                 struct keel_slice family);
/* "stop", "length", "content_filter", "tool_call", "error", or what it says, in lower case. */
struct keel_slice keel__finish_reason(struct keel__mapper *mapper, struct keel_slice reason);
/* "system", "user", "assistant", "tool", or what it says. */
struct keel_slice keel__role(struct keel_slice role);

/* What a span with that word is; false when the word says nothing. operation (of an LLM call) is
 * left alone where there is none. */
bool keel__kind_of_operation(struct keel_slice word, enum keel_event_kind *kind,
                             struct keel_slice *operation);
bool keel__kind_of_ai_operation(struct keel_slice word, enum keel_event_kind *kind,
                                struct keel_slice *operation);
bool keel__kind_of_openinference(struct keel_slice word, enum keel_event_kind *kind,
                                 struct keel_slice *operation);
bool keel__kind_of_traceloop(struct keel_slice word, enum keel_event_kind *kind);

bool keel__slice_is(struct keel_slice text, const char *word);
bool keel__slice_starts(struct keel_slice text, const char *prefix);
bool keel__slice_equal(struct keel_slice a, struct keel_slice b);

#endif
