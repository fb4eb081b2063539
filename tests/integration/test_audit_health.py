"""The audit's rules on health: what they must find, and what they must leave alone."""

import contextlib
import sqlite3

import pytest
from audited import audit, counts


@pytest.fixture
def sqlite_only(database):
    if database.kind != "sqlite":
        pytest.skip("SQLite only")


@pytest.fixture
def postgres_only(database):
    if database.kind != "postgres":
        pytest.skip("PostgreSQL only")


def forget(database, name):
    """Takes a table out of the schema without SQLite's looking after what needs it."""
    with contextlib.closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA legacy_alter_table = ON")
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(f"DROP TABLE {name}")


def test_a_sound_database(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL); INSERT INTO t VALUES (1, 'x'); "
                     "CREATE VIEW w AS SELECT v FROM t;")
    assert audit(keel, database, "health").report["findings"] == []


def test_broken_views_and_triggers(keel, database, sqlite_only):
    database.execute("""
        CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL, twice TEXT AS (v || v));
        CREATE TABLE log (v TEXT); CREATE TABLE gone (v TEXT);
        CREATE VIEW good AS SELECT v FROM t;
        CREATE VIEW bad AS SELECT t.v FROM t JOIN gone ON gone.v = t.v;
        CREATE TRIGGER logs AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.v); END;
        CREATE TRIGGER fails AFTER UPDATE OF v ON t BEGIN INSERT INTO gone VALUES (NEW.v); END;
        CREATE TRIGGER own AFTER DELETE ON t BEGIN INSERT INTO log VALUES (my_function(OLD.v)); END;""")
    forget(database, "gone")
    report = audit(keel, database, "health")
    assert [(f["view"], f["severity"]) for f in report.all("broken-view")] == [("bad", "error")]
    assert [(f["table"], f["trigger"], f["severity"]) for f in report.all("broken-trigger")] == [("t", "fails", "error")]
    assert "gone" in report.all("broken-trigger")[0]["message"]


def test_a_damaged_index(keel, database, sqlite_only):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1, 'a'), (2, 'b');"
                     "CREATE INDEX i ON t (v); CREATE INDEX j ON t (v);")
    with contextlib.closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'i'").fetchone()[0]
        connection.execute("INSERT INTO t VALUES (3, 'c')")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    with open(database.path, "r+b") as file:  # the index as it was before its last entry: one cell less
        file.seek((page - 1) * size + 3)
        cells = int.from_bytes(file.read(2), "big")
        file.seek((page - 1) * size + 3)
        file.write((cells - 1).to_bytes(2, "big"))
    found = audit(keel, database, "health").all("integrity")
    assert [f["severity"] for f in found] == ["error"]
    assert any("missing from index i" in example for example in found[0]["evidence"]["examples"])


def test_free_pages(keel, database, sqlite_only):
    database.execute("CREATE TABLE t (v TEXT);")
    with contextlib.closing(sqlite3.connect(database.path)) as connection:
        connection.executemany("INSERT INTO t VALUES (?)", [("x" * 3000,)] * 600)
        connection.execute("DELETE FROM t WHERE rowid > 20")
        connection.commit()
        free, pages = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
        finding = audit(keel, database, "health").all("free-pages")[0]
        assert (finding["severity"], counts(finding)) == ("advice", {"free pages": free, "pages": pages})
        connection.execute("VACUUM")
    assert audit(keel, database, "health").all("free-pages") == []


def test_old_statistics(keel, database, sqlite_only):
    many = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT INTO t (v) SELECT i FROM n;"
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER); CREATE INDEX i ON t (v);" + many.format(1000) + "ANALYZE;")
    assert audit(keel, database, "health").all("statistics-old") == []
    database.execute(many.format(12000))
    finding = audit(keel, database, "health").all("statistics-old")[0]
    assert counts(finding) == {"rows when analyzed": 1000, "rows": 13000}
    database.execute("ANALYZE;")
    assert audit(keel, database, "health").all("statistics-old") == []


