"""The audit's rules on consistency: what they must find, with exact counts, and what they must leave alone."""

import json
from datetime import datetime, timedelta

import pytest
from audited import audit, counts, fill

START = datetime(2026, 3, 1, 8, 0, 0)


def at(minutes=0.0):
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def look(keel, database):
    """look("CREATE TABLE ...", t=rows, ...) -> what the family says."""

    def look(schema, **tables):
        database.execute(schema)
        for table, rows in tables.items():
            fill(database, table, rows)
        return audit(keel, database, "consistency")

    return look


# ---- times ----------------------------------------------------------------------------------------------------------

TIMES = "CREATE TABLE t (id INTEGER PRIMARY KEY, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);"


def test_updated_before_created(look):
    rows = [(i, at(i), at(i - 5 if i in (3, 7, 9) else i + 5)) for i in range(30)]
    report = look(TIMES, t=rows)
    finding = report.at("times-out-of-order", "t", "updated_at", "created_at")
    assert finding["severity"] == "error"
    assert finding["fix"] == "needs-decision"
    assert (finding["evidence"]["rows"], finding["evidence"]["matching"]) == (30, 3)
    assert sorted(finding["evidence"]["examples"]) == ["3", "7", "9"]


def test_times_of_other_formats_are_compared_as_times(look):
    """A later offset is earlier in UTC, and text alone would say otherwise."""
    rows = [(i, "2026-03-01T10:00:00Z", "2026-03-01 10:00:01") for i in range(20)]
    rows.append((20, "2026-03-01T10:00:00Z", "2026-03-01T11:30:00+02:00"))
    rows.append((21, "2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"))
    rows.append((22, "2026-03-01T10:00:00.900Z", "2026-03-01T10:00:00Z"))  # cut to whole seconds
    rows.append((23, "2026-03-01T10:00:00Z", "2026-03-01"))  # the same day
    rows.append((24, "soon", "2026-13-45T99:00:00"))
    rows.append((25, "", "2026-02-30 10:00:00"))
    assert look(TIMES, t=rows).matching("times-out-of-order", "t", "updated_at", "created_at") == 1


@pytest.mark.parametrize("factor", [1, 1000, 1000000])
def test_epoch_numbers_of_any_unit(look, factor):
    began = int(START.timestamp())
    rows = [(i, (began + i) * factor, began + i + (-60 if i == 4 else 60)) for i in range(25)]
    report = look("CREATE TABLE t (id INTEGER PRIMARY KEY, started_at BIGINT, ended_at BIGINT);", t=rows)
    assert report.matching("times-out-of-order", "t", "ended_at", "started_at") == 1


def test_real_timestamps(look):
    rows = [(i, at(i).replace("T", " ")[:19], at(i + (-1 if i < 2 else 1)).replace("T", " ")[:19]) for i in range(25)]
    report = look("CREATE TABLE t (id INTEGER PRIMARY KEY, started_at TIMESTAMP, finished_at TIMESTAMP);", t=rows)
    assert report.matching("times-out-of-order", "t", "finished_at", "started_at") == 2


def test_a_timestamp_without_zone_may_be_anywhere(look, database):
    """now() in the one is local time, in the other it is not: hours apart, and nothing is wrong."""
    if database.kind != "postgres":
        pytest.skip("PostgreSQL only")
    rows = [(i, at(i * 60) if i else "2026-02-28T10:00:00Z", at(i * 60 + 5 - (300 if i else 0)).replace("Z", "")) for i in range(30)]
    rows.append((30, at(0), "2026-02-27T10:00:00"))
    report = look("CREATE TABLE t (id INTEGER PRIMARY KEY, created_at TIMESTAMPTZ, updated_at TIMESTAMP);", t=rows)
    assert report.matching("times-out-of-order", "t", "updated_at", "created_at") == 1


def test_times_without_an_order_are_left_alone(look):
    """When a row was recorded says nothing of when the thing began, a duration is no time, and other prefixes are other
    things."""
    rows = [(i, at(100), at(i), 5, at(50), at(20)) for i in range(30)]
    report = look("CREATE TABLE t (id INTEGER PRIMARY KEY, created_at TEXT, started_at TEXT, completed_ms INTEGER, "
                  "upload_started_at TEXT, review_ended_at TEXT);", t=rows)
    assert report.all("times-out-of-order") == []


