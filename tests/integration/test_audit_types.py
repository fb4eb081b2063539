"""The audit's rules on types: what they must find, with exact counts, and what they must leave alone."""

import uuid

import pytest
from audited import audit, counts, fill, literal


@pytest.fixture
def column(keel, database):
    """column(values, declared, name) -> the report on a table t with them."""

    def look(values, declared="TEXT", name="x"):
        database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {name} {declared});")
        fill(database, "t", enumerate(values, 1))
        return audit(keel, database, "types")

    return look


def uuids(count):
    return [str(uuid.UUID(int=(i * 0x9E3779B97F4A7C15F39CC0605CEDC834) % 2**128, version=4)) for i in range(count)]


def only_sqlite(database):
    if database.kind != "sqlite":
        pytest.skip("storage classes are SQLite's")


def only_postgres(database):
    if database.kind != "postgres":
        pytest.skip("a type of PostgreSQL's")


# ---- UUIDs ----------------------------------------------------------------------------------------------------------

def keys_and_children(keel, database, ids, refers=True, name="id"):
    reference = f"REFERENCES a ({name})" if refers else ""
    database.execute(f"CREATE TABLE a ({name} VARCHAR(60) PRIMARY KEY);"
                     f"CREATE TABLE b (n INTEGER PRIMARY KEY, a_{name} VARCHAR(60) {reference});")
    fill(database, "a", [(i,) for i in ids])
    fill(database, "b", enumerate(ids * 2, 1))
    return audit(keel, database, "types")


def test_uuid_keys_are_told_with_what_refers_to_them(keel, database):
    report = keys_and_children(keel, database, uuids(30))
    finding = report.at("text-is-uuid", "a", "id")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 30)
    assert counts(finding) == {"b.a_id": 60}
    assert finding["fix"] == ("none" if database.kind == "sqlite" else "needs-decision")
    assert report.places("text-is-uuid") == ["a.id"]


def test_a_uuid_key_that_nothing_refers_to_is_converted(keel, database):
    only_postgres(database)
    database.execute("CREATE TABLE a (id varchar(36) PRIMARY KEY);")
    fill(database, "a", [(i,) for i in uuids(30)])
    assert audit(keel, database, "types").at("text-is-uuid", "a", "id")["fix"] == "automatic"


def test_other_forms_of_uuids_among_keys(keel, database):
    ids = uuids(100)
    ids[3], ids[7], ids[11] = ids[3].upper(), ids[7].replace("-", ""), "wf-000001"
    report = keys_and_children(keel, database, ids)
    finding = report.at("uuid-not-canonical", "a", "id")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 3)
    assert counts(finding) == {"canonical": 97, "another form of a UUID": 2, "no UUID": 1, "b.a_id": 200}
    assert report.all("text-is-uuid") == []


def test_a_few_keys_of_another_scheme_are_no_warning(keel, database):
    ids = uuids(100)
    ids[0] = "default"
    assert keys_and_children(keel, database, ids).at("uuid-not-canonical", "a", "id")["severity"] == "advice"


def test_opaque_ids_are_no_uuids(keel, database):
    """Hashes of the same length, and ids of which only half are UUIDs."""
    hashes = [f"{i * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128:032x}" for i in range(1, 31)]
    report = keys_and_children(keel, database, hashes)
    assert report.all("text-is-uuid") + report.all("uuid-not-canonical") == []


def test_half_uuids_are_no_column_of_uuids(keel, database):
    report = keys_and_children(keel, database, uuids(15) + [f"job-{i}" for i in range(15)])
    assert report.all("text-is-uuid") + report.all("uuid-not-canonical") == []


@pytest.mark.parametrize("name", ["trace_id", "correlation_id", "external_ref"])
def test_ids_of_others_are_theirs(column, name):
    report = column(uuids(30), name=name)
    assert report.all("text-is-uuid") + report.all("uuid-not-canonical") == []


# ---- numbers as text ------------------------------------------------------------------------------------------------