def test_statistics_that_are_missing(keel, database, postgres_only, tmp_path):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY) WITH (autovacuum_enabled = off); CREATE TABLE small (id INTEGER);"
                     "INSERT INTO t SELECT generate_series(1, 20000); INSERT INTO small VALUES (1);"
                     "SELECT pg_stat_force_next_flush();")
    report = audit(keel, database, "health")
    assert [(f["table"], f["fix"]) for f in report.all("statistics-missing")] == [("t", "automatic")]
    keel("audit", database.url, "--rules", "statistics-missing", "--fix", tmp_path / "fix", check=False)
    assert [line for line in next((tmp_path / "fix").glob("*.up.sql")).read_text().splitlines()
            if line and not line.startswith("--")] == ["ANALYZE t;"]
    keel("migrate", "up", "--db", database.url, "--dir", tmp_path / "fix")
    assert audit(keel, database, "health").all("statistics-missing") == []
    keel("migrate", "down", "--db", database.url, "--dir", tmp_path / "fix")


def test_dead_rows(keel, database, postgres_only):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY) WITH (autovacuum_enabled = off);"
                     "INSERT INTO t SELECT generate_series(1, 30000);")
    database.execute("ANALYZE t;")
    database.execute("DELETE FROM t WHERE id > 15000;")
    database.execute("SELECT pg_stat_force_next_flush();")
    finding = audit(keel, database, "health").all("dead-rows")[0]
    assert (finding["table"], counts(finding)) == ("t", {"dead rows": 15000, "live rows": 15000})


def test_a_sequence_behind_its_column(keel, database, postgres_only, tmp_path):
    database.execute("""
        CREATE TABLE never ("the id" SERIAL PRIMARY KEY, v TEXT); INSERT INTO never VALUES (5, 'x');
        CREATE TABLE behind (id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);
        INSERT INTO behind DEFAULT VALUES; INSERT INTO behind VALUES (2), (3);
        CREATE TABLE fine (id BIGSERIAL PRIMARY KEY); INSERT INTO fine DEFAULT VALUES; INSERT INTO fine DEFAULT VALUES;
        CREATE TABLE empty (id SERIAL PRIMARY KEY);""")
    report = audit(keel, database, "sequence-behind")
    assert report.places("sequence-behind") == ["behind.id", "never.the id"]
    assert counts(report.at("sequence-behind", "never", "the id")) == {"next value": 1, "highest value": 5}
    assert counts(report.at("sequence-behind", "behind", "id")) == {"next value": 2, "highest value": 3}
    keel("audit", database.url, "--rules", "sequence-behind", "--fix", tmp_path / "fix", check=False)
    keel("migrate", "up", "--db", database.url, "--dir", tmp_path / "fix")
    assert audit(keel, database, "sequence-behind").report["findings"] == []
    database.execute("INSERT INTO never (v) VALUES ('y');")
    assert database.rows('SELECT "the id" FROM never ORDER BY 1') == [(5,), (6,)]
    keel("migrate", "down", "--db", database.url, "--dir", tmp_path / "fix")
    assert database.rows('SELECT last_value, is_called FROM "never_the id_seq"') == [(1, False)]
    assert database.rows("SELECT last_value, is_called FROM behind_id_seq") == [(1, True)]


def test_constraints_that_were_never_checked(keel, database, postgres_only):
    database.execute("""
        CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER, n INTEGER);
        ALTER TABLE c ADD CONSTRAINT c_p FOREIGN KEY (p_id) REFERENCES p (id) NOT VALID;
        ALTER TABLE c ADD CONSTRAINT c_n CHECK (n > 0) NOT VALID;
        ALTER TABLE c ADD CONSTRAINT c_id CHECK (id > 0);""")
    found = audit(keel, database, "health").all("constraint-not-valid")
    assert sorted((f["constraint"], f["severity"], f["fix"]) for f in found) == [
        ("c_n", "warning", "needs-decision"), ("c_p", "warning", "needs-decision")]
