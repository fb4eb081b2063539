"""Real, unmodified OpenTelemetry clients against a running keel: each tells of the same conversation with a stub model
server on loopback, and keel must show one and the same thing."""

import json
from decimal import Decimal

import pytest
from truth import PRICES, SCRIPT, cost_usd, llm_call, shown, tokens

import clients  # found by truth

CONVERSATIONS = ("chat", "stream", "responses", "responses-stream")

# What a client does not say of a call: tests/fixtures/otlp/README.md.
GAPS = {
    "otel-openai-v2-legacy": {"all": {"cached", "reasoning", "tools"}},
    "otel-openai-v2-span": {"all": {"cached", "reasoning", "tools"}},
    "otel-openai-v2-event": {"all": {"cached", "reasoning", "tools"}},
    "openinference-openai": {"responses": {"finish"}, "responses-stream": {"finish"}},
    "traceloop-openai": {"stream": {"reasoning"}, "responses": {"tool call id"}},
    "traceloop-openai-indexed": {"stream": {"reasoning"}},
    "ai-sdk-5": {"chat": {"cached", "reasoning"}, "responses": {"cached", "reasoning"}},
}

AGENT = f"invoke_agent {SCRIPT['agent']}"
CHAT = f"chat {SCRIPT['model']}"
TOOL = f"execute_tool {SCRIPT['tool']['name']}"


def tree_of(client, variant):
    """The spans that a client makes of the conversation: [name, [children]], children in any order."""
    if client.startswith("otel-"):
        return [AGENT, [[CHAT, []], [TOOL, []], [CHAT, []]]]
    if client == "openinference-openai":
        call = "Response" if variant.startswith("responses") else "ChatCompletion"
        return [SCRIPT["agent"], [[call, []], ["get_weather", []], [call, []]]]
    if client.startswith("traceloop-"):
        call = "openai.response" if variant.startswith("responses") else "openai.chat"
        agent = ["travel-agent.agent", [[call, []], ["get_weather.tool", []], [call, []]]]
        return ["answer_question.workflow", [agent]]
    if client == "ai-sdk-7":
        steps = [["step 1", [[CHAT, []], [TOOL, []]]], ["step 2", [[CHAT, []]]]]
        return [f"invoke_agent {SCRIPT['model']}", steps]
    verb, call = ("streamText", "doStream") if variant == "stream" else ("generateText", "doGenerate")
    call = f"ai.{verb}.{call}"
    return [f"ai.{verb}", [[call, []], ["ai.toolCall", []], [call, []]]]


def in_order(node):
    name, children = node
    return [name, sorted(map(in_order, children))]


def spans(events, parent=None):
    """The tree of spans, without span events and log records."""
    return sorted(
        [event["name"], spans(events, event["sequence"])]
        for event in events
        if event["parent_sequence"] == parent and event["kind"] not in ("event", "log")
    )


def gaps_of(client, variant):
    gaps = GAPS.get(client, {})
    return frozenset(gaps.get("all", set()) | gaps.get(variant, set()))


class Told:
    """What a client told a fresh keel in one run of its driver."""

    def __init__(self, keel, server):
        self._keel, self._server = keel, server

    def json(self, *args):
        return json.loads(self._keel(*args, "--db", self._server.database.url, "--json").stdout)

    def only_run(self):
        runs = self.json("runs")
        assert len(runs) == 1
        assert self._server.get("/api/v1/runs")["items"] == runs
        return runs[0]

    def show(self, run):
        return self.json("show", run["id"])

    def event(self, run, sequence):
        return self._server.get(f"/api/v1/runs/{run['id']}/events/{sequence}")


@pytest.fixture
def tell(keel, server):
    """tell(client, variant) runs the client's driver against a keel that knows the stub's prices."""

    def run(client, variant):
        for model, price in PRICES.items():
            dollars = [word for kind, usd in price.items() for word in (f"--{kind}", usd)]
            keel("prices", "set", model, *dollars, "--from", "2020-01-01", "--db", server.database.url)
        with clients.stub_model_server() as model_server:
            clients.run(client, variant, server.url, model_server)
        return Told(keel, server)

    return run


def every(*variants):
    chosen = [(c, v) for c in clients.CLIENTS for v in c.variants if v in variants]
    return pytest.mark.parametrize(("client", "variant"), chosen, ids=[f"{c.name}-{v}" for c, v in chosen])


