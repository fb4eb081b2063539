"""keel migrate on both databases: what is applied, what is refused, and what is said."""

import json
import signal
import sqlite3
import subprocess
import threading
import time

import psycopg
import pytest

LAYOUT_UP = {
    "pairs": ("{n}_{name}.up.sql", "{up}"),
    "dbmate": ("{n}_{name}.sql", "-- migrate:up\n{up}\n-- migrate:down\n{down}\n"),
    "goose": ("{n}_{name}.sql", "-- +goose Up\n{up}\n-- +goose Down\n{down}\n"),
    "plain": ("{n}_{name}.sql", "{up}"),
}


class Folder:
    """A folder of migrations, and keel run on it against one database."""

    def __init__(self, path, keel, database):
        self.path, self.keel, self.database = path, keel, database
        path.mkdir(exist_ok=True)

    def put(self, name, text):
        (self.path / name).write_bytes(text.encode() if isinstance(text, str) else text)
        return self.path / name

    def pair(self, stem, up, down=None):
        self.put(f"{stem}.up.sql", up)
        if down is not None:
            self.put(f"{stem}.down.sql", down)

    def run(self, *args, **options):
        return self.keel("migrate", *args, "--dir", self.path, "--db", self.database.url, **options)

    def json(self, *args, **options):
        return json.loads(self.run(*args, "--json", **options).stdout)

    def refused(self, *args):
        """The message of a command that must fail, and must not be a usage error."""
        done = self.run(*args, check=False)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stderr

    def states(self):
        return {m["version"]: (m["state"], m["problem"]) for m in self.json("status")}

    def log(self):
        return [(r["action"], r["version"], r["state"], r["step"]) for r in self.json("history")]

    def tables(self):
        sql = ("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
               if self.database.kind == "sqlite" else
               "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return sorted(name for (name,) in self.database.rows(sql) if name != "keel_migrations")


@pytest.fixture
def folder(tmp_path, keel, database):
    return Folder(tmp_path / "migrations", keel, database)


@pytest.fixture
def sqlite_folder(tmp_path, keel, sqlite_database):
    return Folder(tmp_path / "migrations", keel, sqlite_database)


@pytest.fixture
def postgres_folder(tmp_path, keel, postgres_database):
    return Folder(tmp_path / "migrations", keel, postgres_database)


def three(folder):
    """Three migrations with a table each."""
    for n, name in enumerate("abc", 1):
        folder.pair(f"000{n}_{name}", f"CREATE TABLE {name} (id INTEGER PRIMARY KEY);\n", f"DROP TABLE {name};\n")


# ---- the ways up and down ------------------------------------------------------------------------------------------


def test_up_and_down(folder):
    three(folder)
    assert folder.states() == {f"000{n}": ("pending", None) for n in (1, 2, 3)}
    assert [m["version"] for m in folder.json("up", "--to", "2")] == ["0001", "0002"]
    assert folder.tables() == ["a", "b"]
    done = folder.run("up")
    assert done.stdout.startswith("applied 0003_c (")
    assert folder.tables() == ["a", "b", "c"]
    assert folder.json("up") == []
    assert "nothing is pending" in folder.run("up").stderr
    assert [m["version"] for m in folder.json("down")] == ["0003"]
    assert [m["version"] for m in folder.json("down", "--steps", "2")] == ["0002", "0001"]
    assert folder.tables() == []
    folder.run("up")
    folder.run("down", "--to", "0001")
    assert folder.tables() == ["a"]
    folder.run("down", "--to", "0")
    assert folder.tables() == []
    ups = [("up", v, "done", 1) for v in ("0001", "0002", "0003")]
    downs = [("down", v, "done", 1) for v in ("0003", "0002", "0001")]
    assert folder.log() == ups + downs + ups + downs


def test_history_says_what_when_and_by_whom(folder):
    folder.pair("0001_first", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;")
    before = time.time()
    folder.run("up")
    (row,) = folder.json("history")
    version = folder.keel("version", "--json").stdout
    assert row["module"] == "app" and row["name"] == "first" and row["keel_version"] in version
    assert len(row["checksum"]) == 64 and int(row["checksum"], 16)
    assert 0 < row["duration_us"] < 60_000_000
    assert row["applied_at"].endswith("Z") and before - 1 < time.time()
    assert folder.json("status")[0]["checksum"] == row["checksum"]
    # The table is the database's: anybody can read it.
    assert folder.database.rows("SELECT version, name, action, checksum FROM keel_migrations") == [
        (1, "first", "up", row["checksum"])]


def test_the_stores_own_schema(keel, database):
    def run(*args):
        return json.loads(keel("migrate", *args, "--db", database.url, "--json").stdout)

    applied = run("up")
    assert applied and applied[0]["version"] == "0001"
    assert {m["state"] for m in run("status")} == {"applied"}
    assert run("verify") == []
    assert database.problems() == []
    assert len(run("down", "--to", "0")) == len(applied)
    assert database.rows("SELECT count(*) FROM keel_migrations") == [(2 * len(applied),)]
    assert len(run("up")) == len(applied)


def test_modules_share_a_database(folder, keel):
    three(folder)
    folder.run("up")
    keel("migrate", "up", "--db", folder.database.url)
    assert {m["state"] for m in folder.json("status")} == {"applied"}
    other = Folder(folder.path.parent / "other", keel, folder.database)
    other.pair("0001_z", "CREATE TABLE z (id INTEGER);")
    other.run("up", "--module", "other")
    assert "z" in folder.tables()
    assert len(folder.json("history")) == 3
    assert len(other.json("history", "--module", "other")) == 1


def test_dry_run_changes_nothing(folder):
    three(folder)
    folder.run("up", "--to", "1")
    done = folder.run("up", "--dry-run")
    assert "-- up 0002: " in done.stdout and "CREATE TABLE c" in done.stdout and "CREATE TABLE a" not in done.stdout
    assert folder.tables() == ["a"] and len(folder.log()) == 1
    (plan,) = folder.json("down", "--dry-run")
    assert plan["version"] == "0001" and plan["action"] == "down"
    assert plan["steps"][0]["statements"] == [{"line": 1, "sql": "DROP TABLE a"}]
    assert folder.tables() == ["a"]


def test_looking_makes_no_file(sqlite_folder):
    three(sqlite_folder)
    done = sqlite_folder.run("status")
    assert "does not exist yet" in done.stderr
    assert "CREATE TABLE c" in sqlite_folder.run("up", "--dry-run").stdout
    assert sqlite_folder.json("history") == []
    assert not sqlite_folder.database.path.exists()


def test_the_journal_mode_of_others_stays(sqlite_folder):
    sqlite_folder.database.execute("CREATE TABLE mine (x); PRAGMA user_version = 7")
    three(sqlite_folder)
    sqlite_folder.run("up")
    assert sqlite_folder.database.value("PRAGMA journal_mode") == "delete"
    assert sqlite_folder.database.value("PRAGMA user_version") == 7


# ---- layouts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUT_UP)
def test_layouts(folder, layout):
    name, text = LAYOUT_UP[layout]
    for n, table in (("20240101000001", "a"), ("20240102000001", "b")):
        up, down = f"CREATE TABLE {table} (v TEXT);\nINSERT INTO {table} VALUES ('x;y');", f"DROP TABLE {table};"
        folder.put(name.format(n=n, name=table), text.format(up=up, down=down))
        if layout == "pairs":
            folder.put(f"{n}_{table}.down.sql", down)
    assert len(folder.json("up")) == 2
    assert folder.database.rows("SELECT v FROM b") == [("x;y",)]
    if layout == "plain":
        assert "has no down part" in folder.refused("down")
    else:
        folder.run("down", "--steps", "2")
        assert folder.tables() == []
        folder.run("up")
    assert folder.json("verify") == []


def test_dbmate_with_several_pairs(folder):
    folder.put("20240101_a.sql", "-- migrate:up\nCREATE TABLE a (id INTEGER PRIMARY KEY);\n"
                                 "-- migrate:down\nDROP TABLE a;\n"
                                 "-- migrate:up transaction:false\nCREATE TABLE b (a_id INTEGER REFERENCES a (id));\n"
                                 "-- migrate:down\nDROP TABLE b;\n")
    folder.run("up")
    assert folder.tables() == ["a", "b"]
    folder.run("down")  # b, which refers to a, goes first
    assert folder.tables() == []


def test_goose_with_a_function(postgres_folder):
    postgres_folder.put("00001_f.sql", """-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION touch() RETURNS trigger AS $body$
BEGIN
    NEW.at := now();
    RETURN NEW;
END;
$body$ LANGUAGE plpgsql;
-- +goose StatementEnd
CREATE TABLE a (at timestamptz);
CREATE FUNCTION one() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END;
-- +goose Down
DROP TABLE a;
DROP FUNCTION one();
DROP FUNCTION touch();
""")
    postgres_folder.run("up")
    assert postgres_folder.database.value("SELECT one()") == 1
    postgres_folder.run("down")


def test_sqlite_triggers(sqlite_folder):
    sqlite_folder.pair("0001_t", """
CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER);
CREATE TABLE log (what TEXT);
CREATE TRIGGER a_log AFTER UPDATE ON a WHEN CASE WHEN NEW.n > 1 THEN 1 ELSE 0 END BEGIN
    INSERT INTO log VALUES ('a;' || CASE NEW.n WHEN 2 THEN 'two' ELSE 'more' END);
    DELETE FROM log WHERE what = 'x';
END;
INSERT INTO a VALUES (1, 1);
UPDATE a SET n = 2;
""")
    sqlite_folder.run("up")
    assert sqlite_folder.database.rows("SELECT what FROM log") == [("a;two",)]


def test_takes_over_from_other_tools(folder):
    three(folder)
    folder.database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);"
                            "CREATE TABLE schema_migrations (version VARCHAR(128) PRIMARY KEY);"
                            "INSERT INTO schema_migrations VALUES ('0001'), ('0002');")
    assert "take it over with baseline --to 0002" in folder.refused("up")
    done = folder.run("baseline", "--to", "0002")
    assert done.stdout == "recorded 0001_a\nrecorded 0002_b\n"
    assert [m["version"] for m in folder.json("up")] == ["0003"]
    assert folder.log()[0] == ("baseline", "0001", "done", 1)


