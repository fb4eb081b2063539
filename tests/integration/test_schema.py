"""keel schema: what it says of a database is what the database says of itself, and what it prints makes the same again."""

import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from databases import PostgresDatabase, SqliteDatabase

GOLDEN = Path(__file__).resolve().parent.parent / "golden/schema"
LEGACY_NAMES = ("orchestrator", "bitesize", "digester", "digester3nf", "gravity", "amelia")


def cases(dialect):
    found = sorted(path for path in (GOLDEN / dialect).glob("*.sql") if not path.name.endswith(".out.sql"))
    assert len(found) >= 20
    return [pytest.param(path, id=path.stem) for path in found]


@pytest.fixture
def schema(keel):
    """schema(database, *options) -> what keel schema prints."""
    return lambda database, *options: keel("schema", database.url, *options).stdout


@pytest.fixture
def model(schema):
    return lambda database: json.loads(schema(database, "--format", "json"))


def table_of(model, name):
    return next(table for table in model["tables"] if table["name"] == name)


def copied(database, schema, empty):
    """An empty database that has been given what keel schema prints for database."""
    empty.execute(schema(database))
    return empty


# ---- SQLite ------------------------------------------------------------------------------------------------------


@pytest.fixture
def empty_sqlite(tmp_path):
    return SqliteDatabase(tmp_path / "copy.db")


def check_against_pragmas(database, model):
    """Holds the model against SQLite's own view of the database."""
    with contextlib.closing(sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)) as connection:
        rows = lambda sql, *params: connection.execute(sql, params).fetchall()  # noqa: E731
        listed = {(n, k) for n, k in rows("SELECT name, type FROM pragma_table_list WHERE schema = 'main'")
                  if not n.startswith("sqlite_")}
        kinds = {"plain": "table"}
        said = {(t["name"], kinds.get(t["kind"], t["kind"])) for t in model["tables"]}
        assert said | {(v["name"], "view") for v in model["views"]} == listed
        for table in model["tables"]:
            columns = rows("SELECT name, type, dflt_value, pk, hidden FROM pragma_table_xinfo(?)", table["name"])
            assert [(c["name"], c["declared_type"]) for c in table["columns"]] == [c[:2] for c in columns]
            for column, (_, _, default, _, hidden) in zip(table["columns"], columns, strict=True):
                assert column["generated"] == {2: "VIRTUAL", 3: "STORED"}.get(hidden)
                assert (column["default"] is None) == (default is None)
            key = [c[0] for c in sorted(columns, key=lambda c: c[3]) if c[3]]
            if table["kind"] == "plain":
                assert (table["primary_key"] or {"columns": []})["columns"] == key
            check_references(table, rows("SELECT * FROM pragma_foreign_key_list(?)", table["name"]))
            check_indexes(table, rows)


def check_references(table, rows):
    theirs = {}
    for number, _, parent, own, to, on_update, on_delete, *_ in rows:
        theirs.setdefault(number, [parent.lower(), on_update, on_delete, [], []])
        theirs[number][3].append(own)
        theirs[number][4].append(to)
    ours = [[key["parent"].lower(), key["on_update"], key["on_delete"], key["columns"],
             [None] * len(key["columns"]) if key["implicit"] else key["parent_columns"]]
            for key in table["foreign_keys"]]
    fold = lambda keys: sorted(repr(key).lower() for key in keys)  # noqa: E731
    assert fold(ours) == fold(theirs.values())


def check_indexes(table, rows):
    if table["kind"] != "plain":
        return
    listed = rows("SELECT name, \"unique\", origin, partial FROM pragma_index_list(?)", table["name"])
    made = {name: (unique, partial) for name, unique, origin, partial in listed if origin == "c"}
    assert {i["name"]: (int(i["unique"]), int(i["where"] is not None)) for i in table["indexes"]} == made
    for index in table["indexes"]:
        parts = rows("SELECT name, desc, coll, cid FROM pragma_index_xinfo(?) WHERE key", index["name"])
        assert [(p["column"], int(p["descending"])) for p in index["parts"]] == [p[:2] for p in parts]
        assert [p["expression"] is not None for p in index["parts"]] == [cid == -2 for *_, cid in parts]
        for ours, (_, _, collation, _) in zip(index["parts"], parts, strict=True):
            if ours["collation"]:
                assert ours["collation"] == collation
    uniques = [[c for (c,) in rows("SELECT name FROM pragma_index_info(?)", name)]
               for name, _, origin, _ in listed if origin == "u"]
    # A unique that repeats another, or the primary key, has no index of its own.
    assert {tuple(u) for u in uniques} <= {tuple(u["columns"]) for u in table["uniques"]}


