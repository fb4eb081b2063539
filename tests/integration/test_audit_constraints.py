"""The audit's rules on constraints: defaults, NULLs, keys by their name, numbers; with near misses."""

import json

from audited import audit, counts, fill


def one_table(keel, database, columns, rows):
    database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns});")
    fill(database, "t", rows)
    return audit(keel, database, "constraints")


# ---- defaults -------------------------------------------------------------------------------------------------------

def test_a_default_that_its_check_refuses(keel, database):
    report = one_table(keel, database, """
        state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('open', 'closed')),
        kind TEXT NOT NULL DEFAULT 'a' CHECK (kind IN ('a', 'b')),
        size INTEGER NOT NULL DEFAULT 0 CHECK (size > 0),
        share INTEGER NOT NULL DEFAULT 5 CHECK (share BETWEEN 0 AND 10),
        low INTEGER NOT NULL DEFAULT 9, high INTEGER NOT NULL DEFAULT 5, CHECK (low < high)""", [(1, "open", "a", 1, 5, 1, 2)])
    assert report.places("default-breaks-check") == ["t.size", "t.state"]
    assert report.at("default-breaks-check", "t", "state")["severity"] == "warning"


def test_a_default_in_quotes_of_a_number_passes(keel, sqlite_database):
    """SQLite stores '0' as 0 in an INTEGER column, and 0 as '0' in a TEXT one."""
    report = one_table(keel, sqlite_database, """
        flag INTEGER NOT NULL DEFAULT '0' CHECK (flag IN (0, 1)), code TEXT NOT NULL DEFAULT 7 CHECK (code IN ('7', '8'))""", [(1, 0, "8")])
    assert report.places("default-breaks-check") == report.places("default-of-other-type") == []


def test_defaults_of_another_type(keel, sqlite_database):
    report = one_table(keel, sqlite_database, """
        done BOOLEAN NOT NULL DEFAULT 'false', created_at TIMESTAMP DEFAULT 'CURRENT_TIMESTAMP', updated_at TEXT DEFAULT "now()",
        size INTEGER DEFAULT 'none', ok BOOLEAN DEFAULT FALSE, seen_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
        since DATE DEFAULT '2020-01-01', price NUMERIC DEFAULT '1.5', word TEXT DEFAULT 'now'""",
                       [(1, 0, "x", "x", 1, 1, "x", "x", 1, "x")])
    assert report.places("default-of-other-type") == ["t.created_at", "t.done", "t.size", "t.updated_at"]


def test_a_boolean_that_is_kept_as_text_has_a_fitting_default(keel, sqlite_database):
    report = one_table(keel, sqlite_database, "done BOOLEAN NOT NULL DEFAULT 'f'", [(n, "ft"[n % 2]) for n in range(60)])
    assert report.places("default-of-other-type") == []


def test_the_word_null_as_default(keel, database):
    report = one_table(keel, database, "note TEXT DEFAULT 'NULL', other TEXT DEFAULT NULL, word TEXT DEFAULT 'nullable'",
                       [(n, "NULL" if n < 4 else f"n{n}", None, "x") for n in range(30)])
    assert report.places("default-null-in-quotes") == ["t.note"]
    finding = report.at("default-null-in-quotes", "t", "note")
    assert (finding["evidence"]["matching"], finding["fix"]) == (4, "automatic")


def test_dated_defaults(keel, database):
    report = one_table(keel, database, """
        model TEXT NOT NULL DEFAULT 'claude-sonnet-4-20250514', other_model TEXT DEFAULT 'gpt-4-0613', api_version TEXT DEFAULT '2024-01',
        engine TEXT DEFAULT 'gpt-4o-mini-2024-07-18', plain TEXT DEFAULT 'gpt-4o', since TEXT DEFAULT '2024-01-01',
        size TEXT DEFAULT '1024x768', color TEXT DEFAULT 'ff-1299', path TEXT DEFAULT 'logs/2024-01-01.log', iso TEXT DEFAULT 'iso-8601'""",
                       [(n, "claude-sonnet-4-20250514" if n < 12 else f"m{n}", "a", "b", "c", "d", "e", "f", "g", "h", "i") for n in range(40)])
    assert report.places("dated-default") == ["t.api_version", "t.engine", "t.model", "t.other_model"]
    assert report.matching("dated-default", "t", "model") == 12


def test_null_despite_a_default(keel, database):
    report = one_table(keel, database, "tokens INTEGER DEFAULT 0, free INTEGER, never INTEGER DEFAULT 0",
                       [(n, None if n < 5 else n, None if n < 5 else n, None) for n in range(40)])
    assert report.places("null-despite-default") == ["t.tokens"]
    assert report.matching("null-despite-default", "t", "tokens") == 5


