#include "ingest/words.h"

struct word {
    const char *said, *means;
};

/* Well-known values of gen_ai.provider.name, and what else they are called: by older conventions
 * (gen_ai.system), by OpenLLMetry, by OpenInference (llm.provider), and by the packages of the AI
 * SDK. */
static const struct word providers[] = {
    {"az.ai.inference", "azure.ai.inference"},
    {"azure.ai.inference", "azure.ai.inference"},
    {"az.ai.openai", "azure.ai.openai"},
    {"azure.ai.openai", "azure.ai.openai"},
    {"azure_openai", "azure.ai.openai"},
    {"azure-openai", "azure.ai.openai"},
    {"azure", "azure.ai.openai"},
    {"aws.bedrock", "aws.bedrock"},
    {"aws_bedrock", "aws.bedrock"},
    {"amazon-bedrock", "aws.bedrock"},
    {"amazon_bedrock", "aws.bedrock"},
    {"bedrock", "aws.bedrock"},
    {"aws", "aws.bedrock"},
    {"vertex_ai", "gcp.vertex_ai"},
    {"vertexai", "gcp.vertex_ai"},
    {"vertex", "gcp.vertex_ai"},
    {"gcp.vertex_ai", "gcp.vertex_ai"},
    {"google.vertex", "gcp.vertex_ai"},
    {"google-vertex", "gcp.vertex_ai"},
    {"gcp.gen_ai", "gcp.gen_ai"},
    {"gcp.gemini", "gcp.gemini"},
    {"gemini", "gcp.gemini"},
    {"google", "gcp.gemini"},
    {"google.generative-ai", "gcp.gemini"},
    {"google_genai", "gcp.gemini"},
    {"mistralai", "mistral_ai"},
    {"mistral", "mistral_ai"},
    {"mistral_ai", "mistral_ai"},
    {"xai", "x_ai"},
    {"x_ai", "x_ai"},
    {"watsonx", "ibm.watsonx.ai"},
    {"ibm.watsonx.ai", "ibm.watsonx.ai"},
    {"together", "together_ai"},
    {"togetherai", "together_ai"},
    {"together_ai", "together_ai"},
    {"huggingface", "hugging_face"},
    {"hugging_face", "hugging_face"},
};

static const struct word finish_reasons[] = {
    {"tool_calls", "tool_call"},
    {"tool-calls", "tool_call"},
    {"tool_use", "tool_call"},
    {"function_call", "tool_call"},
    {"end_turn", "stop"},
    {"stop_sequence", "stop"},
    {"complete", "stop"},
    {"completed", "stop"},
    {"max_tokens", "length"},
    {"max_output_tokens", "length"},
    {"content-filter", "content_filter"},
    {"safety", "content_filter"},
    {"refusal", "content_filter"},
};

static const struct word roles[] = {
    {"human", "user"},
    {"ai", "assistant"},
    {"model", "assistant"},
    {"function", "tool"},
};

bool keel__slice_is(struct keel_slice text, const char *word)
{
    return text.data && strlen(word) == text.size && memcmp(text.data, word, text.size) == 0;
}

