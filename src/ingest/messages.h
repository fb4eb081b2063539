/*
 * ingest/messages.h - messages of any dialect, as the one form of keel/record.h.
 *
 * Understood: {role, content} with text, an array of parts or null (OpenAI, Anthropic, AI SDK);
 * {role, parts} (OpenTelemetry, Gemini); {message: {...}} (OpenInference, gen_ai.choice); {type:
 * human|ai|..., content} (LangChain). Of the parts: text, tool calls, tool results, reasoning,
 * images and files in the spelling of each; what is unknown stays as it is. A tool result inside a
 * message becomes a message of its own, role "tool".
 */
#ifndef INGEST_MESSAGES_H
#define INGEST_MESSAGES_H

#include "ingest/mapper.h"

#include <keel/record.h>

struct keel__messages {
    struct keel_message *items;
    size_t count, capacity;
    struct keel_slice
        finish_reasons; /* of those that say one, normalised, joined by ","; else absent */
};

/* Adds what message says; role is for one that says none. text_may_be_parts: a content that is the
 * JSON text of an array of parts is taken for these parts (OpenLLMetry writes them so). */
void keel__messages_add(struct keel__mapper *mapper, struct keel__messages *messages,
                        struct yyjson_val *message, const char *role, bool text_may_be_parts);
/* Adds each element of list; anything else as one message. */
void keel__messages_add_all(struct keel__mapper *mapper, struct keel__messages *messages,
                            struct yyjson_val *list, const char *role, bool text_may_be_parts);
/* A message that is role and text and nothing else. */
void keel__messages_add_text(struct keel__mapper *mapper, struct keel__messages *messages,
                             const char *role, struct keel_slice text);
/* Puts system instructions (a text, a part, or an array of parts) before all others, unless they
 * stand there already. */
void keel__messages_add_system(struct keel__mapper *mapper, struct keel__messages *messages,
                               struct yyjson_val *instructions);
/* The messages as a JSON array of {"role","content",...}, for spans that are no LLM call. Absent
 * when there are none. */
struct keel_slice keel__messages_json(struct keel__mapper *mapper,
                                      const struct keel__messages *messages);

/* Tools offered, of any dialect, as [{"name","description","parameters"}]; absent when definitions
 * is not an array of at least one. Elements may be objects, or JSON texts of objects. */
struct keel_slice keel__tools_json(struct keel__mapper *mapper, struct yyjson_val *definitions);

#endif