def test_numbers_and_words_are_no_times(look):
    rows = [(i, 90, 12, "12", "5", "now", "2020-01-01") for i in range(30)]
    report = look("CREATE TABLE t (id INTEGER PRIMARY KEY, valid_from INTEGER, valid_to INTEGER, range_from TEXT, range_to TEXT, "
                  "opened_at TEXT, closed_at TEXT);", t=rows)
    assert report.all("times-out-of-order") == []


def test_local_time_beside_utc(look):
    rows = [(i, at(i), at(i - 240 if i % 4 == 0 else i)) for i in range(120)]
    finding = look("CREATE TABLE t (id INTEGER PRIMARY KEY, created_at TEXT, executed_at TEXT);", t=rows).at(
        "time-shifted", "t", "executed_at", "created_at")
    assert finding["evidence"]["matching"] == 30
    assert counts(finding) == {"shifted": 30, "together": 90}


def test_times_that_differ_by_this_and_that_are_not_shifted(look):
    rows = [(i, at(i), at(i + 60 * (i % 5))) for i in range(120)]
    report = look("CREATE TABLE t (id INTEGER PRIMARY KEY, created_at TEXT, executed_at TEXT);", t=rows)
    assert report.all("time-shifted") == []


FAMILY = """
CREATE TABLE run (id INTEGER PRIMARY KEY, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
CREATE TABLE step (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE {action},
                   created_at TEXT NOT NULL);
"""


def family(replaced=(), late=()):
    runs = [(i, at(i * 60 + (30 if i in replaced else 0)), at(i * 60 + 40)) for i in range(50)]
    steps = [(r * 4 + s, r, at(r * 60 + s + 1 + (60 if r in late and s == 3 else 0))) for r in range(50) for s in range(4)]
    return {"run": runs, "step": steps}


def test_children_older_than_their_parent(look):
    finding = look(FAMILY.format(action="CASCADE"), **family(replaced=(5, 9))).at(
        "child-older-than-parent", "step", "created_at", "run_id")
    assert finding["severity"] == "warning"
    assert finding["evidence"]["matching"] == 8
    assert counts(finding)["parents"] == 2


def test_a_reference_that_may_change_says_nothing_of_age(look):
    """A ticket can be given to a user who came later."""
    assert look(FAMILY.format(action="RESTRICT"), **family(replaced=(5, 9))).all("child-older-than-parent") == []


def test_children_written_after_the_end(look):
    finding = look(FAMILY.format(action="CASCADE"), **family(late=(1, 2, 3))).at(
        "child-after-last-change", "step", "created_at", "run_id")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 3)


def test_parents_that_are_never_touched_again_say_nothing(look):
    tables = family()
    tables["run"] = [(i, created, created) for i, created, _ in tables["run"]]
    assert look(FAMILY.format(action="CASCADE"), **tables).all("child-after-last-change") == []


# ---- sequences ------------------------------------------------------------------------------------------------------

EVENTS = """CREATE TABLE event (run_id INTEGER NOT NULL, sequence INTEGER NOT NULL, created_at TEXT NOT NULL,
                                PRIMARY KEY (run_id, sequence));"""


def test_time_backwards_along_a_sequence(look):
    """Also where a number is missing between the two."""
    rows = [(r, s, at(r * 100 + s - (10 if (r, s) in {(1, 5), (3, 7)} else 0))) for r in range(10) for s in range(1, 13)
            if (r, s) != (3, 6)]
    report = look(EVENTS, event=rows)
    assert report.matching("time-runs-backwards", "event", "created_at", "sequence") == 2


def test_gaps_in_a_sequence(look):
    rows = [(r, s, at(r * 100 + s)) for r in range(20) for s in range(1, 11) if (r, s) not in {(2, 4), (2, 5), (7, 1)}]
    finding = look(EVENTS, event=rows).at("sequence-gaps", "event", "sequence", "run_id")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("advice", 2)
    assert counts(finding) == {"missing numbers": 3}


@pytest.mark.parametrize("first", [0, 1])
def test_whole_sequences(look, first):
    rows = [(r, s, at(r * 100 + s)) for r in range(20) for s in range(first, first + 5 + r % 3)]
    report = look(EVENTS, event=rows)
    assert report.all("sequence-gaps") == [] and report.all("time-runs-backwards") == []


