"""What the rules of keys, references and indexes offer to repair: after up the finding is gone and nothing new of these families
is there; after down schema and rows are as they were."""

import json

import pytest
from audited import audit, fill

FAMILIES = ("keys", "references", "indexes")

CASES = {
    "a soft reference with orphans": """
        CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY);
        CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER, created_at TEXT);
        -- users 1..40; t 1..300 user_id = i % 43 + 1
        """,
    "a tree": """
        CREATE TABLE nodes (id TEXT NOT NULL PRIMARY KEY, parent_id TEXT);
        """,
    "two tables that refer to each other": """
        CREATE TABLE prompts (id TEXT NOT NULL PRIMARY KEY, current_version_id TEXT);
        CREATE TABLE prompt_versions (id TEXT NOT NULL PRIMARY KEY, prompt_id TEXT NOT NULL REFERENCES prompts (id));
        CREATE INDEX i ON prompt_versions (prompt_id);
        """,
    "keys without index": """
        CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY);
        CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER REFERENCES users (id), created_at TEXT);
        """,
    "needless indexes": """
        CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a, b));
        CREATE INDEX i1 ON t (id); CREATE INDEX i2 ON t (a); CREATE INDEX i3 ON t (b); CREATE INDEX i4 ON t (b); CREATE INDEX i5 ON t (b, a);
        CREATE INDEX i6 ON t (lower(b)); CREATE INDEX i7 ON t (lower(b)); CREATE INDEX i8 ON t (b) WHERE a = 'x'; CREATE INDEX i9 ON t (b) WHERE a = 'x';
        """,
    "no primary key": """
        CREATE TABLE t (a TEXT NOT NULL, b TEXT NOT NULL, c TEXT, UNIQUE (a, b));
        CREATE TABLE u (a TEXT NOT NULL, c TEXT); CREATE UNIQUE INDEX i ON u (a);
        """,
    "names that need quotes": """
        CREATE TABLE "us""ers" (id INTEGER NOT NULL PRIMARY KEY);
        CREATE TABLE "a b" (id INTEGER NOT NULL PRIMARY KEY, "us""er_id" INTEGER);
        """,
}

ROWS = {
    "a soft reference with orphans": {
        "users": [(i,) for i in range(1, 41)],
        "t": [(i, i % 43 + 1, f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z") for i in range(1, 301)]},
    "a tree": {"nodes": [(f"n{i}", None if i == 1 else f"n{i // 2}" if i % 12 else f"gone{i}") for i in range(1, 121)]},
    "two tables that refer to each other": {
        "prompts": [(f"p{i}", f"v{i}" if i % 10 else f"gone{i}") for i in range(1, 31)],
        "prompt_versions": [(f"v{i}", f"p{i}") for i in range(1, 31)]},
    "keys without index": {
        "users": [(i,) for i in range(1, 41)],
        "t": [(i, i % 40 + 1, f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z") for i in range(1, 301)]},
    "needless indexes": {"t": [(i, f"a{i}", f"b{i}") for i in range(1, 51)]},
    "no primary key": {"t": [("x", f"b{i}", None) for i in range(9)], "u": [(f"a{i}", None) for i in range(9)]},
    "names that need quotes": {'"us""ers"': [(i,) for i in range(1, 41)], '"a b"': [(i, i % 43 + 1) for i in range(1, 301)]},
}


def dump(keel, database):
    rows = {name: sorted(map(repr, database.rows(f"SELECT * FROM {name}"))) for name in database.names}
    schema = json.loads(keel("schema", "--format", "json", database.url).stdout)
    tables = [t for t in schema["tables"] if not t["name"].startswith("keel_")]
    return rows, tables


def migrate(keel, database, folder, *action):
    keel("migrate", *action, "--db", database.url, "--dir", str(folder))


def round_trip(keel, database, tmp_path):
    before, was = audit(keel, database, *FAMILIES), dump(keel, database)
    automatic = {f["fingerprint"] for f in before.report["findings"] if f["fix"] == "automatic"}
    assert automatic
    folder = tmp_path / "fix"
    keel("audit", database.url, "--full", "--rules", ",".join(FAMILIES), "--fix", str(folder), check=False)
    migrate(keel, database, folder, "up")
    after = audit(keel, database, *FAMILIES)
    known = {f["fingerprint"] for f in before.report["findings"]}
    left = [f"{f['rule']} {f['table']} {f['columns']}: {f['message']}" for f in after.report["findings"]
            if f["fingerprint"] in automatic or f["fingerprint"] not in known]
    assert left == []
    migrate(keel, database, folder, "down")
    assert dump(keel, database) == was


@pytest.mark.parametrize("case", CASES)
def test_up_repairs_and_down_gives_back(keel, database, tmp_path, case):
    script = "\n".join(line for line in CASES[case].splitlines() if not line.strip().startswith("--"))
    database.execute(script)
    database.names = list(ROWS[case])
    if database.kind == "postgres" and "refer to each other" in case:
        database.execute("ALTER TABLE prompt_versions DROP CONSTRAINT prompt_versions_prompt_id_fkey;")
    for name, rows in ROWS[case].items():
        fill(database, name, rows)
    if database.kind == "postgres" and "refer to each other" in case:
        database.execute("ALTER TABLE prompt_versions ADD FOREIGN KEY (prompt_id) REFERENCES prompts (id);")
    round_trip(keel, database, tmp_path)


def test_orphans_and_null_keys_of_sqlite(keel, sqlite_database, tmp_path):
    sqlite_database.execute("""
        CREATE TABLE p (id TEXT PRIMARY KEY, x TEXT);
        CREATE TABLE t (id INTEGER PRIMARY KEY, p_id TEXT REFERENCES p (id) ON DELETE CASCADE);
        CREATE TABLE u (id INTEGER PRIMARY KEY, t_id INTEGER REFERENCES t (id));
        INSERT INTO p VALUES ('a', 'x'), ('b', 'y'), (NULL, 'z'), (NULL, 'z');
        INSERT INTO t VALUES (1, 'a'), (2, 'gone'), (3, NULL), (4, 'b');
        INSERT INTO u VALUES (1, 1), (2, 2), (3, 77);
        """)
    sqlite_database.names = ["p", "t", "u"]
    round_trip(keel, sqlite_database, tmp_path)


def test_keys_of_postgres(keel, postgres_database, tmp_path):
    """One that was never validated, and a cycle in which nothing can be first."""
    postgres_database.execute("""
        CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE t (id INTEGER PRIMARY KEY, p_id INTEGER);
        INSERT INTO p VALUES (1); INSERT INTO t VALUES (1, 1), (2, 1);
        ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (p_id) REFERENCES p (id) NOT VALID;
        CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER NOT NULL UNIQUE);
        CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL UNIQUE REFERENCES a (id));
        ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b (id);
        """)
    postgres_database.names = ["p", "t", "a", "b"]
    round_trip(keel, postgres_database, tmp_path)
