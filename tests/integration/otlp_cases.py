"""Malformed, hostile and odd OTLP requests, and what each must be answered.

The cases are used twice: by tests/unit/test_otlp_hostile.c on the decoder (this file, run as a program, writes them
for it), and by test_hostile_otlp.py through HTTP.
"""

import json
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures/otlp"

PROTOBUF, JSON = "application/x-protobuf", "application/json"
TRACE, SPAN, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"


@dataclass
class Case:
    name: str
    signal: str  # traces, logs, metrics
    content_type: str
    body: bytes
    status: int
    records: int = 0  # spans, span events and log records that are stored
    rejected: int = 0
    says: str = ""  # part of the message of a refusal or a partial success


CASES: list[Case] = []


def add(name, signal, content_type, body, status, records=0, rejected=0, says=""):
    CASES.append(Case(name, signal, content_type, body, status, records, rejected, says))


# ---- protobuf, by hand -------------------------------------------------------------------------------


def varint(value):
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def tag(number, wire):
    return varint(number << 3 | wire)


def field(number, value):
    """A field: bytes and text with a length, an int as a varint."""
    if isinstance(value, int):
        return tag(number, 0) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return tag(number, 2) + varint(len(value)) + value


def fixed64(number, value):
    return tag(number, 1) + struct.pack("<Q", value)


def fixed32(number, value):
    return tag(number, 5) + struct.pack("<I", value)


def key_value(key, value):
    return field(1, key) + field(2, value)


def text_value(text):
    return field(1, text)


def pb_span(*more, trace=bytes.fromhex(TRACE), span=bytes.fromhex(SPAN)):
    return field(1, trace) + field(2, span) + field(5, "s") + fixed64(7, 1) + fixed64(8, 2) + b"".join(more)


def pb_traces(*spans, resource=b"", scope=b""):
    scopes = (field(1, scope) if scope else b"") + b"".join(field(2, span) for span in spans)
    return field(1, (field(1, resource) if resource else b"") + field(2, scopes))


def pb_log(*more, trace=bytes.fromhex(TRACE)):
    return fixed64(1, 3) + field(5, text_value("x")) + (field(9, trace) if trace is not None else b"") + b"".join(more)


def pb_logs(*logs):
    return field(1, field(2, b"".join(field(2, log) for log in logs)))


def pb(name, body, status, records=0, rejected=0, says="", signal="traces"):
    add("protobuf: " + name, signal, PROTOBUF, body, status, records, rejected, says)


def nested(value, depth, wrap):
    for _ in range(depth):
        value = wrap(value)
    return value


def in_array(value):
    return field(5, field(1, value))


def in_list(value):
    return field(6, field(1, key_value("k", value)))


def protobuf_wire():
    good = pb_traces(pb_span())
    pb("empty", b"", 200)
    pb("empty resource", field(1, b""), 200)
    pb("one span", good, 200, 1)
    pb("two requests after each other", good + good.replace(bytes.fromhex(SPAN), b"\1" * 8), 200, 2)
    pb("a tag and nothing else", b"\x0a", 400, says="length")
    pb("a length beyond the end", b"\x0a\x05abc", 400, says="beyond the end")
    pb("a length of 2^31", b"\x0a" + varint(1 << 31), 400, says="beyond the end")
    pb("a length of 2^64 - 1", b"\x0a" + varint(-1), 400, says="length")
    pb("a length that never ends", b"\x0a" + b"\xff" * 20, 400)
    pb("a tag that never ends", b"\xff" * 20, 400, says="tag")
    pb("a tag with field number 0", b"\x02\x00", 400, says="does not exist")
    pb("a tag with a field number beyond 2^29", varint((1 << 40) | 2) + b"\0", 400)
    for wire in (3, 4, 6, 7):
        pb(f"wire type {wire}", bytes([0x08 | wire]), 400)
        pb(f"unknown field with wire type {wire}", tag(100, wire) + b"\0", 400, says="wire type")
    for number, name in ((1, "resource spans"),):
        pb(f"{name} as a varint", tag(number, 0) + b"\1", 400, says="wire type")
        pb(f"{name} as 64 bits", tag(number, 1) + b"\0" * 8, 400, says="wire type")
        pb(f"{name} as 32 bits", tag(number, 5) + b"\0" * 4, 400, says="wire type")
    pb("unknown varint, 64 bits, 32 bits, bytes",
       good + field(99, 5) + fixed64(98, 1) + fixed32(97, 1) + field(96, "x"), 200, 1)
    pb("unknown field cut off", good + tag(99, 1) + b"\0\0", 400, says="cut off")
    pb("unknown varint cut off", good + tag(99, 0) + b"\xff", 400, says="cut off")
    pb("unknown varint of 11 bytes", good + tag(99, 0) + b"\xff" * 10 + b"\1", 400)
    pb("unknown field in a span", pb_traces(pb_span(field(77, "x" * 50), field(78, 3))), 200, 1)
    pb("100,000 unknown fields", good + field(99, 1) * 100_000, 200, 1)
    pb("text, not protobuf", b"hello, world", 400)
    pb("JSON, not protobuf", b'{"resourceSpans":[]}', 400)
    pb("HTML, not protobuf", b"<!doctype html><html></html>", 400)
    pb("zeros", b"\0" * 64, 400)
    pb("a logs request sent as traces", pb_logs(pb_log()), 400)
    pb("random bytes", bytes((i * 197 + 13) % 251 for i in range(500)), 400)