def test_whole_numbers_as_text(column, database):
    finding = column(range(100, 140), name="weight").at("text-is-number", "t", "weight")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 40)
    assert finding["fix"] == ("none" if database.kind == "sqlite" else "automatic")


def test_decimals_as_text(column):
    assert column([f"{i}.50" for i in range(40)], name="weight").matching("text-is-number", "t", "weight") == 40


@pytest.mark.parametrize(("name", "values"), [
    ("weight", [*range(39), "heavy"]),            # one is no number
    ("weight", range(12)),                        # too few
    ("postal_code", range(10000, 10040)),         # a label
    ("phone", range(5550000, 5550040)),
    ("version", [f"{i}.2" for i in range(40)]),
    ("built", [f"202501{i:02}" for i in range(1, 31)]),  # dates
    ("seen", range(1763000000, 1763000040)),      # times
    ("weight", [f"{i:03}" for i in range(40)]),   # with zeros that would go
], ids=["word", "few", "postal", "phone", "version", "dates", "times", "zeros"])
def test_what_is_no_number_as_text(column, name, values):
    assert column([str(v) for v in values], name=name).all("text-is-number") == []


def test_leading_zeros_of_several_widths(column):
    values = [str(i) for i in range(1, 38)] + ["007", "0012", "08"]
    finding = column(values, name="lot").at("numeric-text-leading-zeros", "t", "lot")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 3)


def test_codes_of_one_width_keep_their_zeros(column):
    assert column([f"{i:05}" for i in range(40)], name="lot").all("numeric-text-leading-zeros") == []


# ---- truths ---------------------------------------------------------------------------------------------------------

def test_flags_get_their_check(column):
    finding = column([0, 1] * 20, "INTEGER NOT NULL DEFAULT 0", "is_open").at("integer-is-boolean", "t", "is_open")
    assert (finding["severity"], finding["fix"]) == ("advice", "automatic")
    assert counts(finding) == {"0": 20, "1": 20}


def test_flags_are_seen_by_their_values(column):
    assert column([0, 1, 1] * 40, "INTEGER", "winter").matching("integer-is-boolean", "t", "winter") == 120


@pytest.mark.parametrize(("name", "declared", "values"), [
    ("attempts", "INTEGER", [0, 1] * 60),
    ("is_open", "INTEGER CHECK (is_open IN (0, 1))", [0, 1] * 60),
    ("winter", "INTEGER", [0, 1] * 20),
    ("winter", "INTEGER", [0] * 119 + [1]),
    ("is_open", "BOOLEAN", None),
], ids=["count", "checked", "few", "one-sided", "boolean"])
def test_what_is_no_unchecked_flag(column, database, name, declared, values):
    if values is None:
        values = [0, 1] * 20 if database.kind == "sqlite" else ["true", "false"]
    report = column(values, declared, name)
    assert report.all("integer-is-boolean") + report.all("boolean-out-of-range") == []


def test_flags_that_are_neither(column):
    finding = column([0, 1] * 50 + [2, -1, 7], "INTEGER", "is_open").at("boolean-out-of-range", "t", "is_open")
    assert (finding["severity"], finding["fix"], finding["evidence"]["matching"]) == ("error", "automatic", 3)


def test_flags_of_rows_that_others_refer_to_are_not_moved(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, is_open INTEGER);"
                     "CREATE TABLE u (id INTEGER PRIMARY KEY, t_id INTEGER REFERENCES t (id));")
    fill(database, "t", enumerate([0, 1] * 50 + [2], 1))
    fill(database, "u", enumerate(range(1, 90), 1))
    assert audit(keel, database, "types").at("boolean-out-of-range", "t", "is_open")["fix"] == "needs-decision"


@pytest.mark.parametrize("values", [[0, 1, 2, 3, 4] * 20, [0, 1] * 50 + [2]])
def test_a_count_under_the_name_of_a_flag_is_left_alone(column, values):
    assert column(values, "INTEGER", "used").all("boolean-out-of-range") == []


# ---- money ----------------------------------------------------------------------------------------------------------

FLOAT = "DOUBLE PRECISION"


