"""keel audit --fix: what it repairs is repaired, nothing is lost, and down gives everything back."""

import json
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing

import psycopg
import pytest

NOW = {"orchestrator": "2025-11-11T12:00:00Z", "bitesize": "2025-11-14T12:00:00Z", "digester": "2025-02-16T18:00:00Z",
       "digester3nf": "2025-03-18T18:00:00Z", "gravity": "2025-06-10T16:00:00Z", "amelia": "2026-01-31T15:00:00Z"}
SCALES = [1, 20]


# ---- what is in a database ----------------------------------------------------------------------------------------


def quote(name):
    return '"' + name.replace('"', '""') + '"'


class Contents:
    """Every row of every table, as text that tells all values apart; keel's own tables left out."""

    def __init__(self, database):
        self.database = database
        self.tables = {}
        self.quarantine = {}
        self.rowids = {}
        (self.read_sqlite if database.kind == "sqlite" else self.read_postgres)()

    def add(self, name, rows):
        if name == "keel_migrations":
            return
        (self.quarantine if name.startswith("keel_quarantine_") else self.tables)[name] = rows

    def read_sqlite(self):
        with closing(sqlite3.connect(f"file:{self.database.path}?mode=ro", uri=True)) as connection:
            connection.text_factory = bytes
            names = [row[0].decode() for row in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%'")]
            for name in names:
                columns = [row[1].decode() for row in connection.execute(f"PRAGMA table_info({quote(name)})")]
                kept = [c for c in columns if not c.startswith("keel_")]
                typed = ", ".join(f"typeof({quote(c)}), {quote(c)}" for c in kept)
                self.add(name, Counter(connection.execute(f"SELECT {typed} FROM {quote(name)}").fetchall()))
                try:
                    self.rowids[name] = connection.execute(
                        f"SELECT rowid, {typed} FROM {quote(name)} ORDER BY 1").fetchall()
                except sqlite3.OperationalError:
                    self.rowids[name] = connection.execute(f"SELECT {typed} FROM {quote(name)}").fetchall()

    def read_postgres(self):
        with psycopg.connect(self.database.url) as connection:
            names = [row[0] for row in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
            for name in names:
                columns = [row[0] for row in connection.execute(
                    "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
                    " ORDER BY attnum", [quote(name)])]
                kept = ", ".join(f"{quote(c)}::text" for c in columns if not c.startswith("keel_"))
                self.add(name, Counter(connection.execute(f"SELECT {kept} FROM {quote(name)}").fetchall()))

    def kept(self):
        """What is in the tables or in quarantine, together."""
        together = {name: rows.copy() for name, rows in self.tables.items()}
        for name, rows in self.quarantine.items():
            origin = name.removeprefix("keel_quarantine_")
            together[origin] = together[origin] + rows
        return together


# ---- one way there and back -----------------------------------------------------------------------------------------


class Repair:
    def __init__(self, keel, database, folder, now=None):
        self.keel, self.database, self.folder = keel, database, folder
        self.now = ["--now", now] if now else []

    def audit(self, *more):
        done = self.keel("audit", self.database.url, "--full", "--json", *self.now, *more, check=False)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)["findings"]

    def schema(self):
        model = self.keel("schema", self.database.url, "--json").stdout
        return json.loads(model)

    def migrate(self, direction):
        self.keel("migrate", direction, "--dir", self.folder, "--db", self.database.url)


def place(finding):
    return (finding["rule"], finding["table"], tuple(finding["columns"]), finding["index"], finding["constraint"],
            finding["trigger"], finding["view"])


def live(findings):
    return [f for f in findings if not f.get("suppressed")]


def without_sql(model):
    """The model without the texts of statements, which may be written in another way, and keel's own tables."""
    if isinstance(model, dict):
        return {k: without_sql(v) for k, v in model.items() if k != "sql"}
    if isinstance(model, list):
        return [without_sql(item) for item in model
                if not (isinstance(item, dict) and item.get("name") == "keel_migrations")]
    return model


def there_and_back(repair):
    before, schema = Contents(repair.database), repair.schema()
    found = live(repair.audit("--fix", repair.folder))
    automatic = {place(f) for f in found if f["fix"] == "automatic"}
    ups = list(repair.folder.glob("*.up.sql"))
    assert bool(ups) == bool(automatic)
    if not ups:
        return found, before, before
    repair.migrate("up")
    middle = Contents(repair.database)
    found_then = live(repair.audit())
    refused = {line for line in ups[0].read_text().splitlines() if "not repaired:" in line or "in part only:" in line}
    assert not refused, refused
    # What needed a decision may need none once rows have moved; that is for the next migration.
    undecided = {place(f) for f in found} - automatic
    left = [f for f in found_then if f["fix"] == "automatic" and place(f) not in undecided]
    assert not left, [(place(f), f["message"]) for f in left]
    new = [f for f in found_then if place(f) not in {place(f) for f in found}]
    assert not new, [(place(f), f["message"]) for f in new]
    repair.migrate("down")
    after = Contents(repair.database)
    assert after.tables == before.tables
    assert after.rowids.keys() - {"keel_migrations", "sqlite_sequence"} == before.rowids.keys() - {"sqlite_sequence"}
    for name, rows in before.rowids.items():
        assert after.rowids[name] == rows, name
    assert without_sql(repair.schema()) == without_sql(schema)
    return found, before, middle


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", list(NOW))
def test_a_legacy_database(name, scale, legacy, keel, sqlite_database, tmp_path):
    subprocess.run([sys.executable, legacy / "fill.py", name, sqlite_database.path, "--scale", str(scale)], check=True,
                   stdout=subprocess.DEVNULL)
    repair = Repair(keel, sqlite_database, tmp_path / "migrations", NOW[name])
    found, before, middle = there_and_back(repair)
    assert found
    assert middle.kept() == before.kept()
    assert sqlite_database.value("PRAGMA integrity_check") == "ok"


@pytest.mark.parametrize("name", ["gravity", "digester"])
def test_a_legacy_postgres_database(name, legacy, keel, postgres_database, tmp_path):
    rows = tmp_path / "rows.sql"
    subprocess.run([sys.executable, legacy / "fill.py", name, tmp_path / "x.db", "--pg", rows], check=True,
                   stdout=subprocess.DEVNULL)
    for script in (legacy / f"{name}.postgres.sql", rows):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", postgres_database.url, "-f", script],
                       check=True, stdout=subprocess.DEVNULL)
    repair = Repair(keel, postgres_database, tmp_path / "migrations", NOW[name])
    found, before, middle = there_and_back(repair)
    assert found
    converted = any(re.search(r"ALTER COLUMN .* TYPE", f.read_text()) for f in repair.folder.glob("*.up.sql"))
    if not converted:
        assert middle.kept() == before.kept()


