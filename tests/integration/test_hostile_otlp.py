"""Malformed, hostile and odd OTLP requests through HTTP: exact status codes, answers that clients understand, and
nothing stored of what was refused."""

import gzip
import http.client
import json
import re
import zlib

import pytest
from otlp_cases import CASES, JSON, PROTOBUF, TRACE, pb_span, pb_traces, traces, span_object

GOOD = pb_traces(pb_span())


class Client:
    """One connection that is kept."""

    def __init__(self, server):
        self.server = server
        self.connection = None

    def post(self, path, body, content_type, method="POST", **headers):
        headers = {"Content-Type": content_type} | {k.replace("_", "-"): v for k, v in headers.items()}
        if not content_type:
            del headers["Content-Type"]
        for fresh in (False, True):
            if fresh or not self.connection:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)
            try:
                self.connection.request(method, path, body, headers)
                answer = self.connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                if fresh:
                    raise
        raise AssertionError("unreachable")


@pytest.fixture
def client(server):
    return Client(server)


def fields(message):
    """The fields of a flat protobuf message: number -> int or bytes."""
    found, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            found[tag >> 3] = varint()
        else:
            assert tag & 7 == 2
            size = varint()
            found[tag >> 3] = message[at : at + size]
            at += size
    return found


def partial_success(signal, content_type, body):
    """(rejected, message) of a 200."""
    if content_type == JSON:
        partial = json.loads(body).get("partialSuccess", {})
        name = {"traces": "rejectedSpans", "logs": "rejectedLogRecords", "metrics": "rejectedDataPoints"}[signal]
        return int(partial.get(name, 0)), partial.get("errorMessage", "")
    partial = fields(fields(body).get(1, b""))
    return partial.get(1, 0), partial.get(2, b"").decode()


def status_message(content_type, body):
    """(code, message) of a google.rpc.Status."""
    if content_type == JSON:
        status = json.loads(body)
        return status["code"], status["message"]
    status = fields(body)
    return status[1], status[2].decode()


def with_trace(body, number):
    """The same request for a trace of its own."""
    trace = f"{number:032x}"
    body = body.replace(bytes.fromhex(TRACE), bytes.fromhex(trace))
    return re.sub(TRACE.encode(), trace.encode(), body, flags=re.IGNORECASE)


def stored(database):
    """Trace id -> events stored."""
    return dict(database.rows(
        "SELECT a.value, count(*) FROM run_aliases a JOIN events e ON e.run_id = a.run_id"
        " WHERE a.kind = 'trace' AND e.kind <> 'missing' GROUP BY a.value"))


def answer_of(client, case, number):
    """What is wrong with the answer to a case; None when nothing is."""
    status, headers, body = client.post(f"/v1/{case.signal}", with_trace(case.body, number), case.content_type)
    if status != case.status:
        return f"status {status}, expected {case.status}: {body[:200]!r}"
    if headers["Content-Type"] != case.content_type:
        return f"answered in {headers['Content-Type']}"
    if status == 200:
        rejected, message = partial_success(case.signal, case.content_type, body)
        if rejected != case.rejected:
            return f"{rejected} rejected, expected {case.rejected}"
    else:
        code, message = status_message(case.content_type, body)
        if code != {400: 3, 413: 8}[status] or not message:
            return f"status message {code} {message!r}"
    return None if case.says in message else f"said {message!r}, expected {case.says!r}"


def test_every_case_has_its_answer_and_leaves_nothing_else(client, database):
    assert len(CASES) > 1000
    wrong = {}
    for number, case in enumerate(CASES, 1):
        problem = answer_of(client, case, number)
        if problem:
            wrong[case.name] = problem
    assert not wrong
    expected = {f"{number:032x}": case.records for number, case in enumerate(CASES, 1) if case.records}
    assert stored(database) == expected
    assert database.value("SELECT count(*) FROM runs") == len(expected)
    assert database.problems() == []
    assert client.server.running