TIMES = "CREATE TABLE {} (id INTEGER PRIMARY KEY, status TEXT NOT NULL{}, created_at TIMESTAMP NOT NULL{}, is_open INTEGER NOT NULL{});"


def test_no_default_anywhere(keel, database):
    database.execute("".join(TIMES.format(name, "", "", "") for name in "abc"))
    report = audit(keel, database, "constraints")
    finding = report.all("defaults-in-application")[0]
    assert counts(finding) == {"columns with a default": 0, "NOT NULL columns without one": 9, "tables without any default": 3}
    assert finding["table"] is None
    assert report.all("defaults-differ") == []


def test_defaults_in_most_tables(keel, database):
    given = (" DEFAULT 'new'", " DEFAULT CURRENT_TIMESTAMP", " DEFAULT 0")
    database.execute("".join(TIMES.format(name, *given) for name in "abc") + TIMES.format("d", "", "", ""))
    report = audit(keel, database, "constraints")
    assert report.all("defaults-in-application") == []
    assert counts(report.all("defaults-differ")[0]) == {"with a default": 3, "without a default": 1}


# ---- NULLs and constants --------------------------------------------------------------------------------------------

def test_columns_that_are_never_always_or_once(keel, database):
    columns = "never TEXT, always TEXT, sometimes TEXT, kept TEXT NOT NULL, format TEXT NOT NULL, flag INTEGER NOT NULL, lang TEXT NOT NULL DEFAULT 'en'"
    report = one_table(keel, database, columns, [(n, f"x{n}", None, None if n == 3 else f"y{n}", f"z{n}", "A4", 1, "en") for n in range(60)])
    assert report.places("nullable-never-null") == ["t.never"]
    assert report.places("always-null") == ["t.always"]
    assert report.places("constant-column") == ["t.format"]
    assert report.matching("nullable-never-null", "t", "never") == 60


def test_few_rows_prove_nothing(keel, database):
    report = one_table(keel, database, "never TEXT, always TEXT, code TEXT NOT NULL", [(n, "x", None, f"c{n}") for n in range(12)])
    assert report.report["findings"] == []


# ---- keys -----------------------------------------------------------------------------------------------------------

def test_keys_by_their_name(keel, database):
    report = one_table(keel, database, """
        slug TEXT NOT NULL, sku TEXT UNIQUE, invoice_number TEXT, title TEXT, weight DOUBLE PRECISION, made_at TEXT,
        password_hash TEXT, country_code TEXT, stripe_id TEXT""",
                       [(n, f"s{n}", f"k{n}", f"INV-{n}", f"title {n}", n + 0.5, f"2026-01-01T00:{n // 60:02}:{n % 60:02}Z", f"h{n}", f"C{n}", f"cus_{n}")
                        for n in range(80)])
    assert report.places("undeclared-key") == ["t.invoice_number", "t.slug", "t.stripe_id"]
    assert all(f["fix"] == "needs-decision" and f["severity"] == "advice" for f in report.all("undeclared-key"))


