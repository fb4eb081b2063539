/*
 * Messages of model calls, for people: tool calls and their results readable, and what an earlier
 * call has shown already not shown again.
 */
#ifndef KEEL_CLI_MESSAGES_H
#define KEEL_CLI_MESSAGES_H

#include "cli/term.h"

/* before: the call whose messages were printed last, or NULL. Both with messages. */
void keel__messages_print(const struct keel__term *term, const struct keel_llm_call *call,
                          const struct keel_llm_call *before);

#endif
