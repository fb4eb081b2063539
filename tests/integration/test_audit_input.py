"""keel audit on what is damaged, huge, oddly named, forbidden or in use: clear errors or right answers, and not one
byte of the audited database changes."""

import contextlib
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

FORTY_ROWS = ";".join(f"INSERT INTO note VALUES ({i}, 'text {i}', 'state {i % 3}')" for i in range(1, 41))
NOTE = f"CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL, state TEXT NOT NULL); {FORTY_ROWS};"


def state_of(folder):
    """Every file of a folder with its content and time of change."""
    return {path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
            for path in folder.iterdir()}


@pytest.fixture
def audit(keel, tmp_path):
    """Audits a file of a folder of its own, which must be the same afterwards."""
    folder = tmp_path / "data"
    folder.mkdir()

    def run(name, *options):
        before = state_of(folder)
        done = keel("audit", folder / name, "--full", *options, check=False)
        assert state_of(folder) == before
        assert done.returncode in (0, 1, 2), done.stderr
        return done

    run.folder = folder
    return run


def make(path, script):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def report_of(done):
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


# ---- no database ----------------------------------------------------------------------------------------------------

def valid_file(folder):
    make(folder / "valid", "PRAGMA page_size = 4096; CREATE TABLE t (id INTEGER PRIMARY KEY, body TEXT);"
         + "".join(f"INSERT INTO t VALUES ({i}, '{'x' * 500}');" for i in range(400)))
    content = (folder / "valid").read_bytes()
    (folder / "valid").unlink()
    return content


