"""The commands that read a store, on what `keel demo` sends."""

import json
import re
import signal
import subprocess
import time
from decimal import Decimal

import pytest


@pytest.fixture
def demo(keel, server):
    """A server that has the demonstration; calls keel on its database."""
    sent = json.loads(keel("demo", "--json", "--endpoint", server.url).stdout)

    def run(*args, **options):
        return keel(*args, "--db", server.database.url, **options)

    run.trace_ids = sent["trace_ids"]
    run.json = lambda *args: json.loads(run(*args, "--json").stdout)
    return run


def test_runs_are_listed_newest_first(demo):
    runs = demo.json("runs")
    assert [run["trace_id"] for run in runs] == demo.trace_ids[::-1]
    assert [run["status"] for run in runs] == ["failed", "completed", "completed", "completed"]
    assert [run["event_count"] for run in runs] == [2, 4, 4, 2]
    assert [run["llm_call_count"] for run in runs] == [1, 2, 2, 1]
    assert {run["project"] for run in runs} == {"keel-demo"}
    assert len({run["session_id"] for run in runs}) == 1
    assert runs[0]["last_error"].startswith("429 Too Many Requests")
    assert (runs[3]["input_tokens"], runs[3]["output_tokens"]) == (180, 34)
    for run in runs:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", run["started_at"])
        assert run["duration_us"] > 0


def test_runs_are_filtered(demo):
    assert len(demo.json("runs", "--status", "failed")) == 1
    assert len(demo.json("runs", "--grep", "rate LIMIT")) == 1
    assert len(demo.json("runs", "--grep", "%")) == 0
    assert len(demo.json("runs", "--project", "other")) == 0
    assert len(demo.json("runs", "--since", "1h", "--limit", "3")) == 3
    assert len(demo.json("runs", "--until", "1h")) == 0
    assert len(demo.json("runs", "--all")) == 4
    session = demo.json("runs")[0]["session_id"]
    assert len(demo.json("runs", "--session", session)) == 4


def test_show_has_all_of_a_run(demo):
    run = demo.json("show", demo.trace_ids[1])
    assert run["status"] == "completed"
    assert [change["status"] for change in run["status_log"]] == ["in_progress", "completed"]
    tree = [(event["depth"], event["kind"], event["name"]) for event in run["events"]]
    assert tree == [(0, "agent", "invoke_agent support"), (1, "llm", "chat gpt-4o-mini"),
                    (1, "tool", "execute_tool look_up_order"), (1, "llm", "chat gpt-4o-mini")]
    first, second = run["llm_calls"]
    assert [message["role"] for message in first["input_messages"]] == ["system", "user", "assistant", "user"]
    assert first["output_messages"][0]["tool_calls"] == [
        {"id": "call_10482", "name": "look_up_order", "arguments": {"order": "10482"}}]
    assert second["input_messages"][:5] == first["input_messages"] + first["output_messages"]
    assert second["input_messages"][5]["role"] == "tool"
    assert second["output_messages"] == [{"role": "assistant", "content":
        "Your order 10482 is on its way with Bring and should arrive on Thursday."}]
    assert sum(Decimal(call["cost_usd"]) for call in run["llm_calls"]) == Decimal(run["cost_usd"])


def test_a_run_is_named_by_id_prefix_and_trace(demo):
    run_id = demo.json("runs")[0]["id"]
    for name in (run_id, run_id.upper(), run_id.replace("-", ""), run_id[:-1], demo.trace_ids[3]):
        assert demo.json("show", name)["id"] == run_id
    for name, complaint in (("ffffffff", "ffffffff"), ("not a run", "not a run"), ("0" * 32, "0" * 32)):
        failed = demo("show", name, check=False)
        assert failed.returncode == 1 and complaint in failed.stderr and failed.stdout == ""


def test_show_reads_well(demo):
    text = demo("show", demo.trace_ids[1], "--messages").stdout
    assert "├─chat gpt-4o-mini  llm" in text and "└─chat gpt-4o-mini  llm" in text
    assert 'calls look_up_order({"order":"10482"})' in text
    assert "before are call 2's" in text
    assert "\033" not in text
    failed = demo("show", demo.trace_ids[3], "--color", "always").stdout
    assert "\033[31mfailed\033[0m" in failed and "429 Too Many Requests" in failed


def test_timeline_fits_the_terminal(demo):
    for columns in (60, 100):
        text = demo("timeline", demo.trace_ids[1], env={"COLUMNS": str(columns)}).stdout
        lines = text.splitlines()
        assert len(lines) == 4 and all(len(line) == columns - 1 for line in lines)
    events = demo.json("timeline", demo.trace_ids[1])
    assert [event["depth"] for event in events] == [0, 1, 1, 1]


def test_costs_add_up(demo):
    total = sum(Decimal(run["cost_usd"]) for run in demo.json("runs"))
    assert total > 0
    for dimension, keys in (("project", {"keel-demo"}), ("agent", {"support"}),
                            ("model", {"gpt-4o-mini", "gpt-4o-mini-2024-07-18"})):
        costs = demo.json("costs", "--by", dimension)
        assert {cost[dimension] for cost in costs} == keys
        assert sum(Decimal(cost["cost_usd"]) for cost in costs) == total
        assert sum(cost["llm_call_count"] for cost in costs) == 6
    assert len(demo.json("costs", "--by", "session")) == 1
    assert sum(Decimal(cost["cost_usd"]) for cost in demo.json("costs", "--by", "day")) == total