def test_numbers_with_holes_on_purpose(look):
    rows = [(r, s * 10, at(r * 100 + s)) for r in range(20) for s in range(0, 6)]
    assert look(EVENTS, event=rows).all("sequence-gaps") == []


STEPS = """CREATE TABLE artifact (run_id INTEGER NOT NULL, kind TEXT NOT NULL, created_at TEXT NOT NULL,
                                  PRIMARY KEY (run_id, kind));"""


def test_steps_out_of_their_order(look):
    order = ["draft", "score", "final"]
    rows = [(r, kind, at(r * 60 + n + (30 if kind == "score" and r < 5 else 0))) for r in range(60)
            for n, kind in enumerate(order)]
    finding = look(STEPS, artifact=rows).at("steps-out-of-order", "artifact", "created_at", "kind")
    assert counts(finding) == {"score after final": 5}


def test_steps_in_any_order(look):
    order = ["draft", "score", "final"]
    rows = [(r, kind, at(r * 60 + (n * (r % 5 + 1) * 7) % 11)) for r in range(60) for n, kind in enumerate(order)]
    assert look(STEPS, artifact=rows).all("steps-out-of-order") == []


# ---- states ---------------------------------------------------------------------------------------------------------

JOBS = "CREATE TABLE job (id INTEGER PRIMARY KEY, status TEXT NOT NULL, completed_at TEXT, note TEXT, last_error TEXT);"


def jobs(silent=0, timeless=0, blank=0):
    done = [("completed", None if i < timeless else at(i), None, None) for i in range(60)]
    failed = [("failed", None, None, None if i < silent else "" if i < silent + blank else "timeout") for i in range(40)]
    waiting = [("pending", None, None, None)] * 50
    return [(i, *job) for i, job in enumerate(done + failed + waiting)]


def test_a_state_without_its_value(look):
    finding = look(JOBS, job=jobs(timeless=4)).at("state-without-value", "job", "completed_at", "status")
    assert (finding["severity"], finding["fix"]) == ("warning", "needs-decision")
    assert finding["evidence"]["matching"] == 4
    assert counts(finding) == {"completed": 4}


def test_a_state_with_its_value(look):
    assert look(JOBS, job=jobs()).all("state-without-value") == []


def test_values_that_come_by_chance(look):
    rows = [(i, ["completed", "failed", "pending"][i % 3], None, "x" if i % 2 else None, "boom") for i in range(150)]
    assert look(JOBS, job=rows).all("state-without-value") == []


def test_failed_without_a_reason(look):
    finding = look(JOBS, job=jobs(silent=3, blank=2)).at("failed-without-reason", "job", "last_error", "status")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 5)
    assert counts(finding) == {"failed": 40}


@pytest.mark.parametrize("silent", [0, 40])
def test_reasons_always_or_never(look, silent):
    assert look(JOBS, job=jobs(silent=silent)).all("failed-without-reason") == []


def test_an_error_flag_without_a_message(look):
    rows = [(i, int(i < 30), "boom" if 4 <= i < 30 else None) for i in range(200)]
    report = look("CREATE TABLE call (id INTEGER PRIMARY KEY, error_occurred INTEGER NOT NULL, error_message TEXT);", call=rows)
    assert report.matching("failed-without-reason", "call", "error_message", "error_occurred") == 4


FLAG = "CREATE TABLE run (id INTEGER PRIMARY KEY, status TEXT NOT NULL, success {type});"


def flags(database, rows):
    truth = (lambda b: ["false", "true"][b]) if database.kind == "postgres" else (lambda b: b)
    database.execute(FLAG.format(type="BOOLEAN"))
    values = ", ".join(f"({i}, '{status}', {'NULL' if flag is None else truth(flag)})" for i, (status, flag) in enumerate(rows))
    database.execute(f"INSERT INTO run VALUES {values};")


def test_a_flag_against_the_state(keel, database):
    flags(database, [("completed", 1)] * 90 + [("completed", 0)] * 3 + [("failed", 0)] * 20 + [("failed", 1)] * 2
          + [("running", None)] * 10)
    report = audit(keel, database, "consistency")
    finding = report.at("flag-against-status", "run", "success", "status")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 5)
    assert counts(finding) == {"true against the status": 2, "false against the status": 3}
    assert report.all("flag-repeats-status") == []