@pytest.mark.parametrize("path", cases("sqlite"))
def test_a_feature_of_sqlite(path, sqlite_database, empty_sqlite, schema, model):
    sqlite_database.execute(path.read_text())
    before = model(sqlite_database)
    check_against_pragmas(sqlite_database, before)
    text = schema(sqlite_database)
    expected = path.with_suffix(".out.sql")
    if os.environ.get("KEEL_GOLDEN") == "write":
        expected.write_text(text)
    assert text == expected.read_text()
    assert model(copied(sqlite_database, schema, empty_sqlite)) == before


@pytest.mark.parametrize("name", LEGACY_NAMES)
def test_round_trip_of_a_legacy_database(name, legacy, tmp_path, empty_sqlite, schema, model):
    database = SqliteDatabase(tmp_path / f"{name}.db")
    subprocess.run([sys.executable, legacy / "fill.py", name, database.path], check=True, stdout=subprocess.DEVNULL)
    before = model(database)
    check_against_pragmas(database, before)
    assert model(copied(database, schema, empty_sqlite)) == before


def test_details_that_only_the_statement_tells(sqlite_database, model):
    sqlite_database.execute("""
        CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT COLLATE NOCASE DEFAULT 'x' -- why
                        CONSTRAINT short CHECK (length(a) < 5), b REFERENCES t DEFERRABLE INITIALLY DEFERRED,
                        c INT AS (id + 1) STORED);
        CREATE INDEX i ON t (lower(a) DESC) WHERE b IS NOT NULL;
        CREATE VIEW v AS SELECT gone FROM t;""")
    found = model(sqlite_database)
    table = table_of(found, "t")
    columns = {column["name"]: column for column in table["columns"]}
    assert columns["id"]["identity"] == "autoincrement" and columns["id"]["not_null"]
    assert (columns["a"]["collation"], columns["a"]["default"], columns["a"]["default_kind"]) == (
        "NOCASE", "'x'", "literal")
    assert (columns["c"]["generated"], columns["c"]["generated_expression"]) == ("STORED", "id + 1")
    assert [(c["name"], c["column"], c["expression"]) for c in table["checks"]] == [("short", "a", "length(a) < 5")]
    key = table["foreign_keys"][0]
    assert (key["columns"], key["parent_columns"], key["implicit"]) == (["b"], ["id"], True)
    assert key["deferrable"] == "DEFERRABLE INITIALLY DEFERRED"
    index = table["indexes"][0]
    assert (index["parts"][0]["expression"], index["parts"][0]["descending"]) == ("lower(a)", True)
    assert index["where"] == "b IS NOT NULL"
    assert found["views"][0]["broken"] == "no such column: gone"


def test_logical_types_of_sqlite(sqlite_database, model):
    sqlite_database.execute("CREATE TABLE t (a VARCHAR(36), b DECIMAL(10, 2), c DATETIME, d INT, e whatever, f JSON)")
    assert [c["type"] for c in table_of(model(sqlite_database), "t")["columns"]] == [
        {"kind": "text", "length": 36}, {"kind": "decimal", "precision": 10, "scale": 2}, {"kind": "timestamp"},
        {"kind": "integer", "bits": 64}, {"kind": "unknown"}, {"kind": "json"}]


# ---- PostgreSQL --------------------------------------------------------------------------------------------------


@pytest.fixture
def empty_postgres():
    database = PostgresDatabase.create(os.environ["KEEL_TEST_POSTGRES_URL"])
    yield database
    database.drop()