def test_money_with_dust(column, database):
    values = [i / 100 for i in range(60)] + [0.1 + 0.2, 0.1 + 0.7, -(0.1 + 0.2)]
    finding = column(values, FLOAT, "cost_usd").at("money-in-float", "t", "cost_usd")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 3)
    assert finding["fix"] == ("needs-decision" if database.kind == "sqlite" else "automatic")


def test_money_by_its_name_alone_is_advice(column):
    assert column([0.5, 0.25], FLOAT, "price").at("money-in-float", "t", "price")["severity"] == "advice"


def test_dust_under_another_name_is_advice(column):
    finding = column([i / 10 for i in range(30)] + [0.1 + 0.2], FLOAT, "volume").at("money-in-float", "t", "volume")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 1)


@pytest.mark.parametrize(("name", "declared", "values"), [
    ("volume", FLOAT, [i / 3 for i in range(60)]),
    ("volume", FLOAT, [i / 8 for i in range(60)]),
    ("cost", "BIGINT", range(60)),
    ("cost_rate", FLOAT, [i / 8 for i in range(60)]),
    ("cost", "NUMERIC(10,2)", [i / 4 for i in range(60)]),
], ids=["thirds", "eighths", "cents", "rate", "decimal"])
def test_what_is_no_money_in_float(column, name, declared, values):
    assert column(values, declared, name).all("money-in-float") == []


def test_two_types_of_money(keel, database):
    database.execute(f"CREATE TABLE a (id INTEGER PRIMARY KEY, cost {FLOAT}, unit_price NUMERIC(12,8));"
                     "CREATE TABLE b (id INTEGER PRIMARY KEY, total_cost NUMERIC(10,4));")
    assert audit(keel, database, "types").places("money-precision-differs") == ["b.total_cost"]


def test_one_type_of_money(keel, database):
    database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, cost NUMERIC(10,2), ratio REAL);"
                     "CREATE TABLE b (id INTEGER PRIMARY KEY, total_cost NUMERIC(12,2));")
    assert audit(keel, database, "types").all("money-precision-differs") == []


def test_nan_and_infinity(keel, database):
    infinite, negative = ("9e999", "-9e999") if database.kind == "sqlite" else ("'Infinity'", "'-Infinity'")
    nan = "NULL" if database.kind == "sqlite" else "'NaN'"
    database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {FLOAT});"
                     f"INSERT INTO t VALUES (1, {infinite}), (2, {negative}), (3, {nan}), (4, 1.5);")
    report = audit(keel, database, "types")
    assert counts(report.at("nan-or-infinity", "t", "x")) == {"NaN": int(database.kind == "postgres"), "infinite": 2}


def test_numbers_beyond_32_bits(column, database):
    only_sqlite(database)
    assert column([1, 2, 5_000_000_000], "BIGINT", "views").at("integer-beyond-32-bits", "t", "views")["severity"] == "advice"


@pytest.mark.parametrize("name", ["user_id", "seen_at"])
def test_ids_and_times_may_be_long(column, name):
    assert column([1763000000000, 1763000000001], "BIGINT", name).all("integer-beyond-32-bits") == []


# ---- storage --------------------------------------------------------------------------------------------------------

def test_values_of_another_storage_class(column, database):
    only_sqlite(database)
    finding = column([1, 2, "three", 4.5, *range(10)], "INTEGER", "x").at("storage-class-differs", "t", "x")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 2)
    assert counts(finding) == {"integer": 12, "real": 1, "text": 1}


@pytest.mark.parametrize(("declared", "values"), [
    ("REAL", [1, 2.5, "3"]),          # SQLite makes numbers of these
    ("TEXT", [1, "a"]),
    ("NUMERIC(10,2)", [1, 2.5]),
    ("", [1, "a", 2.5]),
    ("ANY", [1, "a", 2.5]),
    ("DATETIME", [1763000000, "2026-01-01 10:00:00"]),
])
def test_values_that_are_where_they_belong(column, database, declared, values):
    only_sqlite(database)
    assert column(values, declared).all("storage-class-differs") == []


