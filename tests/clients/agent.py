"""The agent that the Python drivers run: plain use of the `openai` package, unaware of telemetry.

A driver sets up its instrumentation first and passes in `step`, which wraps the tool in whatever its
instrumentation has for tools.
"""

import json
import os

import openai

from conversation import SCRIPT, run_tool

VARIANTS = ("chat", "stream", "responses", "responses-stream", "embeddings", "error", "limited")


def client():
    """max_retries=0: one request is one span."""
    return openai.OpenAI(base_url=os.environ["OPENAI_BASE_URL"], api_key="none", max_retries=0)


def compact(value):
    """JSON as JavaScript's JSON.stringify writes it, so that all clients send the model the same text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def chat_tools():
    return [{"type": "function", "function": SCRIPT["tool"]}]


def joined(stream):
    """A streamed chat answer as (content, tool calls)."""
    content, calls = [], {}
    for chunk in stream:
        for choice in chunk.choices:
            content.append(choice.delta.content or "")
            for part in choice.delta.tool_calls or []:
                call = calls.setdefault(part.index, {"id": part.id, "name": part.function.name, "arguments": ""})
                call["arguments"] += part.function.arguments or ""
    return "".join(content), [calls[index] for index in sorted(calls)]


def chat_turn(model, messages, stream):
    asked = {"model": model, "messages": messages, "tools": chat_tools(), "temperature": 0.5}
    if stream:
        return joined(client().chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}))
    message = client().chat.completions.create(**asked).choices[0].message
    calls = [{"id": c.id, **c.function.model_dump()} for c in message.tool_calls or []]
    return message.content or "", calls


def chat(run_step, model, stream=False):
    messages = [
        {"role": "system", "content": SCRIPT["system"]},
        {"role": "user", "content": SCRIPT["question"]},
    ]
    while True:
        content, calls = chat_turn(model, messages, stream)
        if not calls:
            return content
        made = [
            {"id": c["id"], "type": "function", "function": {"name": c["name"], "arguments": c["arguments"]}}
            for c in calls
        ]
        messages.append({"role": "assistant", "content": content or None, "tool_calls": made})
        for call in calls:
            result = run_step(call["id"], call["name"], json.loads(call["arguments"]))
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": compact(result)})


def responses_turn(items, stream):
    asked = {
        "model": SCRIPT["model"],
        "instructions": SCRIPT["system"],
        "input": items,
        "tools": [{"type": "function", "strict": True, **SCRIPT["tool"]}],
        "temperature": 0.5,
        "store": False,
    }
    if not stream:
        return client().responses.create(**asked)
    for event in client().responses.create(**asked, stream=True):
        if event.type == "response.completed":
            done = event.response
    return done


def responses(run_step, stream=False):
    items = [{"role": "user", "content": SCRIPT["question"]}]
    while True:
        response = responses_turn(items, stream)
        calls = [item for item in response.output if item.type == "function_call"]
        if not calls:
            return response.output_text
        for call in calls:
            kept = ("type", "call_id", "name", "arguments")
            items.append({key: getattr(call, key) for key in kept})
            result = run_step(call.call_id, call.name, json.loads(call.arguments))
            items.append({"type": "function_call_output", "call_id": call.call_id, "output": compact(result)})


def embeddings():
    made = client().embeddings.create(model=SCRIPT["embedding_model"], input=SCRIPT["embedding_input"])
    return f"{len(made.data)} embeddings"


def answer(variant, run_step=lambda call_id, name, arguments: run_tool(**arguments)):
    """Run one variant of the conversation; returns what the agent answers. Errors of the model are raised."""
    if variant in ("chat", "stream"):
        return chat(run_step, SCRIPT["model"], stream=variant == "stream")
    if variant in ("responses", "responses-stream"):
        return responses(run_step, stream=variant == "responses-stream")
    if variant == "embeddings":
        return embeddings()
    return chat(run_step, SCRIPT["broken_model"] if variant == "error" else SCRIPT["limited_model"])


def main(run):
    """The body of every driver: the variant is the one argument; a model's error ends it with status 3."""
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("variant", choices=VARIANTS)
    variant = parser.parse_args().variant
    try:
        print(run(variant))
    except openai.APIStatusError as error:
        print(f"the model server answered {error.status_code}")
        raise SystemExit(3) from None
