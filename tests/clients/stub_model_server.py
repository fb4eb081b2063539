#!/usr/bin/env python3
"""A model server on loopback that gives the same answers every time.

Speaks the OpenAI API as far as the clients under test use it: /v1/chat/completions and /v1/responses,
plain and streaming, and /v1/embeddings. Answers, ids and token usage come from conversation.json: when
the last message is a tool's result the server answers, otherwise it asks for the tool (when one is
offered). The models `stub-limited` and `stub-broken` are answered with 429 and 500.

    stub_model_server.py [--port N]     prints its URL on the first line of stdout
"""

import argparse
import base64
import json
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from conversation import SCRIPT

CREATED = 1767225600
PIECE = 7


def last_is_tool_result(messages):
    last = messages[-1]
    return last.get("role") == "tool" or last.get("type") == "function_call_output"


def choose(body, messages):
    """Which of the two answers of the conversation a request gets."""
    if body.get("tools") and not last_is_tool_result(messages):
        return "tool_call"
    return "answer"


def pieces(text):
    return [text[i : i + PIECE] for i in range(0, len(text), PIECE)]


def tool_arguments():
    return json.dumps(SCRIPT["tool_arguments"], ensure_ascii=False)


def chat_usage(kind):
    usage = SCRIPT["usage"][kind]
    return {
        "prompt_tokens": usage["input"],
        "completion_tokens": usage["output"],
        "total_tokens": usage["input"] + usage["output"],
        "prompt_tokens_details": {"cached_tokens": usage["cached"], "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage["reasoning"],
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def chat_tool_call():
    return {
        "id": SCRIPT["tool_call_id"],
        "type": "function",
        "function": {"name": SCRIPT["tool"]["name"], "arguments": tool_arguments()},
    }


def chat_head(kind, object_name):
    return {
        "id": f"chatcmpl-{kind}",
        "object": object_name,
        "created": CREATED,
        "model": SCRIPT["response_model"],
        "service_tier": "default",
        "system_fingerprint": "fp_stub",
    }


def chat_completion(kind):
    message = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    if kind == "tool_call":
        message["tool_calls"] = [chat_tool_call()]
    else:
        message["content"] = SCRIPT["answer"]
    finish = "tool_calls" if kind == "tool_call" else "stop"
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return {**chat_head(kind, "chat.completion"), "choices": [choice], "usage": chat_usage(kind)}


def chat_deltas(kind):
    yield {"role": "assistant", "content": None if kind == "tool_call" else ""}
    if kind == "answer":
        for piece in pieces(SCRIPT["answer"]):
            yield {"content": piece}
        return
    call = chat_tool_call()
    call["function"] = {"name": SCRIPT["tool"]["name"], "arguments": ""}
    yield {"tool_calls": [{"index": 0, **call}]}
    for piece in pieces(tool_arguments()):
        yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def chat_chunks(kind, with_usage):
    head = chat_head(kind, "chat.completion.chunk")
    usage = {"usage": None} if with_usage else {}
    for delta in chat_deltas(kind):
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}
        yield {**head, "choices": [choice], **usage}
    finish = "tool_calls" if kind == "tool_call" else "stop"
    yield {**head, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": finish}], **usage}
    if with_usage:
        yield {**head, "choices": [], "usage": chat_usage(kind)}


def response_item(kind, status="completed"):
    if kind == "tool_call":
        return {
            "id": "fc_weather_1",
            "type": "function_call",
            "status": status,
            "call_id": SCRIPT["tool_call_id"],
            "name": SCRIPT["tool"]["name"],
            "arguments": tool_arguments() if status == "completed" else "",
        }
    part = {"type": "output_text", "text": SCRIPT["answer"], "annotations": [], "logprobs": []}
    return {
        "id": "msg_answer_1",
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": [part] if status == "completed" else [],
    }


def response_object(kind, body, status="completed"):
    done = status == "completed"
    usage = SCRIPT["usage"][kind]
    return {
        "id": f"resp_{kind}",
        "object": "response",
        "created_at": CREATED,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "model": SCRIPT["response_model"],
        "output": [response_item(kind)] if done else [],
        "parallel_tool_calls": True,
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": {"format": {"type": "text"}},
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools", []),
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": {
            "input_tokens": usage["input"],
            "input_tokens_details": {"cached_tokens": usage["cached"]},
            "output_tokens": usage["output"],
            "output_tokens_details": {"reasoning_tokens": usage["reasoning"]},
            "total_tokens": usage["input"] + usage["output"],
        }
        if done
        else None,
        "user": None,
        "metadata": {},
    }


def response_item_events(kind):
    """The events between an item's start and its end."""
    item = response_item(kind)
    at = {"item_id": item["id"], "output_index": 0}
    if kind == "tool_call":
        for piece in pieces(item["arguments"]):
            yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
        yield {"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"]}
        return
    at["content_index"] = 0
    part = item["content"][0]
    yield {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}
    for piece in pieces(part["text"]):
        yield {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": part}


def response_events(kind, body):
    begun = response_object(kind, body, "in_progress")
    events = [{"type": "response.created", "response": begun}, {"type": "response.in_progress", "response": begun}]
    added = {"output_index": 0, "item": response_item(kind, "in_progress")}
    events.append({"type": "response.output_item.added", **added})
    events.extend(response_item_events(kind))
    events.append({"type": "response.output_item.done", "output_index": 0, "item": response_item(kind)})
    events.append({"type": "response.completed", "response": response_object(kind, body)})
    for number, event in enumerate(events):
        yield {**event, "sequence_number": number}


def embeddings(body):
    given = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = []
    for index, text in enumerate(given):
        vector = [((len(text) * 7 + i * 3) % 16) / 16 - 0.5 for i in range(8)]
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack("<8f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    tokens = SCRIPT["usage"]["embedding"]["input"]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": SCRIPT["embedding_model"], "usage": usage}


ERRORS = {
    SCRIPT["limited_model"]: (429, "rate_limit_exceeded", "requests", "Rate limit reached for stub-limited."),
    SCRIPT["broken_model"]: (500, None, "server_error", "The server had an error while processing your request."),
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, value):
        data = json.dumps(value, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("x-request-id", "req_stub")
        self.end_headers()
        self.wfile.write(data)

    def stream(self, events, named, last):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n" if named else ""
            self.chunk(f"{name}data: {json.dumps(event, ensure_ascii=False)}\n\n")
        if last:
            self.chunk(last)
        self.wfile.write(b"0\r\n\r\n")

    def chunk(self, text):
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if body.get("model") in ERRORS:
            status, code, kind, message = ERRORS[body["model"]]
            self.answer(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})
        elif self.path == "/v1/chat/completions":
            self.answer_chat(body)
        elif self.path == "/v1/responses":
            self.answer_responses(body)
        elif self.path == "/v1/embeddings":
            self.answer(200, embeddings(body))
        else:
            self.answer(404, {"error": {"message": f"no route {self.path}", "type": "invalid_request_error"}})

    def answer_chat(self, body):
        kind = choose(body, body["messages"])
        if body.get("stream"):
            with_usage = (body.get("stream_options") or {}).get("include_usage", False)
            self.stream(chat_chunks(kind, with_usage), named=False, last="data: [DONE]\n\n")
        else:
            self.answer(200, chat_completion(kind))

    def answer_responses(self, body):
        given = body["input"]
        kind = choose(body, given if isinstance(given, list) else [{"role": "user"}])
        if body.get("stream"):
            self.stream(response_events(kind, body), named=True, last=None)
        else:
            self.answer(200, response_object(kind, body))


def main():
    parser = argparse.ArgumentParser(description="a model server that always gives the same answers")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: a free one)")
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