def protobuf_fields():
    wrong = {1: "trace_id", 2: "span_id", 3: "trace_state", 4: "parent_span_id", 5: "name", 9: "attributes",
             11: "events", 13: "links", 15: "status"}
    for number, name in wrong.items():
        pb(f"{name} as a varint", pb_traces(pb_span(tag(number, 0) + b"\1")), 400, says=f"spans.{name}")
        pb(f"{name} as 64 bits", pb_traces(pb_span(tag(number, 1) + b"\0" * 8)), 400, says=f"spans.{name}")
    for number, name in {6: "kind", 10: "dropped_attributes_count"}.items():
        pb(f"{name} as bytes", pb_traces(pb_span(field(number, "x"))), 400, says=name)
        pb(f"{name} as 32 bits", pb_traces(pb_span(fixed32(number, 1))), 400, says=name)
    for number, name in {7: "start_time_unix_nano", 8: "end_time_unix_nano"}.items():
        pb(f"{name} as a varint", pb_traces(pb_span(field(number, 5))), 400, says=name)
    pb("flags as 64 bits", pb_traces(pb_span(fixed64(16, 1))), 400, says="flags")
    pb("resource twice", field(1, field(1, b"") + field(1, b"") + field(2, field(2, pb_span()))), 400, says="twice")
    pb("scope twice", field(1, field(2, field(1, b"") * 2 + field(2, pb_span()))), 400, says="twice")
    pb("status twice", pb_traces(pb_span(field(15, field(3, 1)), field(15, field(3, 2)))), 400, says="twice")
    pb("name twice: the last counts", pb_traces(pb_span(field(5, "t"))), 200, 1)
    pb("any value with two kinds of value",
       pb_traces(pb_span(field(9, key_value("k", text_value("a") + field(3, 5))))), 200, 1)
    pb("any value with two arrays",
       pb_traces(pb_span(field(9, key_value("k", in_array(text_value("a")) * 2)))), 400, says="twice")
    pb("attribute without key", pb_traces(pb_span(field(9, field(2, text_value("a"))))), 200, 1)
    pb("attribute without value", pb_traces(pb_span(field(9, field(1, "k")))), 200, 1)
    pb("attribute with an empty value", pb_traces(pb_span(field(9, key_value("k", b"")))), 200, 1)
    pb("attribute given twice", pb_traces(pb_span(*[field(9, key_value("k", text_value(t))) for t in "ab"])), 200, 1)
    pb("empty attribute", pb_traces(pb_span(field(9, b""))), 200, 1)
    pb("kind 99", pb_traces(pb_span(field(6, 99))), 200, 1)
    pb("kind -1", pb_traces(pb_span(field(6, -1))), 200, 1)
    pb("status 77", pb_traces(pb_span(field(15, field(3, 77)))), 200, 1)
    pb("times of 2^64 - 1", pb_traces(pb_span(fixed64(7, 2**64 - 1), fixed64(8, 2**64 - 1))), 200, 1)
    pb("an end before its start", pb_traces(pb_span(fixed64(7, 10**18), fixed64(8, 1))), 200, 1)
    pb("times of 0", pb_traces(pb_span(fixed64(7, 0), fixed64(8, 0))), 200, 1)
    pb("2^32 - 1 dropped attributes", pb_traces(pb_span(field(10, 2**32 - 1))), 200, 1)
    pb("NaN and infinities", pb_traces(pb_span(*[
        field(9, key_value(f"d{i}", tag(4, 1) + struct.pack("<d", d)))
        for i, d in enumerate((float("nan"), float("inf"), float("-inf"), -0.0, 5e-324, 1.7e308))])), 200, 1)
    pb("integers at both ends", pb_traces(pb_span(
        field(9, key_value("a", field(3, -(2**63)))), field(9, key_value("b", field(3, 2**63 - 1))))), 200, 1)
    pb("bytes", pb_traces(pb_span(field(9, key_value("b", field(7, bytes(range(256))))))), 200, 1)


