"""OTLP bodies made by a test: spans as the protobuf messages of opentelemetry-proto."""

import gzip
import json

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

EPOCH_NS = 1_767_225_600_000_000_000


def any_value(value):
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=value)


def key_values(attributes):
    return [KeyValue(key=key, value=any_value(value)) for key, value in attributes.items()]


def span(trace_id, span_id, name, parent_id=b"", start_ns=EPOCH_NS, duration_ns=1_000_000, attributes=None):
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_id,
        name=name,
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start_ns,
        end_time_unix_nano=start_ns + duration_ns,
        attributes=key_values(attributes or {}),
    )


def chat_attributes(input_messages, output_message, input_tokens, output_tokens, **more):
    """Attributes of a model call as the GenAI conventions have them; messages are (role, text)."""

    def parts(role, text):
        return {"role": role, "parts": [{"type": "text", "content": text}]}

    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "stub-4o",
        "gen_ai.response.model": "stub-4o-2026-01-15",
        "gen_ai.usage.input_tokens": input_tokens,
        "gen_ai.usage.output_tokens": output_tokens,
        "gen_ai.input.messages": json.dumps([parts(*message) for message in input_messages]),
        "gen_ai.output.messages": json.dumps([{**parts(*output_message), "finish_reason": "stop"}]),
        **more,
    }


def request(spans, service="load"):
    body = ExportTraceServiceRequest()
    resource = body.resource_spans.add()
    resource.resource.attributes.extend(key_values({"service.name": service}))
    scope = resource.scope_spans.add()
    scope.scope.name = "test"
    scope.spans.extend(spans)
    return body.SerializeToString()


def json_value(value):
    kind = value.WhichOneof("value")
    name = {"string_value": "stringValue", "int_value": "intValue", "double_value": "doubleValue"}.get(kind, "boolValue")
    content = getattr(value, kind)
    return {name: str(content) if kind == "int_value" else content}


def json_span(one):
    return {
        "traceId": one.trace_id.hex(),
        "spanId": one.span_id.hex(),
        **({"parentSpanId": one.parent_span_id.hex()} if one.parent_span_id else {}),
        "name": one.name,
        "kind": one.kind,
        "startTimeUnixNano": str(one.start_time_unix_nano),
        "endTimeUnixNano": str(one.end_time_unix_nano),
        "attributes": [{"key": a.key, "value": json_value(a.value)} for a in one.attributes],
    }


def json_request(spans, service="load"):
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    scope = {"scope": {"name": "test"}, "spans": [json_span(one) for one in spans]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}, ensure_ascii=False).encode()


def encodings():
    """Every way to send spans: (name, content type, content encoding, spans -> bytes)."""
    return (
        ("protobuf", "application/x-protobuf", "identity", request),
        ("json", "application/json", "identity", json_request),
        ("protobuf-gzip", "application/x-protobuf", "gzip", lambda spans: gzip.compress(request(spans), 1)),
        ("json-gzip", "application/json", "gzip", lambda spans: gzip.compress(json_request(spans), 1)),
    )
