"""A conversation that sends its whole history with each turn is stored once."""

import random

import otlp

TURNS = 50
# Median sizes of a chat with a coding assistant: a question of a paragraph, an answer of several.
QUESTION_BYTES, ANSWER_BYTES = 400, 1500
VOCABULARY = 4000


def writer(chance):
    """text(bytes): prose of made-up words, as compressible as prose."""
    letters = "etaoinshrdlcumwfgypbvk"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(VOCABULARY)]
    weights = [1 / rank for rank in range(1, VOCABULARY + 1)]

    def text(size):
        made = []
        while sum(map(len, made)) + len(made) < size:
            made.append(chance.choices(words, weights)[0])
        return " ".join(made)[:size]

    return text


def tell(server, chance, session):
    """Posts the conversation, a turn a trace; returns all its messages, and the bytes that were sent."""
    text = writer(chance)
    history = [("system", text(QUESTION_BYTES * 2))]
    sent = 0
    for turn in range(TURNS):
        history.append(("user", text(chance.randint(QUESTION_BYTES // 2, QUESTION_BYTES * 3 // 2))))
        answer = ("assistant", text(chance.randint(ANSWER_BYTES // 2, ANSWER_BYTES * 3 // 2)))
        attributes = otlp.chat_attributes(history, answer, 100 * turn + 100, 300)
        attributes["gen_ai.conversation.id"] = session
        trace_id, span_id = chance.randbytes(16), chance.randbytes(8)
        start = otlp.EPOCH_NS + turn * 60_000_000_000
        body = otlp.request([otlp.span(trace_id, span_id, "chat stub-4o", start_ns=start, attributes=attributes)])
        status, answered = server.post("/v1/traces", body, "application/x-protobuf")
        assert status == 200, answered
        history.append(answer)
        sent += len(body)
    return history, sent


def text_bytes(history):
    return sum(len(text.encode()) for _, text in history)


def row_bytes(database):
    """What stands in the rows of messages and contents, without indexes and the database's own bookkeeping: contents
    counted before compression, integers as 4 bytes."""
    nodes = (
        "SELECT sum(length(hash) + coalesce(length(parent_hash), 0) + length(content_hash) + length(role)"
        " + length(format) + 4) FROM messages"
    )
    contents = "SELECT sum(size + length(hash)) FROM contents WHERE hash IN (SELECT content_hash FROM messages)"
    return int(database.value(nodes)) + int(database.value(contents))


def page_bytes(database):
    """The pages that the database gave to messages and contents and all their indexes; contents are compressed."""
    if database.kind == "sqlite":
        tables = "SELECT name FROM sqlite_schema WHERE tbl_name IN ('messages', 'contents')"
        return int(database.value(f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({tables})"))
    return int(database.value("SELECT pg_total_relation_size('messages') + pg_total_relation_size('contents')"))


def test_history_is_stored_once(server):
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    database = server.database
    history, sent = tell(server, chance, "long-talk")
    text = text_bytes(history)
    rows = row_bytes(database)

    assert database.value("SELECT count(*) FROM messages") == len(history) == 2 * TURNS + 1
    assert database.value("SELECT max(depth) FROM messages") == len(history)
    assert database.value("SELECT count(*) FROM contents WHERE hash IN (SELECT content_hash FROM messages)") == len(history)
    assert sent > 20 * text
    assert rows <= 1.5 * text
    # No other column keeps what was said a second time.
    for column in ("attributes", "body", "input", "output"):
        assert (database.value(f"SELECT sum(length(CAST({column} AS TEXT))) FROM events") or 0) < text / 4
    assert database.value("SELECT count(*) FROM contents WHERE hash NOT IN (SELECT content_hash FROM messages)") == 0
    check_last_call(server, history)
    print(f"seed {seed}: {len(history)} messages, {text} bytes of text, sent {sent / text:.1f} times;")
    print(f"rows / text, uncompressed: {rows / text:.3f}")
    check_pages(server, chance)


def check_pages(server, chance):
    """Pages, indexes included, of further conversations: small tables are mostly their first, empty pages."""
    before = page_bytes(server.database)
    text = sum(text_bytes(tell(server, chance, f"talk {number}")[0]) for number in range(6))
    pages = page_bytes(server.database) - before
    print(f"pages / text, compressed, with indexes, of 6 further conversations: {pages / text:.3f}")
    assert pages <= 1.5 * text


def check_last_call(server, history):
    """The last turn's call gives back the whole conversation."""
    newest = server.get("/api/v1/runs?session=long-talk&limit=1")["items"][0]
    (call,) = server.get(f"/api/v1/runs/{newest['id']}/llm-calls?messages=true")["items"]
    messages = call["input_messages"] + call["output_messages"]
    assert [(message["role"], message["content"]) for message in messages] == history
    assert len(list(server.items("/api/v1/runs?session=long-talk&limit=20"))) == TURNS
