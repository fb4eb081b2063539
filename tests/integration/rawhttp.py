"""HTTP as bytes on a socket, for what a well-behaved client cannot send."""

import base64
import gzip
import json
import socket
import time
import uuid
from dataclasses import dataclass

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PROTOBUF = "application/x-protobuf"
JSON = "application/json"


@dataclass
class Response:
    status: int
    headers: dict  # names in lower case; of repeated ones the last
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    def __getitem__(self, name):
        return self.headers.get(name.lower())


class Raw:
    """One connection. Reading raises TimeoutError when nothing comes, and gives b"" or None at its end."""

    def __init__(self, port, timeout=20, host="127.0.0.1"):
        self.socket = socket.create_connection((host, port), timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def shut(self):
        """Half-closes: nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def _more(self):
        piece = self.socket.recv(65536)
        self.buffer += piece
        return bool(piece)

    def until(self, mark):
        """Bytes up to and with mark, or None when the connection ends before."""
        while mark not in self.buffer:
            if not self._more():
                return None
        head, _, self.buffer = self.buffer.partition(mark)
        return head + mark

    def exactly(self, size):
        while len(self.buffer) < size:
            if not self._more():
                return None
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def head(self):
        head = self.until(b"\r\n\r\n")
        if head is None:
            return None
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        return Response(int(lines[0].split()[1]), {k.lower(): v for k, v in headers.items()}, b"")

    def response(self, head_only=False):
        """The next response, or None when the connection ends before it is whole."""
        answer = self.head()
        if answer is None or head_only:
            return answer
        answer.body = self.exactly(int(answer["content-length"]))
        return None if answer.body is None else answer

    def ended(self, within):
        """Whether the server ends the connection within so many seconds."""
        self.socket.settimeout(within)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False


def request(method, path, body=b"", headers=None, host="localhost"):
    """The bytes of a request. A header whose value is None is left out."""
    lines = {"Host": host, "Content-Length": str(len(body)) if body or method == "POST" else None}
    lines |= headers or {}
    head = f"{method} {path} HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
    return head.encode("latin-1") + b"\r\n" + body


def ask(port, method, path, body=b"", headers=None, timeout=60, **options):
    """One request on a connection of its own."""
    with Raw(port, timeout) as raw:
        raw.send(request(method, path, body, headers, **options))
        return raw.response(head_only=method == "HEAD")


def ask_json(port, method, path, value=None, headers=None):
    body = b"" if value is None else json.dumps(value).encode()
    content = {} if value is None else {"Content-Type": JSON}
    return ask(port, method, path, body, content | (headers or {}))


def trace(spans=1, project="test", **attributes):
    """An OTLP request: one trace, a root and its children. (trace id as hex, message)"""
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    name = resource.resource.attributes.add()
    name.key, name.value.string_value = "service.name", project
    scope = resource.scope_spans.add()
    trace_id = uuid.uuid4().bytes
    for number in range(1, spans + 1):
        span = scope.spans.add()
        span.trace_id = trace_id
        span.span_id = number.to_bytes(8, "big")
        span.parent_span_id = b"" if number == 1 else (1).to_bytes(8, "big")
        span.name = f"span {number}"
        span.start_time_unix_nano = time.time_ns()
        span.end_time_unix_nano = span.start_time_unix_nano + 1_000_000
        for key, value in attributes.items():
            pair = span.attributes.add()
            pair.key, pair.value.string_value = key, value
    return trace_id.hex(), message


def otlp_json(message):
    """The same request in OTLP's JSON, whose ids are hex and not base64."""
    value = json_format.MessageToDict(message)
    for resource in value["resourceSpans"]:
        for span in resource["scopeSpans"][0]["spans"]:
            for name in ("traceId", "spanId", "parentSpanId"):
                if name in span:
                    span[name] = base64.b64decode(span[name]).hex()
    return json.dumps(value).encode()


def export(port, message, encoding="", headers=None, **options):
    """Sends an OTLP request in protobuf."""
    body = message.SerializeToString()
    if encoding == "gzip":
        body = gzip.compress(body)
    wanted = {"Content-Type": PROTOBUF, "Content-Encoding": encoding or None} | (headers or {})
    return ask(port, "POST", "/v1/traces", body, wanted, **options)
