"""What a generated migration does to a SQLite database that has rows: the traps of the table rebuild, by name."""

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from alter import Alteration, dump

GOLDEN = Path(__file__).resolve().parent.parent / "golden/diff/sqlite"


@pytest.fixture
def alteration(keel, sqlite_database, tmp_path):
    return Alteration(keel, sqlite_database, tmp_path / "migrations")


FAMILY = """
CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT {name});
CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE);
CREATE TABLE orphanage (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent ON DELETE SET NULL);
CREATE INDEX parent_name ON parent (lower(name)) WHERE name IS NOT NULL;
CREATE TABLE log (what TEXT);
CREATE VIEW names AS SELECT id, name FROM parent;
CREATE VIEW short_names AS SELECT name FROM names WHERE length(name) < 3;
CREATE TRIGGER parent_insert AFTER INSERT ON parent BEGIN INSERT INTO log VALUES ('new ' || NEW.name); END;
CREATE TRIGGER parent_delete AFTER DELETE ON parent BEGIN INSERT INTO log VALUES ('gone ' || OLD.name); END;
CREATE TRIGGER child_insert AFTER INSERT ON child BEGIN
    UPDATE parent SET name = name || '!' WHERE id = NEW.parent_id;
END;
CREATE TRIGGER names_insert INSTEAD OF INSERT ON names BEGIN INSERT INTO parent (name) VALUES (NEW.name); END;
"""
ROWS = """
INSERT INTO parent (id, name) VALUES (1, 'a'), (2, 'bb'), (5, 'ccc');
DELETE FROM parent WHERE id = 5;
INSERT INTO child VALUES (10, 1), (11, 2), (12, 2);
INSERT INTO orphanage VALUES (20, 1), (21, NULL);
"""


def test_children_survive_the_rebuild_of_a_parent_with_on_delete_cascade(alteration):
    database = alteration.database
    database.execute(FAMILY.format(name="") + ROWS)
    before = dump(database)
    text = alteration.there_and_back(FAMILY.format(name="NOT NULL DEFAULT ''"))
    assert "CREATE TABLE keel_new_parent" in text and "DROP TABLE parent" in text
    alteration.migrate("up")
    assert dump(database) == before
    assert database.problems() == []
    for table in ("child", "orphanage"):
        assert database.rows("SELECT \"table\", on_delete FROM pragma_foreign_key_list(%s)", table)[0][0] == "parent"


def test_index_trigger_view_and_sequence_survive_a_rebuild(alteration):
    database = alteration.database
    database.execute(FAMILY.format(name="") + ROWS)
    alteration.up(FAMILY.format(name="CHECK (name <> 'x')"))
    assert database.rows("SELECT seq FROM sqlite_sequence WHERE name = 'parent'") == [(5,)]
    assert database.rows("SELECT name FROM sqlite_schema WHERE type IN ('index', 'trigger', 'view') "
                         "AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'keel%' ORDER BY name") == [
        ("child_insert",), ("names",), ("names_insert",), ("parent_delete",), ("parent_insert",), ("parent_name",),
        ("short_names",)]
    # They work, and no trigger fired while the table was rebuilt.
    logged = database.value("SELECT count(*) FROM log")
    database.execute("INSERT INTO names (name) VALUES ('d'); INSERT INTO child VALUES (13, 6);")
    assert logged == 4
    assert database.rows("SELECT id, name FROM parent WHERE id > 2") == [(6, "d!")]
    assert database.rows("SELECT what FROM log")[4:] == [("new d",)]


def test_the_counter_of_an_empty_table_survives(alteration):
    alteration.database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a);"
                                "INSERT INTO t (id) VALUES (77); DELETE FROM t;")
    alteration.up("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a NOT NULL DEFAULT 1);")
    assert alteration.database.rows("SELECT name, seq FROM sqlite_sequence WHERE name = 't'") == [("t", 77)]


