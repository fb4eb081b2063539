"""The audit's rules on times: what they must find, with exact counts, and what they must leave alone."""

import pytest
from audited import audit, counts, fill


@pytest.fixture
def column(keel, database):
    """column(values, declared, name) -> the report on a table t with them."""

    def look(values, declared="TEXT", name="created_at"):
        database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {name} {declared});")
        fill(database, "t", enumerate(values, 1))
        return audit(keel, database, "times")

    return look


def times(count, form="2026-01-{day:02}T10:00:{second:02}Z"):
    return [form.format(day=i % 28 + 1, second=i % 60) for i in range(count)]


def only_sqlite(database):
    if database.kind != "sqlite":
        pytest.skip("values that PostgreSQL's types do not take")


def only_postgres(database):
    if database.kind != "postgres":
        pytest.skip("types of PostgreSQL's")


# ---- forms ----------------------------------------------------------------------------------------------------------

def test_several_forms_in_one_column(column):
    values = [*times(60), *times(7, "2026-01-{day:02} 10:00:{second:02}"), *times(5, "2026-01-{day:02}T10:00:00+02:00"),
              *times(3, "2026-01-{day:02}"), *times(2, "{day}.1.2026")]
    finding = column(values).at("mixed-time-formats", "t", "created_at")
    assert (finding["severity"], finding["fix"], finding["evidence"]["matching"]) == ("warning", "needs-decision", 17)
    assert counts(finding) == {"T, Z": 60, "T, offset": 5, "blank, no zone": 7, "date": 3, "another form of date": 2,
                               "offset other than UTC": 5}


def test_unix_times_among_texts(column, database):
    only_sqlite(database)
    values = [*times(60, "2026-01-{day:02} 10:00:{second:02}"), 1767261600, 1767261601]
    finding = column(values, "DATETIME").at("mixed-time-formats", "t", "created_at")
    assert counts(finding) == {"blank, no zone": 60, "Unix seconds": 2}


def test_offsets_in_one_column(column):
    values = [*times(60, "2026-01-{day:02}T10:00:00+00:00"), *times(8, "2026-01-{day:02}T10:00:00-06:00")]
    finding = column(values).at("mixed-time-formats", "t", "created_at")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 8)


def test_fractions_alone_are_advice(column):
    values = [*times(60, "2026-01-{day:02}T10:00:{second:02}.123456Z"), *times(4)]
    finding = column(values).at("mixed-time-formats", "t", "created_at")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 4)


@pytest.mark.parametrize("values", [
    times(60), times(60, "2026-01-{day:02} 10:00:{second:02}.5"), times(60, "2026-01-{day:02}T10:00:00-06:00"),
    ["a note of 2026-01-01", "2026-01-01", "2026-01-01T10:00:00Z", "another"] * 15, ["2026-01-01", "1.2.3"] * 20])
def test_one_form_or_no_times(column, values):
    assert column(values).all("mixed-time-formats") == []


# ---- Unix times -----------------------------------------------------------------------------------------------------

def test_seconds_and_milliseconds(column):
    values = [*range(1767261600, 1767261660), 1767261600123, 1767261600456]
    finding = column(values, "BIGINT", "sent_ts").at("epoch-units-mixed", "t", "sent_ts")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 2)
    assert counts(finding) == {"Unix seconds": 60, "Unix milliseconds": 2}


@pytest.mark.parametrize(("name", "values"), [
    ("sent_ts", range(1767261600, 1767261660)),
    ("user_id", [*range(1767261600, 1767261660), 1767261600123]),
    ("bytes", [1, 50, 1767261600, 1767261600123, 7] * 12),
])
def test_one_unit_or_no_times(column, name, values):
    assert column(values, "BIGINT", name).all("epoch-units-mixed") == []


def test_zero_for_unknown(column):
    finding = column([*range(1767261600, 1767261660), 0, 0, 0], "BIGINT", "sent_ts").at("zero-time", "t", "sent_ts")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 3)


def test_zero_for_never_is_advice(column):
    report = column([*range(1767261600, 1767261660), 0, 0, 0], "BIGINT", "expires_at")
    assert report.at("zero-time", "t", "expires_at")["severity"] == "advice"


@pytest.mark.parametrize(("name", "values"), [
    ("amount", [*range(1767261600, 1767261660), 0]), ("sent_ts", [0] * 60), ("sent_ts", range(60))])
def test_zeros_that_are_none(column, name, values):
    assert column(values, "BIGINT", name).all("zero-time") == []


# ---- what is no date ------------------------------------------------------------------------------------------------

def test_days_that_do_not_exist(column):
    values = [*times(60, "202601{day:02}"), "20260230", "20261301", "202602", "", "unknown", None]
    finding = column(values, name="upload_date").at("impossible-date", "t", "upload_date")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("error", 5)
    assert counts(finding) == {"no such day or time": 2, "empty or not a whole date": 3}


def test_half_a_date_is_advice(column):
    finding = column([*times(60, "2026-01-{day:02}"), "2026-02"], name="upload_date").at("impossible-date", "t", "upload_date")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 1)


@pytest.mark.parametrize(("name", "values"), [
    ("upload_date", [*times(60, "2026-01-{day:02}"), ""]),            # empty: no date was given
    ("article", [str(20260101 + i * 7) for i in range(60)]),          # eight digits of another kind
    ("upload_date", times(60, "2024-02-{day:02}") + ["2024-02-29"]),  # a leap year
    ("note", [*times(12, "2026-01-{day:02}"), *["2026-02-30"] * 60]),
])
def test_dates_that_exist(column, name, values):
    assert column(values, name=name).all("impossible-date") == []


