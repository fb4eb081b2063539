"""The audit's rules on indexes: what they must find, and the near misses they must leave alone."""

import json

import pytest
from audited import Report, audit, fill, named

TABLE = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a TEXT, b TEXT, c TEXT NOT NULL, n INTEGER);"


@pytest.fixture
def indexes(keel, database):
    """indexes("CREATE INDEX ...", ...) -> rule and object of what is found on t."""

    def look(*statements, table=TABLE):
        database.execute(table + "".join(f"{statement};" for statement in statements))
        report = audit(keel, database, "index-duplicate", "index-repeats-key", "index-prefix", "index-over-unique-column")
        return [(f["rule"], named(f)) for f in report.report["findings"]]

    return look


def test_two_that_are_the_same(indexes):
    assert indexes("CREATE INDEX i1 ON t (a, b)", "CREATE INDEX i2 ON t (a, b)") == [("index-duplicate", "i2")]


def test_three_that_are_the_same_leave_one(indexes):
    found = indexes("CREATE INDEX i1 ON t (a)", "CREATE INDEX i2 ON t (a)", "CREATE INDEX i3 ON t (a)")
    assert found == [("index-duplicate", "i2"), ("index-duplicate", "i3")]


def test_the_unique_one_stays(indexes):
    assert indexes("CREATE INDEX i1 ON t (a)", "CREATE UNIQUE INDEX i2 ON t (a)") == [("index-repeats-key", "i1")]


def test_the_reverse_of_all_columns_is_the_same(indexes, database):
    reverse = "a DESC, b DESC" if database.kind == "sqlite" else "a DESC NULLS FIRST, b DESC NULLS FIRST"
    assert indexes("CREATE INDEX i1 ON t (a, b)", f"CREATE INDEX i2 ON t ({reverse})") == [("index-duplicate", "i2")]


def test_expressions_and_partial_ones_that_are_the_same(indexes):
    found = indexes("CREATE INDEX i1 ON t (lower(a))", "CREATE INDEX i2 ON t (lower(a))",
                    "CREATE INDEX i3 ON t (b) WHERE n > 1", "CREATE INDEX i4 ON t (b) WHERE n > 1")
    assert found == [("index-duplicate", "i2"), ("index-duplicate", "i4")]


def test_an_index_on_the_primary_key(indexes):
    assert indexes("CREATE INDEX i1 ON t (id)") == [("index-repeats-key", "i1")]


def test_an_index_on_a_unique_key(indexes):
    table = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a, b));"
    assert indexes("CREATE INDEX i1 ON t (a, b)", "CREATE INDEX i2 ON t (a)", table=table) == [
        ("index-repeats-key", "i1"), ("index-prefix", "i2")]


def test_a_unique_key_over_the_primary_key(keel, database):
    # PostgreSQL drops the second one when both stand in CREATE TABLE.
    again = ("CREATE TABLE t (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b), CONSTRAINT again UNIQUE (a, b));"
             if database.kind == "sqlite" else
             "CREATE TABLE t (a INTEGER, b INTEGER, PRIMARY KEY (a, b)); ALTER TABLE t ADD CONSTRAINT again UNIQUE (a, b);")
    database.execute(again + "CREATE TABLE u (a INTEGER NOT NULL, b INTEGER NOT NULL, PRIMARY KEY (a, b), UNIQUE (b, a));")
    finding, = audit(keel, database, "index-repeats-key").all("index-repeats-key")
    assert (finding["table"], named(finding), finding["fix"]) == ("t", "again", "needs-decision")


def test_the_beginning_of_another(indexes):
    assert indexes("CREATE INDEX i1 ON t (a, b)", "CREATE INDEX i2 ON t (a)") == [("index-prefix", "i2")]