@every(*CONVERSATIONS)
def test_conversation(tell, client, variant):
    told = tell(client, variant)
    gaps = gaps_of(client.name, variant)
    run = told.only_run()
    shows = told.show(run)

    check_run(run, gaps)
    assert spans(shows["events"]) == [in_order(tree_of(client.name, variant))]
    prefix = "resp" if variant.startswith("responses") else "chatcmpl"
    leaves = [call for call in shows["llm_calls"] if call["is_leaf"]]
    assert [shown(call) for call in leaves] == [llm_call(kind, gaps, prefix) for kind in ("tool_call", "answer")]
    assert all(call["status"] in ("unset", "ok") and call["duration_us"] > 0 for call in leaves)
    check_tool(told, run, shows["events"])
    check_costs(told, run)
    text = told._keel("show", run["id"], "--messages", "--db", told._server.database.url).stdout
    assert SCRIPT["question"] in text and SCRIPT["answer"] in text


def check_run(run, gaps):
    assert run["status"] == "completed"
    assert run["project"] == SCRIPT["service"]
    assert run["session_id"] == SCRIPT["session"]
    assert run["user_id"] == SCRIPT["user"]
    assert run["llm_call_count"] == 2
    assert run["unpriced_call_count"] == 0
    calls = [tokens(kind, gaps) for kind in ("tool_call", "answer")]
    for name in calls[0]:
        assert run[name] == sum(call[name] or 0 for call in calls), name
    assert Decimal(run["cost_usd"]) == sum(cost_usd("stub-4o*", call) for call in calls)
    assert run["duration_us"] > 0


def check_tool(told, run, events):
    (tool,) = [event for event in events if event["kind"] == "tool"]
    assert tool["tool_name"] == SCRIPT["tool"]["name"]
    assert tool["tool_call_id"] in (SCRIPT["tool_call_id"], None)
    detail = told.event(run, tool["sequence"])
    given = json.loads(detail["input"])
    assert given.get("kwargs", given) == SCRIPT["tool_arguments"]
    assert json.loads(detail["output"]) == SCRIPT["tool_result"]


def check_costs(told, run):
    expected = {key: run[key] for key in ("input_tokens", "output_tokens", "cost_usd")} | {"llm_call_count": 2}
    for by, value in (("model", SCRIPT["response_model"]), ("session", SCRIPT["session"]), ("agent", SCRIPT["agent"])):
        (row,) = told.json("costs", "--by", by)
        assert row[by] == value
        assert {key: row[key] for key in expected} == expected
    (session,) = told.json("sessions")
    assert session["id"] == SCRIPT["session"]
    assert session["run_count"] == 1 and session["llm_call_count"] == 2


@every("embeddings")
def test_embeddings(tell, client, variant):
    told = tell(client, variant)
    run = told.only_run()
    (call,) = [call for call in told.show(run)["llm_calls"] if call["is_leaf"]]
    used = SCRIPT["usage"]["embedding"]["input"]

    assert call["operation"] == "embeddings" and call["provider"] == "openai"
    assert call["request_model"] == SCRIPT["embedding_model"]
    assert call["input_tokens"] == run["input_tokens"] == used
    assert run["llm_call_count"] == 1
    assert (call["output_tokens"] or 0) == run["output_tokens"] == 0
    assert Decimal(call["cost_usd"]) == Decimal(run["cost_usd"]) == used * Decimal("0.30") / 1_000_000
    assert run["status"] == "completed" and run["session_id"] == SCRIPT["session"]


ERRORS = {
    "error": (SCRIPT["broken_model"], "The server had an error while processing your request."),
    "limited": (SCRIPT["limited_model"], "Rate limit reached for stub-limited."),
}


@every(*ERRORS)
def test_error(tell, client, variant):
    told = tell(client, variant)
    run = told.only_run()
    shows = told.show(run)
    model, said = ERRORS[variant]

    assert run["status"] == "failed" and said in run["last_error"]
    assert [(change["status"], said in (change["reason"] or "")) for change in shows["status_log"]] == [
        ("in_progress", False),
        ("failed", True),
    ]
    (call,) = shows["llm_calls"]
    assert call["status"] == "error" and said in call["error_message"] and call["error_type"]
    assert call["request_model"] == model and call["response_model"] is None
    assert call["input_tokens"] is None and call["output_tokens"] is None and call["cost_usd"] is None
    assert run["llm_call_count"] == 1 and run["unpriced_call_count"] == 0
    assert Decimal(run["cost_usd"]) == 0 and run["input_tokens"] == 0
