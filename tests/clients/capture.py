#!/usr/bin/env python3
"""Write what the real clients send to tests/fixtures/otlp/<client>/<variant>/, raw and readable.

    capture.py [CLIENT[/VARIANT] ...]    default: all; needs the clients that scripts/bootstrap-clients installs

Bodies are kept as they came, after decompression, but for the paths of the capturing machine (in stack traces), which
are overwritten with neutral ones of the same length: NNN-traces.pb or NNN-logs.json, with NNN the order of arrival.
Beside a protobuf body stands NNN-traces.pb.json, the same decoded (ids in hex); meta.json names the path, content
type and encoding of each.
"""

import base64
import json
import shutil
import sys
from pathlib import Path

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import clients
from otlp_receiver import Receiver

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "otlp"
MESSAGES = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}


def hex_ids(value):
    """OTLP's JSON has ids in hex where protobuf's JSON has base64."""
    if isinstance(value, list):
        return [hex_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    ids = ("traceId", "spanId", "parentSpanId")
    return {k: base64.b64decode(v).hex() if k in ids else hex_ids(v) for k, v in value.items()}


def readable(signal, body):
    message = MESSAGES[signal].FromString(body)
    decoded = hex_ids(MessageToDict(message, use_integers_for_enums=True))
    return json.dumps(decoded, indent=1, ensure_ascii=False) + "\n"


def without_paths(body):
    for root in (clients.HERE.parent.parent, Path(sys.base_prefix)):
        path = str(root).encode()
        body = body.replace(path, b"/keel".ljust(len(path), b"-")[: len(path)])
    return body


def write(folder, received):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    meta = []
    for number, request in enumerate(received, 1):
        signal = request.path.rsplit("/", 1)[-1]
        as_json = "json" in request.content_type
        name = f"{number:03}-{signal}.{'json' if as_json else 'pb'}"
        (folder / name).write_bytes(request.body)
        if not as_json:
            (folder / f"{name}.json").write_text(readable(signal, request.body), encoding="utf-8")
        meta.append({"file": name, **request._asdict(), "body": len(request.body)})
    (folder / "meta.json").write_text(json.dumps(meta, indent=1) + "\n")


def capture(client, variant, model_server):
    with Receiver() as receiver:
        clients.run(client, variant, receiver.endpoint, model_server)
        received = [r._replace(body=without_paths(r.body)) for r in receiver.received]
    write(FIXTURES / client.name / variant, received)
    print(client.name, variant, [f"{r.path} {len(r.body)}" for r in received], flush=True)


def main(wanted):
    chosen = [
        (client, variant)
        for client in clients.CLIENTS
        for variant in client.variants
        if not wanted or client.name in wanted or f"{client.name}/{variant}" in wanted
    ]
    if not chosen:
        sys.exit(f"capture.py: no such client: {' '.join(wanted)}")
    with clients.stub_model_server() as model_server:
        for client, variant in chosen:
            capture(client, variant, model_server)


if __name__ == "__main__":
    main(sys.argv[1:])
