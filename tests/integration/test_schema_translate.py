"""keel schema --dialect: the schema of one database as the other one says it, with nothing left out in silence."""

import contextlib
import re
import sqlite3
import subprocess
import sys

import psycopg
import pytest

LEGACY_NAMES = ("orchestrator", "bitesize", "digester", "digester3nf", "gravity", "amelia")


@pytest.fixture
def translated(keel):
    """translated(database, dialect) -> (statements, what is not carried over)."""

    def run(database, dialect):
        sql = keel("schema", database.url, "--dialect", dialect).stdout
        return sql, [line.partition(": ")[2] for line in sql.splitlines() if line.startswith("-- not here")]

    return run


def postgres_columns(database):
    return {(t, c): (kind, nullable == "NO", default) for t, c, kind, nullable, default in database.rows(
        "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns"
        " WHERE table_schema = 'public'")}


def squeeze(sql):
    return re.sub(r"\s+", " ", sql)


@pytest.mark.parametrize("name", LEGACY_NAMES)
def test_a_legacy_database_becomes_postgres(name, legacy, sqlite_database, postgres_database, translated):
    subprocess.run([sys.executable, legacy / "fill.py", name, sqlite_database.path], check=True, stdout=subprocess.DEVNULL)
    sql, notes = translated(sqlite_database, "postgres")
    postgres_database.execute(sql)
    virtual = {t for (t,) in sqlite_database.rows("SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')")}
    tables = {t for (t,) in sqlite_database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"
                                                 " AND name NOT LIKE 'sqlite_%%'")} - virtual
    columns = postgres_columns(postgres_database)
    assert {t for t, _ in columns} == tables
    for table in tables:
        for column, not_null, key in sqlite_database.rows(f"SELECT name, \"notnull\", pk FROM pragma_table_info('{table}')"):
            assert columns[table, column][1] == bool(not_null or key), (table, column)
    references = sum(sqlite_database.value(f"SELECT count(DISTINCT id) FROM pragma_foreign_key_list('{t}')") for t in tables)
    assert postgres_database.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f'") == references
    indexes = sqlite_database.value("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    in_postgres = postgres_database.value(
        "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE relnamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid AND contype IN ('p', 'u'))")
    assert in_postgres == indexes
    triggers = sqlite_database.value("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'")
    assert sum(note.startswith("trigger ") for note in notes) == triggers
    assert sum(note.startswith("virtual table ") for note in notes) == len([t for t in virtual if t == "topic_search_index"])


@pytest.mark.parametrize("name", ["gravity", "digester"])
def test_a_legacy_postgres_database_becomes_sqlite(name, legacy, sqlite_database, postgres_database, translated):
    postgres_database.execute((legacy / f"{name}.postgres.sql").read_text())
    sql, notes = translated(postgres_database, "sqlite")
    sqlite_database.execute(sql)
    tables = {t for t, _ in postgres_columns(postgres_database)}
    assert {t for (t,) in sqlite_database.rows("SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 1")} == tables
    references = sum(sqlite_database.value(f"SELECT count(DISTINCT id) FROM pragma_foreign_key_list('{t}')") for t in tables)
    assert references == postgres_database.value("SELECT count(*) FROM pg_constraint WHERE contype = 'f'")
    assert not notes


def test_sqlite_to_postgres_in_detail(sqlite_database, postgres_database, translated):
    sqlite_database.execute("""
CREATE TABLE Parents (id INTEGER PRIMARY KEY AUTOINCREMENT, "Name" VARCHAR(40) NOT NULL, code TEXT UNIQUE);
CREATE TABLE children (
    parent_id INTEGER NOT NULL REFERENCES parents, n INT NOT NULL, active BOOLEAN DEFAULT 1 CHECK (active IN (0, 1)),
    state TEXT DEFAULT 'new' CHECK (state IN ('new', 'it''s old')), price DECIMAL(10, 2) DEFAULT 0,
    body TEXT CHECK (body IS NULL OR json_valid(body)), raw BLOB, at DATETIME DEFAULT CURRENT_TIMESTAMP,
    seen TEXT DEFAULT CURRENT_TIMESTAMP, ratio REAL, total INTEGER AS (n * 2) STORED, odd CUSTOM,
    name TEXT COLLATE NOCASE, CHECK (n == 1 OR length(state) > 1), CHECK (state GLOB 'n*'),
    PRIMARY KEY (parent_id, n), FOREIGN KEY (state) REFERENCES nowhere (id)) WITHOUT ROWID;
CREATE INDEX children_active ON children (state, n DESC) WHERE active = 1;
CREATE INDEX children_lower ON children (lower(state));
CREATE INDEX children_glob ON children (n) WHERE state GLOB 'x*';
CREATE VIEW v AS SELECT 1;
""")
    sql, notes = translated(sqlite_database, "postgres")
    postgres_database.execute(sql)
    columns = postgres_columns(postgres_database)
    assert columns["children", "active"] == ("boolean", False, "true")
    assert columns["children", "price"] == ("numeric", False, "0")
    assert columns["children", "body"] == ("json", False, None)
    assert columns["children", "raw"] == ("bytea", False, None)
    assert columns["children", "at"] == ("timestamp without time zone", False, "CURRENT_TIMESTAMP")
    assert columns["children", "seen"][0] == "text"
    assert columns["children", "total"][0] == "bigint"
    assert columns["Parents", "Name"] == ("character varying", True, None)
    postgres_database.execute("""
INSERT INTO "Parents" ("Name") VALUES ('a'), ('b');
INSERT INTO children (parent_id, n) VALUES (2, 1);
""")
    assert postgres_database.rows("SELECT active, state, total FROM children") == [(True, "new", 2)]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", postgres_database.value("SELECT seen FROM children"))
    for wrong in ("UPDATE children SET state = 'other'", "UPDATE children SET parent_id = 9", "UPDATE children SET body = '{'"):
        with pytest.raises(psycopg.Error):
            postgres_database.execute(wrong)
    definitions = " ".join(row[0] for row in postgres_database.rows("SELECT indexdef FROM pg_indexes"))
    assert "children_active ON public.children USING btree (state, n DESC) WHERE (active = true)" in definitions
    assert "children_lower ON public.children USING btree (lower(state))" in definitions
    for part in ("CHECK (state GLOB 'n*') of children", "index children_glob of children", "the type CUSTOM of children.odd",
                 "the collation NOCASE of children.name", "the foreign key of children to nowhere", "view v"):
        assert [note for note in notes if note.startswith(part)], (part, notes)
    assert len(notes) == 6, notes


