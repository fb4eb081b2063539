"""Server-Sent Events of what arrives."""

import json
import time

import pytest
from rawhttp import Raw, ask, ask_json, export, request, trace


class Listener:
    """A client of /api/v1/stream."""

    def __init__(self, server, query="", headers=None, timeout=20):
        self.raw = Raw(server.port, timeout)
        self.raw.send(request("GET", f"/api/v1/stream{query}", headers=headers))
        self.answer = self.raw.head()
        self.text = b""
        self.last_id = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.raw.close()

    def next(self):
        """(event, data) of the next message; None at the end. Comments and retry lines are passed over."""
        while True:
            while b"\n\n" not in self.text:
                size = self.raw.until(b"\r\n")
                if size is None:
                    return None
                piece = self.raw.exactly(int(size, 16) + 2)
                if piece is None or int(size, 16) == 0:
                    return None
                self.text += piece[:-2]
            block, _, self.text = self.text.partition(b"\n\n")
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
            if "event" in fields:
                self.last_id = fields.get("id", self.last_id)
                return fields["event"], json.loads(fields["data"])

    def until(self, event, **wanted):
        while message := self.next():
            if message[0] == event and all(message[1].get(k) == v for k, v in wanted.items()):
                return message[1]
        raise AssertionError(f"the stream ended before {event} {wanted}")


def new_run(server, **fields):
    return ask_json(server.port, "POST", "/api/v1/runs", {"project": "p"} | fields).json


def test_runs_and_events_as_they_arrive(server):
    with Listener(server) as listener:
        assert listener.answer.status == 200
        assert listener.answer["content-type"] == "text/event-stream"
        trace_id, message = trace(3)
        assert export(server.port, message).status == 200
        run = listener.until("run", trace_id=trace_id)
        assert run == server.get(f"/api/v1/runs/{trace_id}")
        events = [listener.until("event", run_id=run["id"]) for _ in range(3)]
        assert events == server.get(f"/api/v1/runs/{trace_id}/events")["items"]


def test_the_json_api_is_heard_too(server):
    with Listener(server) as listener:
        run = new_run(server, name="by hand")
        assert listener.until("run", id=run["id"])["status"] == "pending"
        path = f"/api/v1/runs/{run['id']}"
        ask_json(server.port, "POST", f"{path}/status", {"status": "in_progress"})
        assert listener.until("run", id=run["id"], status="in_progress")
        ask_json(server.port, "POST", f"{path}/events", {"name": "step", "kind": "tool"})
        event = listener.until("event", run_id=run["id"])
        assert event["name"] == "step" and event["kind"] == "tool"
        ask_json(server.port, "POST", f"{path}/status", {"status": "failed", "reason": "because"})
        assert listener.until("run", id=run["id"], status="failed")["last_error"] == "because"


def test_filters(server):
    one, other = new_run(server, project="one"), new_run(server, project="other")
    with Listener(server, "?project=one") as by_project, Listener(server, f"?run={other['id']}") as by_run:
        for run in (other, one):
            ask_json(server.port, "POST", f"/api/v1/runs/{run['id']}/events", {"name": run["project"]})
        assert by_project.next()[1]["id"] == one["id"]
        assert by_project.next()[1]["name"] == "one"
        assert by_run.next()[1]["id"] == other["id"]
        assert by_run.next()[1]["name"] == "other"
    assert ask(server.port, "GET", "/api/v1/stream?run=0193ffff").status == 404


def test_goes_on_where_it_was_left(server):
    run = new_run(server)
    path = f"/api/v1/runs/{run['id']}/events"
    with Listener(server, f"?run={run['id']}") as listener:
        ask_json(server.port, "POST", path, {"name": "first"})
        listener.until("event", name="first")
        last_id = listener.last_id
    for name in ("second", "third"):
        ask_json(server.port, "POST", path, {"name": name})
    time.sleep(0.5)
    with Listener(server, f"?run={run['id']}", {"Last-Event-ID": last_id}) as listener:
        message = listener.next()
        assert message[0] == "run"
        assert listener.until("event")["name"] == "second"
        assert listener.until("event")["name"] == "third"


@pytest.mark.parametrize("last_id", ["0000000000000000-1", "nonsense", "ffffffffffffffff-99999999999999999999", ""])
def test_what_is_not_known_any_more_is_reset(server, last_id):
    with Listener(server, headers={"Last-Event-ID": last_id}) as listener:
        assert listener.next() == ("reset", {})


def test_who_does_not_read_is_dropped(server):
    """It does not slow down others, its buffer is bounded, and the last it hears is that it was dropped."""
    run = new_run(server)
    path = f"/api/v1/runs/{run['id']}/events"
    with Listener(server, timeout=120) as deaf, Listener(server, timeout=120) as other:
        batch = [{"name": "n" * 1000} for _ in range(1000)]
        for sent in range(1, 13):
            assert ask_json(server.port, "POST", path, batch).status == 200
            other.until("event", sequence=sent * len(batch))  # who reads what is there keeps up
        ask_json(server.port, "POST", path, {"name": "last"})
        assert other.until("event", name="last")["sequence"] == 12001
        events = []
        while message := deaf.next():
            events.append(message[0])
        assert events[-1] == "dropped" and 0 < len(events) < 12000


def test_number_of_clients_is_limited(server):
    listeners = [Listener(server) for _ in range(64)]
    answer = ask(server.port, "GET", "/api/v1/stream")
    assert answer.status == 503 and answer["retry-after"]
    for listener in listeners:
        listener.raw.close()
    trace_id, message = trace()
    assert export(server.port, message).status == 200  # writing to those who left is how that is noticed
    for _ in range(100):
        with Listener(server) as listener:
            if listener.answer.status == 200:
                break
        export(server.port, trace()[1])
        time.sleep(0.1)
    assert listener.answer.status == 200


def test_the_end_is_said(server):
    with Listener(server) as listener:
        assert server.stop() == 0
        assert listener.next() == ("end", {})
        assert listener.next() is None
