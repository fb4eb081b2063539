"""What a generated migration does to a PostgreSQL database that has rows: the golden cases of keel diff, there and
back, in one transaction and concurrently; what it locks; what it refuses."""

import json
import os
import re
import threading
import time
from pathlib import Path

import psycopg
import pytest
from databases import PostgresDatabase

GOLDEN = Path(__file__).resolve().parent.parent / "golden/diff/postgres"
CASES = sorted(path for path in GOLDEN.iterdir() if path.is_dir())


@pytest.fixture
def other_database():
    database = PostgresDatabase.create(os.environ["KEEL_TEST_POSTGRES_URL"])
    yield database
    database.drop()


class Alteration:
    """A database, and migrations that are generated for it."""

    def __init__(self, keel, database, folder):
        self.keel, self.database, self.folder = keel, database, folder
        folder.mkdir(exist_ok=True)

    def migrate(self, *words, check=True):
        return self.keel("migrate", *words, "--dir", self.folder, "--db", self.database.url, check=check)

    def generate(self, to, *options, check=True):
        for path in self.folder.glob("*_change.*"):
            path.unlink()
        return self.migrate("generate", "change", "--to", to, *options, check=check)

    def text(self, way="up"):
        return next(self.folder.glob(f"*_change.{way}.sql")).read_text()

    def up(self, to, *options):
        """Generates and applies; returns the up part."""
        self.generate(to, *options)
        self.migrate("up")
        self.assert_is(to)
        return self.text()

    def assert_is(self, wanted):
        told = self.keel("diff", self.database.url, wanted, check=False)
        assert told.returncode == 0, f"{told.stdout}{told.stderr}\n{self.text()}\n{self.text('down')}"


@pytest.fixture
def alteration(keel, postgres_database, tmp_path):
    return Alteration(keel, postgres_database, tmp_path / "migrations")


def columns_of(database):
    """{(schema, table): {column: type}} of everything with rows of its own."""
    found = {}
    for schema, table, column, kind in database.rows(
            "SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) FROM pg_attribute a "
            "JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND a.attgenerated = '' AND NOT a.attisdropped AND n.nspname !~ '^pg_' "
            "AND n.nspname <> 'information_schema' AND c.relname <> 'keel_migrations'"):
        found.setdefault((schema, table), {})[column] = kind
    return found


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def rows_of(database, table, columns):
    chosen = ", ".join(f"{quoted(column)}::text" for column in columns) or "1"
    return sorted(database.rows(f"SELECT {chosen} FROM {quoted(table[0])}.{quoted(table[1])}"), key=repr)


def dump(database):
    return {table: rows_of(database, table, sorted(columns)) for table, columns in columns_of(database).items()}


def sequences(database):
    """How far each column's own numbering is."""
    return {(table, column): database.rows(f"SELECT last_value, is_called FROM {name}")[0]
            for table, column, name in database.rows(
                "SELECT c.oid::regclass::text, a.attname, s.oid::regclass::text FROM pg_depend d "
                "JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_class c ON c.oid = d.refobjid "
                "JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid "
                "WHERE d.deptype IN ('a', 'i') AND c.relname <> 'keel_migrations'")}


def renames_of(case):
    file = case / "renames.txt"
    return [tuple(line.split("=", 1)) for line in file.read_text().splitlines()] if file.exists() else []


def renamed(table, column, renames):
    """What a column of the old schema is called in the new one."""
    new_table, new_column = table[1], column
    for old, new in renames:
        if old in (table[1], ".".join(table)):
            new_table = new.split(".")[-1]
        elif column is not None and old in (f"{table[1]}.{column}", f"{table[0]}.{table[1]}.{column}"):
            new_column = new.split(".")[-1]
    return (table[0], new_table), new_column


def assert_rows_kept(before, columns, database, renames, destructive):
    """Every value of a column that is in both schemas, in the same type, is where it was."""
    now = columns_of(database)
    for table, kinds in columns.items():
        new_table, _ = renamed(table, None, renames)
        if new_table not in now:
            assert destructive, f"{table} is gone"
            continue
        names = sorted(kinds)
        kept = [(i, renamed(table, name, renames)[1]) for i, name in enumerate(names)
                if now[new_table].get(renamed(table, name, renames)[1]) == kinds[name]]
        if not destructive:
            assert all(renamed(table, name, renames)[1] in now[new_table] for name in names)
        wanted = sorted((tuple(row[i] for i, _ in kept) or (1,) for row in before[table]), key=repr)
        found = rows_of(database, new_table, [name for _, name in kept])
        if destructive and len(found) != len(wanted):
            continue  # a table that was dropped and made anew under its name
        assert found == wanted or not kept and len(found) == len(wanted)