def test_rowids_stay_where_something_else_counts_on_them(alteration):
    """A full-text index of external content knows its rows by their rowids."""
    schema = """
        CREATE TABLE note (title TEXT, body TEXT {body});
        CREATE VIRTUAL TABLE note_text USING fts5 (title, body, content='note');
        CREATE TRIGGER note_insert AFTER INSERT ON note BEGIN
            INSERT INTO note_text (rowid, title, body) VALUES (NEW.rowid, NEW.title, NEW.body); END;"""
    alteration.database.execute(schema.format(body="") + """
        INSERT INTO note (rowid, title, body) VALUES (30, 'x', 'some words'), (7, 'y', 'other words'), (9, 'z', 'none');
        DELETE FROM note WHERE rowid = 9; INSERT INTO note_text (note_text) VALUES ('rebuild');""")
    alteration.there_and_back(schema.format(body="NOT NULL"))
    alteration.migrate("up")
    found = alteration.database.rows("SELECT rowid, title FROM note_text WHERE note_text MATCH 'words' ORDER BY rowid")
    assert found == [(7, "y"), (30, "x")]


@pytest.mark.parametrize("change", ["rebuild", "rename", "drop"])
def test_what_is_broken_in_the_schema_stands_in_nobody_s_way(alteration, change):
    schema = """
        CREATE TABLE t (id INTEGER PRIMARY KEY, {columns});
        CREATE TABLE other (x);
        CREATE VIEW broken AS SELECT gone FROM nowhere;
        CREATE VIEW on_broken AS SELECT * FROM broken;
        CREATE TRIGGER broken_too AFTER INSERT ON other BEGIN DELETE FROM nowhere; END;"""
    alteration.database.execute(schema.format(columns="a, b TEXT") + "INSERT INTO t VALUES (1, 'a', 'b');")
    renames = [("t.b", "c")] if change == "rename" else []
    columns = {"rebuild": "a, b TEXT NOT NULL", "rename": "a, c TEXT", "drop": "b TEXT"}[change]
    alteration.there_and_back(schema.format(columns=columns), renames, lossless=change != "drop")
    alteration.migrate("up")
    assert alteration.database.rows("SELECT name FROM sqlite_schema WHERE name LIKE '%broken%' ORDER BY name") == [
        ("broken",), ("broken_too",), ("on_broken",)]


def test_a_table_that_refers_to_itself_and_a_circle_of_references(alteration):
    schema = """
        CREATE TABLE node (id TEXT PRIMARY KEY, up TEXT REFERENCES node (id) ON DELETE CASCADE, {extra});
        CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b DEFERRABLE INITIALLY DEFERRED, {extra});
        CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER NOT NULL REFERENCES a (id), {extra});"""
    alteration.database.execute(schema.format(extra="x") + """
        INSERT INTO node VALUES ('r', NULL, 1), ('c', 'r', 2), ('d', 'c', 3);
        INSERT INTO a VALUES (1, 7, 0); INSERT INTO b VALUES (7, 1, 0);""")
    alteration.there_and_back(schema.format(extra="x CHECK (x >= 0)"))
    alteration.migrate("up")
    assert alteration.database.problems() == []
    assert alteration.database.rows("SELECT DISTINCT \"table\" FROM pragma_foreign_key_list('node')") == [("node",)]


def test_a_check_that_names_its_own_table(alteration):
    schema = "CREATE TABLE t (a INTEGER CHECK (t.a > 0), b {b}, CHECK (t.b <> 't.a'));CREATE VIEW v AS SELECT a FROM t;"
    alteration.database.execute(schema.format(b="") + "INSERT INTO t VALUES (1, 2);")
    alteration.there_and_back(schema.format(b="NOT NULL"))


def test_names_that_need_care(alteration):
    schema = """
        CREATE TABLE "it's; DROP TABLE x" ("a
DROP TABLE kept;" INTEGER {extra}, "select" TEXT, "rowid" TEXT, "🙂""" + '""' + """" TEXT);
        CREATE TABLE kept (_rowid_ TEXT, rowid, oid);
        CREATE INDEX "i""
;" ON "it's; DROP TABLE x" ("select", "a
DROP TABLE kept;");"""
    alteration.database.execute(schema.replace("{extra}", "") + """
        INSERT INTO "it's; DROP TABLE x" (_rowid_, "select") VALUES (5, 'x'), (3, 'y');
        INSERT INTO kept VALUES (1, 2, 3);""")
    alteration.there_and_back(schema.replace("{extra}", "DEFAULT 7"))