def test_a_flag_that_repeats_the_state(keel, database):
    flags(database, [("completed", 1)] * 90 + [("failed", 0)] * 20)
    report = audit(keel, database, "consistency")
    assert report.at("flag-repeats-status", "run", "success", "status")["severity"] == "advice"
    assert report.all("flag-against-status") == []


def test_a_flag_that_means_something_else(look):
    rows = [(i, ["completed", "failed", "pending"][i % 3], int(i % 7 != 0)) for i in range(210)]
    report = look("CREATE TABLE t (id INTEGER PRIMARY KEY, status TEXT, is_public INTEGER);", t=rows)
    assert report.all("flag-against-status") == [] and report.all("flag-repeats-status") == []


def test_a_state_without_its_row(look):
    requests = [(i, "ok" if i < 80 else "error") for i in range(120)]
    summaries = [(i, i, "text") for i in range(4, 80)]
    finding = look("CREATE TABLE request (id INTEGER PRIMARY KEY, status TEXT NOT NULL);"
                   "CREATE TABLE summary (id INTEGER PRIMARY KEY, request_id INTEGER NOT NULL UNIQUE REFERENCES request (id),"
                   " body TEXT);", request=requests, summary=summaries).at("state-without-row", "request", "status")
    assert finding["evidence"]["matching"] == 4
    assert counts(finding) == {"ok": 4}


# ---- copies ---------------------------------------------------------------------------------------------------------

COPIES = """
CREATE TABLE video (id INTEGER PRIMARY KEY, title TEXT);
CREATE TABLE digest (id INTEGER PRIMARY KEY, video_id INTEGER NOT NULL REFERENCES video (id), {person} INTEGER);
CREATE TABLE mark (id INTEGER PRIMARY KEY, digest_id INTEGER NOT NULL REFERENCES digest (id),
                   video_id INTEGER NOT NULL REFERENCES video (id), {person} INTEGER);
"""


def copies(wrong=0, persons=0):
    return {
        "video": [(i, f"v{i}") for i in range(20)],
        "digest": [(i, i % 20, i % 7) for i in range(60)],
        "mark": [(i, i % 60, (i % 60 + (i < wrong)) % 20, (i % 60) % 7 + (10 if i < persons else 0)) for i in range(120)],
    }


def test_a_copied_reference_that_contradicts(look):
    finding = look(COPIES.format(person="note_no"), **copies(wrong=5)).at(
        "copied-reference-contradicts", "mark", "video_id", "digest_id")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 5)


def test_a_copied_reference_that_agrees(look):
    assert look(COPIES.format(person="note_no"), **copies()).all("copied-reference-contradicts") == []


def test_persons_may_differ(look):
    """Who marked it need not be who made it: at most advice."""
    found = look(COPIES.format(person="user_id"), **copies(persons=4)).all("copied-reference-contradicts")
    assert [f["severity"] for f in found] == ["advice"]
    assert found[0]["columns"] == ["user_id", "digest_id"]


def test_two_things_of_one_name(look):
    tables = copies(wrong=60)
    assert look(COPIES.format(person="note_no"), **tables).all("copied-reference-contradicts") == []