def test_a_case_that_is_sent_again_is_stored_once(client, database):
    cases = [case for case in CASES if case.records and len(case.body) < 100_000]
    for _ in range(2):
        for number, case in enumerate(cases, 1):
            assert answer_of(client, case, number) is None, case.name
    assert stored(database) == {f"{number:032x}": case.records for number, case in enumerate(cases, 1)}


def gzip_bomb(size):
    """size zeros, compressed a thousandfold."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(pack.compress(bytes(1 << 20)) for _ in range(size >> 20)), pack.flush()])


def test_bodies_that_do_not_decompress(client, database):
    good = gzip.compress(GOOD)
    bomb = gzip_bomb(500 << 20)
    assert len(bomb) < 1_000_000
    for name, body, status in (
        ("a bomb", bomb, 413),
        ("a bomb of one byte more than allowed", gzip.compress(bytes((20 << 20) + 1)), 413),
        ("no gzip", GOOD, 400),
        ("cut off", good[:-5], 400),
        ("cut in its header", good[:5], 400),
        ("a wrong checksum", good[:-8] + b"\0\0\0\0" + good[-4:], 400),
        ("a wrong size", good[:-4] + b"\0\0\0\0", 400),
        ("compressed twice", gzip.compress(good), 400),
        ("what is in it is not protobuf", gzip.compress(b"hello"), 400),
    ):
        answered, headers, text = client.post("/v1/traces", body, PROTOBUF, Content_Encoding="gzip")
        assert (name, answered) == (name, status)
        assert headers["Content-Type"] == PROTOBUF
        code, message = status_message(PROTOBUF, text)
        assert code == {400: 3, 413: 8}[status] and message, name
    assert stored(database) == {}
    for coding in ("gzip", "GZIP", "identity"):
        body = good if coding != "identity" else GOOD
        assert client.post("/v1/traces", body, PROTOBUF, Content_Encoding=coding)[0] == 200
    assert client.post("/v1/traces", gzip.compress(json.dumps(traces(span_object())).encode()), JSON,
                       Content_Encoding="gzip")[0] == 200
    assert stored(database) == {TRACE: 1}
    assert client.server.memory_bytes() < 300 << 20


def test_what_is_not_a_request_for_otlp(client, database):
    big = b"\x0a" + b"\xff\xff\xff\x0a" + bytes(21 << 20)
    for name, path, body, content_type, headers, method, status in (
        ("no content type", "/v1/traces", GOOD, None, {}, "POST", 415),
        ("text", "/v1/traces", GOOD, "text/plain", {}, "POST", 415),
        ("protobuf by another name", "/v1/traces", GOOD, "application/protobuf", {}, "POST", 415),
        ("a coding that is not gzip", "/v1/traces", GOOD, PROTOBUF, {"Content_Encoding": "br"}, "POST", 415),
        ("deflate", "/v1/traces", zlib.compress(GOOD), PROTOBUF, {"Content_Encoding": "deflate"}, "POST", 415),
        ("GET", "/v1/traces", None, None, {}, "GET", 405),
        ("PUT", "/v1/traces", GOOD, PROTOBUF, {}, "PUT", 405),
        ("another path", "/v1/trace", GOOD, PROTOBUF, {}, "POST", 404),
        ("a slash too many", "/v1/traces/", GOOD, PROTOBUF, {}, "POST", 404),
        ("more than 20 MiB", "/v1/traces", big, PROTOBUF, {}, "POST", 413),
    ):
        answered, _, _ = client.post(path, body, content_type, method, **headers)
        assert (name, answered) == (name, status)
    assert stored(database) == {}


def test_memory_stays_bounded(client):
    """The largest cases, one after the other: what one takes is given back before the next."""
    large = sorted(CASES, key=lambda case: -len(case.body))[:12]
    for _ in range(3):
        for number, case in enumerate(large, 1):
            assert answer_of(client, case, number) is None, case.name
    assert client.server.memory_bytes() < 300 << 20