def test_a_row_that_does_not_fit_stops_everything(alteration):
    database = alteration.database
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, NULL);")
    before = dump(database)
    for column, said in (("a NOT NULL ON CONFLICT IGNORE", "NOT NULL constraint failed"),
                         ("a UNIQUE ON CONFLICT REPLACE", "UNIQUE constraint failed"),
                         ("a CHECK (a <> 'x')", "CHECK constraint failed")):
        alteration.generate(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {column});")
        done = alteration.migrate("up", check=False)
        assert done.returncode != 0 and said in done.stderr
        assert dump(database) == before


def test_a_rebuild_that_would_lose_rows_is_refused(alteration):
    database = alteration.database
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x'), (2, 'y');")
    alteration.generate("CREATE TABLE t (id INTEGER PRIMARY KEY, a NOT NULL);")
    path = alteration.folder / "0001_change.up.sql"
    path.write_text(path.read_text().replace(" FROM t;", " FROM t WHERE id > 1;"))
    done = alteration.migrate("up", check=False)
    assert done.returncode != 0 and "every row of a rebuilt table is kept" in done.stderr
    assert database.rows("SELECT id FROM t") == [(1,), (2,)]


def test_a_row_without_the_key_that_becomes_the_rowid_is_not_given_one(alteration):
    database = alteration.database
    database.execute("CREATE TABLE t (id INT PRIMARY KEY, a); INSERT INTO t VALUES (1, 'x'), (NULL, 'y');")
    alteration.generate("CREATE TABLE t (id INTEGER PRIMARY KEY, a);")
    done = alteration.migrate("up", check=False)
    assert done.returncode != 0 and "every row of a rebuilt table has its key" in done.stderr
    assert database.rows("SELECT id FROM t ORDER BY a") == [(1,), (None,)]


@pytest.mark.parametrize("change", ["rename", "drop", "both"])
def test_strings_in_double_quotes_stay_as_they_are(alteration, change):
    """SQLite's own RENAME COLUMN and DROP COLUMN write all of them in the schema anew, in single quotes."""
    schema = """
        CREATE TABLE t (id INTEGER PRIMARY KEY, {columns});
        CREATE TABLE other (state TEXT CHECK (state IN ("new", "old")), t REFERENCES t);
        CREATE VIEW new_ones AS SELECT * FROM other WHERE state = "new";"""
    alteration.database.execute(schema.format(columns="a, b, c") + """
        INSERT INTO t VALUES (1, 2, 3, 4); INSERT INTO other VALUES ('new', 1);""")
    columns = {"rename": "a, bb, c", "drop": "a, b", "both": "a, bb"}[change]
    alteration.there_and_back(schema.format(columns=columns), [("t.b", "bb")] if "bb" in columns else [],
                              lossless=change == "rename")
    assert """IN ("new", "old")""" in alteration.database.value("SELECT sql FROM sqlite_schema WHERE name = 'other'")


def test_orphans_that_were_there_before_do_not_stop_it_and_new_ones_do(alteration):
    schema = """
        CREATE TABLE {p} (id INTEGER PRIMARY KEY, {more});
        CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES {p} (id), q INTEGER {q});"""
    database = alteration.database
    database.execute(schema.format(p="p", more="a", q="") + """
        INSERT INTO p VALUES (1, 1);
        INSERT INTO c VALUES (1, 1, 1), (2, 99, 98);""")
    alteration.there_and_back(schema.format(p="p", more="a NOT NULL", q=""))
    alteration.there_and_back(schema.format(p="parents", more="a NOT NULL", q=""), [("p", "parents")])
    before = dump(database)
    alteration.generate(schema.format(p="p", more="a", q="REFERENCES p (id)"))
    done = alteration.migrate("up", check=False)
    assert done.returncode != 0 and "1 row of c would point at no row of p" in done.stderr
    assert dump(database) == before