def test_a_parent_in_another_tree(look):
    rows = [(i, i // 20, None if i % 20 == 0 else i - 1) for i in range(100)]
    rows[25] = (25, 1, 3)
    report = look("CREATE TABLE flow (id INTEGER PRIMARY KEY);"
                  "CREATE TABLE node (id INTEGER PRIMARY KEY, flow_id INTEGER NOT NULL REFERENCES flow (id), parent_id INTEGER "
                  "REFERENCES node (id));", flow=[(i,) for i in range(5)], node=rows)
    assert report.matching("copied-reference-contradicts", "node", "flow_id", "parent_id") == 1


def test_a_catch_all_parent(look):
    schema = ("CREATE TABLE experiment (id INTEGER PRIMARY KEY, name TEXT);"
              "CREATE TABLE run (id INTEGER PRIMARY KEY, experiment_id INTEGER NOT NULL REFERENCES experiment (id));")
    rows = [(i, 0 if i < 60 else 1 + i % 20) for i in range(240)]
    finding = look(schema, experiment=[(i, f"e{i}") for i in range(21)], run=rows).at(
        "catch-all-parent", "run", "experiment_id")
    assert finding["evidence"]["matching"] == 60
    assert finding["evidence"]["examples"] == ["0"]


def test_parents_of_many_sizes(look):
    schema = ("CREATE TABLE experiment (id INTEGER PRIMARY KEY, name TEXT);"
              "CREATE TABLE run (id INTEGER PRIMARY KEY, experiment_id INTEGER NOT NULL REFERENCES experiment (id));")
    rows = [(n, e) for n, e in enumerate(e for e in range(21) for _ in range(1 + 3 * e))]
    assert look(schema, experiment=[(i, f"e{i}") for i in range(21)], run=rows).all("catch-all-parent") == []


VIDEOS = "CREATE TABLE video (id INTEGER PRIMARY KEY, channel_id TEXT, channel_title TEXT, title TEXT, channel_type TEXT);"


def test_facts_repeated_in_every_row(look):
    rows = [(i, None if i < 5 else f"c{i % 20}", "Old name" if i in (25, 46) else f"Channel {i % 20}", f"v{i}", "x")
            for i in range(200)]
    report = look(VIDEOS, video=rows)
    finding = report.at("repeated-facts", "video", "channel_title", "channel_id")
    assert (finding["severity"], finding["evidence"]["matching"]) == ("warning", 2)
    assert counts(finding) == {"values": 20, "contradicting": 2, "without": 5}
    assert report.places("repeated-facts") == ["video.channel_title,channel_id"]


def test_facts_of_a_thing_with_a_table_of_its_own(look):
    schema = "CREATE TABLE channel (id TEXT PRIMARY KEY, title TEXT);" + VIDEOS
    rows = [(i, f"c{i % 20}", f"Channel {i % 20}", f"v{i}", "x") for i in range(200)]
    assert look(schema, channel=[(f"c{i}", f"Channel {i}") for i in range(20)], video=rows).all("repeated-facts") == []


def document(**fields):
    return json.dumps(fields)


def test_a_json_field_against_its_column(keel, database):
    kind = "JSONB" if database.kind == "postgres" else "TEXT"
    database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT, age INTEGER, payload {kind});")
    rows = [(i, f"u{i}@x.org", i, document(email=f"u{i if i > 2 else 99}@x.org", age=i, more=[1])) for i in range(60)]
    rows += [(60, "a@x.org", 1, "[]"), (61, "b@x.org", 1, "{}"), (62, "c@x.org", 1, '"text"'), (63, "d@x.org", 1, None)]
    fill(database, "t", rows)
    report = audit(keel, database, "consistency")
    assert report.matching("json-contradicts-column", "t", "payload", "email") == 3
    assert report.places("json-contradicts-column") == ["t.payload,email"]


def test_broken_json_does_no_harm(keel, database):
    if database.kind == "postgres":
        kind, broken = "JSON", '{"email": "\\u0000", "email": "x"}'
    else:
        kind, broken = "TEXT", '{"email": '
    database.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, email TEXT, payload {kind});")
    fill(database, "t", [(i, "a", document(email="a")) for i in range(40)] + [(40, "a", broken), (41, "b", document(email="a"))])
    assert audit(keel, database, "consistency").matching("json-contradicts-column", "t", "payload", "email") == 1


def test_long_texts_in_many_rows(look):
    rows = [(i, f"{i % 8} " + "lorem ipsum " * 30, f"{i} " + "dolor sit amet " * 30) for i in range(80)]
    report = look("CREATE TABLE run (id INTEGER PRIMARY KEY, input TEXT, answer TEXT);", run=rows)
    finding = report.at("text-repeated-in-rows", "run", "input")
    assert finding["evidence"]["matching"] == 80
    assert counts(finding)["distinct"] == 8
    assert report.places("text-repeated-in-rows") == ["run.input"]