def test_takes_over_from_goose(folder):
    three(folder)
    folder.database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY);"
                            "CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY, version_id BIGINT NOT NULL,"
                            " is_applied BOOLEAN NOT NULL);"
                            "INSERT INTO goose_db_version VALUES (1, 0, true), (2, 1, true), (3, 2, true), (4, 2, false);")
    assert "by goose" in folder.refused("up")
    folder.run("baseline", "--to", "1")
    folder.run("up")
    assert folder.states() == {f"000{n}": ("applied", None) for n in (1, 2, 3)}


# ---- files that do not agree with the history ----------------------------------------------------------------------


def test_a_changed_file(folder):
    three(folder)
    folder.run("up", "--to", "2")
    folder.pair("0001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY, more TEXT);\n")
    message = folder.refused("up")
    assert "0001_a.up.sql was changed after it was applied" in message and "baseline --to 0001" in message
    assert folder.tables() == ["a", "b"]
    done = folder.run("verify", "--json", check=False)
    assert done.returncode == 1
    assert [(m["version"], m["problem"]) for m in json.loads(done.stdout)] == [("0001", "changed")]
    assert folder.states()["0001"] == ("applied", "changed")
    folder.run("baseline", "--to", "1")
    assert folder.json("verify") == []
    folder.run("up")
    assert folder.tables() == ["a", "b", "c"]
    assert ("up", "0001", "done", 1) in folder.log()  # nothing was rewritten
    assert ("baseline", "0001", "done", 1) in folder.log()