def protobuf_ids():
    def ids(name, trace, span, *more, records=0, rejected=1):
        pb(name, pb_traces(pb_span(*more, trace=trace, span=span)), 200, records, rejected, "id" if rejected else "")

    trace, span = bytes.fromhex(TRACE), bytes.fromhex(SPAN)
    for size in (0, 1, 8, 15, 17, 32):
        ids(f"trace id of {size} bytes", b"\1" * size, span)
    for size in (0, 1, 7, 9, 16):
        ids(f"span id of {size} bytes", trace, b"\1" * size)
    ids("trace id of zeros", b"\0" * 16, span)
    ids("span id of zeros", trace, b"\0" * 8)
    ids("parent id of zeros", trace, span, field(4, b"\0" * 8), records=1, rejected=0)
    ids("parent id of 0 bytes", trace, span, field(4, b""), records=1, rejected=0)
    for size in (1, 7, 9, 16):
        ids(f"parent id of {size} bytes", trace, span, field(4, b"\1" * size))
    pb("a span that is its own parent", pb_traces(pb_span(field(4, span))), 200, 0, 1, "its own parent")
    ids("ids as hex text", TRACE.encode(), SPAN.encode())
    pb("one good span among three", pb_traces(pb_span(trace=b""), pb_span(), pb_span(span=b"\0" * 8)), 200, 1, 2, "id")
    pb("a span and a bad one with events", pb_traces(
        pb_span(field(11, field(2, "e"))), pb_span(field(11, field(2, "e")), trace=b"x")), 200, 2, 1, "id")
    pb("a log without trace id", pb_logs(pb_log(trace=None)), 200, 0, 1, "no trace id", signal="logs")
    pb("a log with a trace id of 15 bytes", pb_logs(pb_log(trace=b"\1" * 15)), 200, 0, 1, "trace id", signal="logs")
    pb("a log with a trace id of zeros", pb_logs(pb_log(trace=b"\0" * 16)), 200, 0, 1, "trace id", signal="logs")
    pb("a log with a span id of zeros", pb_logs(pb_log(field(10, b"\0" * 8))), 200, 1, signal="logs")
    pb("a log with a span id of 7 bytes", pb_logs(pb_log(field(10, b"\1" * 7))), 200, 0, 1, "span id", signal="logs")
    pb("equal logs", pb_logs(*[pb_log()] * 5), 200, 5, signal="logs")
    pb("severity 25", pb_logs(pb_log(field(2, 25))), 200, 1, signal="logs")
    pb("severity -5", pb_logs(pb_log(field(2, -5))), 200, 1, signal="logs")
    pb("log body twice", pb_logs(pb_log(field(5, text_value("y")))), 400, says="twice", signal="logs")
    pb("log body without value", pb_logs(field(9, bytes.fromhex(TRACE)) + field(5, b"")), 200, 1, signal="logs")


def protobuf_text():
    bad = {"a lone 0xff": b"a\xffb", "an overlong slash": b"\xc0\xaf", "a surrogate": b"\xed\xa0\x80",
           "beyond U+10FFFF": b"\xf4\x90\x80\x80", "a character cut off": b"ab\xe2\x82", "only continuations": b"\x80" * 9,
           "NUL": b"a\0b", "only NULs": b"\0" * 5, "every byte": bytes(range(256)), "control bytes": b"\x1b[31m\x07\x08",
           "a BOM": b"\xef\xbb\xbfx", "right to left": "\u202eabc".encode(), "an emoji": "\U0001f600".encode(), "empty": b""}
    for name, text in bad.items():
        value = text_value(text)
        pb(f"{name} in an attribute", pb_traces(pb_span(field(9, key_value("k", value)))), 200, 1)
        pb(f"{name} in a key", pb_traces(pb_span(field(9, key_value(text, text_value("v"))))), 200, 1)
        pb(f"{name} in a name", pb_traces(pb_span(field(5, text))), 200, 1)
        pb(f"{name} in service.name",
           pb_traces(pb_span(), resource=field(1, key_value("service.name", value))), 200, 1)
        pb(f"{name} in a session, a user and a model", pb_traces(pb_span(
            *[field(9, key_value(key, value)) for key in ("session.id", "user.id", "gen_ai.request.model",
                                                          "gen_ai.provider.name", "gen_ai.operation.name")])), 200, 1)
        pb(f"{name} in messages", pb_traces(pb_span(
            field(9, key_value("gen_ai.operation.name", text_value("chat"))),
            field(9, key_value("llm.input_messages.0.message.role", value)),
            field(9, key_value("llm.input_messages.0.message.content", value)),
            field(9, key_value("gen_ai.output.messages", value)))), 200, 1)
        pb(f"{name} in an event and a status", pb_traces(pb_span(
            field(11, field(2, text) + field(3, key_value("k", value))), field(15, field(2, text) + field(3, 2)))), 200, 2)
        pb(f"{name} in a log", pb_logs(pb_log(field(12, text), field(3, text))), 200, 1, signal="logs")


