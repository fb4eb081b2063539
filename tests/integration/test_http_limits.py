"""Slow, idle, greedy and odd connections."""

import threading
import time

import pytest
from rawhttp import PROTOBUF, Raw, ask, export, request, trace


@pytest.fixture
def server(start_server, sqlite_database):
    return start_server(sqlite_database)


@pytest.fixture
def impatient(start_server, sqlite_database):
    return start_server(sqlite_database, "--header-timeout", 1, "--idle-timeout", 2, "--stall-timeout", 1)


def drip(raw, data, pause=0.1, limit=8.0):
    """Sends a byte at a time until the server has had enough; how long that took, or None."""
    began = time.monotonic()
    for byte in data:
        try:
            raw.send(bytes([byte]))
        except ConnectionError:
            return time.monotonic() - began
        if time.monotonic() - began > limit:
            return None
        time.sleep(pause)
    return None


def test_silence_is_cut_off(impatient):
    with Raw(impatient.port) as raw:
        assert raw.ended(within=4)


def test_slow_request_line_is_cut_off(impatient):
    with Raw(impatient.port) as raw:
        assert drip(raw, b"GET /" + b"a" * 200) < 4


def test_slow_headers_are_cut_off(impatient):
    with Raw(impatient.port) as raw:
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        assert drip(raw, b"X-A: b\r\n" * 50) < 4


def test_slow_body_is_cut_off(impatient):
    """A byte now and then is not progress."""
    with Raw(impatient.port) as raw:
        raw.send(request("POST", "/v1/traces", b"", {"Content-Type": PROTOBUF, "Content-Length": "100000"}))
        assert drip(raw, b"\0" * 200) < 5


def test_slow_body_of_a_refused_request_is_cut_off(impatient):
    with Raw(impatient.port) as raw:
        raw.send(request("POST", "/v1/traces", b"", {"Content-Type": "text/plain", "Content-Length": "100000"}))
        assert drip(raw, b"\0" * 200) < 5


def test_idle_connection_is_closed(impatient):
    with Raw(impatient.port) as raw:
        raw.send(request("GET", "/healthz"))
        assert raw.response().status == 200
        time.sleep(1)
        raw.send(request("GET", "/healthz"))
        assert raw.response().status == 200
        assert raw.ended(within=5)


def test_who_does_not_read_is_cut_off(impatient):
    trace_id, message = trace(1, text="x" * (8 << 20))
    assert export(impatient.port, message).status == 200
    with Raw(impatient.port) as raw:
        raw.send(request("GET", f"/api/v1/runs/{trace_id}/events/1"))
        assert raw.head().status == 200
    assert ask(impatient.port, "GET", "/healthz").status == 200


def test_slow_clients_do_not_hold_up_others(impatient):
    slow = [Raw(impatient.port).send(b"POST /v1/traces HTTP/1.1\r\n") for _ in range(50)]
    began = time.monotonic()
    assert export(impatient.port, trace()[1]).status == 200
    assert time.monotonic() - began < 1
    for raw in slow:
        raw.close()


def test_pipelining(server):
    """Answers come in the order of the requests, whichever thread has them."""
    with Raw(server.port) as raw:
        paths = ["/healthz", "/api/v1/runs", "/nothing", "/metrics", "/api/v1/sessions"] * 20
        raw.send(b"".join(request("GET", path) for path in paths))
        statuses = [raw.response().status for _ in paths]
    assert statuses == [200, 200, 404, 200, 200] * 20


def test_pipelined_exports(server):
    traces = [trace(2) for _ in range(30)]
    with Raw(server.port) as raw:
        raw.send(b"".join(request("POST", "/v1/traces", message.SerializeToString(), {"Content-Type": PROTOBUF})
                          for _, message in traces))
        assert [raw.response().status for _ in traces] == [200] * 30
    for trace_id, _ in traces:
        assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 2


