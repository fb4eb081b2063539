"""What the audit's scan counts, against the same counted in Python, on random tables in both databases."""

import collections
import contextlib
import json
import os
import random
import sqlite3
import string
import subprocess
from pathlib import Path

import psycopg
import pytest

NOW_US = 1_770_000_000_000_000
WORDS = ["pending", "done", "failed", "Done", " done", "", "null", "x" * 40, "true", "1", "été", "{}", "[1]", '{"a":1}',
         '{"a":', "2026-01-02", "2025-11-11T10:00:00Z"]


@pytest.fixture(scope="session")
def facts_bin(keel_bin):
    return Path(keel_bin).parent / "tests/unit/audit_facts"


def ask(facts_bin, url, *asked, sample=-1):
    done = subprocess.run([facts_bin, url, str(sample), str(NOW_US), *asked], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b"", done.stderr
    return json.loads(done.stdout)


def random_text(rng):
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(WORDS)
    if kind < 0.9:
        return "".join(rng.choice(string.ascii_letters + "  ü€🙂") for _ in range(rng.randrange(12)))
    return "".join(rng.choice("ab") for _ in range(rng.choice([90, 101, 119, 121, 250])))


def generators(rng):
    """Columns by their nature: few words, many values, numbers, mixed."""
    few = [rng.choice(WORDS) for _ in range(rng.choice([1, 3, 24, 25]))]
    return {
        "few": lambda: rng.choice(few),
        "several": lambda: f"w{rng.randrange(70)}",
        "text": lambda: random_text(rng),
        "number": lambda: rng.choice([0, 1, -1, rng.randrange(-9, 9), rng.randrange(2**62), 1_700_000_000]),
        "flag": lambda: rng.choice([0, 1]),
        "real": lambda: rng.choice([0.0, 1.0, -2.5, rng.random()]),
    }


def random_table(rng, rows):
    made = generators(rng)
    names = ["few", "several", "text", "number", "flag", "real"]
    holes = {name: rng.choice([0, 0.1, 0.9]) for name in names}
    return names, [[None if rng.random() < holes[name] else made[name]() for name in names] for _ in range(rows)]


def fold(value):
    if not isinstance(value, str) or len(value.encode()) > 200:
        return value
    lower = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
    return value.strip(" \t\n\v\f\r").translate(lower)


def kind_of(value):
    return {int: "integers", float: "reals", str: "texts", bytes: "blobs"}[type(value)]


def plain(value):
    """A value as the list of words has it; the text of a float is not of one form."""
    return value if isinstance(value, float) else str(value)


def check_column(values, profile, label):
    there = [v for v in values if v is not None]
    typed = collections.Counter((type(v), v) for v in there)
    numbers = [v for v in there if isinstance(v, (int, float))]
    sizes = [len(v.encode() if isinstance(v, str) else v) for v in there if isinstance(v, (str, bytes))]
    wanted = {
        "rows": len(values),
        "nulls": len(values) - len(there),
        "zeros": sum(v == 0 for v in numbers),
        "ones": sum(v == 1 for v in numbers),
        "negatives": sum(v < 0 for v in numbers),
        "min_bytes": min(sizes, default=0),
        "max_bytes": max(sizes, default=0),
        "total_bytes": sum(sizes),
        "max_characters": max((len(v) for v in there if isinstance(v, str)), default=0),
        "distinct": len(typed),
        "distinct_folded": len({(type(v), fold(v)) for v in there}),
        "duplicate_rows": len(there) - len(typed),
        "distinct_overflow": 0,
    }
    for kind in ("integers", "reals", "texts", "blobs"):
        wanted[kind] = sum(kind_of(v) == kind for v in there)
    if integers := [v for v in there if isinstance(v, int)]:
        wanted |= {"min_integer": min(integers), "max_integer": max(integers)}
    assert {key: profile[key] for key in wanted} == wanted, label
    if numbers:
        assert (profile["min_real"], profile["max_real"]) == (float(min(numbers)), float(max(numbers))), label
    short = all(len(v.encode()) <= 100 for v in there if isinstance(v, str))
    if len(typed) <= 64 and short:
        counted = collections.Counter()
        for (_, value), rows in typed.items():
            counted[plain(value)] += rows
        shown = collections.Counter()
        for word, rows in profile["words"]:
            shown[float(word) if isinstance(there[0], float) else word] += rows
        assert shown == counted, label
        assert [rows for _, rows in profile["words"]] == sorted((r for _, r in profile["words"]), reverse=True)
    else:
        assert profile["words"] == []


def is_json(value, broken):
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(value)
        return not broken
    except ValueError:
        return broken


def is_json_scalar(value):
    if not isinstance(value, str):
        return False
    try:
        return not isinstance(json.loads(value, parse_constant=int), (dict, list))
    except ValueError:
        return False


def cell(rows):
    return [
        len(rows), sum(v is None for v in rows), sum(v == "" for v in rows), sum(is_json(v, False) for v in rows),
        sum(is_json(v, True) for v in rows), sum(isinstance(v, (int, float)) and v == 0 for v in rows),
        sum(v == 1 if isinstance(v, (int, float)) else isinstance(v, str) and v.lower() == "true" for v in rows),
        sum(map(is_json_scalar, rows))]


def check_crosses(names, rows, crosses, label):
    seen = set()
    for words, other, word, *numbers in crosses:
        w, o = names.index(words), names.index(other)
        real = any(isinstance(row[w], float) for row in rows)
        here = [row[o] for row in rows if row[w] is not None and plain(row[w]) == (float(word) if real else word)]
        assert numbers == cell(here), f"{label}: {other} where {words} = {word!r}"
        seen.add((words, other))
    for w, words in enumerate(names):
        kinds = {row[w] for row in rows if row[w] is not None}
        small = len(kinds) <= 24 and all(len(str(v).encode()) <= 100 for v in kinds)
        for o, other in enumerate(names):
            telling = any(any(cell([row[o]])[1:]) for row in rows if row[w] is not None)
            assert ((words, other) in seen) == (len(rows) >= 5 and small and telling and w != o), (label, words, other)


def check_tuple(columns, rows, folded, counted, label):
    there = [tuple(map(fold, row) if folded else row) for row in ([r[c] for c in columns] for r in rows)
             if None not in row]
    groups = collections.Counter(there)
    assert counted == [len(there), len(groups), sum(n > 1 for n in groups.values()), len(there) - len(groups), 0], label


def check_dependency(a, b, rows, counted, label):
    groups = collections.defaultdict(set)
    for row in rows:
        if row[a] is not None:
            groups[row[a]].add(row[b])
    wanted = [sum(row[a] is not None for row in rows), len(groups), sum(len(g) > 1 for g in groups.values()),
              sum(map(len, groups.values())), 0]
    assert counted == wanted, label


def fill(database, names, rows):
    places = ", ".join(["%s"] * len(names))
    if database.kind == "sqlite":
        with contextlib.closing(sqlite3.connect(database.path)) as connection, connection:
            connection.execute(f"CREATE TABLE r ({', '.join(names)})")
            connection.executemany(f"INSERT INTO r VALUES ({places.replace('%s', '?')})", rows)
        return
    types = {"number": "bigint", "flag": "integer", "real": "double precision"}
    columns = ", ".join(f"{name} {types.get(name, 'text')}" for name in names)
    with psycopg.connect(database.url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE r ({columns})")
        cursor.executemany(f"INSERT INTO r VALUES ({places})", rows)


@pytest.mark.parametrize("rows", [0, 1, 7, 300, 3000])
def test_counts_of_random_tables(rows, database, facts_bin):
    seed = int(os.environ.get("KEEL_SEED") or random.randrange(2**32))
    label = f"KEEL_SEED={seed}"
    print(label)
    rng = random.Random(seed)
    names, data = random_table(rng, rows)
    fill(database, names, data)
    asked = ["few,several", "~text", "~few,text", "number,flag,few", "several=>few", "flag=>number", "text=>text",
             "?t.flag = 1 AND t.number > 0??t.several"]
    facts = ask(facts_bin, database.url, *(part for what in asked for part in ("r", what)))["r"]
    assert (facts["rows"], facts["row_count"], facts["sampled"], facts["scanned"]) == (rows, rows, False, True)
    at = {name: i for i, name in enumerate(names)}
    for name in names:
        check_column([row[at[name]] for row in data], facts["columns"][name], f"{label}: {name}")
    check_crosses(names, data, facts["crosses"], label)
    for what in asked[:4]:
        columns = [at[name] for name in what.lstrip("~").split(",")]
        check_tuple(columns, data, what[0] == "~", facts["asked"][what], f"{label}: {what}")
    for what in asked[4:7]:
        a, b = what.split("=>")
        check_dependency(at[a], at[b], data, facts["asked"][what], f"{label}: {what}")
    three = [(r[at["flag"]], r[at["number"]]) for r in data]
    matching = [r for r in data if r[at["flag"]] == 1 and r[at["number"]] is not None and r[at["number"]] > 0]
    nulls = sum((f is None and (n is None or n > 0)) or (n is None and f == 1) for f, n in three)
    assert facts["asked"][asked[7]] == [len(matching), nulls, len({r[at["several"]] or "" for r in matching})], label


# ---- PostgreSQL's types ---------------------------------------------------------------------------------------------

TYPES = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a integer, b text);
CREATE DOMAIN cents AS bigint CHECK (value >= 0);
CREATE DOMAIN more_cents AS cents;
CREATE TABLE every (
    flag boolean, small smallint, whole integer, long bigint, single real, double double precision, exact numeric,
    cash money, words text, five varchar(5), three char(3), bytes bytea, day date, local timestamp, zoned timestamptz,
    clock time, span interval, id uuid, doc json, docb jsonb, numbers integer[], texts text[], feeling mood, joined pair,
    amount cents, amounts more_cents, range int4range, place point, host inet, bits bit(3), vector tsvector, "Odd ""one" text,
    twice bigint GENERATED ALWAYS AS (whole * 2) STORED);
INSERT INTO every VALUES
    (true, -1, 1, 9223372036854775807, 0.1, 'NaN', 'NaN', 12.5, 'x', 'abcde', 'ab', '\\x0001ff', '2026-01-02', 'infinity',
     '2026-01-02 03:04:05.5+05', '10:11', '1 day', '0190a0b0-0000-7000-8000-000000000001', '{"a": 1, "a": 2}', '{}',
     '{1,2}', '{"{"}', 'ok', '(1,x)', 5, 6, '[1,3)', '(1,2)', '10.0.0.1', '101', 'a b', 'y'),
    (false, 0, 0, -5, 'Infinity', 0.5, 12345678901234567890.25, -1, '', 'abc', 'abc', '', '0044-03-15 BC', '2026-01-02',
     'infinity', '00:00', '-1 day', '0190a0b0-0000-7000-8000-000000000002', '[]', '"x"', '{}', NULL, 'sad', NULL, 0, 0,
     'empty', '(0,0)', '::1', '000', '', NULL);
INSERT INTO every DEFAULT VALUES;
"""


def test_every_type_of_postgres(postgres_database, facts_bin):
    postgres_database.execute(TYPES)
    table = ask(facts_bin, postgres_database.url)["every"]
    facts = table["columns"]
    assert table["rows"] == 3 and all(f["nulls"] >= 1 for f in facts.values())
    kinds = {name: next((k for k in ("integers", "reals", "texts", "blobs") if f[k]), None) for name, f in facts.items()}
    integers = {"flag", "small", "whole", "long", "amount", "amounts", "twice"}
    reals = {"single", "double", "exact"}
    assert kinds == {name: "integers" if name in integers else "reals" if name in reals else "blobs" if name == "bytes"
                     else "texts" for name in facts}
    assert (facts["long"]["min_integer"], facts["long"]["max_integer"]) == (-5, 2**63 - 1)
    assert (facts["flag"]["ones"], facts["flag"]["zeros"], facts["small"]["negatives"]) == (1, 1, 1)
    assert (facts["five"]["at_limit"], facts["five"]["max_characters"], facts["three"]["at_limit"]) == (1, 5, 1)
    assert (facts["bytes"]["min_bytes"], facts["bytes"]["max_bytes"], facts["bytes"]["total_bytes"]) == (0, 3, 3)
    assert facts["bytes"]["distinct_overflow"] == 1  # only lengths are read
    assert dict(map(tuple, facts["exact"]["words"])) == {"NaN": 1, "12345678901234567890.25": 1}
    assert dict(map(tuple, facts["feeling"]["words"])) == {"ok": 1, "sad": 1}
    assert facts["zoned"]["max_time_us"] == 1767305045500000  # 2026-01-01T22:04:05.5Z
    assert sum(facts["texts"]["shapes"]) == sum(facts["numbers"]["shapes"]) == 0  # '{' is no JSON there


def test_partitions_are_read_through_their_parent(postgres_database, facts_bin):
    postgres_database.execute("""
        CREATE TABLE event (id integer, kind text) PARTITION BY RANGE (id);
        CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (100);
        CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (100) TO (200) PARTITION BY LIST (kind);
        CREATE TABLE event_3 PARTITION OF event_2 DEFAULT;
        INSERT INTO event SELECT g, 'k' || g % 3 FROM generate_series(0, 149) AS g;
        CREATE TABLE base (id integer); CREATE TABLE child (more text) INHERITS (base);
        INSERT INTO base VALUES (1); INSERT INTO child VALUES (2, 'x'), (3, 'y');
        ANALYZE""")
    facts = ask(facts_bin, postgres_database.url)
    assert {name: table["rows"] for name, table in facts.items()} == {"event": 150, "base": 1, "child": 2}
    sampled = ask(facts_bin, postgres_database.url, sample=20)["event"]
    assert sampled["sampled"] and sampled["row_count"] == 150
