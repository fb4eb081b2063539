"use strict";
// The agent with spans written by hand through OpenTelemetry's JavaScript API, as the GenAI conventions have them.
// KEEL_TEST_MESSAGES: "attributes" puts messages into span attributes, "events" into span events (the older way).

const { SpanKind, SpanStatusCode, trace } = require("@opentelemetry/api");
const { main } = require("./telemetry.js");
const script = require("./conversation.json");

const tracer = trace.getTracer("travel_desk", "1.0.0");
const asEvents = process.env.KEEL_TEST_MESSAGES === "events";

class ModelError extends Error {
  constructor(status, text) {
    super(text);
    this.name = "ModelError";
    this.status = status;
  }
}

async function ask(path, body) {
  const response = await fetch(`${process.env.OPENAI_BASE_URL}/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new ModelError(response.status, answer.error.message);
  return answer;
}

// Runs body inside a span; an error is recorded on it, as the conventions ask.
function inSpan(name, options, body) {
  return tracer.startActiveSpan(name, options, async (span) => {
    try {
      return await body(span);
    } catch (error) {
      span.recordException(error);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
      span.setAttribute("error.type", String(error.status ?? error.name));
      throw error;
    } finally {
      span.end();
    }
  });
}

function parts(message) {
  if (message.role === "tool") {
    return [{ type: "tool_call_response", id: message.tool_call_id, response: JSON.parse(message.content) }];
  }
  const calls = (message.tool_calls ?? []).map((call) => ({
    type: "tool_call",
    id: call.id,
    name: call.function.name,
    arguments: JSON.parse(call.function.arguments),
  }));
  return message.content ? [{ type: "text", content: message.content }, ...calls] : calls;
}

function recordInput(span, messages) {
  if (asEvents) {
    for (const message of messages) {
      const event = { "gen_ai.system": "openai", "gen_ai.event.content": JSON.stringify(message) };
      span.addEvent(`gen_ai.${message.role}.message`, event);
    }
    return;
  }
  const [system, ...rest] = messages;
  const input = rest.map((message) => ({ role: message.role, parts: parts(message) }));
  span.setAttribute("gen_ai.system_instructions", JSON.stringify(parts(system)));
  span.setAttribute("gen_ai.input.messages", JSON.stringify(input));
}

function recordOutput(span, choice) {
  if (asEvents) {
    const content = { index: choice.index, finish_reason: choice.finish_reason, message: choice.message };
    span.addEvent("gen_ai.choice", { "gen_ai.system": "openai", "gen_ai.event.content": JSON.stringify(content) });
    return;
  }
  const output = { role: "assistant", parts: parts(choice.message), finish_reason: choice.finish_reason };
  span.setAttribute("gen_ai.output.messages", JSON.stringify([output]));
}

function recordResponse(span, answer) {
  span.setAttributes({
    "gen_ai.response.id": answer.id,
    "gen_ai.response.model": answer.model,
    "gen_ai.response.finish_reasons": answer.choices.map((choice) => choice.finish_reason),
    "gen_ai.usage.input_tokens": answer.usage.prompt_tokens,
    "gen_ai.usage.output_tokens": answer.usage.completion_tokens,
    "gen_ai.usage.cache_read.input_tokens": answer.usage.prompt_tokens_details.cached_tokens,
    "gen_ai.usage.reasoning.output_tokens": answer.usage.completion_tokens_details.reasoning_tokens,
  });
}

function chat(model, messages) {
  const attributes = {
    "gen_ai.operation.name": "chat",
    [asEvents ? "gen_ai.system" : "gen_ai.provider.name"]: "openai",
    "gen_ai.request.model": model,
    "gen_ai.request.temperature": 0.5,
    "gen_ai.conversation.id": script.session,
    "gen_ai.tool.definitions": JSON.stringify([{ type: "function", ...script.tool }]),
  };
  return inSpan(`chat ${model}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    recordInput(span, messages);
    const tools = [{ type: "function", function: script.tool }];
    const answer = await ask("chat/completions", { model, messages, tools, temperature: 0.5 });
    recordResponse(span, answer);
    recordOutput(span, answer.choices[0]);
    return answer.choices[0].message;
  });
}

function runTool(call) {
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": call.function.name,
    "gen_ai.tool.type": "function",
    "gen_ai.tool.call.id": call.id,
    "gen_ai.tool.call.arguments": call.function.arguments,
  };
  return inSpan(`execute_tool ${call.function.name}`, { attributes }, async (span) => {
    const result = JSON.stringify(script.tool_result);
    span.setAttribute("gen_ai.tool.call.result", result);
    return { role: "tool", tool_call_id: call.id, content: result };
  });
}

async function converse(model) {
  const messages = [
    { role: "system", content: script.system },
    { role: "user", content: script.question },
  ];
  for (;;) {
    const message = await chat(model, messages);
    if (!message.tool_calls) return message.content;
    messages.push({ role: "assistant", content: message.content, tool_calls: message.tool_calls });
    for (const call of message.tool_calls) messages.push(await runTool(call));
  }
}

function embed() {
  const attributes = {
    "gen_ai.operation.name": "embeddings",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": script.embedding_model,
  };
  return inSpan(`embeddings ${script.embedding_model}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    const answer = await ask("embeddings", { model: script.embedding_model, input: script.embedding_input });
    span.setAttribute("gen_ai.response.model", answer.model);
    span.setAttribute("gen_ai.usage.input_tokens", answer.usage.prompt_tokens);
    span.setAttribute("gen_ai.embeddings.dimension.count", answer.data[0].embedding.length);
    return `${answer.data.length} embeddings`;
  });
}

function run(variant) {
  const attributes = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": script.agent,
    "gen_ai.conversation.id": script.session,
    "user.id": script.user,
  };
  return inSpan(`invoke_agent ${script.agent}`, { attributes }, () => {
    if (variant === "embeddings") return embed();
    return converse(variant === "error" ? script.broken_model : script.model);
  });
}

main(script.service, run);