# ---- rows that have to leave, one difficulty each ---------------------------------------------------------------------

CUSTOMERS = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO customers SELECT n, 'customer ' || n FROM (
  WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60) SELECT n FROM c) AS x;
"""


def run_script(database, script):
    database.execute(script)


def up_only(repair):
    before = Contents(repair.database)
    repair.audit("--fix", repair.folder)
    repair.migrate("up")
    return before, Contents(repair.database)


def lost(before, middle, table):
    return before.tables[table].total() - middle.tables[table].total()


def test_rows_below_an_orphan_follow_it(keel, sqlite_database, tmp_path):
    run_script(sqlite_database, CUSTOMERS + """
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
                     replaces_id INTEGER REFERENCES orders (id));
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_replaces ON orders (replaces_id);
CREATE TABLE items (order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE, position INTEGER NOT NULL,
                    title TEXT NOT NULL, PRIMARY KEY (order_id, position)) WITHOUT ROWID;
CREATE TABLE deletions (what TEXT NOT NULL);
CREATE TRIGGER orders_gone AFTER DELETE ON orders BEGIN INSERT INTO deletions VALUES ('order ' || old.id); END;
CREATE TRIGGER orders_new AFTER INSERT ON orders BEGIN INSERT INTO deletions VALUES ('new order ' || new.id); END;
INSERT INTO orders SELECT id, id, NULL FROM customers;
INSERT INTO orders VALUES (101, 7777, NULL), (102, 3, 101), (103, 4, 102), (104, 5, 1), (105, 8888, NULL);
INSERT INTO items SELECT id, 1, 'item of ' || id FROM orders;
INSERT INTO items SELECT id, 2, 'second of ' || id FROM orders;
DELETE FROM deletions;
""")
    repair = Repair(keel, sqlite_database, tmp_path / "migrations")
    _, before, middle = there_and_back(repair)
    # 101 and 105 have no customer; 102 replaces 101, and 103 replaces 102; 104 stays
    assert lost(before, middle, "orders") == 4
    assert lost(before, middle, "items") == 8
    assert lost(before, middle, "customers") == 0
    assert lost(before, middle, "deletions") == 0
    assert middle.kept() == before.kept()


def test_quarantine_says_why(keel, sqlite_database, tmp_path):
    run_script(sqlite_database, CUSTOMERS + """
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id));
CREATE INDEX orders_customer ON orders (customer_id);
CREATE TABLE items (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id), title BLOB);
CREATE INDEX items_order ON items (order_id);
INSERT INTO orders SELECT id, id FROM customers;
INSERT INTO orders VALUES (101, 7777);
INSERT INTO items VALUES (1, 101, x'00ff00'), (2, 1, x'01');
""")
    repair = Repair(keel, sqlite_database, tmp_path / "migrations")
    up_only(repair)
    (row, reason), = sqlite_database.rows("SELECT id, keel_reason FROM keel_quarantine_orders")
    assert row == 101 and "customer" in reason
    assert sqlite_database.rows("SELECT id, order_id, hex(title), keel_reason FROM keel_quarantine_items") == [
        (1, 101, "00FF00", "refers to a row of orders that was moved")]


def test_a_rowid_taken_meanwhile_does_not_stop_down(keel, sqlite_database, tmp_path):
    run_script(sqlite_database, CUSTOMERS + """
