"""A run of 33,000 spans, 130 levels deep, with attributes of 15 MB: stored, listed, shown page by page, in little memory."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import otlp
import pytest

SPANS, DEPTH, BATCH = 33_000, 130, 1_000
LARGE = 15_000_000
MEMORY = 300_000_000
PAGE = 500
# As many clients as this at once share the server's bound (--max-memory, 256 MiB), beside what it needs in any case.
CROWD, CROWDED_MEMORY = 12, 500_000_000


def spans_of(chance, trace_id):
    """A path of DEPTH levels, and the rest hung below any span of it; children come before their parents in part."""
    ids = [chance.randbytes(8) for _ in range(SPANS)]
    parents = [b"", *ids[: DEPTH - 1]]
    parents += [ids[chance.randrange(DEPTH - 1)] for _ in range(SPANS - DEPTH)]
    made = [
        otlp.span(
            trace_id,
            span_id,
            f"span {number}",
            parent,
            start_ns=otlp.EPOCH_NS + number * 1_000_000,
            attributes={"number": number, "note": f"what step {number} did", "ratio": number / 7},
        )
        for number, (span_id, parent) in enumerate(zip(ids, parents))
    ]
    return made


def large_span(trace_id, parent, span_id, text):
    return otlp.span(trace_id, span_id, "large", parent, otlp.EPOCH_NS + 10**12, attributes={"document": text})


def post(server, spans, content_type="application/x-protobuf", encoding="identity", encode=otlp.request):
    headers = {"Content_Encoding": encoding}
    status, answer = server.post("/v1/traces", encode(spans), content_type, **headers)
    assert status == 200 and b"rejected" not in answer, answer


@pytest.fixture
def large_run(server):
    """(server, trace id, spans, large spans by id): everything is sent."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    trace_id = chance.randbytes(16)
    made = spans_of(chance, trace_id)
    order = made[:]
    chance.shuffle(order)
    for start in range(0, SPANS, BATCH):
        post(server, order[start : start + BATCH])
    large = {}
    for name, content_type, encoding, encode in otlp.encodings():
        span_id = chance.randbytes(8)
        text = f"{name} " + chance.randbytes(LARGE // 4).hex() + "äöü€" * (LARGE // 18)
        large[span_id.hex()] = text
        assert len(text.encode()) > LARGE
        post(server, [large_span(trace_id, made[1].span_id, span_id, text)], content_type, encoding, encode)
    return server, trace_id.hex(), made, large


def test_large_run(large_run, keel):
    server, trace, made, large = large_run
    after_writing = server.memory_bytes()
    (run,) = server.get("/api/v1/runs")["items"]
    assert run["trace_id"] == trace and run["status"] == "completed"
    assert run["event_count"] == SPANS + len(large)

    check_pages(server, trace, made, large)
    check_large(server, trace, large)
    check_tree(server, keel, trace)
    peak = server.memory_bytes()
    crowd(server, trace, large)
    crowded = server.memory_bytes()
    print(
        f"peak memory: {after_writing / 1e6:.0f} MB after writing, {peak / 1e6:.0f} MB after reading,"
        f" {crowded / 1e6:.0f} MB after {CROWD} clients at once"
    )
    assert peak < MEMORY
    assert crowded < CROWDED_MEMORY


def crowd(server, trace, large):
    """Many clients read and send again the large spans at the same time: answered, or told to come later."""
    parent = bytes(8)
    bodies = [
        otlp.request([large_span(bytes.fromhex(trace), parent, bytes.fromhex(span_id), text)])
        for span_id, text in large.items()
    ]
    sequences = [e["sequence"] for e in server.items(f"/api/v1/runs/{trace}/events?limit={PAGE}") if e["id"] in large]

    def client(number):
        which = number % len(large)
        answers = []
        for _ in range(3):
            answers.append(server.post("/v1/traces", bodies[which], "application/x-protobuf")[0])
            answers.append(server.status(f"/api/v1/runs/{trace}/events/{sequences[which]}"))
        return answers

    with ThreadPoolExecutor(CROWD) as pool:
        answers = [status for statuses in pool.map(client, range(CROWD)) for status in statuses]
    assert set(answers) <= {200, 503} and answers.count(200) >= CROWD, answers


def check_pages(server, trace, made, large):
    """Page by page: every event once, in order, with its parent."""
    events = list(server.items(f"/api/v1/runs/{trace}/events?limit={PAGE}"))
    assert [event["sequence"] for event in events] == list(range(1, SPANS + len(large) + 1))
    sequences = {event["id"]: event["sequence"] for event in events}
    assert sequences.keys() == {one.span_id.hex() for one in made} | large.keys()
    by_sequence = {event["sequence"]: event["id"] for event in events}
    parents = {event["id"]: by_sequence.get(event["parent_sequence"], "") for event in events}
    assert all(parents[one.span_id.hex()] == one.parent_span_id.hex() for one in made)
    first = server.get(f"/api/v1/runs/{trace}/events?limit={PAGE}")
    assert len(first["items"]) == PAGE and first["next"]


def check_large(server, trace, large):
    """Each large attribute comes back whole, by itself, and in a page with details."""
    found = {}
    for event in server.items(f"/api/v1/runs/{trace}/events?limit=1000&details=true"):
        if event["id"] in large:
            found[event["id"]] = event["sequence"]
            assert event["attributes"]["document"] == large[event["id"]]
    assert found.keys() == large.keys()
    for span_id, sequence in found.items():
        event = server.get(f"/api/v1/runs/{trace}/events/{sequence}")
        assert event["attributes"]["document"] == large[span_id]


def check_tree(server, keel, trace):
    """The timeline and the command line show it all, to its depth; the terminal shows the beginning and says so."""
    timeline = server.get(f"/api/v1/runs/{trace}/timeline?limit=10000")
    assert len(timeline["items"]) == 10_000 and timeline["more"]
    assert max(event["depth"] for event in timeline["items"]) == DEPTH - 1
    db = ("--db", server.database.url)
    shown = json.loads(keel("show", trace, "--json", "--limit", 40000, *db).stdout)
    assert len(shown["events"]) == shown["event_count"] and not shown["more_events"]
    assert max(event["depth"] for event in shown["events"]) == DEPTH - 1
    (listed,) = json.loads(keel("runs", "--json", *db).stdout)
    assert listed["event_count"] == shown["event_count"]
    text = keel("show", trace, *db).stdout
    assert "span 0" in text and len(text.splitlines()) < 700


def test_little_memory(start_server, sqlite_database):
    """A bound below what large bodies usually take: they are taken all the same, or refused for good, never put off."""
    server = start_server(sqlite_database, "--max-memory", 64)
    chance = random.Random(1)
    for name, content_type, encoding, encode in otlp.encodings():
        body = encode([large_span(chance.randbytes(16), b"", chance.randbytes(8), f"{name} " + "x" * LARGE)])
        status, answer = server.post("/v1/traces", body, content_type, Content_Encoding=encoding)
        assert status in (200, 413), (name, status, answer)
