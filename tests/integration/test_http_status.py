"""Every status that a request can be answered with, and what comes with it."""

import contextlib
import gzip
import json
import sqlite3
import threading
import time
import zlib

import psycopg
import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from rawhttp import JSON, PROTOBUF, Raw, ask, ask_json, export, otlp_json, request, trace

MIB = 1 << 20


def make_status_class():
    """google.rpc.Status, without its details."""
    message = DescriptorProto(name="Status")
    message.field.add(name="code", number=1, type=5, label=1)
    message.field.add(name="message", number=2, type=9, label=1)
    pool = DescriptorPool()
    pool.Add(FileDescriptorProto(name="status.proto", package="keel.test", syntax="proto3",
                                 message_type=[message]))
    return GetMessageClass(pool.FindMessageTypeByName("keel.test.Status"))


RpcStatus = make_status_class()


def rpc_status(answer):
    """(code, message) of the google.rpc.Status in an answer of the OTLP routes."""
    if answer["content-type"] == PROTOBUF:
        status = RpcStatus.FromString(answer.body)
        return status.code, status.message
    assert answer["content-type"] == JSON
    return answer.json["code"], answer.json["message"]


def problem(answer):
    assert answer["content-type"] == "application/problem+json"
    value = answer.json
    assert value["status"] == answer.status and value["type"] == "about:blank" and value["title"]
    return value


def otlp(port, body, content_type=PROTOBUF, path="/v1/traces", **headers):
    headers = {k.replace("_", "-"): v for k, v in headers.items()}
    return ask(port, "POST", path, body, {"Content-Type": content_type} | headers)


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


# ---- 200


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_protobuf_is_stored(server, encoding):
    trace_id, message = trace(3)
    answer = export(server.port, message, encoding)
    assert answer.status == 200 and answer["content-type"] == PROTOBUF
    assert ExportTraceServiceResponse.FromString(answer.body) == ExportTraceServiceResponse()
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 3


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_json_is_stored(server, encoding):
    trace_id, message = trace(3)
    body = otlp_json(message)
    body = gzip.compress(body) if encoding else body
    answer = otlp(server.port, body, "Application/JSON; charset=utf-8", Content_Encoding=encoding or None)
    assert answer.status == 200 and answer["content-type"] == JSON and answer.json == {}
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 3


def test_chunked_body_is_stored(server):
    trace_id, message = trace(50)
    body = message.SerializeToString()
    with Raw(server.port) as raw:
        raw.send(request("POST", "/v1/traces", b"", {"Content-Type": PROTOBUF, "Content-Length": None,
                                                     "Transfer-Encoding": "chunked"}))
        for at in range(0, len(body), 777):
            piece = body[at : at + 777]
            raw.send(b"%x;name=value\r\n%s\r\n" % (len(piece), piece))
        raw.send(b"0\r\n\r\n")
        assert raw.response().status == 200
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 50


def test_gzip_in_several_members(server):
    trace_id, message = trace(40)
    body = message.SerializeToString()
    members = b"".join(gzip.compress(body[at : at + 500]) for at in range(0, len(body), 500))
    assert otlp(server.port, members, Content_Encoding="gzip").status == 200
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 40


def test_empty_request_succeeds(server):
    assert otlp(server.port, b"").status == 200
    assert otlp(server.port, b"{}", JSON).json == {}
    assert server.get("/api/v1/runs")["items"] == []


def test_metrics_are_taken_and_not_stored(server):
    message = ExportMetricsServiceRequest()
    metric = message.resource_metrics.add().scope_metrics.add().metrics.add()
    metric.name = "requests"
    metric.gauge.data_points.add().as_int = 1
    answer = otlp(server.port, message.SerializeToString(), path="/v1/metrics")
    assert answer.status == 200
    partial = ExportMetricsServiceResponse.FromString(answer.body).partial_success
    assert partial.rejected_data_points == 0 and "not stored" in partial.error_message


def test_partial_success_counts_what_was_refused(server):
    trace_id, message = trace(3)
    message.resource_spans[0].scope_spans[0].spans[1].span_id = b"\0" * 8
    answer = export(server.port, message)
    assert answer.status == 200
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert partial.rejected_spans == 1 and partial.error_message
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 2


