#include "ingest/tokens.h"

#include "ingest/words.h"

static int64_t or_none(int64_t tokens)
{
    return tokens == KEEL_TOKENS_UNKNOWN ? 0 : tokens;
}

static bool emitter_excludes_cache(const struct keel__slots *slots, struct keel_slice provider)
{
    const struct keel__attribute *cache = slots->best[KEEL__F_CACHE_READ];
    return cache && keel__slice_is(cache->key, "ai.usage.cachedInputTokens") &&
           !slots->best[KEEL__F_NO_CACHE_TOKENS] &&
           (keel__slice_is(provider, "anthropic") || keel__slice_is(provider, "aws.bedrock"));
}

void keel__tokens_read(struct keel__slots *slots, struct keel_llm_record *llm)
{
    llm->input_tokens = keel__slot_tokens(slots, KEEL__F_INPUT_TOKENS);
    llm->output_tokens = keel__slot_tokens(slots, KEEL__F_OUTPUT_TOKENS);
    llm->cache_read_tokens = keel__slot_tokens(slots, KEEL__F_CACHE_READ);
    llm->cache_creation_tokens = keel__slot_tokens(slots, KEEL__F_CACHE_CREATION);
    llm->reasoning_tokens = keel__slot_tokens(slots, KEEL__F_REASONING);
    int64_t total = keel__slot_tokens(slots, KEEL__F_TOTAL_TOKENS);
    int64_t no_cache = keel__slot_tokens(slots, KEEL__F_NO_CACHE_TOKENS);
    int64_t text = keel__slot_tokens(slots, KEEL__F_TEXT_TOKENS);

    int64_t input = llm->input_tokens, output = llm->output_tokens;
    int64_t cache = or_none(llm->cache_read_tokens) + or_none(llm->cache_creation_tokens);
    int64_t reasoning = or_none(llm->reasoning_tokens);
    int64_t beside = total == KEEL_TOKENS_UNKNOWN ? 0 : total - or_none(input) - or_none(output);

    bool cache_beside = cache > 0 && (cache > input || input == no_cache ||
                                      emitter_excludes_cache(slots, llm->provider));
    bool reasoning_beside = reasoning > 0 && (reasoning > output || output == text);
    if (beside > 0) {
        reasoning_beside |= beside == reasoning || beside == cache + reasoning;
        cache_beside |= beside != reasoning && (beside == cache || beside == cache + reasoning);
    }
    if (input != KEEL_TOKENS_UNKNOWN && cache_beside)
        llm->input_tokens += cache;
    if (output != KEEL_TOKENS_UNKNOWN && reasoning > 0 && reasoning_beside)
        llm->output_tokens += reasoning;

    /* What follows from the counts is not kept; what contradicts them is. */
    if (total != or_none(llm->input_tokens) + or_none(llm->output_tokens))
        keel__slot_release(slots, KEEL__F_TOTAL_TOKENS);
    if (no_cache != llm->input_tokens - cache)
        keel__slot_release(slots, KEEL__F_NO_CACHE_TOKENS);
    if (text != llm->output_tokens - reasoning)
        keel__slot_release(slots, KEEL__F_TEXT_TOKENS);
}