def test_postgres_to_sqlite_in_detail(sqlite_database, postgres_database, translated):
    postgres_database.execute("""
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TABLE parents (id serial PRIMARY KEY, name varchar(5) NOT NULL, UNIQUE (name));
CREATE TABLE children (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), parent_id int NOT NULL REFERENCES parents ON DELETE CASCADE,
    feeling mood NOT NULL DEFAULT 'ok', good boolean NOT NULL DEFAULT true, price numeric(10, 2) CHECK (price >= 0),
    state text DEFAULT 'a' CHECK (state IN ('a', 'b')), kind varchar(9) CHECK (kind IN ('x', 'y')), doc jsonb DEFAULT '{}',
    at timestamptz NOT NULL DEFAULT now(), tags text[], double int GENERATED ALWAYS AS (parent_id * 2) STORED);
CREATE INDEX children_state ON children (state) WHERE good;
CREATE INDEX children_doc ON children USING gin (doc);
CREATE TRIGGER t BEFORE INSERT ON children FOR EACH ROW EXECUTE FUNCTION f();
""")
    sql, notes = translated(postgres_database, "sqlite")
    sqlite_database.execute(sql)
    sqlite_database.execute("""
INSERT INTO parents (name) VALUES ('one');
INSERT INTO children (id, parent_id, price) VALUES ('u', 1, 12.5);
""")
    row = sqlite_database.rows('SELECT feeling, good, price, state, doc, "double" FROM children')
    assert row == [("ok", 1, 12.5, "a", "{}", 2)]
    for wrong in ("good = 2", "feeling = 'angry'", "price = -1", "state = 'c'", "kind = 'z'", "doc = '{'", "parent_id = NULL"):
        with contextlib.closing(sqlite3.connect(sqlite_database.path)) as connection, pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"UPDATE children SET {wrong}")
    with contextlib.closing(sqlite3.connect(sqlite_database.path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO parents (name) VALUES ('longer than five')")
    assert sqlite_database.value("SELECT count(*) FROM sqlite_sequence WHERE name = 'parents'") == 1
    assert "CREATE INDEX children_state ON children (state) WHERE good" in squeeze(sql)
    for part in ("the default gen_random_uuid() of children.id", "the array type text[] of children.tags",
                 "index children_doc of children", "trigger t of children", "function f"):
        assert [note for note in notes if note.startswith(part)], (part, notes)
    assert len(notes) == 5, notes


def test_the_store_becomes_the_other(database, sqlite_database, postgres_database, keel, translated):
    keel("migrate", "up", "--db", database.url)
    sql, _ = translated(database, "postgres" if database.kind == "sqlite" else "sqlite")
    other = postgres_database if database.kind == "sqlite" else sqlite_database
    if other is sqlite_database:
        other.execute(sql)
    else:
        other.execute(f"CREATE SCHEMA other; SET search_path = other; {sql}")


def test_a_dialect_is_for_sql(sqlite_database, keel):
    sqlite_database.execute("CREATE TABLE t (a)")
    done = keel("schema", sqlite_database.url, "--dialect", "postgres", "--json", check=False)
    assert done.returncode == 2 and "--dialect is for SQL" in done.stderr
    done = keel("schema", sqlite_database.url, "--dialect", "oracle", check=False)
    assert done.returncode == 2 and "sqlite or postgres" in done.stderr