@pytest.mark.parametrize("path", cases("postgres"))
def test_a_feature_of_postgres(path, postgres_database, empty_postgres, schema, model):
    postgres_database.execute(path.read_text())
    before = model(postgres_database)
    text = schema(postgres_database)
    expected = path.with_suffix(".out.sql")
    if os.environ.get("KEEL_GOLDEN") == "write":
        expected.write_text(text)
    assert text == expected.read_text()
    assert model(copied(postgres_database, schema, empty_postgres)) == before


@pytest.mark.parametrize("name", ["gravity", "digester"])
def test_round_trip_of_a_legacy_postgres_database(name, legacy, postgres_database, empty_postgres, schema, model):
    postgres_database.execute((legacy / f"{name}.postgres.sql").read_text())
    before = model(postgres_database)
    found = {(t["name"], c["name"]) for t in before["tables"] for c in t["columns"]}
    assert found == set(postgres_database.rows(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"))
    assert model(copied(postgres_database, schema, empty_postgres)) == before


def test_details_of_postgres(postgres_database, model):
    postgres_database.execute("""
        CREATE TYPE mood AS ENUM ('sad', 'happy');
        CREATE TABLE p (a integer, b integer, PRIMARY KEY (b, a));
        CREATE TABLE t (id serial PRIMARY KEY, m mood, d numeric(10, 2)[], s integer GENERATED ALWAYS AS (1 + 2) STORED,
                        x integer, y integer,
                        FOREIGN KEY (y, x) REFERENCES p ON DELETE SET NULL (x) DEFERRABLE INITIALLY DEFERRED);
        CREATE INDEX t_x ON t (x DESC NULLS LAST, lower(s::text)) INCLUDE (y) WHERE x > 1;""")
    found = model(postgres_database)
    table = table_of(found, "t")
    columns = {column["name"]: column for column in table["columns"]}
    assert (columns["id"]["identity"], columns["id"]["default"]) == ("serial", "nextval('t_id_seq'::regclass)")
    assert columns["m"]["type"] == {"kind": "enum", "name": "mood"}
    assert columns["d"]["type"] == {"kind": "decimal", "precision": 10, "scale": 2, "dimensions": 1}
    assert (columns["s"]["generated"], columns["s"]["generated_expression"]) == ("STORED", "1 + 2")
    key = table["foreign_keys"][0]
    assert (key["columns"], key["parent"], key["parent_columns"]) == (["y", "x"], "p", ["b", "a"])
    assert (key["on_delete"], key["set_columns"]) == ("SET NULL", ["x"])
    assert key["deferrable"] == "DEFERRABLE INITIALLY DEFERRED"
    index = table["indexes"][0]
    assert [(p["column"], p["expression"], p["descending"], p["nulls_first"]) for p in index["parts"]] == [
        ("x", None, True, False), (None, "lower((s)::text)", False, False)]
    assert (index["include"], index["where"], index["method"]) == (["y"], "x > 1", "btree")


def test_what_postgres_has_and_sql_cannot_render_yet(postgres_database, keel, model):
    postgres_database.execute("CREATE TABLE a (x integer); CREATE TABLE b (y integer) INHERITS (a);")
    assert table_of(model(postgres_database), "b")["inherits"] == "a"
    done = keel("schema", postgres_database.url, check=False)
    assert done.returncode == 1 and "the table b inherits from a" in done.stderr


def test_what_has_no_place_in_the_model_is_said(postgres_database, model, schema):
    postgres_database.execute("""
        CREATE TYPE pair AS (a integer, b integer);
        CREATE TABLE t (a integer);
        CREATE POLICY mine ON t USING (a > 1);
        CREATE RULE nothing AS ON DELETE TO t DO INSTEAD NOTHING;
        CREATE STATISTICS t_stat ON (a + 1) FROM t;""")
    found = model(postgres_database)["unmodelled"]
    assert found == ["composite type pair", "policy mine on table t", "rule nothing on table t",
                     "statistics object t_stat"]
    assert "-- not here, keel cannot say it: policy mine on table t\n" in schema(postgres_database)


def test_references_between_schemas(postgres_database, schema):
    postgres_database.execute("""
        CREATE SCHEMA s; CREATE TABLE t (id integer PRIMARY KEY); CREATE TABLE s.t (id integer PRIMARY KEY);
        CREATE TABLE s.c (a integer REFERENCES t, b integer REFERENCES s.t);""")
    text = schema(postgres_database, "--format", "markdown")
    sections = dict(re.findall(r"## (\S+)\n(.*?)(?=\n## |\Z)", text, re.DOTALL))
    assert "- referenced by s.c: `a`" in sections["t"] and "`b`" not in sections["t"]
    assert "- referenced by s.c: `b`" in sections["s.t"] and "`a`" not in sections["s.t"]
    lines = schema(postgres_database, "--format", "mermaid").splitlines()
    assert '    "t" |o--o{ "s.c" : "a"' in lines and '    "s.t" |o--o{ "s.c" : "b"' in lines


def test_only_one_schema(postgres_database, keel):
    postgres_database.execute("CREATE SCHEMA s; CREATE TABLE s.a (x integer); CREATE TABLE b (y integer);")
    printed = json.loads(keel("schema", postgres_database.url, "--schema", "s", "--json").stdout)
    assert [(t["schema"], t["name"]) for t in printed["tables"]] == [("s", "a")]


def test_an_invalid_index_is_told(postgres_database, model):
    postgres_database.execute("CREATE TABLE t (a integer); CREATE INDEX t_a ON t (a);")
    postgres_database.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass")
    assert table_of(model(postgres_database), "t")["indexes"][0]["valid"] is False


# ---- the store ---------------------------------------------------------------------------------------------------


def test_round_trip_of_the_store(database, request, keel, schema, model):
    keel("migrate", "up", "--db", database.url)
    before = model(database)
    assert {"runs", "events", "llm_calls"} <= {table["name"] for table in before["tables"]}
    assert model(copied(database, schema, request.getfixturevalue(f"empty_{database.kind}"))) == before


def test_docs_schema_is_what_the_store_is(source, sqlite_database, keel, schema):
    keel("migrate", "up", "--db", sqlite_database.url)
    text = schema(sqlite_database, "--format", "markdown")
    if os.environ.get("KEEL_GOLDEN") == "write":
        (source / "docs/schema.md").write_text(text)
    assert (source / "docs/schema.md").read_text() == text


def members(value):
    if isinstance(value, dict):
        return set(value).union(*map(members, value.values()))
    return set().union(*map(members, value)) if isinstance(value, list) else set()


def test_every_member_of_the_json_is_documented(source, sqlite_database, postgres_database, keel, model):
    text = (source / "docs/schema-model.md").read_text()
    for database in (sqlite_database, postgres_database):
        keel("migrate", "up", "--db", database.url)
        found = members(model(database))
        assert len(found) > 60
        assert [name for name in sorted(found) if f"`{name}`" not in text] == []


# ---- the command -------------------------------------------------------------------------------------------------


def test_the_database_is_not_touched(sqlite_database, schema):
    sqlite_database.execute("CREATE TABLE t (a); INSERT INTO t VALUES (1);")
    before = sqlite_database.path.read_bytes()
    for how in ("sql", "json", "markdown", "mermaid"):
        schema(sqlite_database, "--format", how)
    assert sqlite_database.path.read_bytes() == before
    assert [p.name for p in sqlite_database.path.parent.iterdir() if p.name != "run"] == [sqlite_database.path.name]


def test_only_tables_like_a_pattern(sqlite_database, schema, keel):
    sqlite_database.execute("CREATE TABLE runs (a); CREATE TABLE run_inputs (a); CREATE VIEW v_runs AS SELECT 1;")
    text = schema(sqlite_database, "--table", "RUN%")
    assert re.findall(r"CREATE \w+ (\w+)", text) == ["run_inputs", "runs"]
    missing = keel("schema", sqlite_database.url, "--table", "x%", check=False)
    assert (missing.returncode, missing.stderr) == (1, "keel: no table or view is like 'x%'\n")


def test_markdown_has_references_both_ways(sqlite_database, schema):
    sqlite_database.execute("""
        CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> '|'));
        CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent (id) ON DELETE CASCADE);
        CREATE INDEX child_parent ON child (parent_id) WHERE parent_id > 1;""")
    text = schema(sqlite_database, "--format", "markdown")
    assert "- references parent: `parent_id` → `id`, on delete CASCADE\n" in text
    assert "- referenced by child: `parent_id` → `id`, on delete CASCADE\n" in text
    assert "- check: `name <> '\\|'`\n" in text
    assert "- index child\\_parent: `parent_id` where `parent_id > 1`\n" in text
    assert "| parent\\_id | INTEGER | yes |  | references parent.id |" in text


def test_mermaid_is_an_entity_relationship_diagram(sqlite_database, schema):
    sqlite_database.execute("""
        CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE "a child" (id INTEGER PRIMARY KEY REFERENCES parent (id), p INTEGER NOT NULL REFERENCES parent (id),
                                q INTEGER REFERENCES parent (id));""")
    lines = schema(sqlite_database, "--format", "mermaid").splitlines()
    assert lines[0] == "erDiagram"
    assert lines[-3:] == ['    "parent" ||--o| "a child" : "id"', '    "parent" ||--o{ "a child" : "p"',
                          '    "parent" |o--o{ "a child" : "q"']
    assert "        INTEGER id PK, FK" in lines


@pytest.mark.parametrize("content, says", [
    (b"this is no database at all, but long enough to be one" * 100, "is not a SQLite database"),
    (b"SQLite format 3\0" + b"\0" * 20, "is not a SQLite database"),
])
def test_a_file_that_is_no_database(content, says, tmp_path, keel):
    path = tmp_path / "bad.db"
    path.write_bytes(content)
    done = keel("schema", path, check=False)
    assert (done.returncode, done.stdout) == (1, "") and says in done.stderr, done.stderr
    assert path.read_bytes() == content


def test_a_truncated_database(sqlite_database, keel):
    sqlite_database.execute("".join(f"CREATE TABLE t{n} (a TEXT DEFAULT '{'x' * 500}');" for n in range(50)))
    sqlite_database.path.write_bytes(sqlite_database.path.read_bytes()[:6000])
    done = keel("schema", sqlite_database.url, check=False)
    assert done.returncode == 1 and "damaged" in done.stderr, done.stderr


def test_a_database_that_another_process_is_writing(sqlite_database, model):
    with contextlib.closing(sqlite3.connect(sqlite_database.path, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE t (a)")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("CREATE TABLE not_yet (a)")
        assert [t["name"] for t in model(sqlite_database)["tables"]] == ["t"]
        writer.execute("COMMIT")
        assert [t["name"] for t in model(sqlite_database)["tables"]] == ["not_yet", "t"]


def test_a_missing_file_is_not_made(tmp_path, keel):
    done = keel("schema", tmp_path / "none.db", check=False)
    assert done.returncode == 1 and "none.db" in done.stderr
    assert not (tmp_path / "none.db").exists()


def test_2000_columns_and_many_tables(sqlite_database, empty_sqlite, schema, model):
    columns = ", ".join(f"c{n} INTEGER CHECK (c{n} > {n})" for n in range(1990))
    sqlite_database.execute(f"CREATE TABLE wide ({columns});" + "BEGIN;" + "".join(
        f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, p INTEGER REFERENCES t{n // 2} (id));" for n in range(2000)) + "COMMIT;")
    found = model(sqlite_database)
    assert len(found["tables"]) == 2001
    assert len(table_of(found, "wide")["columns"]) == len(table_of(found, "wide")["checks"]) == 1990
    assert model(copied(sqlite_database, schema, empty_sqlite)) == found


def test_usage(keel, sqlite_database):
    for args in (("--format", "xml"), ("a.db", "b.db"), ("a.db", "--db", "b.db"), ("--json", "--format", "sql")):
        assert keel("schema", *args, check=False).returncode == 2
