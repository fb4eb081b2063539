"""The same conversation in every dialect, in one store: what the clients sent (tests/fixtures/otlp) is posted again,
as it was, and in pieces and any order."""

import random

import pytest
from captured import bodies, clients, pieces
from test_clients import GAPS, SCRIPT, gaps_of
from truth import llm_call, shown

HIDES = {"cached": "cache_read_tokens", "reasoning": "reasoning_tokens", "finish": "finish_reason", "tools": "tools"}


def post_all(server, sent):
    for body in sent:
        status, answer = server.post(body.path, body.data, body.content_type)
        assert status == 200, answer
        assert b"rejected" not in answer, answer


def trace_of(client, sent):
    """The trace id of a capture, from its first request's pieces: all of one capture is one trace."""
    text = sent[0].data
    if sent[0].content_type == "application/json":
        return text.split(b'"traceId":"')[1][:32].decode()
    start = text.index(b"\x0a\x10") + 2
    return text[start : start + 16].hex()


def calls_of(server, trace):
    """In order of time: the API's order is that of arrival."""
    calls = sorted(server.items(f"/api/v1/runs/{trace}/llm-calls?messages=true"), key=lambda call: call["started_at"])
    return [shown(call) for call in calls if call["is_leaf"]]


def expected(client, variant):
    calls = [llm_call(kind, gaps_of(client, variant)) for kind in ("tool_call", "answer")]
    for call in calls:
        del call["cost_usd"]  # no prices here
    return calls


def without_cost(calls):
    return [{key: value for key, value in call.items() if key != "cost_usd"} for call in calls]


def test_all_dialects_give_the_same_calls(server):
    truth = {}
    for client in clients():
        sent = bodies(client, "chat")
        post_all(server, sent)
        calls = without_cost(calls_of(server, trace_of(client, sent)))
        assert len(calls) == 2, client
        hidden = {HIDES[gap] for gap in gaps_of(client, "chat")}
        for number, call in enumerate(calls):
            for key, value in call.items():
                if key not in hidden:
                    assert truth.setdefault((number, key), value) == value, f"{client}: call {number + 1}, {key}"
    assert truth[0, "input_tokens"] == SCRIPT["usage"]["tool_call"]["input"]
    runs = list(server.items("/api/v1/runs"))
    assert len(runs) == len(clients()) == len({run["id"] for run in runs})
    assert {run["status"] for run in runs} == {"completed"}
    # System, question, tool call, tool result, answer: stored once, whoever tells of them.
    assert server.database.value("SELECT count(*) FROM messages") == 5


@pytest.mark.parametrize("variant", ["chat", "stream"])
def test_any_order_and_twice(server, variant):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    told = {client: bodies(client, variant) for client in clients() if (client, variant) not in MISSING}
    cut = [piece for sent in told.values() for body in sent for piece in pieces(body)] * 2
    chance.shuffle(cut)
    post_all(server, cut)

    for client, sent in told.items():
        trace = trace_of(client, sent)
        assert without_cost(calls_of(server, trace)) == expected(client, variant), f"{client}, seed {seed}"
        run = server.get(f"/api/v1/runs/{trace}")
        assert (run["status"], run["llm_call_count"]) == ("completed", 2), f"{client}, seed {seed}"
        assert run["session_id"] == SCRIPT["session"], f"{client}, seed {seed}"
    assert len(list(server.items("/api/v1/runs"))) == len(told)
    assert server.database.value("SELECT count(*) FROM events WHERE kind = 'missing'") == 0
    assert server.database.problems() == []


MISSING = {(client, "stream") for client in ("otel-js-http", "otel-js-proto", "otel-js-events")}


def test_gaps_are_of_known_clients():
    assert set(GAPS) <= set(clients())
