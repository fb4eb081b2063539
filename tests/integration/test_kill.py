"""kill -9 of the server at random moments, under load from clients that retry: what it acknowledged is there, once."""

import http.client
import random
import socket
import threading
import time

import otlp
import pytest

KILLS = 200
CLIENTS = 4
TRACES_AT_ONCE = 3
ACKNOWLEDGED = 200
DEFINITELY_LATER = (429, 502, 503, 504)


class Client(threading.Thread):
    """Sends batches of spans until told to stop; sends a batch again until it is acknowledged, as an SDK does."""

    def __init__(self, number, port, chance):
        super().__init__(daemon=True)
        self.number, self.port, self.chance = number, port, chance
        self.stopping = threading.Event()
        self.acknowledged = {}  # span id -> (trace id, parent id, input tokens or None)
        self.batches = self.retries = 0
        self.failure = None
        self._connection = None
        self._open = [self._new_trace() for _ in range(TRACES_AT_ONCE)]
        self._encode = otlp.encodings()[number % len(otlp.encodings())]

    def run(self):
        try:
            while not self.stopping.is_set():
                self._send(self._batch())
            for trace in self._open:
                self._send([self._root(trace)])
        except Exception as error:
            self.failure = error

    def _new_trace(self):
        return {"id": self.chance.randbytes(16), "spans": [], "root": self.chance.randbytes(8), "calls": []}

    def _root(self, trace):
        return otlp.span(trace["id"], trace["root"], f"run of client {self.number}", duration_ns=10**9)

    def _span(self, trace):
        """A step or a model call, below the root (which comes last) or below any span so far."""
        parent = self.chance.choice([trace["root"], *trace["spans"][-20:]])
        span_id = self.chance.randbytes(8)
        attributes = {"step": len(trace["spans"])}
        if self.chance.random() < 0.3:
            trace["calls"].append(("user", f"question {len(trace['calls'])} of {trace['id'].hex()}"))
            answer = ("assistant", f"answer {self.chance.random()}")
            attributes = otlp.chat_attributes(trace["calls"][-6:], answer, self.chance.randint(1, 999), 7)
        trace["spans"].append(span_id)
        return otlp.span(trace["id"], span_id, f"step {len(trace['spans'])}", parent, attributes=attributes)

    def _batch(self):
        spans = []
        for _ in range(self.chance.randint(1, 40)):
            trace = self.chance.choice(self._open)
            spans.append(self._span(trace))
            if len(trace["spans"]) > 60:
                spans.append(self._root(trace))
                self._open[self._open.index(trace)] = self._new_trace()
        return spans

    def _send(self, spans):
        _, content_type, encoding, encode = self._encode
        body = encode(spans)
        headers = {"Content-Type": content_type, "Content-Encoding": encoding}
        while True:
            status, answer = self._post(body, headers)
            if status == ACKNOWLEDGED:
                break
            if status not in (*DEFINITELY_LATER, None):
                raise AssertionError(f"client {self.number}: {status} {answer!r}")
            self.retries += 1
            time.sleep(0.01)
        if b"rejected" in answer:
            raise AssertionError(f"client {self.number}: {answer!r}")
        self.batches += 1
        for one in spans:
            tokens = {a.key: a.value.int_value for a in one.attributes}.get("gen_ai.usage.input_tokens")
            self.acknowledged[one.span_id.hex()] = (one.trace_id.hex(), one.parent_span_id.hex(), tokens)

    def _post(self, body, headers):
        """(status, answer); (None, ...) when the server went away."""
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
            self._connection.request("POST", "/v1/traces", body, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, socket.timeout):
                raise AssertionError(f"client {self.number}: no answer in 30 s") from error
            self._connection.close()
            self._connection = None
            return None, str(error).encode()


def kill_again_and_again(server, clients, chance):
    """Most kills hit a server under load, some one that is starting (and recovering)."""
    for number in range(KILLS):
        if chance.random() < 0.15:
            server.start_and_kill(chance.uniform(0, 0.06))
        else:
            server.start()
            time.sleep(chance.uniform(0, 0.6))
            server.kill()
        failures = [client.failure for client in clients if client.failure]
        assert not failures, f"after kill {number + 1}: {failures}"


@pytest.mark.timeout(400)
def test_kill(server):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    server.kill()
    clients = [Client(number, server.port, random.Random(chance.random())) for number in range(CLIENTS)]
    began = time.monotonic()
    for client in clients:
        client.start()
    kill_again_and_again(server, clients, chance)
    took = time.monotonic() - began

    server.start()
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(60)
        assert not client.is_alive() and client.failure is None, client.failure
    assert server.stop() == 0
    check(server.database, clients)
    print(
        f"seed {seed}: {KILLS} kills in {took:.0f} s, {sum(len(c.acknowledged) for c in clients)} spans acknowledged in"
        f" {sum(c.batches for c in clients)} requests, {sum(c.retries for c in clients)} requests sent again"
    )


def check(database, clients):
    acknowledged = {}
    for client in clients:
        acknowledged |= client.acknowledged
    stored = database.rows(
        "SELECT e.event_key, a.value, p.event_key, c.input_tokens FROM events e"
        " JOIN run_aliases a ON a.run_id = e.run_id AND a.kind = 'trace'"
        " LEFT JOIN events p ON p.run_id = e.run_id AND p.sequence = e.parent_sequence"
        " LEFT JOIN llm_calls c ON c.run_id = e.run_id AND c.sequence = e.sequence"
    )
    by_key = {key: (trace, parent or "", tokens) for key, trace, parent, tokens in stored}
    assert len(by_key) == len(stored), "a span is stored twice"
    missing = acknowledged.keys() - by_key.keys()
    assert not missing, f"{len(missing)} acknowledged spans are not stored"
    # Every batch was acknowledged in the end, so nothing else may be there, and no parent is still awaited.
    assert by_key == acknowledged
    assert database.value("SELECT count(*) FROM events WHERE kind = 'missing'") == 0
    assert len(acknowledged) > KILLS
    check_runs(database, acknowledged)
    assert database.problems() == []


def check_runs(database, acknowledged):
    """Every trace is one run, which its root ended; no run has a gap in its order."""
    traces = {trace for trace, _, _ in acknowledged.values()}
    assert database.value("SELECT count(*) FROM runs") == len(traces)
    assert database.rows("SELECT DISTINCT status FROM runs") == [("completed",)]
    gaps = "SELECT run_id FROM events GROUP BY run_id HAVING max(sequence) <> count(*) OR min(sequence) <> 1"
    assert database.rows(gaps) == []
    orphans = (
        "SELECT count(*) FROM messages m LEFT JOIN contents c ON c.hash = m.content_hash"
        " LEFT JOIN messages p ON p.hash = m.parent_hash"
        " WHERE c.hash IS NULL OR (m.parent_hash IS NOT NULL AND p.hash IS NULL)"
    )
    assert database.value(orphans) == 0
