"""docs/openapi.json is complete and true: it is held against the table of routes, and every answer against it."""

import json
import re
import subprocess
import sys

import jsonschema
import pytest
from rawhttp import JSON, ask, ask_json, export, request, trace, Raw

METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def document(source):
    return json.loads((source / "docs/openapi.json").read_text())


@pytest.fixture(scope="module")
def table(keel_bin):
    return json.loads(subprocess.check_output([keel_bin, "serve", "--routes"]))


def operations(document):
    return {(method.upper(), path): operation for path, item in document["paths"].items()
            for method, operation in item.items() if method in METHODS}


def deref(document, value):
    while "$ref" in value:
        node = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        value = node
    return value


def validate(document, schema, value):
    """JSON Schema 2020-12, with the document's components in reach."""
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": document["components"]}
    jsonschema.Draft202012Validator(whole).validate(value)


# ---- complete


def test_the_same_operations(document, table):
    described = {(method, path): operation["operationId"] for (method, path), operation in operations(document).items()}
    assert described == {(row["method"], row["path"]): row["operation"] for row in table}


def test_the_same_parameters(document, table):
    for row in table:
        parameters = [deref(document, p) for p in operations(document)[row["method"], row["path"]].get("parameters", [])]
        assert {p["name"] for p in parameters if p["in"] == "query"} == set(row["query"]), row["operation"]
        in_path = {p["name"] for p in parameters if p["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", row["path"])), row["operation"]
        assert all(p["required"] for p in parameters if p["in"] == "path")


def test_the_same_roles(document, table):
    for row in table:
        operation = operations(document)[row["method"], row["path"]]
        assert operation["x-keel-role"] == row["role"]
        assert bool(operation["security"]) == (row["role"] != "public")


def test_every_reference_is_there_and_every_component_is_used(document):
    text = json.dumps(document)
    used = set(re.findall(r'"#/components/(\w+)/(\w+)"', text))
    there = {(kind, name) for kind in ("schemas", "responses") for name in document["components"][kind]}
    assert used == there


def test_every_schema_is_one(document):
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema.get("description") or "enum" in schema, name


def test_it_is_what_is_served(start_server, sqlite_database, document):
    server = start_server(sqlite_database)
    answer = ask(server.port, "GET", "/openapi.json")
    assert answer.status == 200 and answer["content-type"] == JSON and answer.json == document


# ---- true


class Checked:
    """Calls operations by name; every answer must be as described, and every body that is taken as well."""

    def __init__(self, server, document):
        self.server = server
        self.document = document
        self.by_id = {o["operationId"]: (m, p, o) for (m, p), o in operations(document).items()}
        self.succeeded = set()

    def __call__(self, name, body=None, query="", headers=None, status=None, data=None, **path):
        method, template, operation = self.by_id[name]
        if body is not None:
            data = json.dumps(body).encode()
        content = {"Content-Type": JSON} if data is not None else {}
        answer = ask(self.server.port, method, template.format(**path) + query, data or b"", content | (headers or {}))
        self.check(operation, answer)
        if status:
            assert answer.status == status, answer
        if answer.status < 300:
            self.succeeded.add(name)
            if body is not None:
                schema = operation["requestBody"]["content"][JSON]["schema"]
                validate(self.document, schema, body)
        return answer

    def check(self, operation, answer):
        name = operation["operationId"]
        assert str(answer.status) in operation["responses"], f"{name} does not say that it may answer {answer.status}"
        response = deref(self.document, operation["responses"][str(answer.status)])
        media = answer["content-type"].split(";")[0]
        assert media in response["content"], f"{name} {answer.status} does not say that it may answer {media}"
        for header in response.get("headers", {}):
            assert answer[header], f"{name} {answer.status} lacks {header}"
        if media in (JSON, PROBLEM):
            validate(self.document, response["content"][media].get("schema", {}), answer.json)


@pytest.fixture
def checked(server, document):
    return Checked(server, document)


MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "What is it like in Rome?"},
                                 {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]},
    {"role": "assistant", "content": None,
     "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Rome"}'}}]},
    {"role": "tool", "tool_call_id": "call_1", "content": "22 degrees"},
]
CALL = {
    "id": "call", "parent_id": "agent", "name": "chat gpt-4o", "status": "ok", "provider": "openai", "operation": "chat",
    "request_model": "gpt-4o", "response_model": "gpt-4o-2024-08-06", "response_id": "resp_1", "finish_reason": "stop",
    "started_at": "2026-11-01T10:00:00.000001Z", "ended_at": "2026-11-01T10:00:02Z", "input_tokens": 1000,
    "output_tokens": 100, "cache_read_tokens": 200, "cache_creation_tokens": 0, "reasoning_tokens": 10,
    "session_id": "s1", "user_id": "u1", "prompt_name": "weather", "prompt_version": "3",
    "tools": [{"type": "function", "function": {"name": "weather", "description": "d", "parameters": {"type": "object"}}}],
    "input_messages": MESSAGES, "output_messages": [{"role": "assistant", "content": "22 degrees."}],
    "attributes": {"temperature": 0.5},
}
EVENTS = [
    {"id": "root", "name": "workflow", "kind": "workflow", "start_unix_nano": "1793527200000000001", "end_unix_nano": 1793527203000000002},
    {"id": "agent", "parent_id": "root", "name": "agent", "kind": "agent", "agent_name": "forecaster"},
    {"parent_id": "agent", "name": "tool", "kind": "tool", "tool_name": "weather", "tool_call_id": "call_1",
     "input": {"city": "Rome"}, "output": "22 degrees", "status": "error", "status_message": "slow",
     "attributes": {"n": 1, "big": 12345678901234567890, "nested": {"a": [1, None, True]}}},
    {"name": "line", "kind": "log", "severity": 9, "body": {"text": "hello"}, "started_at": "2026-11-01T12:00:00+02:00"},
    {"name": "below a span", "parent_span_id": "00000000000000ff"},
]


def fill(checked):
    """Every writing operation once; the run's id."""
    run = checked("createRun", {"project": "p", "name": "n", "kind": "batch", "status": "in_progress", "session_id": "s1",
                                "user_id": "u1", "worktree": "/w", "dedupe_key": "d", "trace_id": "ab" * 16,
                                "started_at": "2026-11-01T10:00:00Z", "actor": "tester"}, status=201).json
    run_id = run["id"]
    child = checked("createRun", {"project": "p", "parent_run_id": run_id}, status=201).json
    assert child["parent_run_id"] == run_id
    checked("addRunInputs", [{"id": "i1", "name": "prompt", "media_type": "text/plain", "content": "hello"},
                             {"content": "more"}], status=200, id=run_id)
    written = checked("addEvents", EVENTS, status=200, id=run_id).json
    assert written == {"inserted": 5, "completed": 0, "duplicates": 0, "rejected": 0, "message": None}
    assert checked("addLlmCalls", CALL, status=200, id=run_id).json["inserted"] == 1
    approval = checked("requestRunApproval", {"reason": "spend?", "actor": "a"}, status=201, id=run_id).json
    checked("decideRunApproval", {"token": approval["token"], "decision": "approve", "reason": "yes", "actor": "b"},
            status=200, id=run_id)
    checked("setRunStatus", {"status": "failed", "reason": "broke", "actor": "c"}, status=200, id=run_id)
    return run_id


def test_every_operation_answers_as_described(checked, document):
    run_id = fill(checked)
    assert checked("createRun", {"project": "p", "dedupe_key": "d"}, status=200).json["id"] == run_id
    for name in ("getRun", "listRunStatusChanges", "listRunInputs", "listEvents", "getRunTimeline", "listLlmCalls"):
        checked(name, status=200, id=run_id)
    for query in ("?details=true", "?limit=2", "?after=3&limit=1&details=false"):
        checked("listEvents", query=query, status=200, id=run_id)
    for query in ("?messages=false", "?messages=true&limit=1", "?after=0"):
        checked("listLlmCalls", query=query, status=200, id=run_id)
    checked("getRunTimeline", query="?limit=2", status=200, id=run_id)
    events = checked("listEvents", status=200, id=run_id).json["items"]
    for event in events:
        checked("getEvent", status=200, id=run_id, sequence=event["sequence"])
        if event["has_llm_call"]:
            checked("getLlmCall", status=200, id=run_id, sequence=event["sequence"])
    checked("listRuns", query="?project=p&status=failed&kind=batch&session=s1&q=BROKE&since=2026-01-01&limit=1", status=200)
    checked("listSessions", query="?project=p&limit=1", status=200)
    for by in ("project", "model", "agent", "day", "session"):
        items = checked("reportCosts", query=f"?by={by}&project=p&since=2026-10-31T00:00:00Z&until=2027-01-01", status=200)
        assert items.json["items"][0]["llm_call_count"] == 1
    for query in ("", "?history=true"):
        assert checked("listPrices", query=query, status=200).json["items"]
    checked("listAuditLog", query="?limit=5", status=200)
    for name in ("getHealth", "getReadiness", "getMetrics", "getOpenapi"):
        checked(name, status=200)
    for name in ("exportTraces", "exportLogs", "exportMetrics"):
        checked(name, {}, status=200)
    checked.succeeded.add("streamChanges")  # test_http_stream.py has the run and event shapes, which are checked above
    assert checked.succeeded == {operation["operationId"] for operation in operations(document).values()}