def there_and_back(case, alteration, other_database, how):
    database, renames = alteration.database, renames_of(case)
    destructive = json.loads((case / "expected.json").read_text())["summary"]["destructive"] > 0
    before, columns, positions = dump(database), columns_of(database), sequences(database)
    options = [word for old, new in renames for word in ("--rename", f"{old}={new}")] + how
    if destructive:
        refused = alteration.generate(case / "to.sql", *options, check=False)
        assert refused.returncode == 1 and "--allow-destructive" in refused.stderr
        assert list(alteration.folder.iterdir()) == []
        options.append("--allow-destructive")
    alteration.up(case / "to.sql", *options)
    assert_rows_kept(before, columns, database, renames, destructive)
    if alteration.migrate("down", check=not destructive).returncode:
        # A column that takes no NULL and has no default cannot come back where there are rows.
        assert re.search(r"ADD COLUMN .* NOT NULL;", alteration.text("down"))
        database.execute(f"TRUNCATE {', '.join('.'.join(map(quoted, table)) for table in columns_of(database))}")
        alteration.migrate("down")
    alteration.assert_is(other_database.url)
    after = dump(database)
    if destructive:
        assert {table for table in before} == {table for table in after}
    else:
        assert after == before
        assert {k: v for k, v in sequences(database).items() if k in positions} == positions
    return alteration.text()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_there_and_back(case, alteration, other_database):
    alteration.database.execute((case / "from.sql").read_text())
    other_database.execute((case / "from.sql").read_text())
    if json.loads((case / "expected.json").read_text())["equal"]:
        alteration.generate(case / "to.sql")
        assert list(alteration.folder.iterdir()) == []
        return
    whole = there_and_back(case, alteration, other_database, [])
    concurrently = ["--concurrently", "--allow-destructive"]
    alteration.generate(case / "to.sql", *concurrently,
                        *(word for old, new in renames_of(case) for word in ("--rename", f"{old}={new}")))
    if alteration.text() != whole:
        there_and_back(case, alteration, other_database, ["--concurrently"])


# ---- locks -------------------------------------------------------------------------------------

SHOP = """
CREATE TABLE customer (id bigint PRIMARY KEY, email text, note text);
CREATE TABLE sale (id bigint PRIMARY KEY, customer_id bigint, amount integer, status text);
"""
SHOP_ROWS = """
INSERT INTO customer SELECT i, 'e' || i, 'n' FROM generate_series(1, 2000) i;
INSERT INTO sale SELECT i, 1 + i % 2000, i, 'new' FROM generate_series(1, 20000) i;
"""
SHOP_CHANGED = """
CREATE TABLE customer (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, note text, extra integer NOT NULL DEFAULT 4);
CREATE TABLE sale (id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customer (id) ON DELETE CASCADE,
                   amount integer CHECK (amount >= 0), status text);
CREATE INDEX sale_customer ON sale (customer_id);
CREATE INDEX sale_open ON sale (id) WHERE status = 'new';
"""
STRONG = {"AccessExclusiveLock", "ExclusiveLock"}
BLOCKS_WRITERS = STRONG | {"ShareLock", "ShareRowExclusiveLock"}


def statements_of(text):
    """Statements as groups: what is one transaction is one group."""
    groups, group, inside = [], [], False
    for statement in (part.strip() for part in re.sub(r"^--.*$", "", text, flags=re.MULTILINE).split(";\n")):
        if statement == "BEGIN":
            inside, group = True, []
        elif statement == "COMMIT":
            inside = False
            groups.append(group)
        elif statement and inside:
            group.append(statement)
        elif statement:
            groups.append([statement])
    return groups


def locks_of(connection):
    """{table: modes} that this transaction holds on tables."""
    held = {}
    for table, mode in connection.execute(
            "SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' "
            "AND relation::regclass::text IN ('customer', 'sale')"):
        held.setdefault(table, set()).add(mode)
    return held