# ---- zones ----------------------------------------------------------------------------------------------------------

def test_zone_and_no_zone_in_one_table(keel, database):
    if database.kind == "postgres":
        database.execute("CREATE TABLE t (id int PRIMARY KEY, a timestamptz, b timestamp, c timestamptz);")
    else:
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TIMESTAMP, b TIMESTAMP, c TEXT);")
    fill(database, "t", ((i, f"2026-01-{i:02} 10:00:00+00", f"2026-01-{i:02} 10:00:00", f"2026-01-{i:02} 11:00:00+00")
                         for i in range(1, 29)))
    report = audit(keel, database, "times")
    finding = report.at("zone-and-no-zone", "t", "b")
    assert (finding["severity"], counts(finding)) == ("warning", {"columns with a zone": 2, "columns without a zone": 1})
    assert report.all("time-without-zone") == []  # one fault, one finding


def test_the_clock_on_the_wall_has_no_zone(keel, database):
    zoned = "timestamptz" if database.kind == "postgres" else "TIMESTAMP"
    database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, created_at {zoned}, opens_local TIMESTAMP);")
    fill(database, "t", ((i, f"2026-01-{i:02} 10:00:00+00", f"2026-01-{i:02} 10:00:00") for i in range(1, 29)))
    assert audit(keel, database, "times").all("zone-and-no-zone") == []


def test_no_zone_at_all(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TIMESTAMP, b TIMESTAMP);")
    fill(database, "t", ((i, f"2026-01-{i:02} 10:00:00", f"2026-01-{i:02} 11:00:00") for i in range(1, 29)))
    report = audit(keel, database, "times")
    finding, = report.all("time-without-zone")
    assert finding["severity"] == "advice"
    assert (finding["table"], finding["columns"]) == (("t", ["a", "b"]) if database.kind == "postgres" else (None, []))
    assert report.all("zone-and-no-zone") == []


def test_zones_everywhere(column, database):
    declared = "timestamptz" if database.kind == "postgres" else "TEXT"
    assert column(times(60), declared).report["findings"] == []


# ---- across tables --------------------------------------------------------------------------------------------------

def test_one_name_in_two_forms(keel, database):
    database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, created_at TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, "
                     "created_at TEXT); CREATE TABLE c (id INTEGER PRIMARY KEY, created_at TEXT);")
    fill(database, "a", enumerate(times(30)))
    fill(database, "b", enumerate(times(30, "2026-01-{day:02} 10:00:{second:02}")))
    fill(database, "c", enumerate(times(30)))
    finding, = audit(keel, database, "times").all("time-formats-differ")
    assert (finding["severity"], finding["columns"], counts(finding)) == (
        "advice", ["created_at"], {"T, Z": 2, "blank, no zone": 1})


def test_one_name_in_one_form(keel, database):
    database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, created_at TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, "
                     "created_at TEXT);")
    fill(database, "a", enumerate(times(30)))
    fill(database, "b", enumerate(times(30)))
    assert audit(keel, database, "times").all("time-formats-differ") == []


def test_another_type_than_elsewhere(keel, database):
    usual = "timestamptz" if database.kind == "postgres" else "TIMESTAMP"
    database.execute(f"CREATE TABLE a (id INTEGER PRIMARY KEY, created_at {usual}, updated_at {usual});"
                     f"CREATE TABLE b (id INTEGER PRIMARY KEY, created_at {usual}, birth_date DATE);"
                     "CREATE TABLE c (id INTEGER PRIMARY KEY, created_at TEXT, counted_at TEXT);")
    fill(database, "c", ((i, time, "the door") for i, time in enumerate(times(30))))
    assert audit(keel, database, "times").places("time-type-differs") == ["c.created_at"]


def test_types_of_equal_weight_are_not_judged(keel, database):
    usual = "timestamptz" if database.kind == "postgres" else "TIMESTAMP"
    database.execute(f"CREATE TABLE a (id INTEGER PRIMARY KEY, created_at {usual}, updated_at {usual});"
                     "CREATE TABLE c (id INTEGER PRIMARY KEY, created_at TEXT, updated_at TEXT);")
    fill(database, "c", ((i, time, time) for i, time in enumerate(times(30))))
    assert audit(keel, database, "times").all("time-type-differs") == []


# ---- text -----------------------------------------------------------------------------------------------------------

def test_dates_as_text(column, database):
    finding = column(times(60, "2026-01-{day:02}"), name="upload_date").at("time-as-text", "t", "upload_date")
    if database.kind == "sqlite":
        assert finding is None  # ISO 8601 text is SQLite's own form
    else:
        assert (finding["fix"], finding["evidence"]["matching"]) == ("automatic", 60)


def test_compact_dates_as_text(column):
    finding = column(times(60, "202601{day:02}"), name="upload_date").at("time-as-text", "t", "upload_date")
    assert (finding["severity"], finding["fix"], finding["evidence"]["matching"]) == ("advice", "needs-decision", 60)


@pytest.mark.parametrize("name", ["build_date", "version", "article"])
def test_digits_that_are_no_dates(column, name):
    assert column(times(60, "202601{day:02}"), name=name).all("time-as-text") == []