def test_line_ends_and_trailing_blanks_are_no_change(folder):
    text = "CREATE TABLE a (\n    id INTEGER\n);\nINSERT INTO a VALUES (1);\n"
    folder.pair("0001_a", text)
    folder.run("up")
    for same in (text.replace("\n", "\r\n"), text.replace("\n", "  \n"), text + "\n\n", text.rstrip(),
                 "\ufeff" + text):
        folder.pair("0001_a", same)
        assert folder.json("verify") == []
        assert folder.json("up") == []
    folder.pair("0001_a", text.replace("(1)", "(2)"))
    assert folder.run("verify", check=False).returncode == 1


def test_a_changed_down_part_does_not_stop_up(folder):
    three(folder)
    folder.run("up", "--to", "2")
    folder.put("0001_a.down.sql", "DROP TABLE IF EXISTS a;\n")
    done = folder.run("up")
    assert "the down part of" in done.stderr and folder.tables() == ["a", "b", "c"]
    done = folder.run("verify", "--json", check=False)
    assert done.returncode == 1 and json.loads(done.stdout)[0]["problem"] == "down_changed"
    folder.run("down", "--to", "0")
    assert folder.tables() == []


def test_a_missing_file(folder):
    three(folder)
    folder.run("up", "--to", "2")
    (folder.path / "0001_a.up.sql").unlink()
    (folder.path / "0001_a.down.sql").unlink()
    message = folder.refused("up")
    assert "0001_a.up.sql was applied on" in message and "baseline --to 0001" in message
    done = folder.run("verify", "--json", check=False)
    assert done.returncode == 1
    assert [(m["version"], m["name"], m["problem"], m["file"]) for m in json.loads(done.stdout)] == [
        ("0001", "a", "missing", None)]
    folder.run("down")
    assert "0001_a.up.sql cannot be reverted: it is not among the files" in folder.refused("down")
    folder.run("baseline", "--to", "1")
    assert folder.json("verify") == []
    folder.run("up")
    assert folder.tables() == ["a", "b", "c"]