def test_bytes_in_text_and_text_in_bytes(keel, database):
    only_sqlite(database)
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB, c BLOB);"
                     "INSERT INTO t VALUES (1, 'x', x'00', x'00ff'), (2, x'0102', 'text', x'00fe');")
    report = audit(keel, database, "types")
    assert report.matching("bytes-in-text", "t", "a") == 1
    assert report.matching("text-in-blob", "t", "b") == 1
    assert report.at("text-in-blob", "t", "c") is None


def test_a_blob_of_nothing_but_text(keel, database):
    declared, prefix = ("BLOB", "CAST('note ' || ") if database.kind == "sqlite" else ("bytea", "convert_to('note ' || ")
    end = " AS BLOB)" if database.kind == "sqlite" else ", 'UTF8')"
    database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {declared});" + "".join(
        f"INSERT INTO t VALUES ({i}, {prefix}'{i}'{end});" for i in range(30)))
    finding = audit(keel, database, "types").at("text-in-blob", "t", "x")
    if database.kind == "sqlite":
        assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 30)
    else:
        assert finding is None  # only the length of a bytea is read


def test_nul_and_bad_utf8(keel, database):
    only_sqlite(database)
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT);"
                     "INSERT INTO t VALUES (1, CAST(x'610062' AS TEXT)), (2, CAST(x'C3A9' AS TEXT)),"
                     " (3, CAST(x'E9' AS TEXT)), (4, CAST(x'EDA080' AS TEXT)), (5, 'plain');")
    report = audit(keel, database, "types")
    assert report.matching("nul-in-text", "t", "x") == 1
    assert report.matching("invalid-utf8", "t", "x") == 2
    assert report.at("invalid-utf8", "t", "x")["severity"] == "error"


# ---- declared types -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("declared", "severity"), [
    ("STRING", "warning"), ("TXET", "warning"), ("VARCAHR(20)", "warning"), ("INTERGER", "advice"), ("BOOLAEN", "advice"),
    ("TEXT", None), ("VARCHAR(20)", None), ("DATETIME", None), ("BOOLEAN", None), ("JSON", None), ("", None),
    ("DOUBLE PRECISION", None), ("UNSIGNED BIG INT", None), ("LONGTEXT", None)])
def test_types_that_are_none(column, database, declared, severity):
    only_sqlite(database)
    finding = column([], declared).at("unknown-type", "t", "x")
    assert (finding and finding["severity"]) == severity


def test_tables_that_are_not_strict(keel, database):
    only_sqlite(database)
    database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE b (id INTEGER PRIMARY KEY, x DATETIME);"
                     "CREATE TABLE c (id INTEGER PRIMARY KEY, x TEXT) STRICT; CREATE TABLE d (x INTEGER);"
                     "INSERT INTO d VALUES ('text');")
    finding, = audit(keel, database, "types").all("not-strict")
    assert finding["table"] is None
    assert counts(finding) == {"tables": 4, "not STRICT": 3, "could be as they are": 1}


def test_strict_tables_are_enough(keel, database):
    only_sqlite(database)
    database.execute("CREATE TABLE c (id INTEGER PRIMARY KEY, x TEXT) STRICT;")
    assert audit(keel, database, "types").all("not-strict") == []


# ---- lengths --------------------------------------------------------------------------------------------------------

def test_values_that_fill_the_column(column, database):
    values = ["a title of some words"] * 60 + ["x" * 100] * 4
    finding = column(values, "VARCHAR(100)").at("value-cut-off", "t", "x")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 4)


@pytest.mark.parametrize("values", [
    ["x" * 100] * 60,                                       # all are of one length
    ["a title"] * 60 + ["x" * 99],                          # not to the last character
    ["x" * (40 + i) for i in range(61)],                    # they are simply long
    ["a title"] * 15 + ["x" * 100],                         # too few
])
def test_values_that_only_come_near(column, values):
    assert column(values, "VARCHAR(100)").all("value-cut-off") == []