@pytest.mark.parametrize(("content", "said"), [
    (lambda whole: b"a letter to a friend\n" * 500, "is not a SQLite database (or is encrypted)"),
    (lambda whole: random.Random(1).randbytes(len(whole)), "is not a SQLite database (or is encrypted)"),
    (lambda whole: whole[:100] + random.Random(2).randbytes(40000), "is damaged"),
    (lambda whole: whole[:50], "x.db"),
    (lambda whole: whole[: len(whole) // 2], "is damaged"),
    (lambda whole: whole[: len(whole) // 2 + 1234], "is damaged"),
], ids=["text", "encrypted", "header-only", "half-a-header", "cut-at-a-page", "cut-in-a-page"])
def test_no_whole_database_is_said_to_be_none(content, said, audit):
    (audit.folder / "x.db").write_bytes(content(valid_file(audit.folder)))
    done = audit("x.db", "--json")
    if done.returncode == 2:
        assert said in done.stderr and "x.db" in done.stderr and done.stdout == ""
    else:  # it can be opened: then what is missing is a finding
        assert report_of(done)["summary"]["errors"] > 0


def test_empty_file_is_an_empty_database(audit):
    (audit.folder / "x.db").write_bytes(b"")
    assert report_of(audit("x.db", "--json"))["summary"]["tables"] == 0


def test_missing_file_folder_and_server(audit, keel):
    assert "does not exist" in audit("nowhere.db").stderr
    assert not (audit.folder / "nowhere.db").exists()
    done = keel("audit", audit.folder, check=False)
    assert done.returncode == 2 and "is a folder" in done.stderr
    done = keel("audit", "postgres://nobody@127.0.0.1:1/x", check=False)
    assert done.returncode == 2 and "127.0.0.1" in done.stderr


# ---- damaged in part ------------------------------------------------------------------------------------------------

def test_damaged_table_is_a_finding_and_the_others_are_read(audit):
    path = audit.folder / "x.db"
    make(path, "PRAGMA page_size = 4096; CREATE TABLE bad (id INTEGER PRIMARY KEY, body TEXT NOT NULL);"
         + "".join(f"INSERT INTO bad VALUES ({i}, '{'x' * 700}');" for i in range(300)) + NOTE)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'bad'").fetchone()
    content = bytearray(path.read_bytes())
    child = int.from_bytes(content[(root - 1) * 4096 + 8:][:4], "big")  # its rightmost leaf
    content[(child - 1) * 4096] = 0xFF
    path.write_bytes(content)
    report = report_of(audit("x.db", "--json"))
    unreadable = [f for f in report["findings"] if f["rule"] == "unreadable-table"]
    assert [(f["table"], f["severity"]) for f in unreadable] == [("bad", "error")]
    assert "is damaged" in unreadable[0]["message"]
    assert any(line.startswith("table bad: ") for line in report["skipped"])
    assert report["summary"]["tables"] == 1 and report["summary"]["rows"] == 40


def test_broken_views_and_triggers_end_nothing(audit):
    make(audit.folder / "x.db", NOTE + """
        CREATE VIEW good AS SELECT id FROM note; CREATE VIEW broken AS SELECT id FROM note;
        CREATE VIEW around AS SELECT * FROM broken;
        PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = 'CREATE VIEW broken AS SELECT nope FROM gone' WHERE name = 'broken';""")
    report = report_of(audit("x.db", "--json"))
    assert report["summary"]["rows"] == 40
    assert {f["view"] for f in report["findings"] if f["view"]} >= {"broken"}
    assert "good" not in {f["view"] for f in report["findings"]}


def test_virtual_table_of_a_module_that_is_not_there(audit):
    make(audit.folder / "x.db", NOTE + """PRAGMA writable_schema = ON;
        INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING nosuchmodule(a)');""")
    assert report_of(audit("x.db", "--json"))["summary"]["rows"] == 40


def test_generated_column_that_fails_is_named(audit):
    make(audit.folder / "x.db", NOTE + """
        CREATE TABLE g (id INTEGER PRIMARY KEY, a INTEGER);
        INSERT INTO g (id, a) VALUES (1, 5), (2, -9223372036854775808);
        ALTER TABLE g ADD COLUMN b INTEGER AS (abs(a)) VIRTUAL;""")
    report = report_of(audit("x.db", "--json"))
    assert [f["table"] for f in report["findings"] if f["rule"] == "unreadable-table"] == ["g"]
    assert report["summary"]["rows"] == 40


# ---- odd shapes -----------------------------------------------------------------------------------------------------

NAMES = ["quo\"te's", "new\nline", "🙂 smile", "select", "%s%n", "x]y`z", "--", "ünï", "a.b", "[x]", ";", "tab\t"]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize("options", [["--json"], ["--format", "sarif"], []])
def test_odd_names(options, database, keel):
    """Tables, columns, indexes and views of every name; each finding names them as they are."""
    rows = 60
    for i, name in enumerate(NAMES):
        columns = ", ".join(f"{quoted(other)} TEXT" for other in NAMES)
        database.execute(f"CREATE TABLE {quoted(name)} (id INTEGER PRIMARY KEY, {quoted(NAMES[i - 1] + '_id')} INTEGER,"
                         f" {columns});"
                         f"CREATE INDEX {quoted('i ' + name)} ON {quoted(name)} ({quoted(name)}, id);"
                         f"CREATE INDEX {quoted('j ' + name)} ON {quoted(name)} ({quoted(name)});"
                         f"CREATE VIEW {quoted('v ' + name)} AS SELECT {quoted(name)} FROM {quoted(name)};"
                         + "".join(f"INSERT INTO {quoted(name)} (id, {quoted(name)}) VALUES ({r}, '{{\"a\": {r}}}');"
                                   for r in range(rows)))
    done = keel("audit", database.url, *options, check=False)
    assert done.returncode in (0, 1), done.stderr
    if options == ["--json"]:
        report = json.loads(done.stdout)
        assert report["skipped"] == []
        assert (report["summary"]["tables"], report["summary"]["rows"]) == (len(NAMES), rows * len(NAMES))
        assert {f["table"] for f in report["findings"] if f["table"]} <= set(NAMES)
        prefixes = {f["index"] for f in report["findings"] if f["index"]}
        assert {"j " + name for name in NAMES} <= prefixes
    elif options:
        assert json.loads(done.stdout)["runs"][0]["results"]
    else:
        assert "new\\nline" in done.stdout and "new\nline" not in done.stdout


def test_two_thousand_columns(audit):
    make(audit.folder / "x.db", f"CREATE TABLE w ({', '.join(f'c{i} TEXT' for i in range(2000))});"
         + "".join(f"INSERT INTO w (c0, c1, c1999) VALUES ({i}, 'a', '{i % 5}');" for i in range(200)))
    report = report_of(audit("x.db", "--json"))
    assert report["summary"]["rows"] == 200 and report["skipped"] == []


def test_sixteen_hundred_columns_in_postgres(postgres_database, keel):
    postgres_database.execute(f"CREATE TABLE w ({', '.join(f'c{i} boolean' for i in range(1600))});"
                              "INSERT INTO w (c0, c1599) SELECT true, g % 2 = 0 FROM generate_series(1, 200) AS g")
    report = report_of(keel("audit", postgres_database.url, "--json", check=False))
    assert report["summary"]["rows"] == 200 and report["skipped"] == []


def test_five_thousand_tables(audit):
    tables = "".join(f"CREATE TABLE t{i} (id INTEGER PRIMARY KEY, t{i // 2}_id INTEGER, state TEXT);"
                     f"INSERT INTO t{i} VALUES (1, 1, 'new');" for i in range(5000))
    make(audit.folder / "x.db", f"BEGIN; {tables} COMMIT;")
    report = report_of(audit("x.db", "--json"))
    assert report["summary"]["tables"] == report["summary"]["rows"] == 5000
    assert report["skipped"] == []


def test_values_of_all_kinds(audit, facts_bin):
    """NUL bytes, bytes that are no UTF-8, a value of 20 MB, numbers at the ends of their range."""
    path = audit.folder / "x.db"
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE v (id INTEGER PRIMARY KEY, x)")
        connection.executemany("INSERT INTO v (x) VALUES (CAST(? AS TEXT))", [(b"a\0b",), (b"\xff\xfe",), (b"",)])
        connection.executemany("INSERT INTO v (x) VALUES (?)", [
            (b"\0" * 300,), (2**63 - 1,), (-(2**63),), (1e308,), (float("inf"),), (None,), ('{"a":' * 5000,),
            ("y" * 20_000_000,), ('{"k": "' + "z" * 1_200_000 + '"}',)])
    report = report_of(audit("x.db", "--json"))
    assert report["summary"]["rows"] == 12 and report["skipped"] == []
    facts = json.loads(subprocess.check_output([facts_bin, path, "-1", "0"]))["v"]["columns"]["x"]
    assert (facts["texts"], facts["blobs"], facts["integers"], facts["reals"], facts["nulls"]) == (6, 1, 2, 2, 1)
    assert facts["max_bytes"] == 20_000_000 and facts["distinct"] == 11 and facts["over_100k"] == 2
    assert (facts["min_integer"], facts["max_integer"]) == (-(2**63), 2**63 - 1)


@pytest.fixture(scope="session")
def facts_bin(keel_bin):
    return Path(keel_bin).parent / "tests/unit/audit_facts"


# ---- samples --------------------------------------------------------------------------------------------------------

def test_sample_is_spread_and_said(database, facts_bin, keel):
    numbers = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) " if database.kind ==
               "sqlite" else "WITH n AS (SELECT generate_series(1, 50000) AS i) ")
    database.execute("CREATE TABLE big (id INTEGER PRIMARY KEY, body TEXT, part INTEGER);"
                     f"{numbers} INSERT INTO big SELECT i, 'body ' || i, i / 5000 FROM n;")
    if database.kind == "postgres":
        database.execute("ANALYZE big")
    big = json.loads(subprocess.check_output([facts_bin, database.url, "5000", "0"]))["big"]
    assert big["sampled"] and 4000 <= big["rows"] <= 6500
    assert abs(big["row_count"] - 50000) <= 1000
    assert big["columns"]["part"]["distinct"] >= 10  # from all over the table
    assert big["columns"]["id"]["distinct"] == big["rows"]  # none twice
    report = report_of(keel("audit", database.url, "--sample", "5000", "--json", check=False))
    assert report["summary"]["sampled"] is True
    assert all(f["evidence"]["sampled"] for f in report["findings"] if f["table"] and f["evidence"]["rows"])
    full = report_of(keel("audit", database.url, "--full", "--json", check=False))
    assert full["summary"]["sampled"] is False and full["summary"]["rows"] == 50000


@pytest.mark.parametrize(("script", "why"), [
    ("CREATE TABLE k (id TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO k SELECT 'k' || i FROM n;", "no rowid"),
    ("CREATE TABLE k (id INTEGER PRIMARY KEY); INSERT INTO k SELECT i FROM n; INSERT INTO k VALUES (1 << 62);",
     "unevenly spread"),
    ("CREATE TABLE k (rowid TEXT, _rowid_ TEXT, oid TEXT); INSERT INTO k SELECT i, i, i FROM n;", "no rowid")])
def test_where_no_spread_is_possible_the_first_rows_are_read(script, why, audit):
    make(audit.folder / "x.db", "CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
         f" WHERE i < 20000) SELECT i FROM n; {script}")
    done = audit("x.db", "--json", "--sample", "1000")
    report = report_of(done)
    assert report["summary"]["rows"] == 1000 and report["summary"]["sampled"]
    assert any("only its first 1000 rows were read" in line and why in line for line in report["skipped"])


# ---- in use, forbidden ----------------------------------------------------------------------------------------------

WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=30)
number = 0
print("writing", flush=True)
while True:
    with connection:
        connection.executemany("INSERT INTO pair VALUES (?, ?)", [(number, "left"), (number, "right")])
    number += 1
    time.sleep(0.005)  # without WAL nobody else would get in
"""


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_database_that_is_written_to(mode, keel, tmp_path):
    """Each audit sees one state of it: pairs are written together, so there is never half of one."""
    path = tmp_path / "busy.db"
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/half.sql").write_text(
        "-- rule: half, error, half a pair\nSELECT number FROM pair GROUP BY number HAVING count(*) <> 2;\n"
        "-- rule: size, advice, rows {seen}\nSELECT count(*) AS seen FROM pair;")
    make(path, f"PRAGMA journal_mode = {mode}; CREATE TABLE pair (number INTEGER, side TEXT);")
    writer = subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True)
    try:
        assert writer.stdout.readline() == "writing\n"
        seen = []
        for _ in range(5):
            time.sleep(0.1)
            report = report_of(keel("audit", path, "--full", "--json", "--rules-dir", "rules", check=False))
            assert "half" not in {f["rule"] for f in report["findings"]}
            (size,) = [f["message"] for f in report["findings"] if f["rule"] == "size"]
            assert size == f"rows {report['summary']['rows']}" and report["summary"]["rows"] % 2 == 0
            seen.append(report["summary"]["rows"])
        assert writer.poll() is None and seen == sorted(seen) and seen[-1] > seen[0]
    finally:
        writer.kill()
        writer.wait()
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_folder_is_left_as_it_was(mode, audit):
    make(audit.folder / "x.db", f"PRAGMA journal_mode = {mode}; {NOTE}")
    assert os.listdir(audit.folder) == ["x.db"]
    report = report_of(audit("x.db", "--json"))
    assert report["summary"]["rows"] == 40 and os.listdir(audit.folder) == ["x.db"]


def test_read_only_file_in_a_read_only_folder(audit):
    make(audit.folder / "x.db", NOTE)
    (audit.folder / "x.db").chmod(0o444)
    audit.folder.chmod(0o555)
    try:
        assert report_of(audit("x.db", "--json"))["summary"]["rows"] == 40
    finally:
        audit.folder.chmod(0o755)


def test_table_without_a_right_to_read_is_skipped(postgres_database, keel):
    role = urlsplit(postgres_database.url).path[1:] + "_reader"
    postgres_database.execute(NOTE + f"""CREATE TABLE secret (id integer PRIMARY KEY);
        CREATE ROLE {role} LOGIN PASSWORD 'reader'; GRANT SELECT ON note TO {role}""")
    try:
        parts = urlsplit(postgres_database.url)
        url = urlunsplit(parts._replace(netloc=f"{role}:reader@{parts.hostname}:{parts.port}"))
        report = report_of(keel("audit", url, "--json", check=False))
        assert report["summary"]["rows"] == 40
        assert any(line.startswith("table secret: ") and "permission denied" in line for line in report["skipped"])
        assert "unreadable-table" not in {f["rule"] for f in report["findings"]}
    finally:
        postgres_database.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_table_that_another_session_locks_is_skipped(postgres_database, keel):
    postgres_database.execute(NOTE + "CREATE TABLE locked (id integer PRIMARY KEY);")
    with psycopg.connect(postgres_database.url) as other:
        other.execute("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE")
        separator = "&" if "?" in postgres_database.url else "?"
        report = report_of(keel("audit", postgres_database.url + f"{separator}options=-c%20statement_timeout%3D3s",
                                "--rules", "unreadable-table", "--json", check=False))
    assert report["summary"]["rows"] == 40
    assert any(line.startswith("table locked: ") for line in report["skipped"])
    assert report["findings"] == []