def test_out_of_order(folder):
    three(folder)
    (folder.path / "0002_b.up.sql").rename(folder.path / "later.up.sql")
    (folder.path / "0002_b.down.sql").unlink()
    folder.run("up")
    (folder.path / "later.up.sql").rename(folder.path / "0002_b.up.sql")
    assert "0002_b.up.sql is out of order: version 3 is applied" in folder.refused("up")
    assert folder.states()["0002"] == ("pending", "out_of_order")
    assert folder.run("verify", check=False).returncode == 1
    assert [m["version"] for m in folder.json("up", "--allow-out-of-order")] == ["0002"]
    assert folder.json("verify") == []
    assert [version for _, version, _, _ in folder.log()] == ["0001", "0003", "0002"]


def test_down_is_refused_before_anything_is_reverted(folder):
    three(folder)
    (folder.path / "0002_b.down.sql").unlink()
    folder.run("up")
    assert "0002_b.up.sql cannot be reverted: it has no down part" in folder.refused("down", "--steps", "3")
    assert folder.tables() == ["a", "b", "c"]


def test_unknown_version(folder):
    three(folder)
    assert "there is no migration of version 7" in folder.refused("up", "--to", "7")
    assert "there is no migration of version 7" in folder.refused("baseline", "--to", "7")


# ---- statements that fail ------------------------------------------------------------------------------------------


def test_a_failing_statement_leaves_nothing(folder):
    three(folder)
    folder.pair("0002_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);\n\nINSERT INTO b VALUES (1);\n"
                          "INSERT INTO b\nVALUES (1);\nCREATE TABLE b2 (id INTEGER);\n", "DROP TABLE b;")
    message = folder.refused("up")
    assert f"{folder.path}/0002_b.up.sql:4: statement 3 of 4 (INSERT INTO b...): " in message
    assert ("UNIQUE constraint failed: b.id" if folder.database.kind == "sqlite" else "duplicate key") in message
    assert "; nothing of 0002_b was kept" in message
    assert folder.tables() == ["a"]
    assert folder.log() == [("up", "0001", "done", 1)]
    folder.pair("0002_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);")
    assert [m["version"] for m in folder.json("up")] == ["0002", "0003"]


def test_the_line_of_a_syntax_error(folder):
    folder.pair("0001_a", "CREATE TABLE ok (id INTEGER);\n\nCREATE TABLE a (\n    id INTEGER,\n    oops oops oops,,\n"
                          "    more TEXT\n);\n")
    message = folder.refused("up")
    assert "0001_a.up.sql:5: statement 2 of 2 (CREATE TABLE a (...): " in message
    assert folder.tables() == []


def test_json_of_a_failure_says_what_was_done(folder):
    three(folder)
    folder.pair("0002_b", "CREATE TABLE a (id INTEGER);")
    done = folder.run("up", "--json", check=False)
    assert done.returncode == 1
    assert [m["version"] for m in json.loads(done.stdout)] == ["0001"]
    assert "0002_b.up.sql:1" in done.stderr


@pytest.mark.parametrize(("sql", "message"), [
    ("SELECT 1;\nCOPY a FROM stdin;\n1\n\\.\n", ":2: COPY from stdin or to stdout needs psql"),
    ("SELECT 1;\n\\i other.sql\n", ":2: a psql command"),
    ("SELECT 1;\n\nSELECT 'x;\n", ":3: the string that begins here is never closed"),
    ("SELECT 1;\nCOMMIT;\nSELECT 2;\n", ":2: COMMIT would break the transaction that keel runs the migration in"),
    ("SELECT 1;\nROLLBACK;\n", ":2: ROLLBACK would break the transaction"),
])
def test_refused_before_anything_runs(postgres_folder, sql, message):
    three(postgres_folder)
    postgres_folder.pair("0003_c", sql)
    assert f"0003_c.up.sql{message}" in postgres_folder.refused("up")
    assert postgres_folder.tables() == []
    assert postgres_folder.json("history") == []