def test_a_new_price_holds_after_recompute(demo):
    demo("prices", "set", "gpt-4o-mini*", "--provider", "openai", "--input", "1", "--output", "2",
         "--cache-read", "0.5", "--from", "2020-01-01")
    demo("prices", "set", "gpt-4o-mini-2024-07-18", "--provider", "openai", "--input", "1", "--output", "2",
         "--cache-read", "0.5", "--from", "1h")
    assert demo.json("costs", "recompute") == {"changed": 5}
    assert demo.json("costs", "recompute") == {"changed": 0}
    # 1,590 input tokens, 256 of them from the cache, and 140 output tokens
    costs = {cost["model"]: cost["cost_usd"] for cost in demo.json("costs")}
    assert Decimal(costs["gpt-4o-mini-2024-07-18"]) == Decimal(1590 - 256 + 256 // 2 + 280) / 10**6


def test_prices_can_be_listed_and_imported_again(demo, keel, tmp_path):
    prices = demo.json("prices", "list", "--history")
    assert len(prices) > 20
    (tmp_path / "prices.json").write_text(demo("prices", "list", "--json").stdout)
    assert demo.json("prices", "import", tmp_path / "prices.json") == {"added": 0}
    (tmp_path / "bad.json").write_text("{")
    failed = demo("prices", "import", tmp_path / "bad.json", check=False)
    assert failed.returncode == 1 and "bad.json" in failed.stderr
    assert demo("prices", "import", tmp_path / "none.json", check=False).returncode == 1


def test_sessions(demo):
    (session,) = demo.json("sessions")
    assert session["project"] == "keel-demo" and session["run_count"] == 4 and session["llm_call_count"] == 6


def test_keys_have_a_life(demo):
    created = demo.json("keys", "create", "app", "--role", "read")
    assert re.fullmatch(r"keel_[0-9a-f]{64}", created["key"])
    (listed,) = demo.json("keys")
    assert listed["role"] == "read" and listed["revoked_at"] is None and "key" not in listed
    again = demo("keys", "create", "app", check=False)
    assert again.returncode == 1 and "app" in again.stderr
    assert demo.json("keys", "revoke", "app") == {"revoked": True}
    assert demo.json("keys")[0]["revoked_at"]
    assert demo("keys", "revoke", "app", check=False).returncode == 1


def test_partitions(demo, database):
    listed = demo("partitions", "--json", check=False)
    if database.kind == "sqlite":
        assert listed.returncode == 1 and "SQLite" in listed.stderr
        return
    before = {partition["name"] for partition in json.loads(listed.stdout)}
    created = demo.json("partitions", "create", "--months", "2")["created"]
    after = {partition["name"] for partition in demo.json("partitions")}
    assert created > 0 and len(after - before) == created
    assert demo.json("partitions", "create", "--months", "2") == {"created": 0}
    assert len(demo.json("runs")) == 4


def test_tail_prints_what_arrives(server, keel_bin, keel):
    tail = subprocess.Popen([keel_bin, "tail", "--json", "--interval", "50", "--db", server.database.url],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "Waiting" in tail.stderr.readline()
    time.sleep(0.5)
    sent = json.loads(keel("demo", "--json", "--endpoint", server.url).stdout)
    runs, events = {}, set()
    while len(events) < 12 or set(runs.values()) != {"completed", "failed"}:
        line = json.loads(tail.stdout.readline())
        if "run_id" in line:
            events.add((line["run_id"], line["sequence"]))
        else:
            runs[line["trace_id"]] = line["status"]
    assert set(runs) == set(sent["trace_ids"])
    tail.send_signal(signal.SIGINT)
    assert tail.wait(10) == 0


def test_errors_name_the_next_step(keel, tmp_path):
    missing = keel("runs", check=False)
    assert missing.returncode == 1 and "keel.db" in missing.stderr
    nobody = keel("demo", "--endpoint", "http://127.0.0.1:9", check=False)
    assert nobody.returncode == 1 and "keel serve" in nobody.stderr
    (tmp_path / "text.db").write_text("this is no database, it is a text that is long enough to be read as one" * 20)
    text = keel("runs", "--db", "text.db", check=False)
    assert text.returncode == 1 and "text.db" in text.stderr
    for args in (["runs", "--limit", "x"], ["runs", "--since", "yesterday"], ["runs", "extra"], ["show"],
                 ["costs", "--by", "moon"], ["keys", "burn"], ["prices", "set", "m"], ["runs", "--status", "done"]):
        wrong = keel(*args, check=False)
        assert wrong.returncode == 2 and wrong.stderr.startswith("keel ") and wrong.stdout == ""


def test_runs_fit_a_narrow_terminal(demo):
    lines = demo("runs", env={"COLUMNS": "120"}).stdout.splitlines()
    assert len(lines) == 5 and max(map(len, lines)) <= 120
    short = lines[1].split()[0]
    assert demo.json("show", short)["id"].startswith(short)
