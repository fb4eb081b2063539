/*
 * store/llm.h - a model call in a write transaction.
 *
 * Merged like events are: of two texts the fuller stays, of two token counts the larger.
 */
#ifndef STORE_LLM_H
#define STORE_LLM_H

#include "store/event.h"
#include "store/item.h"
#include "store/names.h"

enum {
    KEEL__PROVIDER,
    KEEL__OPERATION,
    KEEL__REQUEST_MODEL,
    KEEL__RESPONSE_MODEL,
    KEEL__RESPONSE_ID,
    KEEL__ERROR_TYPE,
    KEEL__FINISH_REASON,
    KEEL__PROMPT_NAME,
    KEEL__PROMPT_VERSION,
    KEEL__LLM_TEXTS /* how many */
};
enum {
    KEEL__INPUT_TOKENS,
    KEEL__OUTPUT_TOKENS,
    KEEL__CACHE_READ_TOKENS,
    KEEL__CACHE_CREATION_TOKENS,
    KEEL__REASONING_TOKENS,
    KEEL__LLM_TOKENS
};

/* Input or output messages of a call. */
struct keel__thread {
    struct keel__said_list whole; /* the fullest whole list of this batch; empty: none */
    bool has_parts;               /* this batch has single messages */
    bool from_parts;              /* the messages so far are single ones put together */
    bool has_hash;
    struct keel_hash hash; /* of the last message */
};
enum { KEEL__IN, KEEL__OUT, KEEL__THREADS };

struct keel__llm {
    struct keel__event *event;
    struct keel_slice texts[KEEL__LLM_TEXTS];
    int64_t tokens[KEEL__LLM_TOKENS]; /* -1: not said */
    bool has_tools;
    struct keel_hash tools_hash;
    struct keel_slice tools; /* absent when they are stored */
    int64_t session_id, started_at;
    struct keel__thread threads[KEEL__THREADS];
    struct keel__list parts; /* of const struct keel__item *, those with single messages */
    struct keel__name *request_model, *response_model;
    bool has_cost;
    int64_t cost_nusd, price_id;
    bool said;   /* a record tells of the call, not only of its event */
    bool stored; /* the database has a row */
    bool changed;
    bool usage_is_new;
};

bool keel__llm_has_usage(const struct keel__llm *llm);

/* A row of llm_call_parts. */
struct keel__part {
    const struct keel__event *event;
    int64_t counts[KEEL__THREADS];
};

#endif