def test_begin_and_commit_around_all_is_fine(folder):
    folder.pair("0001_a", "BEGIN;\nCREATE TABLE a (id INTEGER);\nCOMMIT;\n")
    folder.run("up")
    assert folder.tables() == ["a"]


def test_statements_that_need_to_stand_alone_are_told_how(folder):
    folder.database.execute("CREATE TABLE a (id INTEGER);")
    folder.pair("0001_a", "VACUUM;\n")
    assert "begin the file with the line '-- transaction:false'" in folder.refused("up")
    folder.pair("0001_a", "-- transaction:false\nVACUUM;\n")
    folder.run("up")
    assert folder.states() == {"0001": ("applied", None)}


# ---- what a migration does to its session stays with it ------------------------------------------------------------


def test_settings_do_not_reach_the_next_migration(postgres_folder):
    f = postgres_folder
    f.pair("0001_a", "CREATE ROLE keel_test_owner_{0} NOLOGIN; CREATE SCHEMA s; GRANT ALL ON SCHEMA s, public TO "
                     "keel_test_owner_{0}; SET ROLE keel_test_owner_{0}; SET search_path = s; CREATE TABLE a (id int);"
                     .format(id(f)), f"DROP SCHEMA s CASCADE; DROP OWNED BY keel_test_owner_{id(f)};"
                                     f"DROP ROLE keel_test_owner_{id(f)};")
    f.pair("0002_b", "SELECT set_config('search_path', '', false); SET statement_timeout = 54321; CREATE TABLE public.b ();")
    f.pair("0003_c", "CREATE TABLE c (who text DEFAULT current_user, path text DEFAULT current_setting('search_path'),"
                     " timeout text DEFAULT current_setting('statement_timeout')); INSERT INTO c DEFAULT VALUES;", "")
    f.put("0002_b.down.sql", "")
    f.run("up")
    assert f.database.rows("SELECT relname, relnamespace::regnamespace::text FROM pg_class WHERE relname = 'a'") == [
        ("a", "s")]
    ((who, path, timeout),) = f.database.rows("SELECT who, path, timeout FROM c")
    assert not who.startswith("keel_test_owner") and path == '"$user", public' and timeout == "0"
    assert f.tables() == ["b", "c"]
    f.run("down", "--to", "0")


def test_sqlite_settings_do_not_reach_the_next_migration(sqlite_folder):
    f = sqlite_folder
    f.pair("0001_a", "PRAGMA foreign_keys = OFF;\nPRAGMA ignore_check_constraints = ON;\nCREATE TABLE p (id INTEGER "
                     "PRIMARY KEY);\nCREATE TABLE c (p_id INTEGER REFERENCES p (id) ON DELETE CASCADE, n INTEGER CHECK "
                     "(n > 0));\nINSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1, 1), (2, 2);")
    f.pair("0002_b", "DELETE FROM p WHERE id = 1;")
    f.pair("0003_c", "INSERT INTO c VALUES (2, 0);")
    assert "CHECK constraint failed" in f.refused("up")
    assert f.database.rows("SELECT p_id FROM c") == [(2,)]  # the cascade of 0002 worked


# ---- SQLite: tables that are rebuilt -------------------------------------------------------------------------------

REBUILD = """
CREATE TABLE p_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');
INSERT INTO p_new (id, name) SELECT id, name FROM p {where};
DROP TABLE p;
ALTER TABLE p_new RENAME TO p;
"""
PARENT_AND_CHILD = """
CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER NOT NULL REFERENCES p (id) ON DELETE CASCADE);
INSERT INTO p VALUES (1, 'a'), (2, 'b');
INSERT INTO c VALUES (10, 1), (11, 2), (12, 2);
"""


def test_children_survive_the_rebuild_of_their_parent(sqlite_folder):
    sqlite_folder.pair("0001_a", PARENT_AND_CHILD)
    sqlite_folder.pair("0002_b", REBUILD.format(where=""))
    sqlite_folder.run("up")
    assert sqlite_folder.database.rows("SELECT id, p_id FROM c ORDER BY id") == [(10, 1), (11, 2), (12, 2)]
    assert sqlite_folder.database.problems() == []
    assert 'REFERENCES p ' in sqlite_folder.database.value("SELECT sql FROM sqlite_schema WHERE name = 'c'")