def test_query_of_an_exporter_is_ignored(server):
    _, message = trace()
    body = message.SerializeToString()
    assert ask(server.port, "POST", "/v1/traces?tenant=a", body, {"Content-Type": PROTOBUF}).status == 200


def test_head_is_get_without_a_body(server):
    answer = ask(server.port, "HEAD", "/healthz")
    assert answer.status == 200 and int(answer["content-length"]) > 0


# ---- 400


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_undecodable_is_400_with_a_status(server, content_type):
    answer = otlp(server.port, b"\x0a\xff\xff\xff\xff\x7fxx", content_type)
    assert answer.status == 400 and answer["content-type"] == content_type
    code, message = rpc_status(answer)
    assert code == 3 and message
    assert server.get("/api/v1/runs")["items"] == []


def broken_gzips():
    whole = gzip.compress(trace(5)[1].SerializeToString())
    yield "truncated", whole[:-9]
    yield "no trailer", whole[:-8]
    yield "only a header", whole[:10]
    yield "wrong sum", whole[:-8] + b"\0\0\0\0" + whole[-4:]
    yield "trailing garbage", whole + b"garbage"
    yield "not gzip", b"plain text"
    yield "second member truncated", whole + whole[:-5]
    yield "raw deflate", zlib.compress(b"x")[2:-4]


@pytest.mark.parametrize("body", [pytest.param(body, id=name) for name, body in broken_gzips()])
def test_broken_gzip_is_400(server, body):
    answer = otlp(server.port, body, Content_Encoding="gzip")
    assert answer.status == 400 and rpc_status(answer)[0] == 3
    assert server.get("/api/v1/runs")["items"] == []


def test_400_names_the_field(server):
    answer = ask_json(server.port, "POST", "/api/v1/runs", {"project": 5})
    assert answer.status == 400 and problem(answer)["field"] == "project"
    answer = ask_json(server.port, "POST", "/api/v1/runs", {"project": "p", "projects": 5})
    assert answer.status == 400 and problem(answer)["field"] == "projects"
    answer = ask(server.port, "POST", "/api/v1/runs", b'{"project": "a", "project": "b"}', {"Content-Type": JSON})
    assert answer.status == 400 and problem(answer)["field"] == "project"
    answer = ask(server.port, "POST", "/api/v1/runs", b'{"project": ', {"Content-Type": JSON})
    assert answer.status == 400 and "line 1" in problem(answer)["detail"]
    answer = ask(server.port, "GET", "/api/v1/runs?limit=many")
    assert answer.status == 400 and problem(answer)["field"] == "limit"
    answer = ask(server.port, "GET", "/api/v1/runs?projet=x")
    assert answer.status == 400 and problem(answer)["field"] == "projet"


def test_ambiguous_length_is_400(server):
    _, message = trace()
    body = message.SerializeToString()
    for headers in (
        {"Content-Type": PROTOBUF, "Transfer-Encoding": "chunked"},
        {"Content-Type": PROTOBUF, "content-length": "3"},
    ):
        with Raw(server.port) as raw:
            raw.send(request("POST", "/v1/traces", body, headers))
            assert raw.response().status == 400


# ---- 401, 403: test_http_auth.py, test_http_guard.py; 404, 405


def test_404(server):
    for path in ("/", "/v2/traces", "/api/v1", "/api/v1/run", "/api/v1/runs/", "/healthz/", "/../healthz"):
        answer = ask(server.port, "GET", path)
        assert answer.status == 404, path
        assert "openapi.json" in problem(answer)["detail"]
    assert ask(server.port, "GET", "/api/v1/runs/0193b3a0").status == 404
    assert ask(server.port, "GET", "/api/v1/runs/not-an-id").status == 404
    answer = ask(server.port, "POST", "/v1/trace", b"")
    assert answer.status == 404 and rpc_status(answer)[0] == 5


def test_405_says_what_is_allowed(server):
    answer = ask(server.port, "DELETE", "/api/v1/runs")
    assert answer.status == 405 and answer["allow"] == "POST, GET, HEAD"
    assert "DELETE" in problem(answer)["detail"]
    answer = ask(server.port, "GET", "/v1/traces")
    assert answer.status == 405 and answer["allow"] == "POST"
    assert ask(server.port, "OPTIONS", "/v1/traces").status == 405
    assert ask(server.port, "PUT", "/healthz", b"x").status == 405