def test_the_stream_is_as_described(checked, server):
    with Raw(server.port) as raw:
        raw.send(request("GET", "/api/v1/stream"))
        answer = raw.head()
        answer.body = b""
        checked.check(checked.by_id["streamChanges"][2], answer)
        run = checked("createRun", {"project": "p"}, status=201).json
        text = b""
        while b"event: run\n" not in text or not text.endswith(b"\n\n\r\n"):
            text += raw.exactly(1)
        data = re.search(rb"event: run\ndata: (.*)\n", text)[1]
        assert json.loads(data) == run


def test_every_failure_is_as_described(checked, server):
    run_id = fill(checked)
    nobody = "0193b3a0-0000-7000-8000-000000000000"
    for name in ("getRun", "listRunStatusChanges", "listRunInputs", "listEvents", "getRunTimeline", "listLlmCalls"):
        checked(name, status=404, id=nobody)
        checked(name, status=404, id="zz")
    checked("getEvent", status=404, id=run_id, sequence=999)
    checked("getEvent", status=404, id=run_id, sequence="x")
    checked("getLlmCall", status=404, id=run_id, sequence=999)
    for name, body in (("setRunStatus", {"status": "completed"}), ("addRunInputs", {"content": ""}),
                       ("addEvents", {"name": "e"}), ("addLlmCalls", {"name": "c"}), ("requestRunApproval", {}),
                       ("decideRunApproval", {"token": "t", "decision": "reject"})):
        checked(name, body, status=404, id=nobody)
        checked(name, data=b"{", status=400, id=run_id)
        checked(name, data=b"[1]", status=400, id=run_id)
        checked(name, data=b"x", headers={"Content-Type": "text/plain"}, status=415, id=run_id)
        checked(name, data=b"x", headers={"Content-Encoding": "br"}, status=415, id=run_id)
        checked(name, data=b"x", headers={"Content-Encoding": "gzip"}, status=400, id=run_id)
    checked("setRunStatus", {"status": "in_progress"}, status=409, id=run_id)
    checked("requestRunApproval", {}, status=409, id=run_id)
    checked("decideRunApproval", {"token": "t", "decision": "reject"}, status=404, id=run_id)
    checked("addRunInputs", {"id": "i1", "content": "other"}, status=409, id=run_id)
    for query in ("?status=x", "?since=x", "?limit=0", "?limit=1001", "?after=x", "?what=1"):
        checked("listRuns", query=query, status=400)
    checked("reportCosts", query="?by=hour", status=400)
    checked("streamChanges", query="?run=zz", status=400)
    checked("streamChanges", query=f"?run={nobody}", status=404)
    for name in ("exportTraces", "exportLogs", "exportMetrics"):
        checked(name, data=b"{", status=400)
        checked(name, data=b"{}", headers={"Content-Type": "text/plain"}, status=415)
    for name in ("getHealth", "getRun", "exportTraces"):
        checked(name, data=b"{}" if name == "exportTraces" else None, headers={"Origin": "http://evil.example"},
                status=403, id=run_id)


def members(document, name):
    return document["components"]["schemas"][name]["properties"]


@pytest.mark.parametrize(("operation", "schema", "good"), [
    ("createRun", "RunNew", {"project": "p"}), ("addEvents", "EventNew", {"name": "e"}),
    ("addLlmCalls", "LlmCallNew", {}), ("addRunInputs", "InputNew", {"content": "c"})])
