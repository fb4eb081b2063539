"""The audit's rules on words: what they must find, with exact counts, and what they must leave alone."""

import sqlite3

import psycopg
import pytest
from audited import audit, counts, fill, spread


@pytest.fixture
def words(keel, database):
    """words(list of words, name of the column) -> the report on a table t with them."""

    def look(values, column="status", declared="TEXT"):
        database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {column} {declared});")
        fill(database, "t", enumerate(values, 1))
        return audit(keel, database, "words")

    return look


# ---- unchecked-words ------------------------------------------------------------------------------------------------

def test_slips_are_told_from_plain_words(words):
    report = words(spread(completed=80, pending=30, failed=20, Completed=3, COMPLETE=2, **{" failed": 2, "in progress": 12,
                                                                                          "in_progress": 1, "": 1}))
    finding = report.at("unchecked-words", "t", "status")
    assert finding["evidence"]["matching"] == 3 + 2 + 2 + 1 + 1
    assert finding["severity"] == "warning"
    assert finding["fix"] == "needs-decision"
    assert counts(finding) == {"completed": 80, "pending": 30, "failed": 20, "in progress": 12, "Completed": 3, "COMPLETE": 2,
                               " failed": 2, "in_progress": 1, "": 1}


def test_a_letter_more_or_less_is_a_slip(words):
    report = words(spread(cancelled=100, shipped=200, canceled=2, skipped=60, shippde=1))
    assert report.matching("unchecked-words", "t", "status") == 3


def test_words_that_differ_in_a_letter_may_both_be_meant(words):
    """shipped and skipped, open and opened of equal weight, read and unread."""
    report = words(spread(shipped=100, skipped=50, read=60, unread=70, open=40, opened=45))
    assert report.matching("unchecked-words", "t", "status") == 0


def test_a_letter_in_front_makes_another_word(words):
    report = words(spread(blocked=300, locked=12, retired=300, retried=290))
    assert report.matching("unchecked-words", "t", "status") == 0


def test_the_default_is_a_plain_word(words):
    report = words(spread(**{"": 40, "Left": 30, "right": 30}), "direction", "TEXT NOT NULL DEFAULT ''")
    assert report.matching("unchecked-words", "t", "direction") == 0


def test_rare_words_are_named_as_unknown_not_as_slips(words):
    report = words(spread(info=400, debug=580, warning=5, error=15))
    finding = report.at("unchecked-words", "t", "status")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 5)


def test_a_clean_set_gets_its_check(words):
    report = words(spread(pending=40, running=30, completed=200))
    finding = report.at("unchecked-words", "t", "status")
    assert (finding["severity"], finding["fix"], finding["evidence"]["matching"]) == ("advice", "automatic", 0)


def test_final_states_alone_are_no_complete_list(words):
    """Rows on their way have other words, which are gone when the audit comes."""
    assert words(spread(completed=300, failed=30)).at("unchecked-words", "t", "status")["fix"] == "needs-decision"


@pytest.mark.parametrize("column", ["event_type", "tool_kind", "mime_type", "title", "city", "owner_type"])
def test_lists_that_grow_are_no_sets(words, column):
    report = words(spread(started=100, stopped=100, moved=50, Stopped=0), column)
    assert report.places("unchecked-words") == []


@pytest.mark.parametrize("declared", ["TEXT CHECK (status IN ('a_state', 'b_state', 'A_state'))",
                                      "TEXT CHECK (status = 'a_state' OR status = 'b_state' OR status = 'A_state')"])
def test_a_check_closes_the_set(words, declared):
    assert words(spread(a_state=50, b_state=40, A_state=2), "status", declared).places("unchecked-words") == []


def test_a_check_of_the_length_does_not(words):
    report = words(spread(a_state=50, b_state=40, A_state=2), "status", "TEXT CHECK (length(status) < 100)")
    assert report.matching("unchecked-words", "t", "status") == 2


def test_names_paths_and_references_are_no_words(keel, database):
    database.execute("""
        CREATE TABLE kinds (id TEXT PRIMARY KEY);
        CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT NOT NULL REFERENCES kinds (id), type TEXT, level TEXT);""")
    fill(database, "kinds", [("a",), ("b",)])
    fill(database, "t", [(n, "ab"[n % 2], ["app/models/a", "app/models/b"][n % 2], str(n % 3)) for n in range(100)])
    assert audit(keel, database, "words").places("unchecked-words") == []


def test_names_of_tables_and_classes_are_no_set(keel, database):
    database.execute("""
        CREATE TABLE notes (id INTEGER PRIMARY KEY, about_type TEXT, about_id INTEGER, type TEXT, note_type TEXT, note_id INTEGER);""")
    fill(database, "notes", [(n, ["post", "page"][n % 2], n, ["PinnedNote", "PlainNote"][n % 2], ["long", "short"][n % 2], n) for n in range(100)])
    assert audit(keel, database, "words").places("unchecked-words") == ["notes.note_type"]