bool keel__slice_starts(struct keel_slice text, const char *prefix)
{
    size_t size = strlen(prefix);
    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

bool keel__slice_equal(struct keel_slice a, struct keel_slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static const char *look_up(const struct word *words, size_t count, struct keel_slice said)
{
    for (size_t i = 0; i < count; i++)
        if (keel__slice_is(said, words[i].said))
            return words[i].means;
    return NULL;
}
#define LOOK_UP(words, said) look_up((words), sizeof(words) / sizeof(words)[0], (said))

static struct keel_slice lower_case(struct keel__mapper *mapper, struct keel_slice text)
{
    size_t upper = 0;
    for (size_t i = 0; i < text.size; i++)
        upper += text.data[i] >= 'A' && text.data[i] <= 'Z';
    if (upper == 0)
        return text;
    char *copy = keel__mapper_alloc(mapper, text.size, 1);
    if (!copy)
        return keel_slice(NULL, 0);
    for (size_t i = 0; i < text.size; i++)
        copy[i] = (char)(text.data[i] >= 'A' && text.data[i] <= 'Z' ? text.data[i] - 'A' + 'a'
                                                                    : text.data[i]);
    return keel_slice(copy, text.size);
}

/* The AI SDK names the interface after the provider: "openai.responses", "google.vertex.chat". */
static struct keel_slice without_interface(struct keel_slice name)
{
    static const char *const interfaces[] = {
        ".chat",       ".responses", ".completion", ".completions", ".messages",     ".embedding",
        ".embeddings", ".image",     ".text",       ".speech",      ".transcription"};
    for (size_t i = 0; i < sizeof interfaces / sizeof interfaces[0]; i++) {
        size_t size = strlen(interfaces[i]);
        if (name.size > size && memcmp(name.data + name.size - size, interfaces[i], size) == 0)
            return keel_slice(name.data, name.size - size);
    }
    return name;
}

struct keel_slice keel__provider(struct keel__mapper *mapper, struct keel_slice name,
                                 struct keel_slice family)
{
    struct keel_slice word = lower_case(mapper, name.size ? name : family);
    if (keel__slice_is(word, "google") && keel__slice_is(family, "vertexai"))
        return keel_slice_of("gcp.vertex_ai");
    if (keel__slice_is(word, "azure") && family.size > 0 && !keel__slice_is(family, "openai"))
        return keel_slice_of("azure.ai.inference");
    word = without_interface(word);
    const char *known = LOOK_UP(providers, word);
    return known ? keel_slice_of(known) : word;
}

struct keel_slice keel__finish_reason(struct keel__mapper *mapper, struct keel_slice reason)
{
    struct keel_slice word = lower_case(mapper, reason);
    const char *known = LOOK_UP(finish_reasons, word);
    return known ? keel_slice_of(known) : word;
}

struct keel_slice keel__role(struct keel_slice role)
{
    const char *known = LOOK_UP(roles, role);
    return known ? keel_slice_of(known) : role;
}

/* ---- kinds ---- */

struct kind_word {
    const char *word;
    enum keel_event_kind kind;
    const char *operation; /* NULL: none */
};

/* gen_ai.operation.name, and llm.request.type of OpenLLMetry. */
static const struct kind_word operations[] = {
    {"chat", KEEL_EVENT_LLM, "chat"},
    {"generate_content", KEEL_EVENT_LLM, "generate_content"},
    {"text_completion", KEEL_EVENT_LLM, "text_completion"},
    {"completion", KEEL_EVENT_LLM, "text_completion"},
    {"embeddings", KEEL_EVENT_EMBEDDING, "embeddings"},
    {"embedding", KEEL_EVENT_EMBEDDING, "embeddings"},
    {"execute_tool", KEEL_EVENT_TOOL, NULL},
    {"create_agent", KEEL_EVENT_AGENT, NULL},
    {"invoke_agent", KEEL_EVENT_AGENT, "invoke_agent"},
    {"plan", KEEL_EVENT_AGENT, NULL},
    {"invoke_workflow", KEEL_EVENT_WORKFLOW, NULL},
    {"retrieval", KEEL_EVENT_RETRIEVAL, NULL},
    {"vector_db_retrieve", KEEL_EVENT_RETRIEVAL, NULL},
    {"rerank", KEEL_EVENT_RERANK, NULL},
    {"evaluate", KEEL_EVENT_EVALUATOR, NULL},
};

/* ai.operationId: the outer span of a call is an agent's turn, which may take several steps; the
 * inner one is the model call. */
static const struct kind_word ai_operations[] = {
    {"ai.generateText", KEEL_EVENT_AGENT, NULL},
    {"ai.streamText", KEEL_EVENT_AGENT, NULL},
    {"ai.generateObject", KEEL_EVENT_AGENT, NULL},
    {"ai.streamObject", KEEL_EVENT_AGENT, NULL},
    {"ai.generateText.doGenerate", KEEL_EVENT_LLM, "chat"},
    {"ai.streamText.doStream", KEEL_EVENT_LLM, "chat"},
    {"ai.generateObject.doGenerate", KEEL_EVENT_LLM, "chat"},
    {"ai.streamObject.doStream", KEEL_EVENT_LLM, "chat"},
    {"ai.embed", KEEL_EVENT_SPAN, NULL},
    {"ai.embedMany", KEEL_EVENT_SPAN, NULL},
    {"ai.embed.doEmbed", KEEL_EVENT_EMBEDDING, "embeddings"},
    {"ai.embedMany.doEmbed", KEEL_EVENT_EMBEDDING, "embeddings"},
    {"ai.rerank", KEEL_EVENT_SPAN, NULL},
    {"ai.rerank.doRerank", KEEL_EVENT_RERANK, NULL},
    {"ai.toolCall", KEEL_EVENT_TOOL, NULL},
};

static const struct kind_word openinference_kinds[] = {
    {"LLM", KEEL_EVENT_LLM, "chat"},           {"EMBEDDING", KEEL_EVENT_EMBEDDING, "embeddings"},
    {"CHAIN", KEEL_EVENT_WORKFLOW, NULL},      {"AGENT", KEEL_EVENT_AGENT, NULL},
    {"TOOL", KEEL_EVENT_TOOL, NULL},           {"RETRIEVER", KEEL_EVENT_RETRIEVAL, NULL},
    {"RERANKER", KEEL_EVENT_RERANK, NULL},     {"GUARDRAIL", KEEL_EVENT_GUARDRAIL, NULL},
    {"EVALUATOR", KEEL_EVENT_EVALUATOR, NULL}, {"PROMPT", KEEL_EVENT_PROMPT, NULL},
};

static const struct kind_word traceloop_kinds[] = {
    {"workflow", KEEL_EVENT_WORKFLOW, NULL},
    {"task", KEEL_EVENT_SPAN, NULL},
    {"agent", KEEL_EVENT_AGENT, NULL},
    {"tool", KEEL_EVENT_TOOL, NULL},
};

static bool find_kind(const struct kind_word *words, size_t count, struct keel_slice said,
                      enum keel_event_kind *kind, struct keel_slice *operation)
{
    for (size_t i = 0; i < count; i++) {
        if (!keel__slice_is(said, words[i].word))
            continue;
        *kind = words[i].kind;
        if (words[i].operation && operation)
            *operation = keel_slice_of(words[i].operation);
        return true;
    }
    return false;
}
#define FIND_KIND(words, said, kind, operation)                                                    \
    find_kind((words), sizeof(words) / sizeof(words)[0], (said), (kind), (operation))

bool keel__kind_of_operation(struct keel_slice word, enum keel_event_kind *kind,
                             struct keel_slice *operation)
{
    return FIND_KIND(operations, word, kind, operation);
}

bool keel__kind_of_ai_operation(struct keel_slice word, enum keel_event_kind *kind,
                                struct keel_slice *operation)
{
    return FIND_KIND(ai_operations, word, kind, operation);
}

bool keel__kind_of_openinference(struct keel_slice word, enum keel_event_kind *kind,
                                 struct keel_slice *operation)
{
    return FIND_KIND(openinference_kinds, word, kind, operation);
}

bool keel__kind_of_traceloop(struct keel_slice word, enum keel_event_kind *kind)
{
    return FIND_KIND(traceloop_kinds, word, kind, NULL);
}
