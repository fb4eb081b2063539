"""The audit's rules on primary and unique keys: what they must find, and what they must leave alone."""

import pytest
from audited import audit, fill


@pytest.fixture
def keys(keel, database):
    def look(script):
        database.execute(script)
        return audit(keel, database, "keys")

    return look


def test_a_table_without_any_key(keys):
    finding = keys("CREATE TABLE t (a INTEGER, b TEXT);").at("primary-key-missing", "t")
    assert (finding["severity"], finding["fix"]) == ("warning", "needs-decision")


def test_a_unique_key_that_could_be_the_primary_key(keys):
    finding = keys("CREATE TABLE t (a TEXT NOT NULL, b TEXT NOT NULL, c TEXT, UNIQUE (a, b));").at("primary-key-missing", "t")
    assert (finding["severity"], finding["fix"]) == ("advice", "automatic")
    assert "(a, b)" in finding["message"]


def test_a_unique_index_that_could_be_the_primary_key(keys):
    finding = keys("CREATE TABLE t (a TEXT NOT NULL, c TEXT); CREATE UNIQUE INDEX i ON t (a);").at("primary-key-missing", "t")
    assert finding["severity"] == "advice"


@pytest.mark.parametrize("key", ["UNIQUE (a, c)", "CHECK (a <> '')"])
def test_a_key_that_admits_null_is_none(keys, key):
    finding = keys(f"CREATE TABLE t (a TEXT NOT NULL, c TEXT, {key});").at("primary-key-missing", "t")
    assert finding["severity"] == "warning"


def test_a_partial_unique_index_is_no_key(keys):
    report = keys("CREATE TABLE t (a TEXT NOT NULL, c TEXT); CREATE UNIQUE INDEX i ON t (a) WHERE c = 'x';")
    assert report.at("primary-key-missing", "t")["severity"] == "warning"


def test_a_unique_key_that_others_refer_to_is_left_to_people_in_postgres(keys, database):
    report = keys("CREATE TABLE t (a TEXT NOT NULL UNIQUE, c TEXT);"
                  "CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT REFERENCES t (a));")
    wanted = "automatic" if database.kind == "sqlite" else "needs-decision"
    assert report.at("primary-key-missing", "t")["fix"] == wanted


def test_primary_keys_that_admit_null(keel, sqlite_database):
    sqlite_database.execute("""
        CREATE TABLE text_key (id TEXT PRIMARY KEY, a TEXT);
        CREATE TABLE pair (a TEXT NOT NULL, b INTEGER, PRIMARY KEY (a, b));
        CREATE TABLE filled (id TEXT PRIMARY KEY);
        CREATE TABLE number (id INTEGER PRIMARY KEY);
        CREATE TABLE descending (id INTEGER PRIMARY KEY DESC);
        CREATE TABLE declared (id TEXT NOT NULL PRIMARY KEY);
        CREATE TABLE clustered (id TEXT PRIMARY KEY) WITHOUT ROWID;
        CREATE TABLE strict_one (id TEXT PRIMARY KEY) STRICT;
        INSERT INTO filled VALUES (NULL), (NULL), ('a');
        """)
    report = audit(keel, sqlite_database, "primary-key-nullable")
    places = report.places("primary-key-nullable")
    assert {"text_key.id", "pair.b", "filled.id", "descending.id"} <= set(places)
    assert not {"number.id", "declared.id", "clustered.id"} & set(places)
    assert report.at("primary-key-nullable", "filled", "id")["severity"] == "error"
    assert report.matching("primary-key-nullable", "filled", "id") == 2
    assert report.at("primary-key-nullable", "text_key", "id")["severity"] == "warning"


def test_postgres_keys_admit_no_null(keel, postgres_database):
    postgres_database.execute("CREATE TABLE t (id TEXT PRIMARY KEY);")
    assert audit(keel, postgres_database, "keys").report["findings"] == []


def test_nulls_that_a_unique_key_does_not_bind(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, owner TEXT, name TEXT NOT NULL, UNIQUE (owner, name));"
                     "CREATE TABLE u (id INTEGER PRIMARY KEY, owner TEXT, name TEXT NOT NULL, UNIQUE (owner, name));"
                     "CREATE TABLE v (id INTEGER PRIMARY KEY, name TEXT UNIQUE);")
    fill(database, "t", [(i, None if i % 10 == 0 else f"o{i}", "n") for i in range(1, 101)])
    fill(database, "u", [(i, f"o{i}", "n") for i in range(1, 101)])
    fill(database, "v", [(i, None) for i in range(1, 101)])
    report = audit(keel, database, "keys")
    assert report.places("unique-key-with-nulls") == ["t.owner,name"]
    assert report.matching("unique-key-with-nulls", "t", "owner", "name") == 10