def test_half_closed_clients_are_answered(server):
    """Many at once: an answer that has to wait for its commit still finds the client."""
    traces = [trace(3) for _ in range(40)]
    raws = [Raw(server.port) for _ in traces]
    for raw, (_, message) in zip(raws, traces):
        raw.send(request("POST", "/v1/traces", message.SerializeToString(), {"Content-Type": PROTOBUF})).shut()
    assert [raw.response().status for raw in raws] == [200] * len(raws)
    for raw in raws:
        raw.close()
    raws = [Raw(server.port).send(request("GET", f"/api/v1/runs/{trace_id}")).shut() for trace_id, _ in traces]
    assert [raw.response().status for raw in raws] == [200] * len(raws)


def test_clients_that_vanish_harm_nobody(server):
    for _ in range(50):
        _, message = trace(20)
        raw = Raw(server.port)
        raw.send(request("POST", "/v1/traces", message.SerializeToString(), {"Content-Type": PROTOBUF}))
        raw.close()
    body = request("POST", "/v1/traces", trace(20)[1].SerializeToString(), {"Content-Type": PROTOBUF})
    for cut in range(1, len(body), max(1, len(body) // 40)):
        with Raw(server.port) as raw:
            raw.send(body[:cut])
    assert ask(server.port, "GET", "/healthz").status == 200
    assert export(server.port, trace()[1]).status == 200


def test_huge_headers_are_431_and_414(server):
    with Raw(server.port) as raw:
        raw.send(request("GET", "/healthz", headers={"X-Large": "x" * 100_000}))
        assert raw.head().status == 431
    with Raw(server.port) as raw:
        raw.send(request("GET", "/" + "x" * 100_000))
        assert raw.head().status == 414
    with Raw(server.port) as raw:
        raw.send(request("GET", "/healthz", headers={f"X-{n}": "y" for n in range(5000)}))
        assert raw.head().status == 431
    assert ask(server.port, "GET", "/healthz", headers={"X-Usual": "x" * 8000}).status == 200


@pytest.mark.parametrize("data", [b"\r\n\r\n", b"\0" * 1000, b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
                                  b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /healthz HTTP/9.9\r\nHost: localhost\r\n\r\n",
                                  b"GET /healthz\r\n\r\n", b"\xff\xfe /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                  b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                                  b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1e3\r\n\r\n",
                                  b"POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"])
def test_what_is_no_http_is_harmless(impatient, data):
    with Raw(impatient.port) as raw:
        raw.send(data).shut()
        answer = raw.head()
        assert answer is None or answer.status >= 400
    assert ask(impatient.port, "GET", "/healthz").status == 200


def test_expect_100_continue(server):
    trace_id, message = trace(2)
    body = message.SerializeToString()
    with Raw(server.port) as raw:
        raw.send(request("POST", "/v1/traces", b"", {"Content-Type": PROTOBUF, "Content-Length": str(len(body)),
                                                     "Expect": "100-continue"}))
        assert raw.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        raw.send(body)
        assert raw.response().status == 200
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 2


def test_http_1_0(server):
    with Raw(server.port) as raw:
        raw.send(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert raw.response().status == 200
        assert raw.ended(within=5)


def test_connections_are_limited_and_idle_ones_give_way(start_server, sqlite_database):
    server = start_server(sqlite_database, "--max-connections", 20)
    idle = [Raw(server.port) for _ in range(20)]
    for raw in idle:
        raw.send(request("GET", "/healthz"))
        assert raw.response().status == 200
    for _ in range(10):
        assert ask(server.port, "GET", "/healthz").status == 200
    for raw in idle:
        raw.close()


def test_many_clients_at_once(server):
    """Every acknowledged trace is there, with all of its spans."""
    failures, stored = [], []

    def client(number):
        for _ in range(10):
            trace_id, message = trace(1 + number % 7)
            answer = export(server.port, message, "gzip" if number % 2 else "")
            if answer.status == 200:
                stored.append((trace_id, 1 + number % 7))
            else:
                failures.append(answer.status)

    threads = [threading.Thread(target=client, args=(n,)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures and len(stored) == 400
    for trace_id, spans in stored:
        assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == spans
