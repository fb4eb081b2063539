"use strict";
// The agent as the AI SDK runs it, with the SDK's own telemetry. KEEL_TEST_AI_SDK is 5, 6 or 7.

const { main } = require("./telemetry.js");
const script = require("./conversation.json");

const version = Number(process.env.KEEL_TEST_AI_SDK);
const suffix = { 5: "-v5", 6: "-v6", 7: "" }[version];
const ai = require(`ai${suffix}`);
const { createOpenAI } = require(version === 7 ? "@ai-sdk/openai" : `ai${suffix}-openai`);

const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: "none" });

// Session and user go where each version has room for them: metadata until 6, the runtime context in 7.
function telemetry() {
  const who = { sessionId: script.session, userId: script.user };
  if (version < 7) {
    return { experimental_telemetry: { isEnabled: true, functionId: script.agent, metadata: who } };
  }
  const { OpenTelemetry } = require("@ai-sdk/otel");
  const integrations = [new OpenTelemetry({ runtimeContext: true, usage: true })];
  const includeRuntimeContext = { sessionId: true, userId: true };
  return { runtimeContext: who, telemetry: { functionId: script.agent, includeRuntimeContext, integrations } };
}

function tools() {
  const get_weather = ai.tool({
    description: script.tool.description,
    inputSchema: ai.jsonSchema(script.tool.parameters),
    execute: async () => script.tool_result,
  });
  return { get_weather };
}

function question(model) {
  return {
    model,
    [version < 7 ? "system" : "instructions"]: script.system,
    prompt: script.question,
    tools: tools(),
    stopWhen: (version < 7 ? ai.stepCountIs : (ai.isStepCount ?? ai.stepCountIs))(5),
    temperature: 0.5,
    maxRetries: 0,
    ...telemetry(),
  };
}

async function run(variant) {
  if (variant === "embeddings") {
    const model = version < 6 ? openai.textEmbeddingModel(script.embedding_model) : openai.embeddingModel(script.embedding_model);
    const made = await ai.embedMany({ model, values: script.embedding_input, maxRetries: 0, ...telemetry() });
    return `${made.embeddings.length} embeddings`;
  }
  if (variant === "stream") {
    const result = ai.streamText(question(openai.chat(script.model)));
    await result.consumeStream(); // the outermost span ends with the stream, not with the text
    return result.text;
  }
  if (variant === "responses") return (await ai.generateText(question(openai.responses(script.model)))).text;
  const model = variant === "error" ? script.broken_model : script.model;
  return (await ai.generateText(question(openai.chat(model)))).text;
}

main(script.service, run);