def test_every_described_member_is_known_and_typed(checked, document, operation, schema, good):
    """null is as good as nothing; a value of a wrong type is named."""
    run_id = "" if operation == "createRun" else checked("createRun", {"project": "p"}, status=201).json["id"]
    for name, member in members(document, schema).items():
        if name not in good:
            assert checked(operation, {**good, name: None}, id=run_id).status in (200, 201), name
        anything = set(member) <= {"description"}
        wrong = {"not": "that"} if member.get("type") != ["object", "null"] else ["neither"]
        answer = checked(operation, {**good, name: wrong}, id=run_id)
        if anything:
            assert answer.status == 200, name
        else:
            assert answer.status == 400 and answer.json["field"] == name, name
    answer = checked(operation, {**good, "unknown": 1}, status=400, id=run_id)
    assert answer.json["field"] == "unknown"
    for name in good:
        answer = checked(operation, {k: v for k, v in good.items() if k != name}, status=400, id=run_id)
        assert answer.json["field"] == name


@pytest.mark.parametrize(("field", "event"), [
    ("[1].started_at", {"name": "e", "started_at": "yesterday"}), ("[1].started_at", {"name": "e", "started_at": 5}),
    ("[1].ended_at", {"name": "e", "started_at": "2026-01-01T00:00:01Z", "ended_at": "2026-01-01T00:00:00Z"}),
    ("[1].severity", {"name": "e", "severity": 25}), ("[1].kind", {"name": "e", "kind": "missing"}),
    ("[1].name", {"name": ""}), ("[1].name", {"name": "x" * 1025}), ("[1].id", {"name": "e", "id": ""}),
    ("[1].parent_span_id", {"name": "e", "parent_span_id": "FF"}),
    ("[1].parent_span_id", {"name": "e", "parent_span_id": "00000000000000ff", "parent_id": "a"}),
    ("[1].start_unix_nano", {"name": "e", "start_unix_nano": "-1"}),
    ("[1].start_unix_nano", {"name": "e", "start_unix_nano": "99999999999999999999"}),
    ("[1].start_unix_nano", {"name": "e", "start_unix_nano": 1.5}), ("[1].attributes", {"name": "e", "attributes": [1]}),
    ("[1]", 7), ("[1]", None), ("[1].status", {"name": "e", "status": "OK"})])
def test_faults_are_named_by_place_and_nothing_is_stored(checked, field, event):
    run_id = checked("createRun", {"project": "p"}, status=201).json["id"]
    answer = checked("addEvents", [{"name": "good"}, event], status=400, id=run_id)
    assert answer.json["field"] == field and answer.json["detail"].startswith(field)
    assert checked("listEvents", status=200, id=run_id).json["items"] == []


def test_random_requests(start_server, sqlite_database, keel, tmp_path):
    """schemathesis makes requests of all kinds from the document, valid and not."""
    key = json.loads(keel("keys", "create", "all", "--role", "admin", "--db", sqlite_database.url, "--json").stdout)["key"]
    server = start_server(sqlite_database, "--require-key")
    export(server.port, trace(3)[1], headers={"X-Api-Key": key})
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,ignored_auth"
    done = subprocess.run(
        [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run",
         f"http://127.0.0.1:{server.port}/openapi.json", "--header", f"Authorization: Bearer {key}",
         "--exclude-path", "/api/v1/stream", "--checks", checks, "--max-examples", "30", "--no-color",
         "--generation-database", "none", "--suppress-health-check", "all"],
        capture_output=True, text=True, timeout=500, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert server.running and "Seed: " in done.stdout


@pytest.mark.parametrize(("call", "name"), [
    ({}, "chat"), ({"request_model": "m"}, "chat m"), ({"operation": "embeddings", "response_model": "r"}, "embeddings r"),
    ({"name": "mine", "request_model": "m"}, "mine")])
def test_a_call_without_a_name_is_named_as_opentelemetry_does(checked, call, name):
    run_id = checked("createRun", {"project": "p"}, status=201).json["id"]
    checked("addLlmCalls", call, id=run_id)
    (listed,) = checked("listLlmCalls", id=run_id).json["items"]
    assert listed["name"] == name
