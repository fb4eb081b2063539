"""The audit's rules on JSON: what they must find, with exact counts, and what they must leave alone."""

import json

import pytest
from audited import audit, counts, fill


@pytest.fixture
def column(keel, database):
    """column(values, declared) -> the report on a table t with them in x."""

    def look(values, declared="TEXT", more=""):
        database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {declared}); {more}")
        fill(database, "t", enumerate(values, 1))
        return audit(keel, database, "json")

    return look


def objects(count):
    return [json.dumps({"step": i, "note": f"step {i}", "done": i % 2 == 0}) for i in range(count)]


def only_sqlite(database):
    if database.kind != "sqlite":
        pytest.skip("what SQLite does with a column declared JSON")


# ---- valid or not ---------------------------------------------------------------------------------------------------

def test_broken_json_is_counted(column, database):
    values = objects(60) + ['{"cut": [1, 2', "{'a': 1}", "", "plain", '[1,]']
    finding = column(values).at("invalid-json", "t", "x")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("error", 5)
    assert counts(finding) == {"cut off or broken": 3, "empty text": 1, "other text": 1}
    assert finding["fix"] == ("automatic" if database.kind == "sqlite" else "needs-decision")


def test_broken_json_of_rows_that_others_refer_to_is_not_moved(column):
    report = column(objects(60) + ["{"], more="CREATE TABLE u (t_id INTEGER PRIMARY KEY REFERENCES t (id));")
    assert report.at("invalid-json", "t", "x")["fix"] == "needs-decision"


def test_in_a_small_table_all_must_begin_as_json(column):
    assert column([*objects(5), '{"cut": ']).matching("invalid-json", "t", "x") == 1


@pytest.mark.parametrize("values", [
    [*objects(5), "plain"],                                       # a small table of anything
    ["[INFO] started", "[WARN] slow"] * 30,                       # begins as JSON does
    ["{name} wrote {count} lines"] * 30,
    [*objects(10), *["plain words"] * 90],
    [*map(str, range(60))],
    ["true", "false", "null"] * 20,
])
def test_text_that_is_no_column_of_json(column, values):
    report = column(values)
    assert report.all("invalid-json") + report.all("json-as-text") == []


def test_json_that_nothing_checks(column, database):
    finding = column(objects(30)).at("json-as-text", "t", "x")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 30)
    assert finding["fix"] == ("automatic" if database.kind == "sqlite" else "needs-decision")


def test_json_that_is_checked(column, database):
    declared = "TEXT CHECK (x IS NULL OR json_valid(x))" if database.kind == "sqlite" else "jsonb"
    assert column(objects(30), declared).report["findings"] == []


# ---- JSON and text --------------------------------------------------------------------------------------------------

def artifacts(keel, database, rows):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, kind TEXT, x TEXT);")
    fill(database, "t", ((i, *row) for i, row in enumerate(rows)))
    return audit(keel, database, "json")


def test_a_column_of_words_tells_json_from_text(keel, database):
    rows = [("score", v) for v in objects(40)] + [("note", "some words")] * 40
    rows += [("score", '{"cut'), ("score", "words"), ("score", "")]
    rows += [("note", "12345"), ("note", "true"), ("note", '"quoted"'), ("note", "{}"), ("note", None)]
    report = artifacts(keel, database, rows)
    finding = report.at("json-and-text-mixed", "t", "x")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 44)
    assert counts(finding) == {"valid JSON": 44, "other text": 43, "text that happens to parse": 4,
                               "JSON that is broken": 3}
    assert report.all("invalid-json") == []


def test_no_column_tells_json_from_text(keel, database):
    rows = [("a", v) for v in objects(40)] + [("a", "some words")] * 40
    finding = artifacts(keel, database, rows).at("json-and-text-mixed", "t", "x")
    assert (finding["severity"], counts(finding)) == ("advice", {"valid JSON": 40, "other text": 40})


def test_a_column_that_always_tells_json_from_text_is_enough(keel, database):
    rows = [("json", v) for v in objects(40)] + [("text", "some words")] * 40
    assert artifacts(keel, database, rows).all("json-and-text-mixed") == []


def test_mostly_json_with_plain_text_is_a_mixture_not_broken(column):
    report = column(objects(90) + ["plain words"] * 10)
    assert report.all("invalid-json") == []
    assert report.at("json-and-text-mixed", "t", "x")["severity"] == "advice"


def test_a_little_json_among_text_is_no_mixture(keel, database):
    rows = [("note", v) for v in objects(4)] + [("note", "some words")] * 80
    assert artifacts(keel, database, rows).all("json-and-text-mixed") == []


