"""The bodies that real clients sent (tests/fixtures/otlp), whole or cut into one request a span or log record."""

import json
import os
from pathlib import Path
from typing import NamedTuple

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

FIXTURES = Path(os.environ["KEEL_SOURCE"], "tests/fixtures/otlp")


class Body(NamedTuple):
    path: str
    content_type: str
    data: bytes


def clients():
    return sorted(folder.name for folder in FIXTURES.iterdir() if folder.is_dir())


def bodies(client, variant):
    """What the client sent to /v1/traces and /v1/logs, in its order."""
    folder = FIXTURES / client / variant
    return [
        Body(entry["path"], entry["content_type"], (folder / entry["file"]).read_bytes())
        for entry in json.loads((folder / "meta.json").read_text())
        if entry["path"] != "/v1/metrics"
    ]


def pieces(body):
    """The same content in as many bodies as it has spans or log records."""
    if body.content_type == "application/json":
        found = json_pieces(json.loads(body.data))
    elif body.path == "/v1/traces":
        found = protobuf_pieces(ExportTraceServiceRequest, "resource_spans", "scope_spans", "spans", body.data)
    else:
        found = protobuf_pieces(ExportLogsServiceRequest, "resource_logs", "scope_logs", "log_records", body.data)
    return [body._replace(data=data) for data in found]


def json_pieces(whole):
    for resource in whole["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                alone = {**resource, "scopeSpans": [{**scope, "spans": [span]}]}
                yield json.dumps({"resourceSpans": [alone]}).encode()


def protobuf_pieces(message, resources, scopes, items, data):
    for resource in getattr(message.FromString(data), resources):
        for scope in getattr(resource, scopes):
            for item in getattr(scope, items):
                piece = message()
                one = getattr(piece, resources).add(resource=resource.resource, schema_url=resource.schema_url)
                only = getattr(one, scopes).add(scope=scope.scope, schema_url=scope.schema_url)
                getattr(only, items).append(item)
                yield piece.SerializeToString()