def protobuf_size():
    deep = text_value("x")
    pb("an array in an array, 25 times", pb_traces(pb_span(field(9, key_value("k", nested(deep, 25, in_array))))), 200, 1)
    pb("an array in an array, 30 times", pb_traces(pb_span(field(9, key_value("k", nested(deep, 30, in_array))))), 400, says="deep")
    pb("a list in a list, 19 times", pb_traces(pb_span(field(9, key_value("k", nested(deep, 19, in_list))))), 200, 1)
    pb("a list in a list, 20 times", pb_traces(pb_span(field(9, key_value("k", nested(deep, 20, in_list))))), 400, says="deep")
    pb("an array in an array, 10,000 times",
       pb_traces(pb_span(field(9, key_value("k", nested(deep, 10_000, in_array))))), 400, says="deep")
    pb("a log body 10,000 deep", pb_logs(field(9, bytes.fromhex(TRACE)) + field(5, nested(deep, 10_000, in_list))), 400,
       says="deep", signal="logs")
    pb("20,000 attributes on a span", pb_traces(pb_span(
        *[field(9, key_value(f"k{i}", text_value("v"))) for i in range(20_000)])), 200, 1)
    pb("20,000 equal attributes", pb_traces(pb_span(*[field(9, key_value("k", text_value("v")))] * 20_000)), 200, 1)
    pb("100,000 empty attributes", pb_traces(pb_span(field(9, b"") * 100_000)), 200, 1)
    pb("4,000,000 empty spans", field(1, field(2, field(2, b"") * 4_000_000)), 413, says="allowed")
    pb("5,000,000 empty resources", field(1, b"") * 5_000_000, 413, says="allowed")
    pb("4,000,000 empty array elements", pb_traces(pb_span(field(9, key_value("k", field(5, field(1, b"") * 4_000_000))))),
       413, says="allowed")
    pb("5,000 events on a span", pb_traces(pb_span(*[field(11, field(2, "e"))] * 5_000)), 200, 5_001)
    pb("1,000 links on a span", pb_traces(pb_span(*[field(13, field(1, b"\1" * 16) + field(2, b"\1" * 8))] * 1_000)), 200, 1)
    pb("links with bad ids", pb_traces(pb_span(field(13, field(1, b"x") + field(2, b"")))), 200, 1)
    pb("a name of 1 MB", pb_traces(pb_span(field(5, "n" * 1_000_000))), 200, 1)
    pb("a service name of 100 kB", pb_traces(
        pb_span(), resource=field(1, key_value("service.name", text_value("p" * 100_000)))), 200, 1)
    pb("a session, user and model of 100 kB", pb_traces(pb_span(
        *[field(9, key_value(key, text_value("p" * 100_000))) for key in (
            "gen_ai.conversation.id", "user.id", "gen_ai.request.model", "gen_ai.response.model", "gen_ai.provider.name",
            "gen_ai.agent.name", "gen_ai.tool.name", "gen_ai.response.id")])), 200, 1)
    pb("an attribute of 2 MB", pb_traces(pb_span(field(9, key_value("k", text_value("v" * 2_000_000))))), 200, 1)