def test_a_rebuild_that_loses_parents_is_refused(sqlite_folder):
    sqlite_folder.pair("0001_a", PARENT_AND_CHILD)
    sqlite_folder.pair("0002_b", REBUILD.format(where="WHERE id <> 2"))
    message = sqlite_folder.refused("up")
    assert "0002_b.up.sql: foreign_key_check: 2 rows of c (rowid 11) would point at no row of p" in message
    assert sqlite_folder.database.rows("SELECT id FROM p") == [(1,), (2,)]
    assert sqlite_folder.states()["0002"] == ("pending", None)


def test_orphans_that_were_there_before_are_no_obstacle(sqlite_folder):
    sqlite_folder.database.execute(PARENT_AND_CHILD + "INSERT INTO c VALUES (13, 99);"  # not enforced here
                                   "CREATE TABLE k (v INTEGER); CREATE TABLE m (k_v INTEGER REFERENCES k (v));"
                                   "INSERT INTO m VALUES (1);")  # k.v is no key: a mismatch
    sqlite_folder.pair("0001_b", REBUILD.format(where=""))
    sqlite_folder.run("up")
    assert sqlite_folder.database.value("SELECT count(*) FROM c") == 4
    sqlite_folder.pair("0002_b", "CREATE TABLE gone (x); DROP TABLE gone; PRAGMA foreign_keys = OFF;\n"
                                 "INSERT INTO c VALUES (14, 98);")
    message = sqlite_folder.refused("up")
    assert "1 row of c would point at no row of p, in addition to those that do already" in message


def test_orphans_that_were_there_before_follow_their_table_s_name(sqlite_folder):
    sqlite_folder.database.execute(PARENT_AND_CHILD + "INSERT INTO c VALUES (13, 99);")
    sqlite_folder.pair("0001_b", 'ALTER TABLE c RENAME TO "the children";\nALTER TABLE main.p RENAME TO parents;\n')
    sqlite_folder.run("up")
    assert sqlite_folder.database.value('SELECT count(*) FROM "the children"') == 4
    sqlite_folder.pair("0002_b", "ALTER TABLE parents RENAME TO p;\nPRAGMA foreign_keys = OFF;\nDELETE FROM p WHERE id = 2;")
    message = sqlite_folder.refused("up")
    assert "2 rows of the children would point at no row of p, in addition to those that do already" in message


def test_a_rebuild_with_its_own_pragmas(sqlite_folder):
    sqlite_folder.pair("0001_a", PARENT_AND_CHILD)
    sqlite_folder.pair("0002_b", "-- transaction:false\nPRAGMA foreign_keys = OFF;\nBEGIN;" + REBUILD.format(where="")
                       + "COMMIT;\nPRAGMA foreign_keys = ON;\n")
    sqlite_folder.pair("0003_c", "DELETE FROM p WHERE id = 2;")
    sqlite_folder.run("up")
    assert sqlite_folder.database.rows("SELECT id FROM c") == [(10,)]


# ---- migrations that are no transaction ----------------------------------------------------------------------------


def test_no_transaction_goes_on_where_it_failed(folder):
    folder.pair("0001_a", "-- transaction:false\nCREATE TABLE a (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);\n"
                          "INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (3);\n")
    message = folder.refused("up")
    assert "0001_a.up.sql:4: statement 3 of 4" in message
    assert "2 of its 4 steps are done, another run goes on from there" in message
    assert folder.states() == {"0001": ("interrupted", None)}
    assert folder.database.rows("SELECT id FROM a") == [(1,)]
    # What ran may not be changed, what follows may.
    folder.pair("0001_a", "-- transaction:false\nCREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\n"
                          "INSERT INTO a VALUES (2);\nINSERT INTO a VALUES (3);\n")
    assert "the first 2 of its 4 steps ran already, and were changed since" in folder.refused("up")
    folder.pair("0001_a", "-- transaction:false\nCREATE TABLE a (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);\n"
                          "INSERT INTO a VALUES (2);\nINSERT INTO a VALUES (3);\nINSERT INTO a VALUES (4);\n")
    folder.run("up")
    assert folder.database.rows("SELECT id FROM a ORDER BY id") == [(1,), (2,), (3,), (4,)]
    assert folder.states() == {"0001": ("applied", None)}
    assert folder.json("verify") == []