@pytest.mark.parametrize("pair", [
    ("CREATE INDEX i1 ON t (a, b)", "CREATE INDEX i2 ON t (b)"),
    ("CREATE INDEX i1 ON t (a, b)", "CREATE INDEX i2 ON t (b, a)"),
    ("CREATE INDEX i1 ON t (a, b)", "CREATE UNIQUE INDEX i2 ON t (a)"),
    ("CREATE INDEX i1 ON t (a)", "CREATE INDEX i2 ON t (a) WHERE n > 1"),
    ("CREATE INDEX i1 ON t (a) WHERE n > 1", "CREATE INDEX i2 ON t (a) WHERE n > 2"),
    ("CREATE INDEX i1 ON t (a)", "CREATE INDEX i2 ON t (lower(a))"),
    ("CREATE INDEX i1 ON t (a, b DESC, c)", "CREATE INDEX i2 ON t (a, b)"),
    ("CREATE INDEX i1 ON t (c, id)",),
])
def test_near_misses(indexes, pair):
    assert indexes(*pair) == []


@pytest.mark.parametrize("pair", [
    ("CREATE INDEX i1 ON t (a)", "CREATE INDEX i2 ON t (a COLLATE NOCASE)"),
    ("CREATE INDEX i1 ON t (a COLLATE NOCASE, b)", "CREATE INDEX i2 ON t (a)"),
])
def test_collations_of_sqlite_differ(keel, sqlite_database, pair):
    sqlite_database.execute(TABLE + ";".join(pair) + ";")
    assert audit(keel, sqlite_database, "index-duplicate", "index-prefix").report["findings"] == []


@pytest.mark.parametrize("pair", [
    ("CREATE INDEX i1 ON t (a)", 'CREATE INDEX i2 ON t (a COLLATE "C")'),
    ("CREATE INDEX i1 ON t (a)", "CREATE INDEX i2 ON t (a text_pattern_ops)"),
    ("CREATE INDEX i1 ON t (a)", "CREATE INDEX i2 ON t USING hash (a)"),
    ("CREATE INDEX i1 ON t (a)", "CREATE INDEX i2 ON t (a) INCLUDE (b)", "DROP INDEX i1", "CREATE INDEX i1 ON t (a, c)"),
    ("CREATE INDEX i1 ON t (a NULLS FIRST)", "CREATE INDEX i2 ON t (a)"),
    ("CREATE INDEX i1 ON t USING gin (to_tsvector('simple', a))", "CREATE INDEX i2 ON t (a)"),
])
def test_indexes_of_postgres_differ(keel, postgres_database, pair):
    postgres_database.execute(TABLE + ";".join(pair) + ";")
    assert audit(keel, postgres_database, "index-duplicate", "index-prefix").report["findings"] == []


def test_included_columns_may_be_more(keel, postgres_database):
    postgres_database.execute(TABLE + "CREATE INDEX i1 ON t (a); CREATE INDEX i2 ON t (a) INCLUDE (b);")
    finding, = audit(keel, postgres_database, "index-duplicate", "index-prefix").report["findings"]
    assert named(finding) == "i1"


def test_a_deferrable_key_needs_its_own_index(keel, postgres_database):
    postgres_database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE DEFERRABLE); CREATE INDEX i ON t (a);")
    assert audit(keel, postgres_database, "index-repeats-key").report["findings"] == []


def test_a_unique_index_that_references_may_hang_on(keel, database):
    database.execute("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, a TEXT NOT NULL); CREATE UNIQUE INDEX i1 ON t (a);"
                     "CREATE UNIQUE INDEX i2 ON t (a); CREATE TABLE u (id INTEGER NOT NULL PRIMARY KEY, a TEXT REFERENCES t (a));")
    finding, = audit(keel, database, "index-repeats-key").report["findings"]
    assert finding["fix"] == ("automatic" if database.kind == "sqlite" else "needs-decision")


def test_a_pair_with_a_column_that_is_unique_by_itself(indexes):
    table = ("CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY);"
             "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id), code TEXT UNIQUE, n INTEGER);")
    found = indexes("CREATE INDEX i1 ON t (p_id, code)", "CREATE INDEX i2 ON t (p_id, n)", "CREATE INDEX i3 ON t (n, code)",
                    "CREATE INDEX i4 ON t (p_id, id)", table=table)
    assert found == [("index-over-unique-column", "i1")]


