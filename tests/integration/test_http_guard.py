"""Requests that a browser may have been tricked into sending, and what browsers are told."""

import socket

import pytest
from rawhttp import Raw, ask, export, request, trace


@pytest.fixture
def server(start_server, sqlite_database):
    return start_server(sqlite_database)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]", "localhost:4318", "127.0.0.1:1"])
def test_names_of_this_machine_are_taken(server, host):
    assert ask(server.port, "GET", "/api/v1/runs", host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1",
                                  "localhost:80:80", "localhost:x", "[::1", "", "user@localhost", "localhost/x",
                                  "127.0.0.2", "0x7f.1"])
def test_other_names_are_403(server, host):
    for path in ("/api/v1/runs", "/healthz", "/nothing"):
        assert ask(server.port, "GET", path, host=host).status == 403
    assert export(server.port, trace()[1], host=host).status == 403
    assert ask(server.port, "GET", "/api/v1/runs").json["items"] == []


def test_missing_or_repeated_host_is_refused(server):
    with Raw(server.port) as raw:
        raw.send(b"GET /healthz HTTP/1.1\r\n\r\n")
        assert raw.response().status in (400, 403)
    with Raw(server.port) as raw:
        raw.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert raw.response().status == 400
    with Raw(server.port) as raw:
        raw.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert raw.response().status == 403


def test_allow_host(start_server, sqlite_database):
    server = start_server(sqlite_database, "--allow-host", "keel.internal", "--allow-host", "10.1.2.3")
    assert ask(server.port, "GET", "/healthz", host="keel.internal:4318").status == 200
    assert ask(server.port, "GET", "/healthz", host="Keel.Internal").status == 200
    assert ask(server.port, "GET", "/healthz", host="10.1.2.3").status == 200
    assert ask(server.port, "GET", "/healthz", host="other.internal").status == 403


def test_same_origin_only(server):
    own = f"localhost:{server.port}"
    for origin in (f"http://{own}", f"https://{own}"):
        assert ask(server.port, "GET", "/api/v1/runs", host=own, headers={"Origin": origin}).status == 200
    for origin in ("http://evil.example", "null", "http://localhost:1", "http://localhost", f"evil://x.{own}", ""):
        answer = ask(server.port, "GET", "/api/v1/runs", host=own, headers={"Origin": origin})
        assert answer.status == 403 and "access-control-allow-origin" not in answer.headers, origin
    assert export(server.port, trace()[1], headers={"Origin": "http://evil.example"}).status == 403
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    assert ask(server.port, "OPTIONS", "/v1/traces", headers=preflight).status == 403


def test_every_answer_has_the_headers(server):
    answers = [ask(server.port, *what) for what in (("GET", "/healthz"), ("GET", "/nothing"), ("PUT", "/healthz"),
                                                    ("GET", "/metrics"), ("GET", "/openapi.json"),
                                                    ("GET", "/api/v1/runs"))]
    answers.append(export(server.port, trace()[1]))
    answers.append(ask(server.port, "GET", "/healthz", host="evil.example"))
    for answer in answers:
        assert answer["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer["content-security-policy"]
        assert answer["cache-control"] == "no-store"
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_ipv6_loopback_is_listened_on(server):
    try:
        raw = Raw(server.port, host="::1")
    except OSError:
        with socket.socket(socket.AF_INET6) as probe:
            try:
                probe.bind(("::1", 0))
            except OSError:
                pytest.skip("this machine has no IPv6")
        raise
    with raw:
        raw.send(request("GET", "/healthz", host="[::1]"))
        assert raw.response().status == 200


def test_control_bytes_do_not_reach_the_log(start_server, sqlite_database):
    server = start_server(sqlite_database, "--log-level", "debug")
    ask(server.port, "GET", "/%1b%5b31mred%0aFAKE%20LINE")
    secret = "keel_" + "0" * 64
    ask(server.port, "GET", "/secret", headers={"Authorization": f"Bearer {secret}"})
    server.stop()
    log = server.log_text()
    assert "/secret" in log and "\x1b" not in log and secret not in log
    assert not [line for line in log.splitlines() if line.startswith("FAKE")]
