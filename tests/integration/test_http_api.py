"""What the JSON API does: the same values come back, whatever is sent twice is there once, pages are whole."""

import itertools
import json
from decimal import Decimal

import pytest
from rawhttp import ask, ask_json, export, trace


@pytest.fixture
def api(server):
    """api(method, path, body) -> (status, JSON)."""

    def call(method, path, body=None):
        answer = ask_json(server.port, method, f"/api/v1{path}", body)
        return answer.status, answer.json

    return call


def created(api, **fields):
    status, run = api("POST", "/runs", {"project": "p"} | fields)
    assert status == 201, run
    return run


def every(api, path, limit):
    """All items of a list, page by page; no page is longer than limit, and none but the last is empty."""
    after, items = None, []
    for _ in itertools.count():
        join = "&" if "?" in path else "?"
        status, page = api("GET", f"{path}{join}limit={limit}" + (f"&after={after}" if after else ""))
        assert status == 200 and len(page["items"]) <= limit
        items += page["items"]
        after = page["next"]
        if after is None:
            return items
        assert page["items"]


# ---- runs


def test_a_run_comes_back_as_it_was_sent(api):
    parent = created(api)
    sent = {"project": "shop", "name": "nightly", "kind": "batch", "status": "in_progress", "session_id": "s", "user_id": "u",
            "worktree": "/w", "dedupe_key": "2026-11-01", "trace_id": "0123456789abcdef" * 2,
            "parent_run_id": parent["id"], "started_at": "2026-11-01T09:00:00+01:00"}
    run = created(api, **sent)
    assert {k: run[k] for k in sent} == sent | {"started_at": "2026-11-01T08:00:00.000000Z"}
    for name in (run["id"], run["id"][:13], run["id"].replace("-", ""), sent["trace_id"], sent["trace_id"].upper()):
        status, same = api("GET", f"/runs/{name}")
        assert status == 200 and same == run, name


def test_location_names_the_run(server):
    answer = ask_json(server.port, "POST", "/api/v1/runs", {"project": "p"})
    assert answer.status == 201
    assert ask(server.port, "GET", answer["location"]).json == answer.json


@pytest.mark.parametrize("again", [{"id": "0193b3a0-1111-7222-8333-444455556666"}, {"dedupe_key": "k"},
                                   {"trace_id": "ab" * 16}])
def test_creating_again_gives_what_is_there(api, again):
    run = created(api, name="first", **again)
    status, same = api("POST", "/runs", {"project": "p", "name": "second", "kind": "other", "status": "failed"} | again)
    assert status == 200 and same == run
    assert len(every(api, "/runs", 10)) == 1


def test_dedupe_keys_are_a_projects_own(api):
    assert created(api, dedupe_key="k")["id"] != created(api, project="q", dedupe_key="k")["id"]


def test_one_active_run_for_a_worktree(api):
    first = created(api, worktree="/w", status="in_progress")
    status, answer = api("POST", "/runs", {"project": "p", "worktree": "/w", "status": "in_progress"})
    assert status == 409 and first["id"][:8] in answer["detail"]
    assert api("POST", f"/runs/{first['id']}/status", {"status": "completed"})[0] == 200
    created(api, worktree="/w", status="in_progress")


def test_status_log(api):
    run = created(api, actor="scheduler")
    path = f"/runs/{run['id']}"
    for body in ({"status": "in_progress", "actor": "worker"}, {"status": "in_progress"},
                 {"status": "blocked", "reason": "quota"}, {"status": "in_progress"},
                 {"status": "failed", "reason": "out of memory", "actor": "worker"}):
        status, run = api("POST", f"{path}/status", body)
        assert status == 200 and run["status"] == body["status"]
    assert run["last_error"] == "out of memory" and run["ended_at"] and run["duration_us"] >= 0
    log = api("GET", f"{path}/status-log")[1]["items"]
    assert [(row["status"], row["reason"], row["actor"]) for row in log] == [
        ("pending", None, "scheduler"), ("in_progress", None, "worker"), ("blocked", "quota", "api"),
        ("in_progress", None, "api"), ("failed", "out of memory", "worker")]
    assert [row["sequence"] for row in log] == [1, 2, 3, 4, 5]