def test_words_that_were_cut(column):
    values = ["hierarchical_prompt_v2.1.3"] * 20 + ["hierarchical_prompt_"] * 7 + ["plain"] * 30
    finding = column(values).at("value-cut-off", "t", "x")
    assert finding["evidence"]["matching"] == 7
    assert counts(finding) == {"hierarchical_prompt_": 7}


@pytest.mark.parametrize("values", [
    ["in_progress_at_home"] * 20 + ["in_progress"] * 20,                     # not of a usual limit
    ["https://example.com/@channel_12"] * 9 + ["https://example.com/@channel_1"] * 9,  # names with numbers
    ["twenty characters ok"] * 9 + ["twenty characters ok and more"] * 9,    # ends with its word
    ["application/ld+json1"] * 9 + ["application/ld+json1; charset=utf-8"] * 9,
])
def test_words_that_begin_others(column, values):
    assert column(values).all("value-cut-off") == []


def test_declared_lengths(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x VARCHAR(20), y TEXT);")
    fill(database, "t", [(i, "nineteen characters", "z" * 500) for i in range(5)])
    finding, = audit(keel, database, "types").all("declared-length")
    if database.kind == "sqlite":
        assert counts(finding) == {"columns": 1, "with a longer value": 0, "with one within a tenth of it": 1}
    else:
        assert (finding["table"], counts(finding)) == ("t", {"x (20), longest": 19})


def test_no_declared_lengths(column):
    assert column(["a"], "TEXT").all("declared-length") == []


# ---- PostgreSQL -----------------------------------------------------------------------------------------------------

def test_types_nobody_should_take(keel, database):
    only_postgres(database)
    database.execute("CREATE TABLE t (id serial PRIMARY KEY, code char(3), name varchar, paid money, due money NOT NULL "
                     "DEFAULT 0); INSERT INTO t (code, name, paid) VALUES ('a', 'b', 12.5)")
    report = audit(keel, database, "types")
    assert report.at("char-padded", "t", "code")["fix"] == "automatic"
    assert report.at("money-type", "t", "paid")["fix"] == "automatic"
    assert report.at("money-type", "t", "due")["fix"] == "needs-decision"  # its default has to change with it
    finding, = report.all("serial")
    assert counts(finding) == {"serial columns": 1}


def test_types_that_are_fine(keel, database):
    only_postgres(database)
    database.execute("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text, paid numeric(10,2))")
    assert audit(keel, database, "types").report["findings"] == []


@pytest.mark.parametrize(("declared", "highest", "found"), [
    ("integer", 1_500_000_000, True), ("integer", 900_000_000, False), ("smallint", 20_000, True),
    ("bigint", 3_000_000_000, False)])
def test_keys_that_run_out(keel, database, declared, highest, found):
    only_postgres(database)
    database.execute(f"CREATE TABLE t (id {declared} GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, x text);"
                     f"INSERT INTO t VALUES (1, 'a'), ({highest}, 'b')")
    assert bool(audit(keel, database, "types").at("key-near-overflow", "t", "id")) == found


# ---- any names ------------------------------------------------------------------------------------------------------

def test_names_of_any_kind(keel, database):
    table, name = 'a "table"\n😀', "is_it 'so'? \"x\"\n😀"
    quoted = ['"' + text.replace('"', '""') + '"' for text in (table, name)]
    database.execute(f"CREATE TABLE {quoted[0]} (id INTEGER PRIMARY KEY, {quoted[1]} INTEGER);"
                     f"INSERT INTO {quoted[0]} VALUES " + ", ".join(f"({i}, {literal(i % 2)})" for i in range(150)) + ";")
    finding = audit(keel, database, "types").at("integer-is-boolean", table, name)
    assert finding["fix"] == "automatic"


# ---- repairs --------------------------------------------------------------------------------------------------------

def repaired(keel, database, folder, *families):
    """Applies what --fix writes; the reports before and after."""
    rules = [argument for family in families for argument in ("--rules", family)]
    before = audit(keel, database, *families)
    keel("audit", database.url, "--full", *rules, "--fix", folder, check=False)
    keel("migrate", "up", "--db", database.url, "--dir", folder)
    return before, audit(keel, database, *families)


