"""The audit's rules on design: what they must find, with exact counts, and what they must leave alone."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from audited import audit, counts, fill

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)


def ago(days=0.0, **more):
    return (NOW - timedelta(days=days, **more)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def look(keel, database):
    def look(schema, **tables):
        database.execute(schema)
        for table, rows in tables.items():
            fill(database, table, rows)
        return audit(lambda *arguments, **how: keel(*arguments, "--now", ago(), **how), database, "design")

    return look


STATES = ["pending", "running", "done"]

# ---- what is overwritten --------------------------------------------------------------------------------------------

JOB = "CREATE TABLE job (id INTEGER PRIMARY KEY, status TEXT NOT NULL, created_at TEXT NOT NULL, {more} started_at TEXT);"


def job(*more):
    return [(i, STATES[i % 3], ago(5), *more, None if i % 3 == 0 else ago(4)) for i in range(60)]


def test_a_state_without_a_log(look):
    report = look(JOB.format(more=""), job=job())
    assert report.at("status-without-history", "job", "status")["severity"] == "advice"
    finding = report.at("no-updated-time", "job", "status")
    assert counts(finding) == {"pending without started_at": 20}


@pytest.mark.parametrize("log", ["job_status_log", "job_history", "state_transition_history"])
def test_a_state_with_a_log(look, log):
    report = look(JOB.format(more="updated_at TEXT,")
                  + f"CREATE TABLE {log} (id INTEGER PRIMARY KEY, job_id INTEGER NOT NULL REFERENCES job (id), status TEXT, "
                  "created_at TEXT);", job=job(ago(1)), **{log: [(i, i, "running", ago(4)) for i in range(60)]})
    assert report.all("status-without-history") == []
    assert report.all("no-updated-time") == []


DOCUMENT = "CREATE TABLE page (id INTEGER PRIMARY KEY, content TEXT, created_at TEXT, updated_at TEXT);"


def pages(changed):
    return [(i, f"{i} " * 40, ago(9), ago(9 if i >= changed else 8)) for i in range(50)]


def test_a_document_that_is_overwritten(look):
    report = look(DOCUMENT, page=pages(changed=13))
    assert report.matching("document-overwritten", "page", "content") == 13


def test_a_document_that_was_never_changed(look):
    assert look(DOCUMENT, page=pages(changed=0)).all("document-overwritten") == []


def test_a_document_with_versions(look):
    report = look(DOCUMENT + "CREATE TABLE page_version (page_id INTEGER NOT NULL REFERENCES page (id), version INTEGER NOT NULL, "
                  "content TEXT, PRIMARY KEY (page_id, version));", page=pages(changed=13),
                  page_version=[(i, v, f"{i} {v} " * 40) for i in range(20) for v in (1, 2)])
    assert report.all("document-overwritten") == []


def test_one_row_for_each_kind(look):
    report = look("CREATE TABLE artifact (run_id INTEGER NOT NULL, kind TEXT NOT NULL, content TEXT, created_at TEXT, UNIQUE "
                  "(run_id, kind));", artifact=[(i // 2, "ab"[i % 2], f"{i} " * 40, ago(3)) for i in range(80)])
    assert report.places("document-overwritten") == ["artifact.content"]


def test_a_version_that_only_counts(look):
    schema = "CREATE TABLE summary (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, body TEXT);"
    report = look(schema, summary=[(i, 3 if i < 7 else 1, "x") for i in range(50)])
    assert report.matching("version-counter-only", "summary", "version") == 7


def test_versions_that_are_kept(look):
    report = look("CREATE TABLE prompt (name TEXT NOT NULL, version INTEGER NOT NULL, body TEXT, PRIMARY KEY (name, version));",
                  prompt=[(f"p{i // 3}", i % 3 + 1, "x") for i in range(60)])
    assert report.all("version-counter-only") == []


# ---- what is kept for ever ------------------------------------------------------------------------------------------

def test_a_cache_without_expiry(look):
    rows = [(f"q{i}", "x", ago(40)) for i in range(10)] + [(f"r{i}", "x", ago(2)) for i in range(5)]
    rows += [(f"s{i}", "x", ago(0.5)) for i in range(3)] + [("t", "x", ago(-1))]
    finding = look("CREATE TABLE search_cache (query TEXT PRIMARY KEY, answer TEXT, created_at TEXT);", search_cache=rows).at(
        "cache-without-expiry", "search_cache", "created_at")
    assert counts(finding) == {"older than a day": 15, "older than 30 days": 10, "older than 90 days": 0, "within a day": 3,
                               "in the future": 1}


@pytest.mark.parametrize("column", ["expires_at", "ttl_seconds", "last_used_at", "valid_until", "hit_count"])
def test_a_cache_with_expiry_or_use(look, column):
    report = look(f"CREATE TABLE search_cache (query TEXT PRIMARY KEY, created_at TEXT, {column} TEXT);",
                  search_cache=[(f"q{i}", ago(40), None) for i in range(30)])
    assert report.all("cache-without-expiry") == []


def test_a_log_that_only_grows(look):
    rows = [(i, ago(i / 10), "x") for i in range(1200)]
    finding = look("CREATE TABLE event_log (id INTEGER PRIMARY KEY, created_at TEXT, message TEXT);", event_log=rows).at(
        "no-retention", "event_log", "created_at")
    assert counts(finding) == {"older than 30 days": 899, "older than 90 days": 299, "older than 365 days": 0}


@pytest.mark.parametrize(("table", "days"), [("event_log", 20), ("customer", 200), ("reading", 200)])
def test_young_logs_and_tables_that_are_none(look, table, days):
    rows = [(i, ago(i * days / 1200), "x") for i in range(1200)]
    assert look(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, created_at TEXT, message TEXT);", **{table: rows}).all(
        "no-retention") == []


def test_large_values(look):
    report = look("CREATE TABLE file (id INTEGER PRIMARY KEY, body TEXT);",
                  file=[(i, "x" * (100000 if i < 2 else 99999)) for i in range(6)])
    finding = report.at("large-values", "file", "body")
    assert (finding["evidence"]["matching"], counts(finding)) == (2, {"longest": 100000})


def test_long_texts_without_search(look):
    rows = [(i, f"{i} some words that are spoken in the video, " * 12, "short") for i in range(120)]
    report = look("CREATE TABLE video (id INTEGER PRIMARY KEY, transcript TEXT, title TEXT);", video=rows)
    assert report.places("no-text-search") == ["video.transcript"]


def test_long_texts_with_search(look, database):
    search = ("CREATE INDEX video_words ON video USING gin (to_tsvector('english', transcript));" if database.kind == "postgres"
              else "CREATE VIRTUAL TABLE video_words USING fts5 (transcript);")
    rows = [(i, f"{i} some words that are spoken in the video, " * 12) for i in range(120)]
    assert look("CREATE TABLE video (id INTEGER PRIMARY KEY, transcript TEXT);" + search, video=rows).all("no-text-search") == []


# ---- secrets --------------------------------------------------------------------------------------------------------

def test_secrets_in_clear(look):
    rows = [(i, f"correct horse {i}", f"key-{i:032x}z", f"0123{i:060x}", "$2b$12$abcdefghijklmnopqrstuv", f"t{i}", 12) for i in range(30)]
    report = look("CREATE TABLE member (id INTEGER PRIMARY KEY, password TEXT, api_key TEXT, password_hash TEXT, secret TEXT, "
                  "reset_token TEXT, token_count INTEGER);", member=rows)
    assert {(f["columns"][0], f["severity"], f["evidence"]["matching"]) for f in report.all("secret-in-clear")} == {
        ("password", "warning", 30), ("api_key", "warning", 30), ("reset_token", "advice", 30)}
    shown = json.dumps(report.all("secret-in-clear"))
    assert "corr... (15 bytes)" in shown and "correct" not in shown


def test_credentials_as_documents(look, database):
    def credentials(i):
        return json.dumps({"token": f"a{i}", "expiry": ago(3 if i < 4 else -3), **({"refresh_token": "r"} if i else {})})
    report = look("CREATE TABLE oauth_tokens (id INTEGER PRIMARY KEY, credentials TEXT NOT NULL);",
                  oauth_tokens=[(i, credentials(i)) for i in range(10)] + [(10, "{broken")])
    finding = report.at("secret-in-clear", "oauth_tokens", "credentials")
    assert finding["evidence"]["matching"] == 11
    if database.kind == "sqlite":
        assert counts(finding) == {"JSON with tokens": 10, "expired": 4, "without refresh token": 1}
    assert [f["table"] for f in report.all("credentials-without-last-use")] == ["oauth_tokens"]


def test_keys_that_say_when_they_were_used(look):
    report = look("CREATE TABLE api_keys (id INTEGER PRIMARY KEY, key_hash TEXT NOT NULL, last_used_at TEXT);",
                  api_keys=[(1, "ab" * 32, None)])
    assert report.all("credentials-without-last-use") == [] and report.all("secret-in-clear") == []


# ---- shapes ---------------------------------------------------------------------------------------------------------

def test_repeated_groups(look):
    report = look("CREATE TABLE person (id INTEGER PRIMARY KEY, phone1 TEXT, phone2 TEXT, phone3 TEXT, address_line1 TEXT, "
                  "address_line2 TEXT, md5 TEXT, sha1 TEXT, sha256 TEXT, p50 REAL, p95 REAL, p99 REAL);")
    assert report.places("repeated-group") == ["person.phone1,phone2,phone3"]


def test_a_table_in_a_json_column(look, database):
    kind = "JSONB" if database.kind == "postgres" else "TEXT"
    rows = [(i, json.dumps([{"video_id": f"v{(i + k) % 7}", "title": "t"} for k in range(3)]), json.dumps(["a", "b"]),
             json.dumps({"a": [1]})) for i in range(30)]
    report = look(f"CREATE TABLE cache (id INTEGER PRIMARY KEY, videos {kind}, tags {kind}, more {kind});", cache=rows)
    assert report.places("table-in-json") == ["cache.videos"]
    assert counts(report.at("table-in-json", "cache", "videos")) == {"entries": 90, "distinct video_id": 7}


def test_measures_in_json(look, database):
    kind = "JSON" if database.kind == "postgres" else "TEXT"
    rows = [(i, json.dumps({"hope": 0.1, "fear": i, "joy": 2, "rage": 3, "note": "x"}), json.dumps({"a": 1, "b": 2}),
             json.dumps({f"k{i}": i})) for i in range(30)]
    report = look(f"CREATE TABLE run (id INTEGER PRIMARY KEY, scores {kind}, few {kind}, free {kind});", run=rows)
    assert report.places("measures-in-json") == ["run.scores"]
    assert counts(report.at("measures-in-json", "run", "scores")) == {"fear": 30, "hope": 30, "joy": 30, "rage": 30}


PROFILE = "CREATE TABLE profile (id INTEGER PRIMARY KEY, name TEXT, is_active {kind} NOT NULL);"


def test_a_trigger_that_an_index_could_replace(look, database):
    if database.kind == "postgres":
        schema = PROFILE.format(kind="BOOLEAN") + """
            CREATE FUNCTION only_one() RETURNS trigger LANGUAGE plpgsql AS $body$
            BEGIN
                UPDATE profile SET is_active = false WHERE id <> NEW.id;
                RETURN NEW;
            END $body$;
            CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := trim(NEW.name); RETURN NEW; END $$;
            CREATE TRIGGER single AFTER INSERT ON profile FOR EACH ROW WHEN (NEW.is_active) EXECUTE FUNCTION only_one();
            CREATE TRIGGER trimmed BEFORE INSERT ON profile FOR EACH ROW EXECUTE FUNCTION stamp();"""
    else:
        schema = PROFILE.format(kind="INTEGER") + """
            CREATE TRIGGER single AFTER INSERT ON profile WHEN NEW.is_active = 1
            BEGIN UPDATE profile SET is_active = 0 WHERE id <> NEW.id; END;
            CREATE TRIGGER trimmed AFTER INSERT ON profile BEGIN UPDATE profile SET name = trim(name) WHERE id = NEW.id; END;
            CREATE TRIGGER kept BEFORE DELETE ON profile BEGIN SELECT RAISE(ABORT, 'kept'); END;"""
    report = look(schema)
    assert [(f["trigger"], f["columns"], f["fix"]) for f in report.all("trigger-for-constraint")] == [
        ("single", ["is_active"], "needs-decision")]


def test_a_flag_for_everybody(look):
    report = look("CREATE TABLE users (id INTEGER PRIMARY KEY); CREATE TABLE summary (id INTEGER PRIMARY KEY, is_read BOOLEAN);"
                  "CREATE TABLE inbox (user_id INTEGER REFERENCES users (id), is_read BOOLEAN, PRIMARY KEY (user_id));")
    assert report.places("flag-for-everybody") == ["summary.is_read"]


def test_one_flag_where_nobody_else_is(look):
    assert look("CREATE TABLE summary (id INTEGER PRIMARY KEY, is_read BOOLEAN);").all("flag-for-everybody") == []


WORK = ("CREATE TABLE work (id INTEGER PRIMARY KEY, place TEXT NOT NULL, status TEXT NOT NULL);"
        "CREATE UNIQUE INDEX one_active ON work (place) WHERE status IN ('in_progress', 'blocked');")


def test_a_partial_index_that_a_spelling_passes(look):
    rows = [(i, f"p{i}", "in_progress") for i in range(20)] + [(20 + i, f"p{i}", "in-progress") for i in range(3)]
    rows += [(30, "elsewhere", "in-progress"), (31, "p1", "done"), (32, "p1", "done")]
    finding = look(WORK, work=rows).at("partial-index-evaded", "work", "status")
    assert (finding["index"], finding["severity"], finding["evidence"]["matching"]) == ("one_active", "warning", 3)
    assert counts(finding) == {"in-progress": 4}


def test_a_partial_index_that_holds(look):
    rows = [(i, f"p{i}", "in_progress") for i in range(20)] + [(20 + i, f"p{i}", "done") for i in range(20)]
    assert look(WORK, work=rows).all("partial-index-evaded") == []


# ---- the version of the schema --------------------------------------------------------------------------------------

TWO = "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (id INTEGER PRIMARY KEY);"


def test_a_schema_without_a_version(look):
    found = look(TWO).all("schema-without-version")
    assert [(f["table"], f["columns"], f["severity"]) for f in found] == [(None, [], "advice")]


@pytest.mark.parametrize("table", ["alembic_version", "django_migrations", "flyway_schema_history", "goose_db_version",
                                   "schema_migrations", "_prisma_migrations"])
def test_a_schema_with_migrations(look, table):
    assert look(TWO + f"CREATE TABLE {table} (version TEXT PRIMARY KEY);").all("schema-without-version") == []


def test_a_user_version_is_a_version(look, database):
    if database.kind == "postgres":
        pytest.skip("SQLite only")
    assert look(TWO + "PRAGMA user_version = 7;").all("schema-without-version") == []


def test_two_heads(look):
    report = look("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY);", alembic_version=[("a",), ("b",)])
    assert [(f["table"], f["severity"], f["evidence"]["matching"]) for f in report.all("migration-heads")] == [
        ("alembic_version", "warning", 2)]


def test_one_head(look):
    assert look("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY);", alembic_version=[("a",)]).all(
        "migration-heads") == []


def test_no_rule_shows_a_secret(keel, database):
    database.execute("CREATE TABLE oauth_tokens (id INTEGER PRIMARY KEY, account TEXT, credentials TEXT NOT NULL, reset_token TEXT);")
    fill(database, "oauth_tokens", [(i, f"a{i}@x.org", '{"token": "SECRET-' + f"{i}" + ('"}' if i > 2 else ""), f"SECRET-{i % 40}")
                                    for i in range(60)])
    report = audit(keel, database)
    assert len({f["rule"] for f in report.report["findings"] if {"credentials", "reset_token"} & set(f["columns"])}) >= 2
    assert "SECRET-" not in json.dumps(report.report)