CREATE TABLE notes (key TEXT NOT NULL PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customers (id));
CREATE INDEX notes_customer ON notes (customer_id);
INSERT INTO notes SELECT 'note ' || id, id FROM customers;
INSERT INTO notes VALUES ('lost', 7777);
""")
    repair = Repair(keel, sqlite_database, tmp_path / "migrations")
    up_only(repair)
    sqlite_database.execute("INSERT INTO notes VALUES ('new', 1)")
    repair.migrate("down")
    assert sqlite_database.rows("SELECT key FROM notes WHERE rowid > 60 ORDER BY key") == [("lost",), ("new",)]


def test_postgres_rows_below_an_orphan_follow_it(keel, postgres_database, tmp_path):
    run_script(postgres_database, """
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL);
INSERT INTO customers SELECT n, 'customer ' || n FROM generate_series(1, 60) n;
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer_id bigint NOT NULL,
                     twice bigint GENERATED ALWAYS AS (customer_id * 2) STORED NOT NULL,
                     replaces_id bigint REFERENCES orders (id));
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (replaces_id);
CREATE TABLE items (order_id bigint NOT NULL REFERENCES orders (id) ON DELETE CASCADE, position int NOT NULL,
                    title text NOT NULL, PRIMARY KEY (order_id, position));
CREATE TABLE deletions (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text NOT NULL);
CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO deletions (what) VALUES (TG_OP); RETURN NULL; END$$;
INSERT INTO orders (customer_id) SELECT id FROM customers;
INSERT INTO orders (customer_id, replaces_id) VALUES (7777, NULL), (3, 61), (4, 62), (5, 1);
INSERT INTO items SELECT id, 1, 'item of ' || id FROM orders;
CREATE TRIGGER orders_say AFTER INSERT OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION say();
""")
    repair = Repair(keel, postgres_database, tmp_path / "migrations")
    _, before, middle = there_and_back(repair)
    assert lost(before, middle, "orders") == 3
    assert lost(before, middle, "items") == 3
    assert lost(before, middle, "deletions") == 0
    assert middle.kept() == before.kept()