# ---- what is in it --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("rule", "wrong", "near"), [
    ("json-in-string", [json.dumps(json.dumps({"a": 1})), json.dumps("[1, 2]")], [json.dumps({"a": json.dumps({"b": 1})})]),
    ("json-null", ["null", " null "], ['{"a": null}']),
    ("json-nul-escape", ['{"a": "x\\u0000"}', '["\\ud800"]', '{"\\u0000": 1}'], ['{"a": "\\\\u0000"}', '["\\ud83d\\ude00"]']),
    ("json-duplicate-key", ['{"a": 1, "b": 2, "a": 3}', '[{"x": {"k": 1, "\\u006b": 2}}]'],
     ['{"a": {"a": 1}}', '[{"a": 1}, {"a": 2}]', '{"a": 1, "A": 2}']),
    ("json-float-dust", ['{"cost": 0.30000000000000004}'], ['{"cost": 0.3}', '{"ratio": 0.12345678901234567}']),
])
def test_values_that_are_not_what_they_seem(column, database, rule, wrong, near):
    values = [*objects(60), *wrong, *near]
    finding = column(values, "json" if database.kind == "postgres" else "TEXT").at(rule, "t", "x")
    assert finding["evidence"]["matching"] == len(wrong)
    assert finding["fix"] == "needs-decision"


@pytest.mark.parametrize("rule", ["json-in-string", "json-null", "json-nul-escape", "json-duplicate-key", "json-float-dust"])
def test_only_in_columns_of_json(column, rule):
    assert column(["plain words"] * 60 + ["null", '"[1]"', '["\\u0000"]', '{"a":1,"a":2}']).all(rule) == []


def test_an_object_among_arrays(column):
    values = [json.dumps(["a", i]) for i in range(60)] + ['{"a": 1}', '"text"', "12", "null", json.dumps("[1]")]
    finding = column(values).at("json-kinds-differ", "t", "x")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 3)


def test_a_type_of_json_takes_any(column, database):
    values = [json.dumps(["a", i]) for i in range(60)] + ['{"a": 1}']
    report = column(values, "jsonb" if database.kind == "postgres" else "JSON")
    assert report.at("json-kinds-differ", "t", "x")["severity"] == "advice"


def test_text_of_any_kind_may_be_json_so_far(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, tool_input TEXT);")
    fill(database, "t", enumerate(objects(60)))
    assert audit(keel, database, "json").report["findings"] == []


def test_a_column_of_any_json(column):
    values = objects(40) + [json.dumps(["a", i]) for i in range(40)]
    assert column(values).all("json-kinds-differ") == []


def test_lists_of_names(column):
    values = [json.dumps([f"tag {i % 7}"] if i % 3 else ["red", "blue"]) for i in range(60)] + ["[]"]
    finding = column(values).at("list-in-json", "t", "x")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 20)


@pytest.mark.parametrize("value", ['[1, 2]', '[{"name": "a"}, {"name": "b"}]', '["alone"]'])
def test_lists_of_anything_else(column, value):
    assert column([value] * 60).all("list-in-json") == []


def test_maps_of_numbers(column):
    values = [json.dumps({"hope": i / 100, "fear": 0.5, "dignity": 1}) for i in range(95)]
    report = column([*values, '{"hope": 85, "fear": 0.5, "dignity": 1}', '{"hope": -0.1, "fear": 0, "dignity": 0}'])
    assert report.matching("numbers-in-json", "t", "x") == 97
    finding = report.at("score-out-of-range", "t", "x")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 2)


def test_counts_are_no_scores(column):
    values = [json.dumps({"in": i, "out": i * 2, "cached": 0}) for i in range(60)]
    report = column(values)
    assert report.matching("numbers-in-json", "t", "x") == 60
    assert report.all("score-out-of-range") == []


def test_a_number_among_other_members_is_no_map(column):
    assert column(objects(60)).all("numbers-in-json") == []


# ---- declared types -------------------------------------------------------------------------------------------------

def test_numbers_in_a_json_column(column, database):
    only_sqlite(database)
    report = column([*objects(20), "12345", "1e3", '"12"', "1 2"], "JSON")
    finding = report.at("json-stored-as-number", "t", "x")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 2)
    assert report.matching("invalid-json", "t", "x") == 1
    assert report.all("json-affinity") == []


def test_a_json_column_that_could_hold_numbers(column, database):
    only_sqlite(database)
    report = column(objects(20), "JSON")
    assert report.at("json-affinity", "t", "x")["severity"] == "advice"
    assert report.all("json-stored-as-number") == []


def test_json_instead_of_jsonb(keel, database):
    if database.kind != "postgres":
        pytest.skip("a type of PostgreSQL's")
    database.execute("CREATE TABLE t (id int PRIMARY KEY, a json, b jsonb, c json);"
                     """INSERT INTO t VALUES (1, '{"a":1,"a":2}', '{}', '["\\u0000"]'), (2, '{}', '{}', '{}')""")
    finding = audit(keel, database, "json").at("json-instead-of-jsonb", "t", "a", "c")
    assert finding["evidence"]["matching"] == 2
    assert list(counts(finding).values()) == [1, 1]


def test_names_that_say_json(keel, database):
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, data_json TEXT, json_path TEXT, other_json TEXT);")
    fill(database, "t", ((i, value, "$.a", "none") for i, value in enumerate(objects(30))))
    assert audit(keel, database, "json").places("type-in-name") == ["t.data_json"]