PARENT = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, total INTEGER);
CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id), line_number INTEGER NOT NULL, file_path TEXT {});
"""


def lines(repeat):
    rows = [(n, n % 40, n // 40, f"f{n}") for n in range(200)]
    return rows + [(900 + n, n, 2, f"f{200 + n}") for n in range(repeat)]


def test_a_number_within_its_parent(keel, database):
    database.execute(PARENT.format(""))
    fill(database, "orders", [(n, n) for n in range(40)])
    fill(database, "lines", lines(0))
    report = audit(keel, database, "constraints")
    assert "lines.order_id,line_number" in report.places("undeclared-key")
    assert report.places("nearly-unique") == []


def test_a_number_within_its_parent_that_repeats(keel, database):
    database.execute(PARENT.format(""))
    fill(database, "orders", [(n, n) for n in range(40)])
    fill(database, "lines", lines(3))
    finding = audit(keel, database, "constraints").at("nearly-unique", "lines", "order_id", "line_number")
    assert finding["severity"] == "warning"
    assert counts(finding) == {"values that occur several times": 3, "rows too many": 3}


def test_a_number_that_is_not_counted_through_is_advice(keel, database):
    """A page that a reader is at: near to unique by chance."""
    database.execute("""
        CREATE TABLE readers (id INTEGER PRIMARY KEY, age INTEGER);
        CREATE TABLE places (id INTEGER PRIMARY KEY, reader_id INTEGER NOT NULL REFERENCES readers (id), page INTEGER NOT NULL);""")
    fill(database, "readers", [(n, n % 70) for n in range(40)])
    fill(database, "places", [(n, n % 40, n * 37 % 900) for n in range(200)] + [(900, 0, 0)])
    finding = audit(keel, database, "constraints").at("nearly-unique", "places", "reader_id", "page")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 1)


def test_declared_keys_are_not_advised(keel, database):
    database.execute(PARENT.format(", UNIQUE (order_id, line_number)"))
    fill(database, "orders", [(n, n) for n in range(40)])
    fill(database, "lines", lines(0))
    report = audit(keel, database, "constraints")
    assert report.places("undeclared-key") == []


def test_shared_tokens_and_empty_ones(keel, database):
    report = one_table(keel, database, "approval_token TEXT, url TEXT, name TEXT",
                       [(n, None if n % 2 else f"t{0 if n == 50 else n}", "" if n < 9 else f"https://x.org/{n}", f"Ann {n % 50}") for n in range(200)])
    finding = report.at("nearly-unique", "t", "approval_token")
    assert (finding["severity"], counts(finding)["values that occur several times"], finding["evidence"]["matching"]) == ("warning", 1, 1)
    assert report.places("undeclared-key") == ["t.url"], "the empty ones are none"


def test_one_to_one_needs_more_than_chance(keel, database):
    database.execute("""
        CREATE TABLE people (id INTEGER PRIMARY KEY, age INTEGER);
        CREATE TABLE badges (id INTEGER PRIMARY KEY, people_id INTEGER NOT NULL REFERENCES people (id), color TEXT);
        CREATE TABLE prizes (id INTEGER PRIMARY KEY, people_id INTEGER NOT NULL REFERENCES people (id), color TEXT);""")
    fill(database, "people", [(n, n % 70) for n in range(400)])
    fill(database, "badges", [(n, n, "red") for n in range(380)])
    fill(database, "prizes", [(n, n * 7, "red") for n in range(30)])
    assert audit(keel, database, "constraints").places("undeclared-key") == ["badges.people_id"]


def test_unique_columns_that_rows_do_not_have(keel, database):
    report = one_table(keel, database, "code TEXT UNIQUE, nickname TEXT UNIQUE", [(n, None if n < 6 else f"c{n}", f"n{n}" if n < 6 else None) for n in range(60)])
    assert report.places("key-with-nulls") == ["t.code"]
    assert report.matching("key-with-nulls", "t", "code") == 6


def test_a_price_in_a_key(keel, database):
    report = one_table(keel, database, "name TEXT NOT NULL, price NUMERIC(10, 2) NOT NULL, region TEXT, amount INTEGER, UNIQUE (name, price), UNIQUE (region, amount, price)",
                       [(1, "a", 1.5, "x", 1), (2, "a", 2.5, "x", 2), (3, "b", 1.5, "x", 3)])
    assert report.places("measure-in-key") == ["t.name,price"]
    assert report.matching("measure-in-key", "t", "name", "price") == 1


# ---- numbers --------------------------------------------------------------------------------------------------------

def test_negative_numbers(keel, database):
    report = one_table(keel, database, """
        latency_ms INTEGER, view_count INTEGER, cost DOUBLE PRECISION, balance DOUBLE PRECISION, utc_offset_minutes INTEGER,
        max_retries INTEGER, temperature DOUBLE PRECISION, duration_seconds INTEGER CHECK (duration_seconds > -100)""",
                       [(n, -3 - n if n < 2 else n, -1 if n < 4 else n, -0.5 if n == 9 else n / 7, -n, -60, -1 if n < 9 else 3, -4.5, -5 if n == 1 else n)
                        for n in range(100)])
    assert report.places("negative-number") == ["t.cost", "t.latency_ms"]
    assert report.matching("negative-number", "t", "latency_ms") == 2
    assert report.places("minus-one-for-unknown") == ["t.view_count"]
    assert report.matching("minus-one-for-unknown", "t", "view_count") == 4


def test_numbers_that_are_signed_by_nature(keel, database):
    """A third of them: it is no slip."""
    assert one_table(keel, database, "cost INTEGER", [(n, -n if n % 3 == 0 else n) for n in range(100)]).places("negative-number") == []


def test_returns_are_booked_with_a_minus(keel, database):
    database.execute("""
        CREATE TABLE sales (id INTEGER PRIMARY KEY, quantity INTEGER, price INTEGER);
        CREATE TABLE stock_movements (id INTEGER PRIMARY KEY, quantity INTEGER);""")
    fill(database, "sales", [(n, -1 if n < 5 else -2 if n == 5 else 3, -7 if n == 9 else 7) for n in range(100)])
    fill(database, "stock_movements", [(n, -n if n < 9 else n) for n in range(1, 100)])
    report = audit(keel, database, "constraints")
    assert report.places("negative-number") == ["sales.price", "sales.quantity"]
    assert [f["severity"] for f in report.all("negative-number")] == ["warning", "advice"]


def test_numbers_out_of_range(keel, database):
    report = one_table(keel, database, "probability DOUBLE PRECISION, done_percent INTEGER, latitude DOUBLE PRECISION, growth_percent INTEGER, port INTEGER",
                       [(n, 12.5 if n == 3 else n / 100, 120 if n < 2 else n, 200.5 if n == 1 else 47.1, 900, 70000 if n < 50 else 80) for n in range(100)])
    assert report.places("number-out-of-range") == ["t.done_percent", "t.latitude", "t.probability"]
    assert report.at("number-out-of-range", "t", "probability")["severity"] == "warning"
    assert report.at("number-out-of-range", "t", "done_percent")["severity"] == "advice"
    assert report.matching("number-out-of-range", "t", "done_percent") == 2


def test_zero_for_what_is_not_known(keel, database):
    database.execute("""
        CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);
        CREATE TABLE t (id INTEGER PRIMARY KEY, user_id INTEGER, level INTEGER);""")
    fill(database, "users", [(n, n % 70) for n in range(1, 60)])
    fill(database, "t", [(n, 0 if n < 4 else n % 50 + 1, n % 3) for n in range(100)])
    report = audit(keel, database)
    assert report.places("zero-for-unknown") == ["t.user_id"]
    assert report.matching("zero-for-unknown", "t", "user_id") == 4


def test_user_zero_may_be_there(keel, database):
    database.execute("""
        CREATE TABLE users (id INTEGER PRIMARY KEY, age INTEGER);
        CREATE TABLE t (id INTEGER PRIMARY KEY, user_id INTEGER);""")
    fill(database, "users", [(n, n % 70) for n in range(60)])
    fill(database, "t", [(n, 0 if n < 4 else n % 50 + 1) for n in range(100)])
    assert audit(keel, database).places("zero-for-unknown") == []


# ---- what a few rows lack, and have ---------------------------------------------------------------------------------

def test_documents_that_a_few_rows_lack(keel, database):
    kind = "JSON" if database.kind == "sqlite" else "jsonb"
    report = one_table(keel, database, f"status TEXT, result {kind}, answer {kind}, seldom {kind}, note TEXT",
                       [(n, "failed" if n < 6 else "done", None if n < 6 else '{"a": 1}', None if n in (9, 50) else '{"b": 2}',
                         None if n % 2 else "[1]", None if n < 3 else "x") for n in range(100)])
    assert report.places("few-documents-missing") == ["t.answer"], "what failed has no result"
    assert report.matching("few-documents-missing", "t", "answer") == 2


def test_totals_of_documents(keel, database):
    """Parts in one list or in two; totals of something else; too many that differ."""
    kind = "JSON" if database.kind == "sqlite" else "jsonb"
    database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, invoice {kind}, page {kind}, odd {kind}, plain {kind});")
    fill(database, "t", [(n, json.dumps({"lines": [{"no": 1, "cost": 2.5}, {"no": 2, "cost": n}], "fees": [{"cost": 1}] if n % 2 else [],
                                         "total_cost": n + 2.5 + n % 2 + (9 if n in (3, 90, 170) else 0)}),
                          json.dumps({"items": [{"id": n, "size": 3}], "total": 900, "total_items": 5000}),
                          json.dumps({"parts": [{"weight": n}], "total_weight": n if n % 3 else -1}), json.dumps({"total_cost": 5, "costs": [1, 2]}))
                         for n in range(200)])
    report = audit(keel, database, "constraints")
    assert report.places("json-total-differs") == ["t.invoice"]
    assert report.matching("json-total-differs", "t", "invoice") == 3


def test_errors_beside_other_states(keel, database):
    """Two rows hang with an error; the last error of a retried one is no wonder."""
    database.execute("""
        CREATE TABLE t (id INTEGER PRIMARY KEY, status TEXT, error_message TEXT, last_error TEXT);
        CREATE TABLE healthy (id INTEGER PRIMARY KEY, status TEXT, error_message TEXT);""")
    fill(database, "t", [(n, "failed" if n < 40 else "running" if n < 90 else "done", f"e{n}" if n < 40 or n in (50, 60) else None, f"e{n}" if n % 50 == 0 else "")
                         for n in range(200)])
    fill(database, "healthy", [(n, "failed" if n < 40 else "done", f"e{n}" if n < 40 else "") for n in range(200)])
    report = audit(keel, database, "constraints")
    assert report.places("error-without-failure") == ["t.status,error_message"]
    finding = report.at("error-without-failure", "t", "status", "error_message")
    assert (finding["evidence"]["matching"], counts(finding)) == (2, {"failed": 40, "running": 2})
