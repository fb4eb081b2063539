"""Where keel diff has its schemas from: databases, .sql files, migrations; and that it leaves nothing behind."""

import contextlib
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from databases import PostgresDatabase, SqliteDatabase

EQUAL, DIFFERENT, ERROR = 0, 1, 2
SCHEMA = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE TABLE logins (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE);
CREATE INDEX logins_user ON logins (user_id);
CREATE VIEW mails AS SELECT email FROM users;
"""


@pytest.fixture
def diff(keel):
    return lambda *args, **options: keel("diff", *args, check=False, **options)


@pytest.fixture
def other(database, tmp_path):
    """A second empty database of the same kind."""
    if database.kind == "sqlite":
        yield SqliteDatabase(tmp_path / "other.db")
        return
    made = PostgresDatabase.create(database.server_url)
    yield made
    made.drop()


@pytest.fixture
def server():
    """A database of a PostgreSQL server of the test's own making, and the scratch databases beside it."""
    database = PostgresDatabase.create(os.environ["KEEL_TEST_POSTGRES_URL"])
    yield database
    database.drop()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def migrations(folder, **files):
    for name, text in files.items():
        write(folder / f"{name.replace('__', '.')}.sql", text)
    return folder


def is_equal(told):
    assert (told.returncode, told.stdout, told.stderr) == (EQUAL, "the schemas are equal\n", "")
    return True


# ---- sources ---------------------------------------------------------------------------------------------------------


def test_two_databases(database, other, diff):
    database.execute(SCHEMA)
    other.execute(SCHEMA)
    assert is_equal(diff(database.url, other.url))
    other.execute("DROP INDEX logins_user; ALTER TABLE users ADD COLUMN age INTEGER;")
    told = diff(database.url, other.url)
    assert told.returncode == DIFFERENT
    assert [line for line in told.stdout.splitlines() if line[:1] in "+-~"] [:2] == [
        "- index logins_user (user_id) of logins is dropped",
        f"+ column users.age is added: {'INTEGER' if database.kind == 'sqlite' else 'integer'}"]


def test_a_file_against_a_database_needs_no_dialect(database, tmp_path, diff):
    file = write(tmp_path / "schema.sql", SCHEMA)
    database.execute(SCHEMA)
    assert is_equal(diff(database.url, file))
    assert is_equal(diff(file, database.url))


def test_migrations_against_the_database_they_made(database, tmp_path, diff, keel):
    folder = migrations(tmp_path / "m", **{
        "0001_users__up": "CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT);",
        "0001_users__down": "DROP TABLE users;",
        "0002_more__up": "ALTER TABLE users RENAME COLUMN mail TO email;\nCREATE INDEX users_email ON users (email);",
        "0002_more__down": "DROP INDEX users_email;\nALTER TABLE users RENAME COLUMN email TO mail;"})
    keel("migrate", "up", "--dir", folder, "--db", database.url)
    assert is_equal(diff(folder, database.url))
    database.execute("DROP INDEX users_email;")
    told = diff(database.url, folder)
    assert (told.returncode, told.stdout.splitlines()[0]) == (DIFFERENT, "+ index users_email (email) of users is added")


@pytest.mark.parametrize("history", ["schema_migrations (version VARCHAR(128) PRIMARY KEY)",
                                     "schema_migrations (version BIGINT PRIMARY KEY, dirty BOOLEAN NOT NULL)",
                                     "goose_db_version (id INTEGER PRIMARY KEY, version_id BIGINT NOT NULL)"])
def test_the_histories_of_other_tools_are_no_part_of_a_schema(database, tmp_path, diff, history):
    folder = migrations(tmp_path / "m", **{"20260101_users": "-- migrate:up\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n"
                                                             "-- migrate:down\nDROP TABLE users;\n"})
    database.execute(f"CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE {history};")
    assert is_equal(diff(database.url, folder))


def test_a_table_that_is_merely_called_like_a_history_counts(database, tmp_path, diff):
    database.execute("CREATE TABLE schema_migrations (a INTEGER, b INTEGER);")
    assert diff(database.url, write(tmp_path / "e.sql", "")).returncode == DIFFERENT


def test_an_empty_folder_is_an_empty_schema(database, tmp_path, diff):
    (tmp_path / "m").mkdir()
    if database.kind == "sqlite":
        database.execute("VACUUM")
    assert is_equal(diff(database.url, tmp_path / "m"))


