#include "ingest/semconv.h"

#include "ingest/attributes.h"

const struct keel__semconv_row keel__semconv_rows[] = {
    {"agent.name", KEEL__F_AGENT, KEEL__OPENINFERENCE, 2},
    {"ai.model.id", KEEL__F_REQUEST_MODEL, KEEL__AI_SDK, 3},
    {"ai.model.provider", KEEL__F_PROVIDER, KEEL__AI_SDK, 4},
    {"ai.operationId", KEEL__F_AI_OPERATION, KEEL__AI_SDK, 1},
    {"ai.prompt", KEEL__F_AI_PROMPT, KEEL__AI_SDK, 1},
    {"ai.prompt.messages", KEEL__F_AI_MESSAGES, KEEL__AI_SDK, 1},
    {"ai.prompt.tools", KEEL__F_TOOLS, KEEL__AI_SDK, 2},
    {"ai.response.finishReason", KEEL__F_FINISH, KEEL__AI_SDK, 2},
    {"ai.response.id", KEEL__F_RESPONSE_ID, KEEL__AI_SDK, 2},
    {"ai.response.model", KEEL__F_RESPONSE_MODEL, KEEL__AI_SDK, 3},
    {"ai.response.object", KEEL__F_AI_OBJECT, KEEL__AI_SDK, 1},
    {"ai.response.reasoning", KEEL__F_AI_REASONING, KEEL__AI_SDK, 1},
    {"ai.response.text", KEEL__F_AI_TEXT, KEEL__AI_SDK, 1},
    {"ai.response.toolCalls", KEEL__F_AI_TOOL_CALLS, KEEL__AI_SDK, 1},
    {"ai.settings.context.chatId", KEEL__F_SESSION, KEEL__AI_SDK, 14},
    {"ai.settings.context.conversationId", KEEL__F_SESSION, KEEL__AI_SDK, 13},
    {"ai.settings.context.sessionId", KEEL__F_SESSION, KEEL__AI_SDK, 12},
    {"ai.settings.context.threadId", KEEL__F_SESSION, KEEL__AI_SDK, 15},
    {"ai.settings.context.userId", KEEL__F_USER, KEEL__AI_SDK, 6},
    {"ai.telemetry.functionId", KEEL__F_AGENT, KEEL__AI_SDK, 3},
    {"ai.telemetry.metadata.chatId", KEEL__F_SESSION, KEEL__AI_SDK, 10},
    {"ai.telemetry.metadata.conversationId", KEEL__F_SESSION, KEEL__AI_SDK, 9},
    {"ai.telemetry.metadata.sessionId", KEEL__F_SESSION, KEEL__AI_SDK, 7},
    {"ai.telemetry.metadata.session_id", KEEL__F_SESSION, KEEL__AI_SDK, 8},
    {"ai.telemetry.metadata.threadId", KEEL__F_SESSION, KEEL__AI_SDK, 11},
    {"ai.telemetry.metadata.userId", KEEL__F_USER, KEEL__AI_SDK, 4},
    {"ai.telemetry.metadata.user_id", KEEL__F_USER, KEEL__AI_SDK, 5},
    {"ai.toolCall.args", KEEL__F_INPUT, KEEL__AI_SDK, 2},
    {"ai.toolCall.id", KEEL__F_TOOL_CALL_ID, KEEL__AI_SDK, 4},
    {"ai.toolCall.name", KEEL__F_TOOL_NAME, KEEL__AI_SDK, 3},
    {"ai.toolCall.result", KEEL__F_OUTPUT, KEEL__AI_SDK, 2},
    {"ai.usage.cachedInputTokens", KEEL__F_CACHE_READ, KEEL__AI_SDK, 5},
    {"ai.usage.completionTokens", KEEL__F_OUTPUT_TOKENS, KEEL__AI_SDK, 5},
    {"ai.usage.inputTokenDetails.cacheReadTokens", KEEL__F_CACHE_READ, KEEL__AI_SDK, 4},
    {"ai.usage.inputTokenDetails.cacheWriteTokens", KEEL__F_CACHE_CREATION, KEEL__AI_SDK, 5},
    {"ai.usage.inputTokenDetails.noCacheTokens", KEEL__F_NO_CACHE_TOKENS, KEEL__AI_SDK, 1},
    {"ai.usage.inputTokens", KEEL__F_INPUT_TOKENS, KEEL__AI_SDK, 4},
    {"ai.usage.outputTokenDetails.reasoningTokens", KEEL__F_REASONING, KEEL__AI_SDK, 5},
    {"ai.usage.outputTokenDetails.textTokens", KEEL__F_TEXT_TOKENS, KEEL__AI_SDK, 1},
    {"ai.usage.outputTokens", KEEL__F_OUTPUT_TOKENS, KEEL__AI_SDK, 4},
    {"ai.usage.promptTokens", KEEL__F_INPUT_TOKENS, KEEL__AI_SDK, 5},
    {"ai.usage.reasoningTokens", KEEL__F_REASONING, KEEL__AI_SDK, 6},
    {"ai.usage.tokens", KEEL__F_INPUT_TOKENS, KEEL__AI_SDK, 6},
    {"ai.usage.totalTokens", KEEL__F_TOTAL_TOKENS, KEEL__AI_SDK, 4},
    {"ai.value", KEEL__F_AI_VALUES, KEEL__AI_SDK, 2},
    {"ai.values", KEEL__F_AI_VALUES, KEEL__AI_SDK, 1},
    {"embedding.invocation_parameters", KEEL__F_PARAMETERS, KEEL__OPENINFERENCE, 2},
    {"embedding.model_name", KEEL__F_RESPONSE_MODEL, KEEL__OPENINFERENCE, 5},
    {"enduser.id", KEEL__F_USER, KEEL__OTEL, 2},
    {"error.type", KEEL__F_ERROR_TYPE, KEEL__OTEL, 1},
    {"gen_ai.agent.name", KEEL__F_AGENT, KEEL__OTEL, 1},
    {"gen_ai.completion", KEEL__F_OLD_COMPLETION, KEEL__OTEL, 1},
    {"gen_ai.conversation.id", KEEL__F_SESSION, KEEL__OTEL, 1},
    {"gen_ai.input.messages", KEEL__F_INPUT_MESSAGES, KEEL__OTEL, 1},
    {"gen_ai.operation.name", KEEL__F_OPERATION, KEEL__OTEL, 1},
    {"gen_ai.output.messages", KEEL__F_OUTPUT_MESSAGES, KEEL__OTEL, 1},
    {"gen_ai.prompt", KEEL__F_OLD_PROMPT, KEEL__OTEL, 1},
    {"gen_ai.prompt.name", KEEL__F_PROMPT_NAME, KEEL__OTEL, 1},
    {"gen_ai.prompt.version", KEEL__F_PROMPT_VERSION, KEEL__OTEL, 1},
    {"gen_ai.provider.name", KEEL__F_PROVIDER, KEEL__OTEL, 1},
    {"gen_ai.request.model", KEEL__F_REQUEST_MODEL, KEEL__OTEL, 1},
    {"gen_ai.response.finish_reason", KEEL__F_FINISH, KEEL__OPENLLMETRY, 4},
    {"gen_ai.response.finish_reasons", KEEL__F_FINISH, KEEL__OTEL, 1},
    {"gen_ai.response.id", KEEL__F_RESPONSE_ID, KEEL__OTEL, 1},
    {"gen_ai.response.model", KEEL__F_RESPONSE_MODEL, KEEL__OTEL, 1},
    {"gen_ai.response.stop_reason", KEEL__F_FINISH, KEEL__OPENLLMETRY, 5},
    {"gen_ai.retrieval.query.text", KEEL__F_INPUT, KEEL__OTEL, 3},
    {"gen_ai.system", KEEL__F_PROVIDER, KEEL__OTEL, 2},
    {"gen_ai.system_instructions", KEEL__F_SYSTEM_INSTRUCTIONS, KEEL__OTEL, 1},
    {"gen_ai.task.input", KEEL__F_INPUT, KEEL__OPENLLMETRY, 6},
    {"gen_ai.task.output", KEEL__F_OUTPUT, KEEL__OPENLLMETRY, 5},
    {"gen_ai.tool.call.arguments", KEEL__F_INPUT, KEEL__OTEL, 1},
    {"gen_ai.tool.call.id", KEEL__F_TOOL_CALL_ID, KEEL__OTEL, 1},
    {"gen_ai.tool.call.result", KEEL__F_OUTPUT, KEEL__OTEL, 1},
    {"gen_ai.tool.definitions", KEEL__F_TOOLS, KEEL__OTEL, 1},
    {"gen_ai.tool.name", KEEL__F_TOOL_NAME, KEEL__OTEL, 1},
    {"gen_ai.usage.cache_creation.input_tokens", KEEL__F_CACHE_CREATION, KEEL__OTEL, 1},
    {"gen_ai.usage.cache_creation_input_tokens", KEEL__F_CACHE_CREATION, KEEL__OPENLLMETRY, 3},
    {"gen_ai.usage.cache_read.input_tokens", KEEL__F_CACHE_READ, KEEL__OTEL, 1},
    {"gen_ai.usage.cache_read_input_tokens", KEEL__F_CACHE_READ, KEEL__OPENLLMETRY, 2},
    {"gen_ai.usage.cache_write.input_tokens", KEEL__F_CACHE_CREATION, KEEL__OTEL, 2},
    {"gen_ai.usage.completion_tokens", KEEL__F_OUTPUT_TOKENS, KEEL__OTEL, 2},
    {"gen_ai.usage.input_tokens", KEEL__F_INPUT_TOKENS, KEEL__OTEL, 1},
    {"gen_ai.usage.output_tokens", KEEL__F_OUTPUT_TOKENS, KEEL__OTEL, 1},
    {"gen_ai.usage.prompt_tokens", KEEL__F_INPUT_TOKENS, KEEL__OTEL, 2},
    {"gen_ai.usage.reasoning.output_tokens", KEEL__F_REASONING, KEEL__OTEL, 1},
    {"gen_ai.usage.reasoning_tokens", KEEL__F_REASONING, KEEL__OPENLLMETRY, 2},
    {"gen_ai.usage.total_tokens", KEEL__F_TOTAL_TOKENS, KEEL__OPENLLMETRY, 1},
    {"gen_ai.user", KEEL__F_USER, KEEL__OPENLLMETRY, 7},
    {"input.mime_type", KEEL__F_INPUT_TYPE, KEEL__OPENINFERENCE, 1},
    {"input.value", KEEL__F_INPUT, KEEL__OPENINFERENCE, 4},
    {"llm.finish_reason", KEEL__F_FINISH, KEEL__OPENINFERENCE, 3},
    {"llm.invocation_parameters", KEEL__F_PARAMETERS, KEEL__OPENINFERENCE, 1},
    {"llm.model_name", KEEL__F_RESPONSE_MODEL, KEEL__OPENINFERENCE, 4},
    {"llm.prompt_template.version", KEEL__F_PROMPT_VERSION, KEEL__OPENINFERENCE, 3},
    {"llm.provider", KEEL__F_PROVIDER, KEEL__OPENINFERENCE, 3},
    {"llm.request.model_name", KEEL__F_REQUEST_MODEL, KEEL__OPENINFERENCE, 2},
    {"llm.request.type", KEEL__F_OPERATION, KEEL__OPENLLMETRY, 2},
    {"llm.response.finish_reason", KEEL__F_FINISH, KEEL__OPENLLMETRY, 6},
    {"llm.response.model_name", KEEL__F_RESPONSE_MODEL, KEEL__OPENINFERENCE, 2},
    {"llm.response.stop_reason", KEEL__F_FINISH, KEEL__OPENLLMETRY, 7},
    {"llm.system", KEEL__F_SYSTEM, KEEL__OPENINFERENCE, 1},
    {"llm.token_count.completion", KEEL__F_OUTPUT_TOKENS, KEEL__OPENINFERENCE, 3},
    {"llm.token_count.completion_details.reasoning", KEEL__F_REASONING, KEEL__OPENINFERENCE, 4},
    {"llm.token_count.prompt", KEEL__F_INPUT_TOKENS, KEEL__OPENINFERENCE, 3},
    {"llm.token_count.prompt_details.cache_input", KEEL__F_CACHE_READ, KEEL__OPENINFERENCE, 6},
    {"llm.token_count.prompt_details.cache_read", KEEL__F_CACHE_READ, KEEL__OPENINFERENCE, 3},
    {"llm.token_count.prompt_details.cache_write", KEEL__F_CACHE_CREATION, KEEL__OPENINFERENCE, 4},
    {"llm.token_count.total", KEEL__F_TOTAL_TOKENS, KEEL__OPENINFERENCE, 3},
    {"llm.usage.reasoning_tokens", KEEL__F_REASONING, KEEL__OPENLLMETRY, 3},
    {"llm.usage.total_tokens", KEEL__F_TOTAL_TOKENS, KEEL__OPENLLMETRY, 2},
    {"llm.user", KEEL__F_USER, KEEL__OPENLLMETRY, 8},
    {"openinference.span.kind", KEEL__F_OI_KIND, KEEL__OPENINFERENCE, 1},
    {"output.mime_type", KEEL__F_OUTPUT_TYPE, KEEL__OPENINFERENCE, 1},
    {"output.value", KEEL__F_OUTPUT, KEEL__OPENINFERENCE, 3},
    {"prompt.id", KEEL__F_PROMPT_NAME, KEEL__OPENINFERENCE, 3},
    {"session.id", KEEL__F_SESSION, KEEL__OPENINFERENCE, 2},
    {"tool.id", KEEL__F_TOOL_CALL_ID, KEEL__OPENINFERENCE, 3},
    {"tool.name", KEEL__F_TOOL_NAME, KEEL__OPENINFERENCE, 2},
    {"tool_call.id", KEEL__F_TOOL_CALL_ID, KEEL__OPENINFERENCE, 2},
    {"traceloop.association.properties.chat_id", KEEL__F_SESSION, KEEL__OPENLLMETRY, 5},
    {"traceloop.association.properties.conversation_id", KEEL__F_SESSION, KEEL__OPENLLMETRY, 4},
    {"traceloop.association.properties.session_id", KEEL__F_SESSION, KEEL__OPENLLMETRY, 3},
    {"traceloop.association.properties.thread_id", KEEL__F_SESSION, KEEL__OPENLLMETRY, 6},
    {"traceloop.association.properties.user_id", KEEL__F_USER, KEEL__OPENLLMETRY, 3},
    {"traceloop.entity.input", KEEL__F_INPUT, KEEL__OPENLLMETRY, 5},
    {"traceloop.entity.name", KEEL__F_ENTITY, KEEL__OPENLLMETRY, 1},
    {"traceloop.entity.output", KEEL__F_OUTPUT, KEEL__OPENLLMETRY, 4},
    {"traceloop.prompt.key", KEEL__F_PROMPT_NAME, KEEL__OPENLLMETRY, 2},
    {"traceloop.prompt.version", KEEL__F_PROMPT_VERSION, KEEL__OPENLLMETRY, 2},
    {"traceloop.span.kind", KEEL__F_TL_KIND, KEEL__OPENLLMETRY, 1},
    {"user.id", KEEL__F_USER, KEEL__OTEL, 1},
};
const size_t keel__semconv_row_count = sizeof keel__semconv_rows / sizeof keel__semconv_rows[0];