def test_what_reads_every_row_keeps_nobody_from_reading_and_writing(alteration, tmp_path):
    """Each statement that takes as long as the table is large holds locks that readers and writers get along with."""
    database = alteration.database
    database.execute(SHOP + SHOP_ROWS)
    (tmp_path / "to.sql").write_text(SHOP_CHANGED)
    alteration.generate(tmp_path / "to.sql", "--concurrently")
    text = alteration.text()
    assert text.startswith("-- transaction:false\n")
    validated, built = [], []
    with psycopg.connect(database.url, autocommit=True) as connection:
        for group in statements_of(text):
            long = [s for s in group if "VALIDATE" in s or "INDEX CONCURRENTLY" in s]
            assert not long or len(group) == 1, group
            if "CONCURRENTLY" in group[0]:
                connection.execute(group[0])  # PostgreSQL promises that for it
                built.append(group[0])
                continue
            with connection.transaction():
                for statement in group:
                    connection.execute(statement)
                held = locks_of(connection)
            if long:
                validated += long
                assert not any(modes & BLOCKS_WRITERS for modes in held.values()), (group, held)
    assert len(validated) == 4 and len(built) == 3, text
    alteration.assert_is(tmp_path / "to.sql")


def test_a_reference_is_added_without_keeping_readers_out(alteration, tmp_path):
    database = alteration.database
    database.execute(SHOP + SHOP_ROWS)
    (tmp_path / "to.sql").write_text(SHOP.replace("customer_id bigint", "customer_id bigint REFERENCES customer (id)"))
    alteration.generate(tmp_path / "to.sql")
    with psycopg.connect(database.url) as connection:
        for group in statements_of(alteration.text()):
            for statement in group:
                connection.execute(statement)
        assert not any(modes & STRONG for modes in locks_of(connection).values())


def test_a_unique_index_is_built_before_its_constraint_keeps_others_out(alteration, tmp_path):
    database = alteration.database
    database.execute(SHOP + SHOP_ROWS)
    (tmp_path / "to.sql").write_text(SHOP.replace("email text", "email text UNIQUE"))
    alteration.generate(tmp_path / "to.sql")
    build, attach = [s for group in statements_of(alteration.text()) for s in group]
    assert build == "CREATE UNIQUE INDEX customer_email_key ON customer (email)"
    assert attach == "ALTER TABLE customer ADD CONSTRAINT customer_email_key UNIQUE USING INDEX customer_email_key"
    with psycopg.connect(database.url) as connection:
        connection.execute(build)
        assert not locks_of(connection)["customer"] & STRONG


def test_readers_and_writers_go_on_while_it_works_concurrently(alteration, tmp_path):
    """Somebody reads and writes all the time: nobody waits longer than the short steps take."""
    database = alteration.database
    database.execute(SHOP + SHOP_ROWS.replace("20000", "400000"))
    (tmp_path / "to.sql").write_text(SHOP_CHANGED)
    alteration.generate(tmp_path / "to.sql", "--concurrently")
    waits, stop = [], threading.Event()

    def work():
        with psycopg.connect(database.url, autocommit=True) as connection:
            number = 1000000
            while not stop.is_set():
                number += 1
                started = time.monotonic()
                connection.execute("INSERT INTO sale VALUES (%s, 1, 1, 'new')", (number,))
                connection.execute("UPDATE customer SET note = 'x' WHERE id = %s", (1 + number % 2000,))
                connection.execute("SELECT count(*) FROM sale WHERE id > 1000000").fetchone()
                waits.append((started, time.monotonic()))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        started = time.monotonic()
        alteration.migrate("up")
        ended = time.monotonic()
    finally:
        stop.set()
        worker.join()
    alteration.assert_is(tmp_path / "to.sql")
    during = [(begin, end) for begin, end in waits if begin < ended and end > started]
    longest = max(end - begin for begin, end in during)
    # Blocked for good, one round would last as long as the whole migration.
    assert len(during) >= 20 and longest < (ended - started) / 2, (len(during), longest, ended - started)
    assert database.value("SELECT count(*) FROM sale WHERE id > 1000000") == len(waits)


# ---- what would be lost ------------------------------------------------------------------------