def flattened():
    def openinference(name, *keys, records=1):
        attributes = [field(9, key_value("openinference.span.kind", text_value("LLM")))]
        attributes += [field(9, key_value(key, text_value("v"))) for key in keys]
        pb("flattened: " + name, pb_traces(pb_span(*attributes)), 200, records)

    openinference("an index of 4,000,000,000", "llm.input_messages.4000000000.message.content")
    openinference("an index of 10^40", "llm.input_messages." + "1" + "0" * 40 + ".message.content")
    openinference("an index of -1", "llm.input_messages.-1.message.content")
    openinference("an index that is a word", "llm.input_messages.x.message.content", "llm.input_messages.1x.message.content")
    openinference("no index", "llm.input_messages.", "llm.input_messages", "llm.input_messages..message.content")
    openinference("leading zeros", *[f"llm.input_messages.{'0' * i}1.message.content" for i in range(9)])
    openinference("1,000 sparse indexes", *[f"llm.input_messages.{i * 1_000_003}.message.content" for i in range(1_000)])
    openinference("a path of 5,000 names", "llm.input_messages.0" + ".a" * 5_000)
    openinference("a path of 5,000 dots", "llm.input_messages.0" + "." * 5_000)
    openinference("a value and what is below it", "llm.input_messages.0", "llm.input_messages.0.message",
                  "llm.input_messages.0.message.content", "llm.input_messages.0.message.content.x")
    openinference("numbers and names beside each other", "llm.input_messages.0.message.content",
                  "llm.input_messages.0a.message.content", "llm.input_messages.0!b", "llm.input_messages.0.message.tool_calls.x",
                  "llm.input_messages.0.message.tool_calls.0.tool_call.id")
    openinference("every list there is", *[prefix + "0.x" for prefix in (
        "llm.input_messages.", "llm.output_messages.", "gen_ai.prompt.", "gen_ai.completion.", "llm.prompts.", "llm.choices.",
        "llm.tools.", "llm.request.functions.", "embedding.embeddings.")])
    messages = {
        "not JSON": "hello", "cut off": '[{"role":"user","parts":[{"type":"te', "null": "null", "a number": "42", "a text": '"hi"',
        "an empty array": "[]", "an empty object": "{}", "nulls": "[null,null]", "numbers": "[1,2]", "arrays": "[[],[[]]]",
        "10,000 brackets": "[" * 10_000, "balanced brackets": "[" * 5_000 + "]" * 5_000,
        "wrong types": '[{"role":1,"parts":"x"},{"role":null,"parts":{}},{"role":[],"content":5},{"content":[[1]]}]',
        "empty parts": '[{"role":"user","parts":[]}]', "parts of unknown types": '[{"parts":[{"type":"x","y":[1]},{},[],null,7]}]',
        "calls without names": '[{"role":"assistant","tool_calls":[{},null,1,{"function":null},{"function":{"arguments":5}}]}]',
        "results without ids": '[{"role":"tool"},{"parts":[{"type":"tool_call_response"}]},{"role":"tool","content":{"a":1}}]',
        "NUL escapes": '[{"role":"u\\u0000","content":"a\\u0000b"}]', "half a surrogate": '[{"role":"user","content":"\\ud83d"}]',
        "big numbers": '[{"role":"assistant","tool_calls":[{"name":"f","arguments":{"a":1e400,"b":12345678901234567890123}}]}]',
        "duplicate keys": '[{"role":"user","role":"system","content":"a","content":"b"}]',
        "1,000 finish reasons": json.dumps([{"role": "assistant", "content": "x", "finish_reason": "stop"}] * 1_000),
    }
    keys = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
            "gen_ai.response.finish_reasons", "ai.prompt.messages", "ai.response.toolCalls", "gen_ai.prompt", "gen_ai.completion",
            "llm.invocation_parameters", "llm.tools.0.tool.json_schema", "gen_ai.prompt.0.content", "ai.values")
    for name, text in messages.items():
        for operation in ("chat", "invoke_agent", "embeddings"):
            attributes = [key_value(key, text_value(text)) for key in keys]
            attributes.append(key_value("gen_ai.operation.name", text_value(operation)))
            event = field(2, "gen_ai.choice") + field(3, key_value("gen_ai.event.content", text_value(text)))
            pb(f"messages that are {name}, {operation}",
               pb_traces(pb_span(*[field(9, attribute) for attribute in attributes], field(11, event))), 200,
               2 if operation == "embeddings" else 1)
        details = [field(6, key_value(key, text_value(text))) for key in keys]
        pb(f"messages that are {name}, log", pb_logs(
            pb_log(field(12, "gen_ai.client.inference.operation.details"), *details),
            field(9, bytes.fromhex(TRACE)) + field(12, "gen_ai.choice") + field(5, text_value(text))), 200, 2, signal="logs")
    tokens = {"negative": field(3, -5), "huge": field(3, 2**63 - 1), "text": text_value("157"), "not a number": text_value("many"),
              "a fraction": tag(4, 1) + struct.pack("<d", 1.5), "NaN": tag(4, 1) + struct.pack("<d", float("nan")),
              "bool": field(2, 1), "an array": field(5, field(1, field(3, 1)))}
    for name, value in tokens.items():
        pb(f"token counts that are {name}", pb_traces(pb_span(*[
            field(9, key_value(key, value)) for key in (
                "gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "gen_ai.usage.cache_read.input_tokens",
                "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.reasoning.output_tokens", "llm.token_count.total",
                "ai.usage.inputTokenDetails.noCacheTokens")])), 200, 1)


# ---- JSON ----------------------------------------------------------------------------------------------


def js(name, body, status, records=0, rejected=0, says="", signal="traces"):
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    body = body.encode() if isinstance(body, str) else body
    add("JSON: " + name, signal, JSON, body, status, records, rejected, says)


def span_object(**more):
    return {"traceId": TRACE, "spanId": SPAN, "name": "s", "startTimeUnixNano": "1", "endTimeUnixNano": "2"} | more


def traces(*spans):
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def attribute(value):
    return traces(span_object(attributes=[{"key": "k", "value": value}]))