def test_an_enum_of_postgresql_is_closed(keel, postgres_database):
    postgres_database.execute("CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TABLE t (id integer PRIMARY KEY, status mood);")
    fill(postgres_database, "t", [(n, ["good", "bad"][n % 2]) for n in range(100)])
    assert audit(keel, postgres_database, "words").report["findings"] == []


def test_a_default_word_makes_a_set_of_a_small_table(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, tracker TEXT NOT NULL DEFAULT 'noop', color TEXT NOT NULL DEFAULT 'red');")
    fill(database, "t", [(n, word, "red") for n, word in enumerate(["noop", "noop", "noop", "jira", "github", "linear"])])
    report = audit(keel, database, "words")
    assert report.places("unchecked-words") == ["t.tracker"]
    assert report.at("unchecked-words", "t", "tracker")["fix"] == "needs-decision"


def test_its_repair_holds_and_can_be_undone(keel, database, tmp_path):
    """A CHECK over the words, the default dropped that was a word in quotes, and both undone again."""
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, status TEXT NOT NULL DEFAULT 'new', note TEXT DEFAULT 'NULL');")
    rows = [(n, ["open", "it's done", "failed"][n % 3], f"note {n}" if n % 2 else None) for n in range(60)]
    fill(database, "t", rows)
    before = keel("schema", database.url, "--json", "--table", "t").stdout
    rules = ("--rules", "unchecked-words", "--rules", "default-null-in-quotes")
    keel("audit", database.url, "--full", *rules, "--fix", tmp_path / "fix", check=False)
    keel("migrate", "up", "--dir", tmp_path / "fix", "--db", database.url)
    report = audit(keel, database, "unchecked-words", "default-null-in-quotes", "default-breaks-check")
    assert report.report["findings"] == []
    database.execute("INSERT INTO t (id) VALUES (900);")
    assert database.rows("SELECT status, note FROM t WHERE id = 900") == [("new", None)]
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.CheckViolation)):
        database.execute("INSERT INTO t (id, status) VALUES (901, 'Open');")
    database.execute("DELETE FROM t WHERE id = 900;")
    keel("migrate", "down", "--dir", tmp_path / "fix", "--db", database.url)
    assert keel("schema", database.url, "--json", "--table", "t").stdout == before
    assert database.rows("SELECT id, status, note FROM t ORDER BY id") == rows


# ---- several-spellings, email-letter-case, key-evaded-by-letter-case ------------------------------------------------

def test_spellings_are_merged_in_open_lists(words):
    report = words(spread(**{"openai/gpt-5": 90, "openai/gpt-5-mini": 80, "openai/GPT-5": 8, " openai/gpt-5": 1}), "model")
    finding = report.at("several-spellings", "t", "model")
    assert finding["evidence"]["matching"] == 9
    assert counts(finding) == {"openai/GPT-5": 8, " openai/gpt-5": 1}


def test_blanks_and_hyphens_alone_are_advice(words):
    finding = words(spread(**{"Jean-Luc": 50, "Jean Luc": 3, "Marie": 60}), "first_name").at("several-spellings", "t", "first_name")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 3)


@pytest.mark.parametrize("column", ["comment", "answer", "unit", "symbol", "short_path", "token", "code_hash"])
def test_letter_case_can_carry_meaning(words, column):
    assert words(spread(mwh=50, MWh=50, kwh=50, Kwh=2), column).places("several-spellings") == []


def test_addresses_in_upper_case(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT NOT NULL);")
    rows = [f"p{n % 40}@example.org" for n in range(100)]
    rows[5], rows[6] = "P5@Example.org", "SOLO@example.org"
    fill(database, "t", enumerate(rows))
    report = audit(keel, database, "words")
    finding = report.at("email-letter-case", "t", "email")
    assert (finding["evidence"]["matching"], finding["severity"]) == (2, "warning")
    assert report.places("several-spellings") == []


def test_keys_are_compared_without_letter_case(keel, database):
    database.execute("""
        CREATE TABLE a (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, file_path TEXT NOT NULL UNIQUE);
        CREATE TABLE b (owner_id INTEGER NOT NULL, label TEXT NOT NULL, UNIQUE (owner_id, label));""")
    fill(database, "a", [(n, f"p{n}@x.org" if n != 7 else "P6@X.org", f"/f/{'A' if n % 2 else 'a'}{n // 2}") for n in range(40)])
    fill(database, "b", [(n % 10, f"label {n // 10}") for n in range(40)] + [(3, "Label 1"), (3, "label 1 "), (4, "LABEL 2")])
    report = audit(keel, database, "words")
    assert report.places("key-evaded-by-letter-case") == ["a.email", "b.owner_id,label"]
    assert report.matching("key-evaded-by-letter-case", "a", "email") == 1
    assert report.matching("key-evaded-by-letter-case", "b", "owner_id", "label") == 2
    assert report.places("email-letter-case") == []