# ---- index-not-selective --------------------------------------------------------------------------------------------

def test_two_values_and_few_values(keel, database):
    database.execute("""
        CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, is_half INTEGER, is_rare INTEGER, level TEXT, status TEXT);
        CREATE INDEX half ON t (is_half);
        CREATE INDEX rare ON t (is_rare);
        CREATE INDEX level ON t (level);
        CREATE INDEX pair ON t (level, status);
        CREATE INDEX partial ON t (is_half) WHERE is_half = 1;
        CREATE INDEX state ON t (status);
        """)
    fill(database, "t", [(i, i % 2, int(i % 50 == 0), ("debug", "info")[i % 2], f"s{i % 8}") for i in range(1, 2001)])
    report = audit(keel, database, "index-not-selective")
    assert [named(f) for f in report.all("index-not-selective")] == ["half", "level"]
    assert all(f["fix"] == "needs-decision" and f["severity"] == "advice" for f in report.all("index-not-selective"))
    assert report.matching("index-not-selective", "t", "level") == 2000


def test_the_index_of_a_reference_may_have_few_values(keel, database):
    database.execute("CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY); INSERT INTO p VALUES (1), (2);"
                     "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id)); CREATE INDEX i ON t (p_id);")
    fill(database, "t", [(i, i % 2 + 1) for i in range(1, 1501)])
    assert audit(keel, database, "index-not-selective").report["findings"] == []


# ---- index-suggested ------------------------------------------------------------------------------------------------

CALLS = """
CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY);
CREATE TABLE calls (id INTEGER NOT NULL PRIMARY KEY, user_id INTEGER, status TEXT, type TEXT, lang TEXT, model TEXT,
    correlation_id TEXT, url TEXT, note TEXT, created_at TEXT NOT NULL);
"""


def call(i):
    return (i, i % 10 + 1, f"s{i % 3}", f"t{i % 2}", "en" if i % 4 else "de", f"m{i % 5}", f"c{i}", f"https://x/{i}", "n",
            f"2026-01-01T00:{i // 60 % 60:02}:{i % 60:02}Z")


def test_columns_that_names_and_values_speak_for(keel, database):
    database.execute(CALLS)
    fill(database, "users", [(i,) for i in range(1, 11)])
    fill(database, "calls", map(call, range(1, 301)))
    report = audit(keel, database, "index-suggested")
    assert report.places("index-suggested") == sorted([
        "calls.correlation_id", "calls.url", "calls.user_id,created_at", "calls.status,type,created_at", "calls.lang,created_at",
        "calls.model,created_at"])
    assert {(f["severity"], f["fix"]) for f in report.all("index-suggested")} == {("advice", "automatic")}


def test_small_tables_need_no_index(keel, database):
    database.execute(CALLS)
    fill(database, "users", [(i,) for i in range(1, 11)])
    fill(database, "calls", map(call, range(1, 91)))
    assert audit(keel, database, "index-suggested").report["findings"] == []


def test_columns_that_lead_an_index_are_left_out(keel, database):
    database.execute(CALLS + """
        CREATE INDEX i1 ON calls (status, created_at);
        CREATE INDEX i2 ON calls (user_id, created_at);
        CREATE INDEX i3 ON calls (lang);
        CREATE UNIQUE INDEX i4 ON calls (correlation_id);
        CREATE INDEX i5 ON calls (model, lang);
        CREATE INDEX i6 ON calls (url);
        """)
    fill(database, "users", [(i,) for i in range(1, 11)])
    fill(database, "calls", map(call, range(1, 301)))
    assert audit(keel, database, "index-suggested").report["findings"] == []