# ---- 409


def test_409(server):
    run = ask_json(server.port, "POST", "/api/v1/runs", {"project": "p"}).json
    path = f"/api/v1/runs/{run['id']}/status"
    assert ask_json(server.port, "POST", path, {"status": "completed"}).status == 200
    answer = ask_json(server.port, "POST", path, {"status": "in_progress"})
    assert answer.status == 409 and "completed" in problem(answer)["detail"]


# ---- 413


def test_announced_too_large_is_413(server):
    """Whether the client waits, sends all the same, or stops when it is told."""
    headers = {"Content-Type": PROTOBUF, "Content-Length": str(21 * MIB)}
    with Raw(server.port) as raw:
        raw.send(request("POST", "/v1/traces", b"", headers | {"Expect": "100-continue"}))
        answer = raw.response()
        assert answer.status == 413 and rpc_status(answer)[0] == 8
    with Raw(server.port, 60) as raw:
        raw.send(request("POST", "/v1/traces", b"\0" * 21 * MIB, headers))
        answer = raw.response()
        assert answer.status == 413 and "20971520" in rpc_status(answer)[1]
        raw.send(request("GET", "/healthz"))  # and the connection is still good
        assert raw.response().status == 200
    with Raw(server.port) as raw:
        raw.send(request("POST", "/v1/traces", b"", headers | {"Content-Length": str(1 << 40)}))
        assert raw.response().status == 413


def test_chunks_are_counted(server):
    with Raw(server.port, 60) as raw:
        raw.send(request("POST", "/v1/traces", b"", {"Content-Type": JSON, "Content-Length": None,
                                                     "Transfer-Encoding": "chunked"}))
        piece = b"100000\r\n" + b" " * MIB + b"\r\n"
        for _ in range(21):
            raw.send(piece)
        raw.send(b"0\r\n\r\n")
        answer = raw.response()
        assert answer.status == 413 and answer["content-type"] == JSON


def test_endless_chunks_are_cut_off(server):
    with Raw(server.port, 60) as raw:
        raw.send(request("POST", "/v1/traces", b"", {"Content-Type": JSON, "Content-Length": None,
                                                     "Transfer-Encoding": "chunked"}))
        with pytest.raises(ConnectionError):
            for _ in range(2000):
                raw.send(b"100000\r\n" + b" " * MIB + b"\r\n")


def test_gzip_bomb_is_413(server):
    for body in (gzip.compress(b"\0" * 21 * MIB), gzip.compress(b"\0" * 200 * MIB),
                 gzip.compress(b"\0" * 11 * MIB) * 2):
        answer = otlp(server.port, body, Content_Encoding="gzip")
        assert answer.status == 413 and rpc_status(answer)[0] == 8
    assert server.memory_bytes() < 300 * MIB


def test_20_mib_are_taken(server):
    trace_id, message = trace(1, text="x" * (20 * MIB - 400))
    assert len(message.SerializeToString()) <= 20 * MIB
    assert export(server.port, message).status == 200
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 1