def test_what_goes_is_named_and_counted_and_written_only_when_asked_for(alteration, tmp_path):
    database = alteration.database
    database.execute(SHOP + "INSERT INTO customer VALUES (1, 'a', 'x'), (2, 'b', NULL), (3, 'c', 'z');"
                            "INSERT INTO sale SELECT i, 1, 1, 'new' FROM generate_series(1, 1234) i;")
    (tmp_path / "to.sql").write_text("CREATE TABLE customer (id bigint PRIMARY KEY, email text);")
    refused = alteration.generate(tmp_path / "to.sql", check=False)
    assert refused.returncode == 1
    assert "table sale is dropped: its rows are lost (1,234 rows)" in refused.stderr
    assert "column customer.note is dropped: its values are lost (2 values)" in refused.stderr
    assert list(alteration.folder.iterdir()) == []
    alteration.up(tmp_path / "to.sql", "--allow-destructive")
    assert database.value("SELECT count(*) FROM customer") == 3


# ---- hard to keep ------------------------------------------------------------------------------

def test_numbering_goes_on_where_it_was(alteration, tmp_path):
    """From serial to identity, to a wider type, under another table name, and back."""
    database = alteration.database
    database.execute("CREATE TABLE a (id serial PRIMARY KEY); CREATE TABLE b (id serial PRIMARY KEY, x text);"
                     "CREATE TABLE c (id integer PRIMARY KEY);"
                     "INSERT INTO a SELECT FROM generate_series(1, 41); DELETE FROM a WHERE id > 10;"
                     "INSERT INTO b SELECT FROM generate_series(1, 7); INSERT INTO c VALUES (30), (50);")
    (tmp_path / "to.sql").write_text(
        "CREATE TABLE a (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);"
        "CREATE TABLE bees (id bigserial CONSTRAINT b_pkey PRIMARY KEY, x text); "
        "CREATE TABLE c (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);")
    alteration.up(tmp_path / "to.sql", "--rename", "b=bees", "--allow-destructive")
    assert database.rows("INSERT INTO a DEFAULT VALUES RETURNING id") == [(42,)]
    assert database.rows("INSERT INTO bees DEFAULT VALUES RETURNING id") == [(8,)]
    assert database.rows("INSERT INTO c DEFAULT VALUES RETURNING id") == [(51,)]
    alteration.migrate("down")
    assert database.rows("INSERT INTO a DEFAULT VALUES RETURNING id") == [(43,)]
    assert database.rows("INSERT INTO b DEFAULT VALUES RETURNING id") == [(9,)]


def test_a_label_that_is_used_at_once_is_added_before(alteration, tmp_path):
    database = alteration.database
    database.execute("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE t (m mood DEFAULT 'sad');"
                     "INSERT INTO t VALUES ('happy');")
    (tmp_path / "to.sql").write_text("CREATE TYPE mood AS ENUM ('sad', 'so so', 'happy'); "
                                     "CREATE TABLE t (m mood DEFAULT 'so so');")
    text = alteration.up(tmp_path / "to.sql")
    assert text.startswith("-- transaction:false\n")
    database.execute("INSERT INTO t DEFAULT VALUES")
    stopped = alteration.migrate("down", check=False)
    assert stopped.returncode == 1 and "so so" in stopped.stderr
    database.execute("DELETE FROM t WHERE m = 'so so'")
    alteration.migrate("down")
    assert database.rows("SELECT m::text, enum_range(NULL::mood)::text FROM t") == [("happy", "{sad,happy}")]


def test_a_label_that_nothing_uses_yet_is_added_in_the_transaction(alteration, tmp_path):
    alteration.database.execute("CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (m mood);")
    (tmp_path / "to.sql").write_text("CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE t (m mood, n integer);")
    assert not alteration.up(tmp_path / "to.sql").startswith("-- transaction:false")


def test_a_value_that_does_not_fit_stops_everything(alteration, tmp_path):
    """No cast cuts text off."""
    database = alteration.database
    database.execute("CREATE TABLE t (a text); INSERT INTO t VALUES ('much too long');")
    (tmp_path / "to.sql").write_text("CREATE TABLE t (a varchar(5), b integer);")
    alteration.generate(tmp_path / "to.sql")
    stopped = alteration.migrate("up", check=False)
    assert stopped.returncode == 1 and "too long" in stopped.stderr
    assert database.rows("SELECT * FROM t") == [("much too long",)]