def json_text():
    good = json.dumps(traces(span_object()))
    js("nothing", b"", 400, says="empty")
    js("an empty object", {}, 200)
    js("no spans", {"resourceSpans": []}, 200)
    js("one span", good, 200, 1)
    js("blanks around it", " \r\n\t" + good + "\n", 200, 1)
    for name, text in {"null": "null", "true": "true", "a number": "1", "a text": '"x"', "an array": "[]"}.items():
        js(f"{name} alone", text, 400, says="not an object")
    for name, text in {
        "blanks": "  ", "an open brace": "{", "a closing brace": "}", "a brace too many": good + "}", "two values": good + good,
        "a trailing comma": good[:-1] + ",}", "single quotes": good.replace('"', "'"), "no quotes": "{resourceSpans:[]}",
        "a comment": "/* x */" + good, "NaN": '{"a":NaN}', "a leading zero": '{"a":01}', "a plus": '{"a":+1}', "hexadecimal": '{"a":0x1}',
        "a bad escape": '{"a":"\\x"}', "a cut escape": '{"a":"\\u12"}', "a newline in a text": '{"a":"\n"}', "a tab in a text": '{"a":"\t"}',
        "an open text": '{"a":"b', "a NUL": '{"a":"\0"}', "a NUL after it": good + "\0", "True": '{"a":True}', "undefined": '{"a":undefined}',
        "a missing colon": '{"a" 1}', "a missing value": '{"a":}', "a missing key": "{:1}", "a number as key": "{1:2}", "XML": "<a/>",
        "a form": "a=1&b=2",
    }.items():
        js(name, text, 400, says="not valid JSON")
    js("a BOM", b"\xef\xbb\xbf" + good.encode(), 400, says="not valid JSON")
    js("UTF-16", good.encode("utf-16"), 400, says="not valid JSON")
    js("Latin-1", b'{"resourceSpans":[{"schemaUrl":"\xe9"}]}', 400, says="not valid JSON")
    for name, text in {"a lone 0xff": b"\xff", "a surrogate": b"\xed\xa0\x80", "overlong": b"\xc0\xaf", "cut": b"\xe2\x82"}.items():
        js(f"UTF-8 with {name}", good.encode().replace(b'"s"', b'"' + text + b'"'), 400, says="not valid JSON")
    js("protobuf, not JSON", pb_traces(pb_span()), 400, says="not valid JSON")
    js("half a surrogate pair", good.replace('"s"', '"\\ud83d"'), 200, 1)
    js("the other half", good.replace('"s"', '"\\ude00 x"'), 200, 1)
    js("an escaped NUL", good.replace('"s"', '"a\\u0000b"'), 200, 1)
    js("an unknown key that is deep", '{"x":' + "[" * 200 + "]" * 200 + "}", 200)
    js("an unknown key that is very deep", '{"x":' + "[" * 100_000 + "]" * 100_000 + "}", 400, says="deep")
    js("a million open brackets", "[" * 1_000_000, 400)
    js("a million open braces", '{"a":' * 1_000_000, 400)
    js("a number of 100,000 digits", '{"x":' + "9" * 100_000 + "}", 200)
    js("a number of 1e999999", '{"x":1e999999}', 200)
    js("5,000,000 values", '{"x":[' + "0," * 5_000_000 + "0]}", 400, says="values")