def test_approval(api):
    run = created(api, status="in_progress")
    path = f"/runs/{run['id']}"
    status, asked = api("POST", f"{path}/approval", {"reason": "send the mail?", "actor": "agent"})
    assert status == 201 and asked["run_id"] == run["id"]
    assert api("GET", path)[1]["status"] == "blocked"
    for token in ("0" * 64, asked["token"][:-1], "x"):
        assert api("POST", f"{path}/approval/decision", {"token": token, "decision": "approve"})[0] == 404
    decision = {"token": asked["token"], "decision": "approve", "actor": "ann", "reason": "fine"}
    status, run = api("POST", f"{path}/approval/decision", decision)
    assert status == 200 and run["status"] == "in_progress"
    assert api("POST", f"{path}/approval/decision", decision)[0] == 404  # a token serves once
    _, asked = api("POST", f"{path}/approval", {})
    status, run = api("POST", f"{path}/approval/decision", {"token": asked["token"], "decision": "reject"})
    assert status == 200 and run["status"] == "cancelled"
    assert [row["actor"] for row in api("GET", f"{path}/status-log")[1]["items"]] == ["api", "agent", "ann", "api", "api"]


def test_filters_and_pages_of_runs(api):
    for n in range(25):
        run = created(api, project="even" if n % 2 == 0 else "odd", kind=f"k{n % 3}", name=f"Run {n}",
                      session_id=f"s{n % 5}", started_at=f"2026-11-{n + 1:02}T00:00:00Z",
                      status="in_progress" if n < 5 else "pending")
        if n < 3:
            api("POST", f"/runs/{run['id']}/status", {"status": "failed", "reason": f"Disk {n} FULL"})
    everything = every(api, "/runs", 1000)
    assert len(everything) == 25
    for limit in (1, 7, 24, 25):
        assert every(api, "/runs", limit) == everything
    for query, wanted in {
        "project=even": range(0, 25, 2), "project=none": [], "kind=k1": range(1, 25, 3), "status=failed": [0, 1, 2],
        "status=in_progress": [3, 4], "session=s2": range(2, 25, 5), "q=run%2011": [11], "q=disk%201%20full": [1],
        "q=%25": [], "q=_": [], "since=2026-11-20T00:00:00Z": range(19, 25), "until=2026-11-03": [0, 1],
        "since=2026-11-05&until=2026-11-06": [4], "project=odd&kind=k0": range(3, 25, 6)}.items():
        found = every(api, f"/runs?{query}", 4)
        assert {run["name"] for run in found} == {f"Run {n}" for n in wanted}, query
        assert found == [run for run in everything if run in found], query
    assert api("GET", "/runs?after=nonsense")[0] == 400


# ---- inputs, events


def test_inputs(api):
    run = created(api)
    path = f"/runs/{run['id']}/inputs"
    one = {"id": "a", "name": "prompt", "media_type": "text/plain", "content": "hä?\n"}
    assert api("POST", path, one) == (200, {"accepted": 1})
    assert api("POST", path, [one, {"content": "x" * 100_000}, {"id": "empty", "content": ""}]) == (200, {"accepted": 3})
    items = api("GET", path)[1]["items"]
    assert [(i["id"], i["name"], i["media_type"], i["content"]) for i in items] == [
        ("a", "prompt", "text/plain", "hä?\n"), (None, None, None, "x" * 100_000), ("empty", None, None, "")]
    assert api("POST", path, one | {"content": "other"})[0] == 409
    assert len(api("GET", path)[1]["items"]) == 3


def test_events_are_kept_whole(api):
    run = created(api)
    path = f"/runs/{run['id']}/events"
    attributes = {"text": "ü\n\"quoted\"", "int": 2**53 + 1, "float": 0.1, "deep": {"list": [1, [2, {"x": None}]]}}
    sent = {"id": "e", "name": "search", "kind": "tool", "tool_name": "grep", "tool_call_id": "c1", "agent_name": "coder",
            "status": "error", "status_message": "no match", "severity": 17, "start_unix_nano": "1793527200123456789",
            "ended_at": "2026-11-01T10:00:01.5Z", "input": {"pattern": "a|b", "flags": ["i"]}, "output": "plain text",
            "attributes": attributes, "body": ["any", {"json": True}]}
    assert api("POST", path, sent)[1]["inserted"] == 1
    event = api("GET", f"{path}/1")[1]
    assert event["id"] == "id:e" and event["start_unix_nano"] == "1793527200123456789"
    assert event["started_at"] == "2026-11-01T10:00:00.123456Z" and event["ended_at"] == "2026-11-01T10:00:01.500000Z"
    assert event["attributes"] == attributes and event["body"] == sent["body"] and event["output"] == "plain text"
    assert json.loads(event["input"]) == sent["input"]
    for name in ("name", "kind", "tool_name", "tool_call_id", "agent_name", "status", "status_message", "severity"):
        assert event[name] == sent[name]