def test_one_text_in_two_tables(look):
    text = "the answer of the model, which is long enough to be no accident, number {}"
    report = look("CREATE TABLE run (id INTEGER PRIMARY KEY, response TEXT);"
                  "CREATE TABLE old_run (id INTEGER PRIMARY KEY, response TEXT);"
                  "CREATE TABLE other (id INTEGER PRIMARY KEY, response TEXT);",
                  run=[(i, text.format(i)) for i in range(90)], old_run=[(i, text.format(i + 75)) for i in range(40)],
                  other=[(i, text.format(-1 - i)) for i in range(40)])
    assert report.matching("same-text-in-two-tables", "old_run", "response") == 15
    assert report.places("same-text-in-two-tables") == ["old_run.response"]


def test_one_text_in_parent_and_child(look):
    text = "a digest of the video that is long enough to be no accident, number {}"
    report = look("CREATE TABLE video (id INTEGER PRIMARY KEY, summary TEXT);"
                  "CREATE TABLE digest (id INTEGER PRIMARY KEY, video_id INTEGER NOT NULL REFERENCES video (id), body TEXT);"
                  "CREATE INDEX digest_video ON digest (video_id);",
                  video=[(i, text.format(i)) for i in range(60)],
                  digest=[(i, i, text.format(i if i < 12 else i + 1000)) for i in range(60)])
    assert report.matching("same-text-in-two-tables", "video", "summary") == 12


def test_texts_inside_json_of_another_table(keel, database):
    if database.kind == "postgres":
        pytest.skip("SQLite only")
    text = "a description that is long enough to be no accident, number {}"
    database.execute("CREATE TABLE cache (query TEXT PRIMARY KEY, videos TEXT); CREATE TABLE meta (url TEXT PRIMARY KEY, summary TEXT);")
    fill(database, "cache", [(f"q{i}", json.dumps([{"url": f"u{i}", "description": text.format(i)}])) for i in range(30)])
    fill(database, "meta", [(f"u{i}", text.format(i if i < 11 else -i)) for i in range(30)])
    assert audit(keel, database, "consistency").matching("same-text-in-json", "meta", "summary") == 11


# ---- rows and tables twice ------------------------------------------------------------------------------------------

CALLS = "CREATE TABLE call (id INTEGER PRIMARY KEY, model TEXT, tokens INTEGER, answer TEXT, created_at TEXT NOT NULL);"


def test_rows_stored_twice(look):
    rows = [(i, "m", None if i % 9 == 0 else i % 5, "a" * 300 + str(i), at(i)) for i in range(100)]
    rows += [(1000 + i, *rows[i][1:]) for i in (3, 9, 40)]
    rows += [(2000, rows[50][1], rows[50][2], "another answer", rows[50][4])]
    finding = look(CALLS, call=rows).all("duplicate-rows")
    assert [(f["table"], f["severity"], f["evidence"]["matching"]) for f in finding] == [("call", "warning", 3)]