@pytest.mark.parametrize("old, new, message", [
    ("CREATE TABLE p (id integer, a text) PARTITION BY RANGE (id);",
     "CREATE TABLE p (id bigint, a text) PARTITION BY RANGE (id);", "p is partitioned by id, whose type changes"),
    ("CREATE TABLE p (id integer);", "CREATE TABLE p (id integer); CREATE TABLE q () INHERITS (p);",
     "the new table q inherits from p"),
])
def test_what_cannot_be_written_is_named_and_nothing_is(old, new, message, alteration, tmp_path):
    alteration.database.execute(old)
    (tmp_path / "to.sql").write_text(new)
    told = alteration.generate(tmp_path / "to.sql", check=False)
    assert told.returncode == 1 and message in told.stderr
    assert list(alteration.folder.iterdir()) == []


def test_an_index_that_changes_stays_until_its_successor_is_ready(alteration, tmp_path):
    database = alteration.database
    database.execute("CREATE TABLE t (a integer, b text); CREATE INDEX t_a ON t (a); INSERT INTO t VALUES (1, 'x');")
    (tmp_path / "to.sql").write_text("CREATE TABLE t (a integer, b text); CREATE INDEX t_a ON t (a, b);")
    text = alteration.up(tmp_path / "to.sql", "--concurrently")
    order = [text.index(words) for words in ("CREATE INDEX CONCURRENTLY", "DROP INDEX CONCURRENTLY", "RENAME TO t_a")]
    assert order == sorted(order)


def test_what_hangs_on_a_column_comes_back(alteration, tmp_path):
    """A type changes under a view on a view, a materialized one with its index, a trigger, a generated column with
    an index, a check, and references in both directions."""
    schema = """
        CREATE TABLE a (id {type} PRIMARY KEY, up {type} REFERENCES a (id), amount {type} CHECK (amount > 0),
                        double bigint GENERATED ALWAYS AS (amount * 2) STORED);
        CREATE INDEX a_double ON a (double);
        CREATE TABLE b (a_id {type} REFERENCES a (id) ON DELETE CASCADE);
        CREATE VIEW v AS SELECT id, amount, double FROM a;
        CREATE VIEW w AS SELECT id FROM v;
        CREATE MATERIALIZED VIEW m AS SELECT amount, count(*) AS n FROM a GROUP BY amount;
        CREATE UNIQUE INDEX m_amount ON m (amount);
        CREATE FUNCTION same() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TRIGGER a_same BEFORE UPDATE OF amount ON a FOR EACH ROW WHEN (new.amount > 3) EXECUTE FUNCTION same();
    """
    database = alteration.database
    database.execute(schema.format(type="integer") + "INSERT INTO a VALUES (1, 1, 5), (2, 1, 7); INSERT INTO b VALUES (2);")
    (tmp_path / "to.sql").write_text(schema.format(type="bigint"))
    alteration.up(tmp_path / "to.sql")
    assert database.rows("SELECT w.id, v.double, m.n FROM w JOIN v USING (id) JOIN m USING (amount) ORDER BY 1") == [
        (1, 10, 1), (2, 14, 1)]
    assert database.problems() == []
    alteration.migrate("down")
    assert database.rows("SELECT * FROM a ORDER BY id") == [(1, 1, 5, 10), (2, 1, 7, 14)]


def test_a_view_that_is_in_the_way_keeps_its_privileges(alteration, tmp_path):
    schema = "CREATE TABLE t (a {type}); CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW m AS SELECT a FROM v;"
    database = alteration.database
    database.execute(schema.format(type="integer"))
    database.execute("GRANT SELECT, INSERT ON v TO PUBLIC; GRANT SELECT ON m TO pg_monitor WITH GRANT OPTION;"
                     "ALTER VIEW v OWNER TO pg_read_all_data;")
    owned = "SELECT relname, pg_get_userbyid(relowner), relacl::text FROM pg_class WHERE relname IN ('v', 'm') ORDER BY 1"
    before = database.rows(owned)
    assert all(acl for _, _, acl in before)
    (tmp_path / "to.sql").write_text(schema.format(type="bigint"))
    alteration.up(tmp_path / "to.sql")
    assert {(name, owner, frozenset(acl[1:-1].split(","))) for name, owner, acl in database.rows(owned)} == {
        (name, owner, frozenset(acl[1:-1].split(","))) for name, owner, acl in before}