def test_event_is_stored_once_and_completed(api):
    run = created(api)
    path = f"/runs/{run['id']}/events"
    begun = {"id": "e", "name": "step", "started_at": "2026-11-01T10:00:00Z"}
    assert api("POST", path, begun)[1] == {"inserted": 1, "completed": 0, "duplicates": 0, "rejected": 0, "message": None}
    assert api("POST", path, [begun, begun])[1]["duplicates"] == 2
    done = begun | {"ended_at": "2026-11-01T10:00:05Z", "status": "ok", "output": "result"}
    assert api("POST", path, done)[1]["completed"] == 1
    assert api("POST", path, begun)[1]["duplicates"] == 1
    (event,) = api("GET", f"{path}?details=true")[1]["items"]
    assert event["duration_us"] == 5_000_000 and event["output"] == "result" and event["status"] == "ok"
    assert api("GET", f"/runs/{run['id']}")[1]["event_count"] == 1


def test_tree_whichever_comes_first(api, server):
    run = created(api, trace_id="cd" * 16)
    path = f"/runs/{run['id']}"
    assert api("POST", f"{path}/events", {"id": "leaf", "parent_id": "middle", "name": "leaf"})[0] == 200
    tree = api("GET", f"{path}/timeline")[1]["items"]
    assert [(e["name"], e["kind"], e["depth"]) for e in tree][1] == ("leaf", "span", 1) and tree[0]["kind"] == "missing"
    api("POST", f"{path}/events", [{"id": "middle", "parent_id": "root", "name": "middle"}, {"id": "root", "name": "root"}])
    tree = api("GET", f"{path}/timeline")[1]
    assert [(e["name"], e["depth"]) for e in tree["items"]] == [("root", 0), ("middle", 1), ("leaf", 2)]
    assert tree["more"] is False and api("GET", f"{path}/timeline?limit=2")[1]["more"] is True
    # A span of the run's trace can be a parent, and ids of reading routes serve as well.
    _, message = trace(1)
    for span in message.resource_spans[0].scope_spans[0].spans:
        span.trace_id = bytes.fromhex("cd" * 16)
    assert export(server.port, message).status == 200
    api("POST", f"{path}/events", [{"id": "under", "parent_span_id": "0000000000000001", "name": "under span"},
                                   {"parent_id": "id:under", "name": "under under"}])
    tree = api("GET", f"{path}/timeline")[1]["items"]
    assert [(e["name"], e["depth"]) for e in tree if "under" in e["name"] or e["name"] == "span 1"] == [
        ("span 1", 0), ("under span", 1), ("under under", 2)]


def test_pages_of_events(api):
    run = created(api)
    path = f"/runs/{run['id']}/events"
    assert api("POST", path, [{"name": f"e{n}"} for n in range(95)])[1]["inserted"] == 95
    everything = every(api, path, 5000)
    assert [event["name"] for event in everything] == [f"e{n}" for n in range(95)]
    for limit in (1, 10, 95):
        assert every(api, path, limit) == everything


def test_large_details_are_paged_by_size(api, server):
    run = created(api)
    path = f"/runs/{run['id']}/events"
    for n in range(4):
        assert api("POST", path, {"name": f"e{n}", "output": chr(65 + n) * (6 << 20)})[0] == 200
    items = every(api, f"{path}?details=true", 1000)
    assert [event["output"] for event in items] == [chr(65 + n) * (6 << 20) for n in range(4)]
    assert len(api("GET", f"{path}?details=true&limit=1000")[1]["items"]) < 4
    assert server.memory_bytes() < 300 << 20


# ---- LLM calls