def test_no_transaction_that_is_cut_short(folder):
    folder.pair("0001_a", "-- transaction:false\nCREATE TABLE a (id INTEGER PRIMARY KEY);\nnonsense;\n")
    folder.refused("up")
    folder.pair("0001_a", "-- transaction:false\nCREATE TABLE a (id INTEGER PRIMARY KEY);\n")
    folder.run("up")
    assert folder.states() == {"0001": ("applied", None)}


def test_an_interrupted_one_can_be_reverted(folder):
    folder.pair("0001_a", "-- transaction:false\nCREATE TABLE a (id INTEGER);\nnonsense;\n", "DROP TABLE a;")
    folder.refused("up")
    folder.run("down")
    assert folder.tables() == [] and folder.states() == {"0001": ("pending", None)}


def test_an_interrupted_down_is_finished_by_down(folder):
    folder.pair("0001_a", "CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER);",
                "-- transaction:false\nDROP TABLE a;\nDROP TABLE nowhere;\nDROP TABLE b;")
    folder.run("up")
    assert "1 of its 3 steps are done" in folder.refused("down")
    assert "is reverted in part (step 1 of 3)" in folder.refused("up")
    folder.put("0001_a.down.sql", "-- transaction:false\nDROP TABLE a;\nDROP TABLE IF EXISTS nowhere;\nDROP TABLE b;")
    folder.run("down")
    assert folder.tables() == [] and folder.states() == {"0001": ("pending", None)}


def test_session_settings_are_made_again_when_it_goes_on(postgres_folder):
    f = postgres_folder
    f.pair("0001_a", "-- transaction:false\nCREATE SCHEMA s;\nSET search_path = s;\nnonsense;\nCREATE TABLE a ();")
    f.refused("up")
    f.pair("0001_a", "-- transaction:false\nCREATE SCHEMA s;\nSET search_path = s;\nCREATE TABLE b ();\nCREATE TABLE a ();")
    f.run("up")
    assert sorted(f.database.rows("SELECT tablename FROM pg_tables WHERE schemaname = 's'")) == [("a",), ("b",)]


def concurrent_index(folder):
    folder.pair("0001_a", "CREATE TABLE a (id int); INSERT INTO a SELECT generate_series(1, 1000);")
    folder.run("up")
    folder.pair("0002_i", '-- transaction:false\nCREATE INDEX CONCURRENTLY "A i" ON public.a (id);\n'
                          "CREATE TABLE after ();\n")


def start_blocked(folder, blocker, keel_bin):
    """keel in the middle of a CREATE INDEX CONCURRENTLY that cannot end before blocker's transaction."""
    blocker.execute("INSERT INTO a VALUES (0)")
    process = subprocess.Popen([keel_bin, "migrate", "up", "--dir", folder.path, "--db", folder.database.url],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    sql = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND state = 'active' AND wait_event_type = 'Lock'"
    deadline = time.time() + 60
    while not (found := folder.database.rows(sql)):
        assert time.time() < deadline and process.poll() is None
        time.sleep(0.02)
    return process, found[0][0]


def test_a_concurrent_index_whose_client_was_killed(postgres_folder, keel_bin):
    """The server goes on without the client, and holds the lock until it is done."""
    concurrent_index(postgres_folder)
    with psycopg.connect(postgres_folder.database.url) as blocker:
        process, _ = start_blocked(postgres_folder, blocker, keel_bin)
        process.kill()
        process.communicate()
        message = postgres_folder.refused("up", "--lock-timeout", "1")
        assert "another migration run holds the lock of this database (server process " in message
        blocker.commit()
    postgres_folder.run("up")
    assert postgres_folder.log()[1:] == [("up", "0002", "started", 1), ("up", "0002", "done", 1), ("up", "0002", "done", 2)]
    assert postgres_folder.database.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.\"A i\"'::regclass") == [
        (True,)]