def test_options_of_tables_change_there_and_back(alteration):
    schema = """
        CREATE TABLE t (a TEXT NOT NULL, b INTEGER NOT NULL, c REAL, d TEXT AS (a || b) STORED, e INT AS (b + 1),
                        PRIMARY KEY (a, b)) OPTIONS;
        CREATE INDEX t_c ON t (c DESC);"""
    alteration.database.execute(schema.replace("OPTIONS", "") + """
        INSERT INTO t (rowid, a, b, c) VALUES (9, 'x', 1, 0.5), (4, 'y', 2, 1);""")
    for options in ("STRICT", "STRICT, WITHOUT ROWID", "WITHOUT ROWID"):
        alteration.there_and_back(schema.replace("OPTIONS", options))
        assert alteration.database.rows("SELECT a, b, c, d, e FROM t ORDER BY a") == [
            ("x", 1, 0.5, "x1", 2), ("y", 2, 1.0, "y2", 3)]


def test_what_goes_is_said(alteration):
    alteration.database.execute("CREATE TABLE t (a, b); CREATE TABLE u (x); INSERT INTO t VALUES (1, 2);")
    alteration.generate("CREATE TABLE t (a);", lossless=False)
    said = [line for line in alteration.texts[-1].splitlines() if line.startswith("-- destructive: ")]
    assert any("t.b" in line for line in said) and any("u" in line for line in said)


def changes_of(case):
    return json.loads((case / "expected.json").read_text())["changes"]


@pytest.mark.parametrize("case", list(filter(changes_of, sorted(GOLDEN.iterdir()))), ids=lambda path: path.name)
def test_a_case_of_two_schemas(case, alteration):
    """Both ways, with the case's rows; what it loses is what its changes say."""
    listed = case / "renames.txt"
    renames = [line.split("=") for line in listed.read_text().split("\n") if line] if listed.exists() else []
    alteration.database.execute((case / "from.sql").read_text())
    target, lossless = (case / "to.sql").read_text(), all(c["risk"] != "destructive" for c in changes_of(case))
    if case.name == "rename_hint":  # no value for a column that was dropped and takes no NULL
        alteration.up(target, renames, lossless)
        refused = alteration.migrate("down", check=False)
        assert refused.returncode != 0 and "Cannot add a NOT NULL column with default value NULL" in refused.stderr
    else:
        alteration.there_and_back(target, renames, lossless)


def test_kill_9_leaves_the_old_or_the_new_schema_and_all_rows(alteration, keel_bin, tmp_path):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    chance = random.Random(seed)
    schema = """
        CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT {a}, b BLOB);
        CREATE TABLE c (t_id INTEGER NOT NULL REFERENCES t (id) ON DELETE CASCADE, n INTEGER {a}) {without};
        CREATE INDEX t_a ON t (a);"""
    old = schema.format(a="", without="")
    database = alteration.database
    database.execute(old + """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
        INSERT INTO t SELECT i, 'name ' || i, randomblob(40) FROM n;
        INSERT INTO c SELECT id, id % 7 FROM t;""")
    models = {"old": alteration.model()}
    models["new"] = alteration.model(alteration.generate(schema.format(a="NOT NULL DEFAULT 0", without="STRICT")))
    count = lambda: database.rows("SELECT count(*), sum(id), sum(length(a)), sum(length(b)) FROM t "  # noqa: E731
                                  "UNION ALL SELECT count(*), sum(t_id), sum(n), 0 FROM c")
    rows, took, states = count(), None, {"old": 0, "new": 0}
    for _ in range(25):
        for word in ("up", "down"):
            start = time.monotonic()
            process = subprocess.Popen([keel_bin, "migrate", word, "--dir", alteration.folder, "--db", database.url],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if took:
                time.sleep(chance.uniform(0, took * 1.1))
                process.send_signal(signal.SIGKILL)
            process.communicate(timeout=60)
            took = took or time.monotonic() - start
            database.execute("SELECT * FROM sqlite_schema")  # whoever opens it next rolls back what was left
            model = alteration.model()
            state = next(name for name, wanted in models.items() if wanted == model)
            states[state] += 1
            assert count() == rows
    assert database.problems() == []
    assert min(states.values()) > 0, states
    alteration.migrate("up")
    assert alteration.model() == models["new"] and count() == rows