def test_collations_that_ignore_letter_case(keel, sqlite_database):
    sqlite_database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT COLLATE NOCASE UNIQUE, status TEXT COLLATE NOCASE);")
    fill(sqlite_database, "t", [(n, f"{'P' if n % 2 else 'p'}{n}@x.org", "on") for n in range(40)])
    assert audit(keel, sqlite_database, "words").places("key-evaded-by-letter-case") == []


# ---- nothing --------------------------------------------------------------------------------------------------------

def test_nothing_in_two_ways(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, note TEXT, only_null TEXT, title TEXT NOT NULL, given TEXT NOT NULL DEFAULT '');")
    fill(database, "t", [(n, None if n < 7 else "" if n < 12 else f"note {n}", None if n < 7 else "x", "" if n < 3 else f"title {n}", "")
                         for n in range(60)])
    report = audit(keel, database, "words")
    finding = report.at("null-and-empty", "t", "note")
    assert counts(finding) == {"NULL": 7, "''": 5}
    assert finding["evidence"]["matching"] == 12
    assert report.places("null-and-empty") == ["t.note"]
    assert report.places("empty-text") == ["t.title"]
    assert report.matching("empty-text", "t", "title") == 3


def test_documents_that_are_left_empty(keel, database):
    """A text column of JSON in which '' says that there is no document: nothing is broken."""
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, changes TEXT NOT NULL);")
    fill(database, "t", [(n, "" if n % 6 == 0 else f'[{{"added": {n}}}]') for n in range(120)])
    report = audit(keel, database, "words", "invalid-json")
    finding = report.at("invalid-json", "t", "changes")
    assert (finding["severity"], finding["fix"], finding["evidence"]["matching"]) == ("advice", "needs-decision", 20)
    assert report.places("empty-text") == []


def test_the_word_null(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, city TEXT, answer TEXT, last_name TEXT);")
    fill(database, "t", [(n, "null" if n < 4 else None if n == 4 else f"city {n % 9}", "none" if n < 9 else "some", "Null" if n == 1 else f"name {n}")
                         for n in range(60)])
    report = audit(keel, database, "words")
    assert report.places("null-as-word") == ["t.city"]
    assert report.matching("null-as-word", "t", "city") == 4


# ---- versions -------------------------------------------------------------------------------------------------------

def test_versions_that_move_and_versions_that_are_none(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, model_version TEXT, schema_version TEXT, title TEXT);")
    fill(database, "t", [(n, "latest" if n < 30 else "Stable" if n < 32 else f"1.{n}", "weekly" if n < 20 else f"v2.{n}", "latest") for n in range(100)])
    report = audit(keel, database, "words")
    assert report.places("floating-version") == ["t.model_version"]
    assert report.matching("floating-version", "t", "model_version") == 32
    assert report.places("version-without-version") == ["t.schema_version"]
    assert report.matching("version-without-version", "t", "schema_version") == 20


# ---- hashes ---------------------------------------------------------------------------------------------------------

def test_hashes_that_are_none(keel, database):
    json = "JSON" if database.kind == "sqlite" else "jsonb"
    database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, content_hash TEXT, file_sha256 TEXT, password_hash TEXT, meta {json}, other {json});")
    fill(database, "t", [(n, f"hash_{n}" if n < 7 else f"{n:064x}", f"{n:064x}", "$argon2id$x" if n < 9 else f"{n:064x}",
                          f'{{"prompt_hash": "{"made-up" if n < 5 else format(n, "064x")}"}}', f'{{"prompt_hash": "{n:064x}", "hash_of": "x"}}')
                         for n in range(60)])
    report = audit(keel, database, "words")
    assert report.places("hash-that-is-none") == ["t.content_hash", "t.meta"]
    assert report.matching("hash-that-is-none", "t", "content_hash") == 7
    assert report.matching("hash-that-is-none", "t", "meta") == 5


# ---- names that need quotes -----------------------------------------------------------------------------------------

def test_names_with_quotes_blanks_and_emoji(keel, database):
    table = '"it\'s a ""table"" 🙂"'
    database.execute(f'CREATE TABLE {table} (id INTEGER PRIMARY KEY, "the ""status""" TEXT, "model version" TEXT, "e mail" TEXT UNIQUE);')
    fill(database, table, [(n, "it's" if n else "It's", "latest", f"A{n}@x.org") for n in range(60)])
    report = audit(keel, database, "words", "constraints")
    assert report.places("floating-version") == ['it\'s a "table" 🙂.model version']