def fixable(report):
    return sorted((f["rule"], f["table"], *f["columns"]) for f in report.report["findings"] if f["fix"] == "automatic")


def columns_of(database):
    return database.rows("SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass "
                         "AND attnum > 0 ORDER BY attnum")


def test_conversions_in_postgres_come_back(keel, database, tmp_path):
    only_postgres(database)
    database.execute(f"CREATE TABLE t (id varchar(36) PRIMARY KEY, cost {FLOAT}, is_open smallint, code char(4), paid money, "
                     "upload_date text, weight varchar(9));")
    dust = [0.1 + 0.2, -0.7 + 0.1, 1e-9, 123456.789, None]
    fill(database, "t", ((key, dust[i % 5], i % 2, "ab", f"{i}.25", f"2026-01-{i % 28 + 1:02}", 7 * i)
                         for i, key in enumerate(uuids(60))))
    database.execute("UPDATE t SET cost = 'NaN' WHERE cost IS NULL")
    rows, types = database.rows("SELECT t::text FROM t ORDER BY 1"), columns_of(database)
    before, after = repaired(keel, database, tmp_path / "fixes", "types", "times")
    assert fixable(before) == [
        ("char-padded", "t", "code"), ("integer-is-boolean", "t", "is_open"), ("money-in-float", "t", "cost"),
        ("money-type", "t", "paid"), ("text-is-number", "t", "weight"), ("text-is-uuid", "t", "id"),
        ("time-as-text", "t", "upload_date")]
    assert columns_of(database) == [("id", "uuid"), ("cost", "numeric"), ("is_open", "boolean"), ("code", "text"),
                                    ("paid", "numeric"), ("upload_date", "date"), ("weight", "bigint")]
    assert fixable(after) == []
    keel("migrate", "down", "--db", database.url, "--dir", tmp_path / "fixes")
    assert columns_of(database) == types
    assert database.rows("SELECT t::text FROM t ORDER BY 1") == rows


def test_rows_that_break_a_check_go_and_come_back(keel, database, tmp_path):
    only_sqlite(database)
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, is_open INTEGER, payload TEXT);")
    fill(database, "t", ((i, i % 2 if i != 7 else 5, '{"a": 1}' if i != 9 else '{"a": ') for i in range(60)))
    rows = database.rows("SELECT * FROM t ORDER BY id")
    before, after = repaired(keel, database, tmp_path / "fixes", "types", "json")
    assert fixable(before) == [("boolean-out-of-range", "t", "is_open"), ("invalid-json", "t", "payload")]
    assert database.rows("SELECT * FROM t ORDER BY id") == [row for row in rows if row[0] not in (7, 9)]
    assert fixable(after) == [] and after.all("boolean-out-of-range") + after.all("invalid-json") == []
    keel("migrate", "down", "--db", database.url, "--dir", tmp_path / "fixes")
    assert database.rows("SELECT * FROM t ORDER BY id") == rows


def test_a_column_that_things_hang_on_is_not_converted(keel, database):
    only_postgres(database)
    database.execute("CREATE TABLE t (id varchar(36) PRIMARY KEY, code char(2) CHECK (code <> ''), kind char(2) DEFAULT 'a', "
                     "part char(2), sort char(2), shown char(2), plain char(2));"
                     "CREATE INDEX ON t ((lower(part))); CREATE INDEX ON t (sort) WHERE sort <> 'x';")
    fixes = {f["columns"][0]: f["fix"] for f in audit(keel, database, "types").all("char-padded")}
    assert fixes == {"code": "needs-decision", "kind": "needs-decision", "part": "needs-decision", "sort": "needs-decision",
                     "shown": "automatic", "plain": "automatic"}
    database.execute("CREATE VIEW v AS SELECT shown FROM t")
    fixes = {f["fix"] for f in audit(keel, database, "types").all("char-padded")}
    assert fixes == {"needs-decision"}