def test_equal_rows_without_a_moment(look):
    """Lines of one order may be equal; only the order has a time."""
    rows = [(i, "pen", 1 + i % 2, "blue", at(i // 10)) for i in range(200)]
    assert look(CALLS, call=rows).all("duplicate-rows") == []


def test_addresses_in_two_forms(look):
    addresses = ["https://www.youtube.com/watch?v=abc", "https://youtu.be/abc", "http://x.org/a", "https://x.org/a",
                 "https://www.y.org/b", "https://y.org/b", "https://z.org/c/", "https://z.org/c", "https://z.org/d/",
                 "https://www.youtube.com/watch?v=other"]
    finding = look("CREATE TABLE page (url TEXT PRIMARY KEY);", page=[(a,) for a in addresses]).at(
        "address-under-two-forms", "page", "url")
    assert finding["evidence"]["matching"] == 4


def test_tables_of_nearly_one_name(look):
    report = look("CREATE TABLE job (id INTEGER PRIMARY KEY);"
                  "CREATE TABLE job_stats (id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL, mean REAL);"
                  "CREATE TABLE job_statistics (job_id INTEGER PRIMARY KEY, mean REAL);"
                  "CREATE TABLE jobs (job_id INTEGER PRIMARY KEY, name TEXT);",
                  job=[(i,) for i in range(40)], job_stats=[(i, i % 20, 0.5) for i in range(60)],
                  job_statistics=[(i, 0.5) for i in range(3, 25)], jobs=[(i, "n") for i in range(40)])
    assert [(f["table"], f["evidence"]["matching"]) for f in report.all("tables-alike")] == [("job_statistics", 17)]


def test_one_relation_in_two_tables(look):
    report = look("CREATE TABLE person (id INTEGER PRIMARY KEY); CREATE TABLE digest (id INTEGER PRIMARY KEY);"
                  "CREATE TABLE saved (person_id INTEGER NOT NULL REFERENCES person (id), digest_id INTEGER NOT NULL REFERENCES "
                  "digest (id), saved_at TEXT, PRIMARY KEY (person_id, digest_id));"
                  "CREATE TABLE act (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL REFERENCES person (id), digest_id INTEGER "
                  "NOT NULL REFERENCES digest (id), action TEXT NOT NULL);",
                  person=[(i,) for i in range(10)], digest=[(i,) for i in range(10)],
                  saved=[(i, i, at(i)) for i in range(8)],
                  act=[(i, i % 10, i % 10, "SAVED" if i < 20 else "SEEN") for i in range(50)])
    finding = report.at("relation-kept-twice", "act", "action")
    assert counts(finding) == {"SAVED": 4, "SEEN": 6}


# ---- numbers --------------------------------------------------------------------------------------------------------

def test_parts_above_their_whole(look):
    rows = [(i, i + (20 if i < 2 else 0), i + 10, 5, 3 + (i == 7) * 9, 8) for i in range(40)]
    report = look("CREATE TABLE t (id INTEGER PRIMARY KEY, successful_runs INTEGER, total_runs INTEGER, like_count INTEGER, "
                  "attempts INTEGER, max_attempts INTEGER);", t=rows)
    assert report.matching("part-exceeds-whole", "t", "successful_runs", "total_runs") == 2
    assert report.matching("part-exceeds-whole", "t", "attempts", "max_attempts") == 1
    assert len(report.all("part-exceeds-whole")) == 2


def test_a_sum_that_is_none(look):
    rows = [(i, 100 + i, 20, 120 + i + (5 if i in (4, 8) else 0)) for i in range(50)]
    report = look("CREATE TABLE log (id INTEGER PRIMARY KEY, input_tokens INTEGER, output_tokens INTEGER, tokens_used INTEGER);",
                  log=rows)
    assert report.matching("derived-column-differs", "log", "tokens_used") == 2


def test_a_total_of_something_else(look):
    rows = [(i, 100 + i, 20, 77 * i) for i in range(50)]
    report = look("CREATE TABLE log (id INTEGER PRIMARY KEY, input_tokens INTEGER, output_tokens INTEGER, tokens_used INTEGER);",
                  log=rows)
    assert report.all("derived-column-differs") == []


def test_a_length_that_is_none(look):
    rows = [(i, "é" * i, "x", i + (1 if i == 9 else 0)) for i in range(1, 51)]
    report = look("CREATE TABLE run (id INTEGER PRIMARY KEY, text_content TEXT, raw_text TEXT, input_length INTEGER);", run=rows)
    assert report.matching("derived-column-differs", "run", "input_length") == 1


def test_a_vector_of_another_length(keel, database):
    kind, value = ("BYTEA", "decode(repeat('00', {}), 'hex')") if database.kind == "postgres" else ("BLOB", "zeroblob({})")
    database.execute(f"CREATE TABLE v (id INTEGER PRIMARY KEY, embedding {kind}, dimensions INTEGER);")
    values = ", ".join(f"({i}, {value.format(4 * (16 + i) if i > 1 else 7)}, {16 + i})" for i in range(40))
    database.execute(f"INSERT INTO v VALUES {values};")
    assert audit(keel, database, "consistency").matching("derived-column-differs", "v", "dimensions") == 2


COUNTED = """
CREATE TABLE experiment (id INTEGER PRIMARY KEY, total_runs INTEGER, actual_cost REAL, priority_count INTEGER);
CREATE TABLE run (id INTEGER PRIMARY KEY, experiment_id INTEGER NOT NULL REFERENCES experiment (id), api_cost REAL);
"""


def counted(wrong=0, wrong_cost=0):
    runs = [(n, e, 0.25 * (1 + e % 3)) for n, e in enumerate(e for e in range(20) for _ in range(2 + e % 4))]
    experiments = []
    for e in range(20):
        own = [cost for _, experiment, cost in runs if experiment == e]
        experiments.append((e, len(own) + (3 if e < wrong else 0), sum(own) + (9 if e < wrong_cost else 0), 7 * e))
    return {"experiment": experiments, "run": runs}


def test_stored_counts_and_sums(look):
    report = look(COUNTED, **counted(wrong=4, wrong_cost=3))
    assert report.matching("stored-count-differs", "experiment", "total_runs") == 4
    assert report.at("stored-count-differs", "experiment", "total_runs")["severity"] == "warning"
    assert report.matching("stored-sum-differs", "experiment", "actual_cost") == 3
    assert len(report.all("stored-count-differs")) == 1


def test_stored_counts_that_are_right(look):
    report = look(COUNTED, **counted())
    assert report.all("stored-count-differs") == [] and report.all("stored-sum-differs") == []


def test_counts_of_something_else(look):
    tables = counted()
    tables["experiment"] = [(e, 1000 + 13 * e, 99.0 * e, n) for e, _, _, n in tables["experiment"]]
    report = look(COUNTED, **tables)
    assert report.all("stored-count-differs") == [] and report.all("stored-sum-differs") == []


# ---- shapes ---------------------------------------------------------------------------------------------------------

def test_a_column_that_was_half_moved(look):
    rows = [(i, "old" if i < 6 else None, "new" if i >= 6 else None, "x") for i in range(100)]
    report = look("CREATE TABLE call (id INTEGER PRIMARY KEY, response_text TEXT, openrouter_response_text TEXT, model TEXT);",
                  call=rows)
    assert report.matching("half-moved-column", "call", "response_text", "openrouter_response_text") == 6


def test_documents_of_two_versions(keel, database):
    kind = "JSON" if database.kind == "postgres" else "TEXT"
    database.execute(f"CREATE TABLE flow (id INTEGER PRIMARY KEY, plan {kind}, free {kind});")
    rows = [(i, document(goal="g", step=i, path="p", **({"calls": []} if i < 12 else {})),
             document(**{f"k{i % 5}": 1, "a": 1, "b": 2, "c": 3})) for i in range(60)]
    fill(database, "flow", rows)
    report = audit(keel, database, "consistency")
    finding = report.at("documents-of-two-shapes", "flow", "plan")
    assert finding["evidence"]["matching"] == 12
    assert counts(finding) == {"goal,path,step": 48, "calls,goal,path,step": 12}
    assert report.places("documents-of-two-shapes") == ["flow.plan"]


def test_money_of_two_types(look):
    report = look("CREATE TABLE a (id INTEGER PRIMARY KEY, cost REAL, price REAL); CREATE TABLE b (id INTEGER PRIMARY KEY, "
                  "total_cost NUMERIC(10, 4), cost_count REAL);", a=[(1, 1.5, 2.5)], b=[(1, 1.25, 2)])
    assert report.places("money-of-two-types") == ["b.total_cost"]


# ---- names of any kind ----------------------------------------------------------------------------------------------

def test_names_that_need_quotes(look):
    """Every rule writes SQL with the names it finds."""
    look('''CREATE TABLE "a ""b"" 😀" (id INTEGER PRIMARY KEY, "Created At" TEXT, "updated""at" TEXT, "order status" TEXT,
            "error'message" TEXT, "is error" INTEGER, "total ""x""" INTEGER, "successful ""x""" INTEGER, "payload%s" TEXT,
            "url%" TEXT UNIQUE, "text content" TEXT, "text length" INTEGER);
            CREATE TABLE "child %d" ("a ""b"" 😀 id" INTEGER NOT NULL REFERENCES "a ""b"" 😀" (id) ON DELETE CASCADE,
            "seq%s" INTEGER NOT NULL, "created at" TEXT, "text content" TEXT, PRIMARY KEY ("a ""b"" 😀 id", "seq%s"));''',
         **{'"a ""b"" 😀"': [(i, at(i), at(i + 1), "failed", "x", 1, 5, 3, '{"id": 1}', f"http://{i}", "t" * 300 + str(i), 301)
                             for i in range(60)],
            '"child %d"': [(i % 60, i // 60, at(i % 60 + 1), "u" * 300 + str(i)) for i in range(300)]})