def test_rows_kept_under_their_parent_are_read_from_there(keel, database):
    database.execute("CREATE TABLE runs (id INTEGER NOT NULL PRIMARY KEY);"
                     "CREATE TABLE log (run_id INTEGER NOT NULL REFERENCES runs (id), sequence INTEGER NOT NULL, status TEXT, created_at TEXT,"
                     " PRIMARY KEY (run_id, sequence));")
    fill(database, "runs", [(i,) for i in range(1, 51)])
    fill(database, "log", [(i % 50 + 1, i, f"s{i % 3}", f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z") for i in range(1, 301)])
    assert audit(keel, database, "index-suggested").report["findings"] == []


def test_a_time_that_is_always_the_same_sorts_nothing(keel, database):
    database.execute("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, lang TEXT, created_at TEXT);")
    fill(database, "t", [(i, f"l{i % 3}", "2026-01-01T00:00:00Z") for i in range(1, 301)])
    assert audit(keel, database, "index-suggested").report["findings"] == []


def test_an_index_over_all_but_nulls_is_enough(keel, database):
    database.execute("CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY);"
                     "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id), created_at TEXT);"
                     "CREATE INDEX i ON t (p_id, created_at) WHERE p_id IS NOT NULL; CREATE INDEX j ON t (created_at);")
    fill(database, "p", [(i,) for i in range(1, 51)])
    fill(database, "t", [(i, i % 50 + 1, f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z") for i in range(1, 201)])
    assert audit(keel, database, "index-suggested", "foreign-key-without-index").report["findings"] == []


def test_no_more_once_all_are_there(keel, database):
    columns = ["status TEXT", "level TEXT", "event TEXT", "lang TEXT", "model TEXT", "is_read INTEGER", "action TEXT",
               "correlation_id TEXT", "url TEXT", "email TEXT"]
    database.execute(f"CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, created_at TEXT, {', '.join(columns)});")
    fill(database, "t", [(i, f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z", *[f"{c.split()[0]}{i % 4}" if "TEXT" in c else i % 2 for c in columns[:7]],
                          f"c{i}", f"u{i}", f"e{i}@x.org") for i in range(1, 201)])
    suggested = audit(keel, database, "index-suggested").all("index-suggested")
    assert len(suggested) == 10
    database.execute("".join(f"CREATE INDEX i{n} ON t ({', '.join(f['columns'])});" for n, f in enumerate(suggested)))
    assert audit(keel, database, "index-suggested").all("index-suggested") == []


def test_an_index_that_becomes_the_beginning_goes(keel, database):
    database.execute("CREATE TABLE p (id INTEGER NOT NULL PRIMARY KEY);"
                     "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, p_id INTEGER REFERENCES p (id), created_at TEXT);"
                     "CREATE INDEX short ON t (p_id);")
    fill(database, "p", [(i,) for i in range(1, 51)])
    fill(database, "t", [(i, i % 50 + 1, f"2026-01-01T00:{i // 60:02}:{i % 60:02}Z") for i in range(1, 201)])
    finding = audit(keel, database, "index-suggested").at("index-suggested", "t", "p_id", "created_at")
    assert "short" in finding["fix_text"]


# ---- PostgreSQL: statistics and validity ----------------------------------------------------------------------------

def test_an_invalid_index(keel, postgres_database):
    postgres_database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX broken ON t (a); CREATE INDEX fine ON t (a, id);"
                              "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'broken'::regclass;")
    finding, = audit(keel, postgres_database, "index-invalid").report["findings"]
    assert (named(finding), finding["fix"]) == ("broken", "automatic")


@pytest.mark.parametrize(("now", "expected"), [("2026-06-01T00:00:00Z", []), ("2099-01-01T00:00:00Z", ["unused"])])
def test_unused_only_when_the_statistics_are_old(keel, postgres_database, now, expected):
    """The server's clock cannot be set; the audit's can."""
    postgres_database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT UNIQUE); CREATE INDEX unused ON t (a);"
                              "INSERT INTO t SELECT i, i::text, i::text FROM generate_series(1, 100) i;"
                              "DO $$ BEGIN FOR i IN 1..1200 LOOP PERFORM count(*) FROM t WHERE b = 'x'; END LOOP; END $$;"
                              "SELECT pg_stat_force_next_flush();")
    done = keel("audit", postgres_database.url, "--full", "--json", "--rules", "index-unused", "--now", now, check=False)
    found = Report(json.loads(done.stdout)).all("index-unused")
    assert [named(f) for f in found] == expected