def json_shape():
    for name, text in {"null": None, "a text": "x", "a number": 5, "true": True, "an object": {}}.items():
        bad = 200 if text is None else 400
        js(f"resourceSpans that is {name}", {"resourceSpans": text}, bad, says="" if text is None else "not an array")
        js(f"scopeSpans that is {name}", {"resourceSpans": [{"scopeSpans": text}]}, bad,
           says="" if text is None else "resourceSpans[0].scopeSpans")
        js(f"spans that is {name}", {"resourceSpans": [{"scopeSpans": [{"spans": text}]}]}, bad)
        js(f"attributes that is {name}", traces(span_object(attributes=text)), bad, 1 if text is None else 0)
    for name, value in {"null": None, "a text": "x", "a number": 5, "true": True, "an array": []}.items():
        js(f"a resource span that is {name}", {"resourceSpans": [value]}, 400, says="not an object")
        js(f"a span that is {name}", traces(value), 400, says="spans[0]")
        js(f"the second span is {name}", traces(span_object(), value), 400, says="spans[1]")
        js(f"a resource that is {name}", {"resourceSpans": [{"resource": value}]}, 200 if value is None else 400)
        js(f"a status that is {name}", traces(span_object(status=value)), 200 if value is None else 400, 1 if value is None else 0)
        js(f"an attribute that is {name}", traces(span_object(attributes=[value])), 400, says="attributes[0]")
        js(f"an attribute value that is {name}", attribute(value), 200 if value is None else 400, 1 if value is None else 0)
    good = json.dumps(traces(span_object()))
    js("keys in snake_case", good.replace("resourceSpans", "resource_spans"), 200)
    js("ids in snake_case", good.replace("traceId", "trace_id"), 200, 0, 1, "trace id")
    js("keys in another case", good.replace("resourceSpans", "ResourceSpans"), 200)
    js("unknown keys everywhere", json.dumps(
        {"a": 1, "resourceSpans": [{"b": [], "resource": {"c": {}}, "scopeSpans": [
            {"d": None, "scope": {"e": ""}, "spans": [span_object(f=[[{}]])]}]}]}), 200, 1)
    js("resourceSpans twice", '{"resourceSpans":[],"resourceSpans":[]}', 400, says="twice")
    js("a span id twice", good.replace('"name"', f'"spanId": "{SPAN}", "name"'), 400, says="spans[0].spanId")
    js("an unknown key twice", '{"x":1,"x":2}', 200)
    js("a key twice, once null", good.replace('"name"', '"spanId": null, "name"'), 200, 1)
    js("a long key", '{"' + "k" * 1_000_000 + '":1}', 200)
    js("an empty key", '{"":1}', 200)
    js("an object with 50,000 unknown keys", "{" + ",".join(f'"k{i}":0' for i in range(50_000)) + "}", 200)
    for signal, key, inner, item in (("logs", "resourceLogs", "scopeLogs", "logRecords"),):
        js("a log", {key: [{inner: [{item: [{"traceId": TRACE, "body": {"stringValue": "x"}}]}]}]}, 200, 1, signal=signal)
        js("a log body that is a text", {key: [{inner: [{item: [{"traceId": TRACE, "body": "x"}]}]}]}, 400, says="body", signal=signal)
        js("a severity by name", {key: [{inner: [{item: [{"traceId": TRACE, "severityNumber": "SEVERITY_NUMBER_INFO"}]}]}]}, 400,
           says="severityNumber", signal=signal)
        js("logs sent as traces", {key: [{inner: [{item: [{"traceId": TRACE}]}]}]}, 200)
    js("metrics", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "m", "gauge": {"dataPoints": [{}]}}]}]}]}, 200,
       says="not stored", signal="metrics")
    js("metrics that are none", {"resourceMetrics": [{"scopeMetrics": [{"metrics": [5]}]}]}, 400, signal="metrics")
    js("no metrics", {}, 200, signal="metrics")
    pb("metrics", field(1, field(2, field(2, field(1, "m") + field(5, field(1, fixed64(3, 1)))))), 200, says="not stored",
       signal="metrics")
    pb("metrics that are cut off", field(1, field(2, field(2, field(1, "m"))))[:-1], 400, signal="metrics")


