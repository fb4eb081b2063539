"""API keys: every route, every role, no key, a wrong one, a revoked one."""

import json
import socket
import time

import pytest
from rawhttp import JSON, PROTOBUF, Raw, ask, export, request, trace


def make_key(keel, database, name, role):
    done = keel("keys", "create", name, "--role", role, "--db", database.url, "--json")
    return json.loads(done.stdout)["key"]


@pytest.fixture
def guarded(keel, start_server, database):
    """A server that wants keys, and a key of each role."""
    keys = {role: make_key(keel, database, role, role) for role in ("read", "ingest", "admin")}
    server = start_server(database, "--require-key")
    return server, keys


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def routes(keel):
    return json.loads(keel("serve", "--routes").stdout)


def call(server, route, headers):
    path = route["path"].replace("{id}", "0193b3a0-0000-7000-8000-000000000000").replace("{sequence}", "1")
    body, content = b"", {}
    if route["method"] == "POST":
        protobuf = path.startswith("/v1/")
        body, content = (b"", {"Content-Type": PROTOBUF}) if protobuf else (b"{}", {"Content-Type": JSON})
    with Raw(server.port) as raw:
        raw.send(request(route["method"], path, body, content | headers))
        return raw.response(head_only=True)


def test_every_route_against_every_role(keel, guarded):
    server, keys = guarded
    admits = {"public": {"none", "wrong", "read", "ingest", "admin"}, "read": {"read", "admin"},
              "ingest": {"ingest", "admin"}, "admin": {"admin"}}
    who = {"none": {}, "wrong": bearer("keel_" + "0" * 64)} | {role: bearer(key) for role, key in keys.items()}
    table = routes(keel)
    assert len(table) > 20
    for route in table:
        for name, headers in who.items():
            status = call(server, route, headers).status
            place = f"{route['method']} {route['path']} as {name}: {status}"
            if name in admits[route["role"]]:
                assert status not in (401, 403), place
            else:
                assert status == (401 if name in ("none", "wrong") else 403), place


def test_roles_are_what_the_issue_of_a_key_says(keel):
    for route in routes(keel):
        wanted = {"GET": "read", "POST": "ingest"}[route["method"]]
        if route["path"] == "/healthz":
            wanted = "public"
        if route["path"] == "/api/v1/audit-log":
            wanted = "admin"
        assert route["role"] == wanted, route


def test_unknown_paths_need_a_key_too(guarded):
    server, keys = guarded
    assert ask(server.port, "GET", "/nothing").status == 401
    assert ask(server.port, "PUT", "/api/v1/runs").status == 401
    assert ask(server.port, "GET", "/nothing", headers=bearer(keys["read"])).status == 404
    assert ask(server.port, "PUT", "/api/v1/runs", headers=bearer(keys["read"])).status == 405


def test_401_says_what_to_do(guarded):
    server, _ = guarded
    answer = ask(server.port, "GET", "/api/v1/runs")
    assert answer.status == 401 and answer["www-authenticate"].startswith("Bearer")
    assert "keel keys create" in answer.json["detail"]
    answer = export(server.port, trace()[1])
    assert answer.status == 401 and answer["content-type"] == PROTOBUF


def test_forms_of_the_key(guarded):
    server, keys = guarded
    key = keys["read"]
    for headers in (bearer(key), {"authorization": f"bearer {key}"}, {"X-Api-Key": key}):
        assert ask(server.port, "GET", "/api/v1/runs", headers=headers).status == 200
    for headers in ({"Authorization": key}, {"Authorization": f"Basic {key}"}, bearer(key[:-1]), bearer(key + "0"),
                    bearer(key.upper()), bearer(key[:-1] + ("0" if key[-1] != "0" else "1")), bearer(""),
                    {"X-Api-Key": ""}):
        assert ask(server.port, "GET", "/api/v1/runs", headers=headers).status == 401


def test_large_bodies_with_and_without_a_key(guarded):
    """A key that is seen for the first time is looked up before the whole body is taken."""
    server, keys = guarded
    trace_id, message = trace(1, text="x" * (3 << 20))
    assert export(server.port, message, headers=bearer("keel_" + "1" * 64)).status == 401
    assert export(server.port, message).status == 401
    assert export(server.port, message, headers=bearer(keys["read"])).status == 403
    assert export(server.port, message, headers=bearer(keys["ingest"])).status == 200
    assert ask(server.port, "GET", f"/api/v1/runs/{trace_id}", headers=bearer(keys["read"])).status == 200


def test_revoked_key_stops_working(keel, guarded, database):
    server, keys = guarded
    headers = bearer(keys["ingest"])
    assert export(server.port, trace()[1], headers=headers).status == 200
    keel("keys", "revoke", "ingest", "--db", database.url)
    deadline = time.monotonic() + 10
    while export(server.port, trace()[1], headers=headers).status == 200:
        assert time.monotonic() < deadline, "a revoked key works for more than 10 seconds"
        time.sleep(0.2)
    assert export(server.port, trace()[1], headers=headers).status == 401


def test_new_key_works_at_once(keel, guarded, database):
    server, _ = guarded
    key = make_key(keel, database, "another", "admin")
    assert ask(server.port, "GET", "/api/v1/runs", headers=bearer(key)).status == 200


def test_no_key_no_server(keel, database):
    for options in (["--require-key"], ["--host", "0.0.0.0"]):
        done = keel("serve", "--db", database.url, "--port", 0, *options, check=False, timeout=30)
        assert done.returncode == 1 and "keel keys create" in done.stderr


def test_other_addresses_want_a_key(keel, start_server, database):
    key = make_key(keel, database, "reader", "read")
    server = start_server(database, "--host", "0.0.0.0")
    assert ask(server.port, "GET", "/healthz").status == 200
    assert ask(server.port, "GET", "/api/v1/runs").status == 401
    assert ask(server.port, "GET", "/api/v1/runs", headers=bearer(key)).status == 200
    # An address as Host cannot be re-bound by anybody; a name that is not known could.
    assert ask(server.port, "GET", "/api/v1/runs", headers=bearer(key), host="10.20.30.40").status == 200
    assert ask(server.port, "GET", "/api/v1/runs", headers=bearer(key), host=socket.gethostname() + ".x").status == 403


def test_loopback_without_keys_is_open(start_server, keel, database):
    make_key(keel, database, "unused", "read")
    server = start_server(database)
    assert ask(server.port, "GET", "/api/v1/runs").status == 200
