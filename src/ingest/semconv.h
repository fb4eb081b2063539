/*
 * ingest/semconv.h - which attribute of which GenAI dialect says what.
 *
 * Each attribute name that keel knows is a row: the field it fills, the dialect it is of, and its
 * rank among the names of the same field. A span may speak several dialects at once; for every
 * field the best rank wins, others with the same value are dropped as repetitions, and others with
 * another value stay in the record's attributes, so that nothing is counted twice and nothing is
 * lost.
 *
 * Sources: OpenTelemetry GenAI semantic conventions (registry, spans, events; 1.25 to 1.38 names),
 * OpenInference semantic conventions, OpenLLMetry (opentelemetry-semantic-conventions-ai 0.4 and
 * 0.5), Vercel AI SDK telemetry (4, 5, 6). docs/otlp.md is held against this table by a test.
 */
#ifndef INGEST_SEMCONV_H
#define INGEST_SEMCONV_H

#include <keel/types.h>

enum keel__dialect { KEEL__OTEL = 0, KEEL__OPENINFERENCE, KEEL__OPENLLMETRY, KEEL__AI_SDK };
enum { KEEL__DIALECT_COUNT = 4 };

enum keel__field {
    /* what kind of event it is */
    KEEL__F_OPERATION = 0,
    KEEL__F_AI_OPERATION,
    KEEL__F_OI_KIND,
    KEEL__F_TL_KIND,
    /* whose it is */
    KEEL__F_SESSION,
    KEEL__F_USER,
    KEEL__F_AGENT,
    KEEL__F_ENTITY, /* names an agent or a tool, as the span's kind is */
    /* tools */
    KEEL__F_TOOL_NAME,
    KEEL__F_TOOL_CALL_ID,
    KEEL__F_INPUT,
    KEEL__F_INPUT_TYPE,
    KEEL__F_OUTPUT,
    KEEL__F_OUTPUT_TYPE,
    /* LLM calls */
    KEEL__F_PROVIDER,
    KEEL__F_SYSTEM, /* OpenInference: the family of models behind a provider */
    KEEL__F_REQUEST_MODEL,
    KEEL__F_RESPONSE_MODEL,
    KEEL__F_RESPONSE_ID,
    KEEL__F_FINISH,
    KEEL__F_ERROR_TYPE,
    KEEL__F_INPUT_TOKENS,
    KEEL__F_OUTPUT_TOKENS,
    KEEL__F_TOTAL_TOKENS,
    KEEL__F_CACHE_READ,
    KEEL__F_CACHE_CREATION,
    KEEL__F_REASONING,
    KEEL__F_NO_CACHE_TOKENS,
    KEEL__F_TEXT_TOKENS,
    KEEL__F_PROMPT_NAME,
    KEEL__F_PROMPT_VERSION,
    KEEL__F_PARAMETERS, /* of the request, as JSON: asked for the model */
    KEEL__F_TOOLS,
    /* messages */
    KEEL__F_INPUT_MESSAGES,
    KEEL__F_OUTPUT_MESSAGES,
    KEEL__F_SYSTEM_INSTRUCTIONS,
    KEEL__F_AI_MESSAGES,
    KEEL__F_AI_PROMPT,
    KEEL__F_AI_TEXT,
    KEEL__F_AI_REASONING,
    KEEL__F_AI_TOOL_CALLS,
    KEEL__F_AI_OBJECT,
    KEEL__F_OLD_PROMPT,
    KEEL__F_OLD_COMPLETION,
    KEEL__F_AI_VALUES, /* texts to embed */
    KEEL__FIELD_COUNT
};

struct keel__semconv_row {
    const char *name;
    enum keel__field field;
    enum keel__dialect dialect;
    int rank; /* 1 is best */
};

/* In the order of paths (ingest/attributes.h). */
extern const struct keel__semconv_row keel__semconv_rows[];
extern const size_t keel__semconv_row_count;

/* Groups of attributes that share a prefix and go on with a number. */
enum keel__list {
    KEEL__L_INPUT_MESSAGES = 0,
    KEEL__L_OUTPUT_MESSAGES,
    KEEL__L_PROMPTS,
    KEEL__L_CHOICES,
    KEEL__L_TOOLS,
    KEEL__L_EMBEDDINGS
};
struct keel__semconv_list {
    const char *prefix;
    enum keel__list list;
    enum keel__dialect dialect;
    int rank;
};
extern const struct keel__semconv_list keel__semconv_lists[];
extern const size_t keel__semconv_list_count;

/* NULL for a name that says nothing to keel. */
const struct keel__semconv_row *keel__semconv_find(struct keel_slice name);

/* For documentation: "OpenTelemetry GenAI", and what a field is in the store, e.g.
 * "llm_calls.input_tokens". */
const char *keel__dialect_name(enum keel__dialect dialect);
const char *keel__field_target(enum keel__field field);
const char *keel__list_target(enum keel__list list);

#endif