def test_llm_call_is_priced_and_its_messages_read_back(api):
    run = created(api, session_id="chat-1")
    path = f"/runs/{run['id']}"
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    call = {"id": "c", "name": "chat", "provider": "openai", "operation": "chat", "request_model": "gpt-4o",
            "response_model": "gpt-4o-2024-08-06", "input_tokens": 1_000_000, "output_tokens": 10_000,
            "cache_read_tokens": 400_000, "input_messages": messages,
            "output_messages": [{"role": "assistant", "content": "Hello", "tool_calls": [
                {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}}]}],
            "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}]}
    assert api("POST", f"{path}/llm-calls", call)[1]["inserted"] == 1
    stored = api("GET", f"{path}/llm-calls/1")[1]
    assert stored["input_messages"] == messages
    assert stored["output_messages"] == [
        {"role": "assistant", "content": "Hello", "tool_calls": [{"id": "t", "name": "f", "arguments": {"a": 1}}]}]
    assert stored["tools"] == [{"name": "f", "description": "d", "parameters": {"type": "object"}}]
    (price,) = [p for p in api("GET", "/prices")[1]["items"] if p["model"] in ("gpt-4o", "gpt-4o-20*", "gpt-4o-2024-08-06")][:1]
    wanted = (Decimal(price["input_per_million_usd"]) * 600_000 + Decimal(price["cache_read_per_million_usd"]) * 400_000
              + Decimal(price["output_per_million_usd"]) * 10_000) / 1_000_000
    assert Decimal(stored["cost_usd"]) == wanted > 0
    (listed,) = api("GET", f"{path}/llm-calls")[1]["items"]
    assert listed == stored
    assert "input_messages" not in api("GET", f"{path}/llm-calls?messages=false")[1]["items"][0]
    run = api("GET", path)[1]
    assert (run["llm_call_count"], run["input_tokens"], Decimal(run["cost_usd"])) == (1, 1_000_000, wanted)
    (cost,) = api("GET", "/costs?by=session")[1]["items"]
    assert cost["session"] == "chat-1" and Decimal(cost["cost_usd"]) == wanted
    (session,) = api("GET", "/sessions")[1]["items"]
    assert session["id"] == "chat-1" and session["llm_call_count"] == 1


def test_calls_sent_again_cost_once(api):
    run = created(api)
    path = f"/runs/{run['id']}/llm-calls"
    call = {"id": "c", "name": "chat", "request_model": "gpt-4o", "input_tokens": 10, "output_tokens": 1}
    for _ in range(3):
        assert api("POST", path, [call])[0] == 200
    assert api("GET", f"/runs/{run['id']}")[1]["input_tokens"] == 10


def test_embeddings(api):
    run = created(api)
    call = {"name": "embed", "operation": "embeddings", "request_model": "text-embedding-3-small", "input_tokens": 10}
    assert api("POST", f"/runs/{run['id']}/llm-calls", call)[0] == 200
    assert api("GET", f"/runs/{run['id']}/events")[1]["items"][0]["kind"] == "embedding"


def test_text_of_any_kind(api):
    """NUL becomes U+FFFD as it does for OTLP; half a surrogate pair too; the rest comes back as it is."""
    run = created(api, name="a\0b")
    assert run["name"] == "a\ufffdb"
    text = "".join(map(chr, range(1, 0xd800, 97))) + "\U0001f600\u202e\x7f"
    path = f"/runs/{run['id']}/events"
    api("POST", path, {"name": "e", "output": text, "attributes": {text[:50]: text, "nul": "x\0y"}})
    event = api("GET", f"{path}/1")[1]
    assert event["output"] == text and event["attributes"] == {text[:50]: text, "nul": "x\ufffdy"}


def test_audit_log(api, keel, database):
    keel("keys", "create", "k", "--role", "read", "--db", database.url)
    keel("keys", "revoke", "k", "--db", database.url)
    items = api("GET", "/audit-log")[1]["items"]
    assert [(i["action"], i["object_type"]) for i in items[-2:]] == [
        ("api_key.create", "api_key"), ("api_key.revoke", "api_key")]
    assert all(item["actor"].startswith("cli:") for item in items[-2:])
    assert [int(item["id"]) for item in items] == sorted(int(item["id"]) for item in items)
    assert every(api, "/audit-log", 1) == items