def test_max_body_is_an_option(start_server, sqlite_database):
    server = start_server(sqlite_database, "--max-body", 1)
    assert export(server.port, trace(1, text="x" * (MIB // 2))[1]).status == 200
    assert export(server.port, trace(1, text="x" * MIB)[1]).status == 413
    assert export(server.port, trace(1, text="x" * MIB)[1], "gzip").status == 413


# ---- 415, 417, 501


def test_unknown_media_types_are_415(server):
    body = trace()[1].SerializeToString()
    for content_type in ("text/plain", "application/jsonx", "application/x-protobufs", "", None):
        answer = ask(server.port, "POST", "/v1/traces", body, {"Content-Type": content_type})
        assert answer.status == 415, content_type
        assert "application/x-protobuf" in rpc_status(answer)[1]
    answer = ask(server.port, "POST", "/api/v1/runs", b"project=p",
                 {"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status == 415 and problem(answer)


def test_unknown_codings_are_415(server):
    body = trace()[1].SerializeToString()
    for coding in ("br", "gzip, gzip", "deflate", "zstd"):
        answer = otlp(server.port, body, Content_Encoding=coding)
        assert answer.status == 415 and answer["accept-encoding"] == "gzip, identity", coding
        assert rpc_status(answer)[0] == 3
    assert otlp(server.port, body, Content_Encoding="identity").status == 200
    assert server.get("/api/v1/runs")["items"][0]["event_count"] == 1


def test_unknown_expectation_is_417(server):
    assert ask(server.port, "GET", "/healthz", headers={"Expect": "miracles"}).status == 417


def test_unknown_transfer_encoding_is_501(server):
    with Raw(server.port) as raw:
        raw.send(request("POST", "/v1/traces", b"", {"Content-Type": JSON, "Content-Length": None,
                                                     "Transfer-Encoding": "gzip, chunked"}))
        assert raw.response().status == 501


def test_body_where_none_is_taken_is_400(server):
    assert ask(server.port, "GET", "/healthz", b"hello").status == 400


# ---- 503


@contextlib.contextmanager
def nobody_writes(database):
    """Keeps every writer waiting."""
    if database.kind == "sqlite":
        with contextlib.closing(sqlite3.connect(database.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(database.url) as other:
            other.execute("LOCK TABLE runs, events IN ACCESS EXCLUSIVE MODE")
            yield


def test_full_queue_is_503_with_retry_after(start_server, database):
    server = start_server(database, "--max-queue", 60)
    run = ask_json(server.port, "POST", "/api/v1/runs", {"project": "p"}).json
    path = f"/api/v1/runs/{run['id']}/events"
    waiting = []
    with nobody_writes(database):
        first = threading.Thread(target=lambda: waiting.append(export(server.port, trace(50)[1])))
        first.start()
        while "keel_queue_records 50\n" not in ask(server.port, "GET", "/metrics").body.decode():
            time.sleep(0.02)
        answer = export(server.port, trace(50)[1])
        assert answer.status == 503 and int(answer["retry-after"]) >= 1
        assert rpc_status(answer)[0] == 14 and "queue is full" in rpc_status(answer)[1]
        if database.kind == "sqlite":  # in PostgreSQL looking up the run waits as well
            answer = ask_json(server.port, "POST", path, [{"name": "a"}] * 50)
            assert answer.status == 503 and int(answer["retry-after"]) >= 1 and problem(answer)
    first.join()
    assert ask_json(server.port, "POST", path, [{"name": "a"}] * 50).status == 200


def test_memory_of_bodies_is_bounded(start_server, sqlite_database):
    """Bodies that are under way take what there is; who comes then is told to come again."""
    server = start_server(sqlite_database, "--max-memory", 128)
    headers = {"Content-Type": PROTOBUF, "Content-Length": str(15 * MIB)}
    held = []
    try:
        for _ in range(6):
            held.append(Raw(server.port).send(request("POST", "/v1/traces", b"\0" * (10 * MIB), headers)))
        answer = export(server.port, trace(1, text="x" * 12 * MIB)[1])
        assert answer.status == 503 and int(answer["retry-after"]) >= 1
        assert rpc_status(answer)[0] == 14
        assert export(server.port, trace()[1]).status == 200  # small ones still fit
    finally:
        for raw in held:
            raw.close()
    for _ in range(100):
        answer = export(server.port, trace(1, text="x" * 12 * MIB)[1])
        if answer.status == 200:
            break
    assert answer.status == 200


def test_what_never_fits_is_413_and_not_503(start_server, sqlite_database):
    """Many tiny spans take far more memory than bytes."""
    server = start_server(sqlite_database, "--max-memory", 60)
    tiny = b"\x12\x00" * (4 * MIB)  # 4 million empty spans
    scope = b"\x12" + varint(len(tiny)) + tiny
    body = b"\x0a" + varint(len(scope)) + scope
    answer = otlp(server.port, body)
    assert answer.status == 413 and rpc_status(answer)[0] == 8
    assert export(server.port, trace()[1]).status == 200


def test_no_500_in_the_metrics_after_all_that(server):
    for body in (b"", b"\xff" * 100, b"{", json.dumps({"resourceSpans": 1}).encode()):
        for content_type in (PROTOBUF, JSON):
            for path in ("/v1/traces", "/v1/logs", "/v1/metrics"):
                assert otlp(server.port, body, content_type, path).status in (200, 400)
    assert 'code="500"' not in ask(server.port, "GET", "/metrics").body.decode()