def json_values():
    for name, value in {"upper case": TRACE.upper(), "mixed case": TRACE.title()}.items():
        js(f"a trace id in {name}", traces(span_object(traceId=value)), 200, 1)
    for name, value in {
        "empty": "", "null": None, "too short": TRACE[:-2], "too long": TRACE + "00", "odd": TRACE[:-1], "zeros": "0" * 32, "not hex": "x" * 32,
        "base64": "CvdlGRbNQ92ESOshHIAxnA==", "with dashes": "0af76519-16cd-43dd-8448-eb211c80319c", "with 0x": "0x" + TRACE, "blank": " " * 32,
    }.items():
        js(f"a trace id that is {name}", traces(span_object(traceId=value)), 200, 0, 1, "trace id")
    for name, value in {"empty": "", "too short": SPAN[:-2], "too long": SPAN + "00", "zeros": "0" * 16, "not hex": "g" * 16}.items():
        js(f"a span id that is {name}", traces(span_object(spanId=value)), 200, 0, 1, "span id")
    for name, value, ok in (("empty", "", 1), ("null", None, 1), ("zeros", "0" * 16, 1), ("too short", "00f0", 0), ("not hex", "z" * 16, 0)):
        js(f"a parent id that is {name}", traces(span_object(parentSpanId=value)), 200, ok, 1 - ok)
    for name, value in {"a number": 5, "an array": [1], "an object": {}, "true": True}.items():
        js(f"a trace id that is {name}", traces(span_object(traceId=value)), 400, says="traceId")
        js(f"a name that is {name}", traces(span_object(name=value)), 400, says="spans[0].name")
    for name, value in {"a number": 1544712660000000000, "a text": "1544712660000000000", "0": 0, "the text 0": "0",
                        "2^64 - 1": 2**64 - 1, "the text 2^64 - 1": str(2**64 - 1), "a whole fraction": 1.0, "null": None}.items():
        js(f"a time that is {name}", traces(span_object(startTimeUnixNano=value)), 200, 1)
    for name, value in {
        "negative": -1, "a negative text": "-1", "2^64": 2**64, "the text 2^64": str(2**64), "a fraction": 1.5, "a text of a fraction": "1.5",
        "with an exponent": "1e9", "blank": "", "words": "now", "RFC 3339": "2026-01-01T00:00:00Z", "with a blank": " 1", "with a plus": "+1", "an object":
        {"low": 1, "high": 2}, "an array": [1], "true": True, "2^63 as a float": 9.3e18, "hexadecimal": "0x10",
    }.items():
        js(f"a time that is {name}", traces(span_object(startTimeUnixNano=value)), 400, says="startTimeUnixNano")
    for name, value, status in (("3", 3, 200), ("99", 99, 200), ("-1", -1, 200), ("3.0", 3.0, 200), ("a name", "SPAN_KIND_CLIENT", 400),
                                ("a text of a number", "3", 400), ("1.5", 1.5, 400), ("2^31", 2**31, 400), ("true", True, 400)):
        js(f"a kind that is {name}", traces(span_object(kind=value)), status, 1 if status == 200 else 0)
        js(f"a status code that is {name}", traces(span_object(status={"code": value})), status, 1 if status == 200 else 0)
    for name, value, status in (("0", 0, 200), ("2^32 - 1", 2**32 - 1, 200), ("a text", "5", 200), ("2^32", 2**32, 400), ("-1", -1, 400),
                                ("1.5", 1.5, 400)):
        js(f"a dropped count that is {name}", traces(span_object(droppedAttributesCount=value)), status, 1 if status == 200 else 0)
    ok = [{"stringValue": "x"}, {"stringValue": ""}, {"boolValue": False}, {"intValue": 1}, {"intValue": "-9223372036854775808"},
          {"intValue": 9223372036854775807}, {"intValue": 1e21}, {"intValue": 18446744073709551616}, {"doubleValue": 1}, {"doubleValue": 1e308},
          {"doubleValue": "NaN"}, {"doubleValue": "-Infinity"}, {"doubleValue": "1.5"}, {"bytesValue": ""}, {"bytesValue": "AAH/"},
          {"bytesValue": "AAE"}, {"bytesValue": "-_8="}, {"arrayValue": {}}, {"arrayValue": {"values": []}}, {"kvlistValue": {}}, {},
          {"arrayValue": {"values": [{}, {"stringValue": "x"}, {"arrayValue": {"values": [{}]}}]}}, {"unknownValue": 5},
          {"kvlistValue": {"values": [{"key": "a"}, {"value": {}}, {"key": "a", "value": {"intValue": 2}}]}}, {"stringValue": None}]
    for value in ok:
        js(f"attribute {json.dumps(value)}", attribute(value), 200, 1)
    bad = [{"stringValue": 5}, {"stringValue": []}, {"boolValue": "true"}, {"boolValue": 1}, {"intValue": "x"}, {"intValue": ""},
           {"intValue": "9223372036854775808"}, {"intValue": "1.0"}, {"intValue": True}, {"intValue": {}}, {"doubleValue": "x"},
           {"doubleValue": "1x"}, {"doubleValue": ""}, {"doubleValue": True}, {"doubleValue": []}, {"bytesValue": "a"}, {"bytesValue": "!!!!"},
           {"bytesValue": "===="}, {"bytesValue": 5}, {"arrayValue": []}, {"arrayValue": {"values": {}}}, {"arrayValue": {"values": [None]}},
           {"arrayValue": {"values": ["x"]}}, {"kvlistValue": []}, {"kvlistValue": {"values": {"a": 1}}}, {"stringValue": "a", "intValue": 1}]
    for value in bad:
        js(f"attribute {json.dumps(value)}", attribute(value), 400, says="attributes[0].value")
    for count, status in ((25, 200), (30, 400), (300, 400)):
        value = {"stringValue": "x"}
        for _ in range(count):
            value = {"arrayValue": {"values": [value]}}
        js(f"an array in an array, {count} times", attribute(value), status, 1 if status == 200 else 0)
    js("a text of 2 MB", attribute({"stringValue": "v" * 2_000_000}), 200, 1)


# ---- cut off -------------------------------------------------------------------------------------------


def truncated():
    """Real requests, cut off at every 10th byte."""
    protobuf = (FIXTURES / "otel-openai-v2-span/error/001-traces.pb").read_bytes()
    for size in range(10, len(protobuf), 10):
        pb(f"cut off at byte {size}", protobuf[:size], 400)
    text = (FIXTURES / "ai-sdk-7/embeddings/001-traces.json").read_bytes()
    for size in range(10, len(text), 10):
        js(f"cut off at byte {size}", text[:size], 400, says="not valid JSON")


for make in (protobuf_wire, protobuf_fields, protobuf_ids, protobuf_text, protobuf_size, flattened, json_text, json_shape,
             json_values, truncated):
    make()


def write(path):
    with open(path, "wb") as out:
        for case in CASES:
            head = (case.name, case.signal, case.content_type, case.status, case.records, case.rejected, case.says, len(case.body))
            out.write("\t".join(map(str, head)).encode() + b"\n" + case.body + b"\n")


if __name__ == "__main__":
    write(sys.argv[1])
    print(f"{len(CASES)} cases")