def test_what_pg_dump_prints(server, tmp_path, diff):
    server.execute("CREATE SCHEMA app; CREATE TYPE app.mood AS ENUM ('a', 'b');" + SCHEMA +
                   "CREATE TABLE app.t (id BIGSERIAL PRIMARY KEY, m app.mood DEFAULT 'a'); COMMENT ON TABLE app.t IS 'x';")
    dump = subprocess.run(["pg_dump", "--schema-only", "--no-owner", server.url], capture_output=True, text=True, check=True)
    assert is_equal(diff(server.url, write(tmp_path / "dump.sql", dump.stdout)))


def test_what_sqlite_dumps(tmp_path, diff):
    database = SqliteDatabase(tmp_path / "a.db")
    database.execute(SCHEMA + "CREATE TABLE n (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT); INSERT INTO n (a) VALUES ('x;y');"
                     "CREATE TRIGGER n_t AFTER INSERT ON n BEGIN DELETE FROM n WHERE a = ''; DELETE FROM n WHERE a = ' '; END;")
    with contextlib.closing(sqlite3.connect(database.path)) as connection:
        dump = "\n".join(connection.iterdump())
    assert is_equal(diff(database.url, write(tmp_path / "dump.sql", dump)))


def test_only_the_schemas_asked_for(server, tmp_path, diff):
    server.execute("CREATE SCHEMA app; CREATE TABLE app.t (id INTEGER); CREATE TABLE u (id INTEGER);")
    file = write(tmp_path / "a.sql", "CREATE SCHEMA app; CREATE TABLE app.t (id INTEGER);")
    assert diff(server.url, file).returncode == DIFFERENT
    assert is_equal(diff(server.url, file, "--schema", "app"))


def test_what_is_not_compared_is_told(server, tmp_path, diff):
    sql = "CREATE TABLE t (id INTEGER); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
    server.execute(sql + "CREATE POLICY p ON t USING (id > 1);")
    told = diff(server.url, write(tmp_path / "a.sql", sql))
    assert told.returncode == EQUAL
    assert told.stdout.splitlines() == ["the schemas are equal", "", "not compared: policy p on table t",
                                        "not compared: row level security of table t"]
    assert json.loads(diff(server.url, tmp_path / "a.sql", "--json").stdout)["not_compared"] == [
        "policy p on table t", "row level security of table t"]


# ---- nothing is left behind, nothing is changed ----------------------------------------------------------------------


def scratch_databases(database):
    return [name for (name,) in database.rows("SELECT datname FROM pg_database WHERE datname LIKE 'keel_scratch_%%'")]


@pytest.fixture
def user(server):
    """The url of server for a user of the test's own, whose scratch databases can be told from others'."""
    name = f"keel_user_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN CREATEDB PASSWORD 'secret'")
        connection.execute(f"GRANT ALL ON SCHEMA public TO {name}")
    parts = urlsplit(server.url)
    yield urlunsplit(parts._replace(netloc=f"{name}:secret@{parts.hostname}:{parts.port}"))
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def owned(server, user):
    return server.value("SELECT count(*) FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE r.rolname = %s",
                        urlsplit(user).username)