const struct keel__semconv_list keel__semconv_lists[] = {
    {"llm.input_messages.", KEEL__L_INPUT_MESSAGES, KEEL__OPENINFERENCE, 1},
    {"gen_ai.prompt.", KEEL__L_INPUT_MESSAGES, KEEL__OPENLLMETRY, 2},
    {"llm.output_messages.", KEEL__L_OUTPUT_MESSAGES, KEEL__OPENINFERENCE, 1},
    {"gen_ai.completion.", KEEL__L_OUTPUT_MESSAGES, KEEL__OPENLLMETRY, 2},
    {"llm.prompts.", KEEL__L_PROMPTS, KEEL__OPENINFERENCE, 1},
    {"llm.choices.", KEEL__L_CHOICES, KEEL__OPENINFERENCE, 1},
    {"llm.tools.", KEEL__L_TOOLS, KEEL__OPENINFERENCE, 1},
    {"llm.request.functions.", KEEL__L_TOOLS, KEEL__OPENLLMETRY, 2},
    {"embedding.embeddings.", KEEL__L_EMBEDDINGS, KEEL__OPENINFERENCE, 1},
};
const size_t keel__semconv_list_count = sizeof keel__semconv_lists / sizeof keel__semconv_lists[0];

const struct keel__semconv_row *keel__semconv_find(struct keel_slice name)
{
    size_t low = 0, high = keel__semconv_row_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = keel__path_compare(keel_slice_of(keel__semconv_rows[middle].name), name);
        if (order == 0)
            return &keel__semconv_rows[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const char *keel__dialect_name(enum keel__dialect dialect)
{
    static const char *const names[KEEL__DIALECT_COUNT] = {
        [KEEL__OTEL] = "OpenTelemetry GenAI",
        [KEEL__OPENINFERENCE] = "OpenInference",
        [KEEL__OPENLLMETRY] = "OpenLLMetry",
        [KEEL__AI_SDK] = "AI SDK",
    };
    return names[dialect];
}

const char *keel__field_target(enum keel__field field)
{
    static const char *const targets[KEEL__FIELD_COUNT] = {
        [KEEL__F_OPERATION] = "`events.kind`, `llm_calls.operation`",
        [KEEL__F_AI_OPERATION] = "`events.kind`, `llm_calls.operation`",
        [KEEL__F_OI_KIND] = "`events.kind`",
        [KEEL__F_TL_KIND] = "`events.kind`",
        [KEEL__F_SESSION] = "session",
        [KEEL__F_USER] = "user",
        [KEEL__F_AGENT] = "`events.agent_name`",
        [KEEL__F_ENTITY] = "`events.agent_name` of agents, `events.tool_name` of tools",
        [KEEL__F_TOOL_NAME] = "`events.tool_name`",
        [KEEL__F_TOOL_CALL_ID] = "`events.tool_call_id`",
        [KEEL__F_INPUT] = "`events.input`",
        [KEEL__F_INPUT_TYPE] = "dropped with the input",
        [KEEL__F_OUTPUT] = "`events.output`",
        [KEEL__F_OUTPUT_TYPE] = "dropped with the output",
        [KEEL__F_PROVIDER] = "`llm_calls.provider`",
        [KEEL__F_SYSTEM] = "`llm_calls.provider`, with `llm.provider`",
        [KEEL__F_REQUEST_MODEL] = "`llm_calls.request_model_id`",
        [KEEL__F_RESPONSE_MODEL] = "`llm_calls.response_model_id`",
        [KEEL__F_RESPONSE_ID] = "`llm_calls.response_id`",
        [KEEL__F_FINISH] = "`llm_calls.finish_reason`",
        [KEEL__F_ERROR_TYPE] = "`llm_calls.error_type`",
        [KEEL__F_INPUT_TOKENS] = "`llm_calls.input_tokens`",
        [KEEL__F_OUTPUT_TOKENS] = "`llm_calls.output_tokens`",
        [KEEL__F_TOTAL_TOKENS] = "evidence for the other counts",
        [KEEL__F_CACHE_READ] = "`llm_calls.cache_read_tokens`",
        [KEEL__F_CACHE_CREATION] = "`llm_calls.cache_creation_tokens`",
        [KEEL__F_REASONING] = "`llm_calls.reasoning_tokens`",
        [KEEL__F_NO_CACHE_TOKENS] = "evidence for the input tokens",
        [KEEL__F_TEXT_TOKENS] = "evidence for the output tokens",
        [KEEL__F_PROMPT_NAME] = "`llm_calls.prompt_name`",
        [KEEL__F_PROMPT_VERSION] = "`llm_calls.prompt_version`",
        [KEEL__F_PARAMETERS] = "kept; its `model` is the request model where no other name says it",
        [KEEL__F_TOOLS] = "tools offered",
        [KEEL__F_INPUT_MESSAGES] = "input messages",
        [KEEL__F_OUTPUT_MESSAGES] = "output messages",
        [KEEL__F_SYSTEM_INSTRUCTIONS] = "input messages, first, role `system`",
        [KEEL__F_AI_MESSAGES] = "input messages",
        [KEEL__F_AI_PROMPT] = "`events.input` of the outer span",
        [KEEL__F_AI_TEXT] = "output message; `events.output` of the outer span",
        [KEEL__F_AI_REASONING] = "output message",
        [KEEL__F_AI_TOOL_CALLS] = "output message; `events.output` of the outer span without text",
        [KEEL__F_AI_OBJECT] = "output message; `events.output` of the outer span without text",
        [KEEL__F_OLD_PROMPT] = "input messages",
        [KEEL__F_OLD_COMPLETION] = "output messages",
        [KEEL__F_AI_VALUES] = "`events.input` of embeddings: a JSON array of texts",
    };
    return targets[field];
}

const char *keel__list_target(enum keel__list list)
{
    static const char *const targets[] = {
        [KEEL__L_INPUT_MESSAGES] = "input messages",
        [KEEL__L_OUTPUT_MESSAGES] = "output messages",
        [KEEL__L_PROMPTS] = "input messages",
        [KEEL__L_CHOICES] = "output messages",
        [KEEL__L_TOOLS] = "tools offered",
        [KEEL__L_EMBEDDINGS] =
            "`events.input` of embeddings: a JSON array of texts; vectors are kept as attributes",
    };
    return targets[list];
}
