/*
 * ingest/tokens.h - token counts as OpenTelemetry means them.
 *
 * OpenTelemetry: input_tokens includes what was read from and written to the provider's cache,
 * output_tokens includes reasoning. Some emitters count them beside each other. That is seen
 *  - when the parts are more than the whole: cache > input, reasoning > output;
 *  - when the emitter's total only adds up with the parts beside it: total = input + output +
 * cache, or + reasoning;
 *  - when the emitter also says the rest (AI SDK 6: noCacheTokens, textTokens) and the whole equals
 * it;
 *  - and known of the AI SDK up to 5 in front of Anthropic and Bedrock, which passes their counts
 * on as they are. Then the parts are added to the whole.
 */
#ifndef INGEST_TOKENS_H
#define INGEST_TOKENS_H

#include "ingest/slots.h"

#include <keel/record.h>

/* Fills the five counts of llm; its provider must be set. */
void keel__tokens_read(struct keel__slots *slots, struct keel_llm_record *llm);

#endif