@pytest.mark.parametrize("sql, status", [(SCHEMA, DIFFERENT), ("CREATE TABLE t (id INTEGER);\nNONSENSE;", ERROR)])
def test_a_scratch_database_is_dropped(server, user, tmp_path, diff, sql, status):
    assert diff(user, write(tmp_path / "a.sql", sql)).returncode == status
    assert owned(server, user) == 0


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_drops_the_scratch_database(server, user, tmp_path, keel_bin, signum):
    file = write(tmp_path / "slow.sql", "CREATE TABLE t (id INTEGER);\nSELECT pg_sleep(600);\n")
    process = subprocess.Popen([keel_bin, "diff", user, str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60
        while not server.value("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%%' AND usename = %s",
                               urlsplit(user).username):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        assert owned(server, user) == 1
        process.send_signal(signum)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, out) == (ERROR, "")
    assert "slow.sql:2" in err
    assert owned(server, user) == 0


def test_a_user_who_may_not_make_databases_is_told(server, user, tmp_path, diff):
    server.execute(f"ALTER ROLE {urlsplit(user).username} NOCREATEDB")
    told = diff(user, write(tmp_path / "a.sql", SCHEMA))
    assert told.returncode == ERROR
    assert "scratch database" in told.stderr and "CREATEDB" in told.stderr and "secret" not in told.stderr


def test_databases_are_only_read(tmp_path, diff):
    database = SqliteDatabase(tmp_path / "a.db")
    database.execute(SCHEMA)
    digest = lambda: hashlib.sha256(database.path.read_bytes()).hexdigest()  # noqa: E731
    before = digest(), sorted(tmp_path.iterdir())
    assert is_equal(diff(database.url, database.url))
    assert (digest(), sorted(tmp_path.iterdir())) == before


# ---- wrong use -------------------------------------------------------------------------------------------------------


def test_two_kinds_of_database(server, sqlite_database, diff):
    sqlite_database.execute(SCHEMA)
    told = diff(sqlite_database.url, server.url)
    assert (told.returncode, told.stdout) == (ERROR, "")
    assert "SQLite" in told.stderr and "PostgreSQL" in told.stderr


@pytest.mark.parametrize("args, words", [
    (["a.sql"], "FROM and TO"),
    ([], "FROM and TO"),
    (["a.sql", "a.sql", "a.sql"], "one too many"),
    (["a.sql", "a.sql"], "--dialect"),
    (["a.sql", "a.sql", "--dialect", "oracle"], "oracle"),
    (["a.sql", "a.sql", "--dialect", "postgres"], "--scratch"),
    (["a.sql", "a.sql", "--dialect", "postgres", "--scratch", "a.db"], "no PostgreSQL server"),
    (["a.sql", "a.db", "--dialect", "postgres"], "contradicts"),
    (["a.sql", "missing.sql", "--dialect", "sqlite"], "missing.sql"),
    (["a.sql", "missing.db"], "missing.db"),
    (["a.sql", "text.db"], "text.db"),
    (["a.sql", "a.sql", "--rename", "a"], "OLD=NEW"),
    (["a.sql", "a.sql", "--format", "xml"], "xml"),
    (["a.sql", "a.sql", "--json", "--format", "sql"], "contradict"),
    (["a.sql", "mysql://localhost/x"], "mysql"),
    (["a.sql", "bad"], "0001_x.up.sql:2"),
])
def test_wrong_use_is_told(tmp_path, diff, args, words):
    write(tmp_path / "a.sql", SCHEMA)
    write(tmp_path / "text.db", "this is no database, but it is long enough to be looked at " * 20)
    SqliteDatabase(tmp_path / "a.db").execute(SCHEMA)
    migrations(tmp_path / "bad", **{"0001_x__up": "CREATE TABLE t (id INTEGER);\nCREATE TABLE t (id INTEGER);"})
    if args[-1:] == ["bad"]:
        args = [*args, "--dialect", "sqlite"]
    told = diff(*args)
    assert (told.returncode, told.stdout) == (ERROR, "")
    assert words in told.stderr


# ---- size ------------------------------------------------------------------------------------------------------------


def many_tables(count, extra):
    for i in range(count):
        yield f"""CREATE TABLE t{i} (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'x',
            p INTEGER REFERENCES t{max(i - 1, 0)} (id){extra if i % 5 == 0 else ''}, CHECK (a <> ''));
            CREATE INDEX t{i}_p ON t{i} (p);"""
        if i % 10 == 0:
            yield f"CREATE VIEW v{i} AS SELECT id FROM {'t0' if i % 500 == 0 else f'v{i - 10}'};"


def test_five_thousand_tables(tmp_path, diff):
    """What grows with the square of the schema would take minutes."""
    old, new = SqliteDatabase(tmp_path / "old.db"), SqliteDatabase(tmp_path / "new.db")
    for database, extra in ((old, ""), (new, ", z TEXT")):
        database.execute("PRAGMA synchronous = OFF; BEGIN;\n" +
                         "\n".join(many_tables(5000, extra)) + "\nCOMMIT;")
    told = diff(old.url, new.url, timeout=120)
    assert (told.returncode, told.stdout.splitlines()[-1]) == (
        DIFFERENT, "1000 changes: 1000 safe, 0 blocking, 0 destructive")
    assert diff(old.url, write(tmp_path / "e.sql", ""), timeout=120).stdout.splitlines()[-1].endswith("5000 destructive")


def test_two_thousand_columns(tmp_path, diff):
    names = [f"c{i}" for i in range(1999)]
    column = lambda n, kind: f"{n} {kind} CHECK ({n} <> 'x')"  # noqa: E731
    old = f"CREATE TABLE t (id INTEGER PRIMARY KEY, {', '.join(column(n, 'TEXT') for n in names)});"
    new = f"CREATE TABLE t (id INTEGER PRIMARY KEY, {', '.join(column(n, 'BLOB') for n in reversed(names))});"
    told = diff(write(tmp_path / "a.sql", old), write(tmp_path / "b.sql", new), "--dialect", "sqlite", timeout=120)
    assert (told.returncode, told.stdout.splitlines()[-1]) == (
        DIFFERENT, "2000 changes: 0 safe, 2000 blocking, 0 destructive")
