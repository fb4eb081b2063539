/*
 * keel/record.h - what ingest hands to the store: one record per span, span event, log record, or
 * event of the JSON API, already normalised over all dialects.
 *
 * Everything is borrowed: the maker of a record keeps its bytes alive (usually in one arena per
 * request) until keel_store_write returns. An absent slice ({NULL, 0}) means "not said" and never
 * overwrites what is stored. Times are Unix nanoseconds; 0 means "not said". Text is UTF-8 without
 * NUL bytes; the maker has replaced what was not.
 */
#ifndef KEEL_RECORD_H
#define KEEL_RECORD_H

#include <keel/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What an event is. Names as text: "missing", "span", "workflow", "agent", "llm", "embedding",
 * "tool", "retrieval", "rerank", "guardrail", "evaluator", "prompt", "event", "log". */
enum keel_event_kind {
    KEEL_EVENT_MISSING =
        0,           /* placeholder for a parent that has not arrived; never sent by a client */
    KEEL_EVENT_SPAN, /* a step of no special kind */
    KEEL_EVENT_WORKFLOW,
    KEEL_EVENT_AGENT,
    KEEL_EVENT_LLM,
    KEEL_EVENT_EMBEDDING,
    KEEL_EVENT_TOOL,
    KEEL_EVENT_RETRIEVAL,
    KEEL_EVENT_RERANK,
    KEEL_EVENT_GUARDRAIL,
    KEEL_EVENT_EVALUATOR,
    KEEL_EVENT_PROMPT,
    KEEL_EVENT_EVENT, /* a span event */
    KEEL_EVENT_LOG    /* a log record */
};
const char *keel_event_kind_name(enum keel_event_kind kind);
bool keel_event_kind_parse(struct keel_slice text, enum keel_event_kind *out);

enum keel_event_status { KEEL_STATUS_UNSET = 0, KEEL_STATUS_OK, KEEL_STATUS_ERROR };
const char *keel_event_status_name(enum keel_event_status status); /* "unset", "ok", "error" */
bool keel_event_status_parse(struct keel_slice text, enum keel_event_status *out);

/* A message of an LLM call, in the one form that all dialects are brought to. */
enum keel_message_format {
    KEEL_MESSAGE_TEXT = 0, /* content is plain text: the message is role + text and nothing else */
    KEEL_MESSAGE_JSON /* content is canonical compact JSON: an object with any of "content" (string
                       * or array of parts), "tool_calls" [{"id","name","arguments"}],
                       * "tool_call_id", "name", in this order. "arguments" is an object where it
                       * parses as one, else a string. */
};
struct keel_message {
    struct keel_slice role; /* "system", "user", "assistant", "tool", or what the emitter said */
    struct keel_slice content;
    enum keel_message_format format;
};

#define KEEL_TOKENS_UNKNOWN (-1)
/* More than this is a slip or malice, and taken for unknown: sums are to fit in 64 bits. */
#define KEEL_TOKENS_MOST INT64_C(1000000000000)

/* One model invocation. Tokens as OpenTelemetry means them (input includes cache read and creation,
 * output includes reasoning); KEEL_TOKENS_UNKNOWN where not said. */
struct keel_llm_record {
    struct keel_slice provider;  /* normalised: "openai", "anthropic", "aws.bedrock", ... */
    struct keel_slice operation; /* "chat", "text_completion", "generate_content", "embeddings" */
    struct keel_slice request_model;
    struct keel_slice response_model;
    struct keel_slice response_id;
    struct keel_slice finish_reason; /* several choices: joined by "," */
    struct keel_slice error_type;
    int64_t input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens, reasoning_tokens;
    struct keel_slice
        tools; /* tools offered: canonical JSON array [{"name","description","parameters"}] */
    struct keel_slice prompt_name, prompt_version; /* a named prompt, where the emitter says so */
    const struct keel_message *input_messages;     /* system instructions first, as role "system" */
    size_t input_message_count;
    const struct keel_message *output_messages;
    size_t output_message_count;
    /* Of llm_of_parent: the lists hold one message of the call each, and grow by it in order of
     * arrival; unless a whole list is known (it is false, in llm or llm_of_parent), which wins
     * whenever it arrives. */
    bool messages_partial;
};

struct keel_record {
    /* -- whose it is: run_id when has_run_id (JSON API: the run exists), else trace_id -- */
    bool has_run_id;
    struct keel_uuid run_id;
    uint8_t trace_id[16];
    struct keel_slice project;    /* service.name; absent: "unknown_service" */
    struct keel_slice session_id; /* gen_ai.conversation.id, session.id, ... */
    struct keel_slice user_id;

    /* -- the event -- */
    struct keel_slice
        event_key; /* 16 hex digits of the span id; "<span>#<n>"; "log:<hash>"; "id:<client id>" */
    struct keel_slice parent_key; /* absent: a root (or a log record outside any span) */
    enum keel_event_kind kind;
    struct keel_slice name;
    enum keel_event_status status;
    struct keel_slice status_message;
    int severity; /* OTLP SeverityNumber 1..24, 0 not said */
    int64_t start_ns, end_ns;
    struct keel_slice agent_name;
    struct keel_slice tool_name;
    struct keel_slice tool_call_id;
    struct keel_slice input;      /* text or JSON a tool, agent, chain or workflow was given */
    struct keel_slice output;     /* ... and gave back */
    struct keel_slice attributes; /* canonical compact JSON object of what is not in any field
                                     above; absent if empty */
    struct keel_slice body;       /* log records: the body as JSON */
    bool is_span;                 /* a span: only these can be roots that end a run */

    /* -- LLM call: at most one of the two -- */
    const struct keel_llm_record *llm; /* this event is a model call */
    /* a log record or span event that carries messages of its parent span's call (kind EVENT or
     * LOG): */
    const struct keel_llm_record
        *llm_of_parent; /* only the fields that it says; messages are appended in order */
};

#ifdef __cplusplus
}
#endif
#endif