def test_a_concurrent_index_that_was_left_half_built(postgres_folder, keel_bin):
    concurrent_index(postgres_folder)
    with psycopg.connect(postgres_folder.database.url) as blocker:
        process, server_process = start_blocked(postgres_folder, blocker, keel_bin)
        postgres_folder.database.rows("SELECT pg_terminate_backend(%s)", server_process)
        assert process.communicate()[1] and process.returncode == 1
        blocker.commit()
    assert postgres_folder.database.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.\"A i\"'::regclass") == [
        (False,)]
    done = postgres_folder.run("up")
    assert "the index A i was left half built: it is dropped and built again" in done.stderr
    assert postgres_folder.database.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'public.\"A i\"'::regclass") == [
        (True,)]
    assert postgres_folder.states()["0002"] == ("applied", None)


def test_a_statement_whose_end_only_a_person_can_tell(postgres_folder, keel_bin):
    f = postgres_folder
    f.pair("0001_a", "CREATE TABLE a (n int); CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN\n"
                     "INSERT INTO a VALUES (1); COMMIT; PERFORM pg_sleep(0.5); INSERT INTO a VALUES (2); COMMIT; END $$;")
    f.pair("0002_b", "-- transaction:false\nCALL p();\n")
    f.run("up", "--to", "1")
    process = subprocess.Popen([keel_bin, "migrate", "up", "--dir", f.path, "--db", f.database.url])
    while f.database.value("SELECT count(*) FROM a") == 0:
        time.sleep(0.01)
    process.kill()
    process.wait()
    message = f.refused("up")
    assert "0002_b.up.sql:2: " in message and "--in-doubt=retry" in message and "--in-doubt=skip" in message
    f.run("up", "--in-doubt=skip")
    assert f.states()["0002"] == ("applied", None)
    assert f.database.value("SELECT count(*) FROM a") == 2  # the server had gone on by itself


# ---- Ctrl-C, usage, new --------------------------------------------------------------------------------------------


def test_interrupt_leaves_nothing(folder, keel_bin):
    slow = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n;"
            if folder.database.kind == "sqlite" else "SELECT pg_sleep(300);")
    three(folder)
    folder.pair("0002_b", f"CREATE TABLE b (id INTEGER);\n{slow}\n")
    process = subprocess.Popen([keel_bin, "migrate", "up", "--dir", folder.path, "--db", folder.database.url],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline().startswith("applied 0001_a")
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "0002_b.up.sql:2: statement 2 of 2" in said and "interrupted" in said and "nothing of" in said
    assert folder.tables() == ["a"] and folder.states()["0002"] == ("pending", None)


def test_usage(keel, tmp_path):
    for args in (["sideways"], ["up", "extra"], ["baseline"], ["up", "--steps", "1"], ["status", "--to", "1"],
                 ["down", "--steps", "0"], ["down", "--steps", "1", "--to", "1"], ["new", "x"], ["up", "--to", "x"],
                 ["up", "--format", "flyway"], ["up", "--in-doubt", "maybe"], ["verify", "--dry-run"]):
        done = keel("migrate", *args, check=False, cwd=tmp_path)
        assert done.returncode == 2, args
        assert done.stderr
    assert not (tmp_path / "keel.db").exists()


def test_new(folder):
    made = folder.json("new", "Add users")
    assert made["up"].endswith("/0001_add_users.up.sql") and made["down"].endswith("/0001_add_users.down.sql")
    assert folder.run("new", "more").stdout.splitlines()[0].endswith("/0002_more.up.sql")
    assert len(folder.json("up")) == 2  # a file with nothing in it is a migration that does nothing


def test_no_such_folder(keel, tmp_path):
    done = keel("migrate", "up", "--dir", "nowhere", check=False, cwd=tmp_path)
    assert done.returncode == 1 and "there is no folder nowhere" in done.stderr


def test_another_writer_is_waited_for_and_then_named(sqlite_folder):
    three(sqlite_folder)
    sqlite_folder.run("up", "--to", "1")
    other = sqlite3.connect(sqlite_folder.database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "is locked by another program" in sqlite_folder.refused("up", "--lock-timeout", "0")
    other.execute("ROLLBACK")
    other.close()
    sqlite_folder.run("up")


def test_a_database_that_nobody_else_may_read_is_waited_for(sqlite_folder):
    """Longer than SQLite's own busy timeout; in rollback mode a big transaction shuts readers out."""
    three(sqlite_folder)
    sqlite_folder.run("up", "--to", "1")
    other = sqlite3.connect(sqlite_folder.database.path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(8, other.execute, ["ROLLBACK"])
    release.start()
    done = sqlite_folder.run("up")
    release.join()
    other.close()
    assert "waiting for another program" in done.stderr
    assert sqlite_folder.tables() == ["a", "b", "c"]
