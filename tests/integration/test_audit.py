"""keel audit as people and pipelines use it: reports, exit codes, suppressions, baselines, rules of one's own."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

FINDING_KEYS = ["rule", "severity", "schema", "table", "column", "columns", "index", "constraint", "trigger", "view",
                "message", "evidence", "fix", "fix_text", "suppressed", "fingerprint"]
# Three orders of which two belong to nobody, and a table that nothing is wrong with.
SHOP = """
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE purchase (id INTEGER PRIMARY KEY, person_id INTEGER NOT NULL, total INTEGER NOT NULL, state TEXT);
INSERT INTO person VALUES (1, 'Ada'), (2, 'Bo'), (3, 'Cy');
INSERT INTO purchase VALUES (1, 1, 5, 'new'), (2, 2, -3, 'new'), (3, 3, -4, 'new');
"""
OWN = """-- what the accountants want
-- rule: negative-total, error, purchase {id} costs {total}
SELECT 'purchase' AS "table", 'total' AS "column", id, total, 1 AS matching, 3 AS rows
FROM purchase WHERE total < 0 ORDER BY id;

-- rule: no-cents, advice, totals are whole
SELECT 'purchase' AS "table" WHERE 1 = 1;
"""


@pytest.fixture
def shop(database, tmp_path):
    database.execute(SHOP)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/accounts.sql").write_text(OWN)
    return database


@pytest.fixture
def audit(keel, shop):
    """Only the user's rules, so that the numbers do not change with keel's own."""
    def run(*options, rules="user", check=False, **more):
        return keel("audit", shop.url, "--rules-dir", "rules", "--rules", rules, *options, check=check, **more)
    return run


def test_json_has_all_members(audit, shop):
    done = audit("--json")
    assert done.returncode == 1 and done.stderr == ""
    report = json.loads(done.stdout)
    assert list(report) == ["database", "findings", "summary", "skipped", "notes"]
    assert [list(f) for f in report["findings"]] == [FINDING_KEYS] * 3
    first = report["findings"][0]
    assert (first["rule"], first["severity"], first["table"], first["column"]) == (
        "negative-total", "error", "purchase", "total")
    assert first["columns"] == ["total"]
    assert first["message"] == "purchase 2 costs -3"
    assert first["evidence"] == {"rows": 3, "matching": 1, "sampled": False, "examples": ["id=2", "total=-3"],
                                 "counts": []}
    assert (first["index"], first["constraint"], first["trigger"], first["view"]) == (None,) * 4
    assert first["fix"] == "none" and first["suppressed"] is None
    assert len({f["fingerprint"] for f in report["findings"]}) == 3
    assert report["summary"] == {"errors": 2, "warnings": 0, "advice": 1, "suppressed": 0, "tables": 2, "rows": 6,
                                 "sampled": False}
    assert report["skipped"] == report["notes"] == []
    assert audit("--format", "json").stdout == done.stdout


@pytest.mark.parametrize(("severity", "code"), [("error", 1), ("warning", 1), ("advice", 1)])
def test_exit_code_follows_min_severity(severity, code, audit):
    assert audit("--min-severity", severity).returncode == code
    only_advice = audit("--min-severity", severity, rules="no-cents")
    assert only_advice.returncode == (1 if severity == "advice" else 0)
    assert ("totals are whole" in only_advice.stdout) == (severity == "advice")


def test_text_is_grouped_by_table_and_colored_on_demand(audit):
    text = audit().stdout
    assert text.startswith("purchase\n  error    total: purchase 2 costs -3\n")
    assert "2 errors, 0 warnings, 1 advice; 2 tables, 6 rows read\n" in text
    assert "\x1b" not in text
    colored = audit("--color", "always").stdout
    assert re.sub(r"\x1b\[\d*m", "", colored) == text and "\x1b[31m" in colored


def test_sarif_has_what_its_schema_requires(audit, shop):
    sarif = json.loads(audit("--format", "sarif").stdout)
    assert sarif["version"] == "2.1.0" and sarif["$schema"].endswith("sarif-2.1.0.json")
    (run,) = sarif["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"] == "keel"
    ids = [rule["id"] for rule in rules]
    assert len(set(ids)) == len(ids) and {"negative-total", "no-cents", "unreadable-table"} <= set(ids)
    for rule in rules:
        assert rule["shortDescription"]["text"] and rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
        assert rule["properties"]["tags"] == ["user"] or rule["help"]["text"]
    assert [r["message"]["text"] for r in run["results"]] == [
        "purchase 2 costs -3", "purchase 3 costs -4", "totals are whole"]
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "note")
        assert re.fullmatch("[0-9a-f]{16}", result["partialFingerprints"]["keel/v1"])
        (location,) = result["locations"]
        assert re.fullmatch(r"[A-Za-z0-9%\-._~/:@!$&'()*+,;=?]+", location["physicalLocation"]["artifactLocation"]["uri"])
        assert location["logicalLocations"][0]["fullyQualifiedName"].startswith("purchase")
    assert run["invocations"][0]["executionSuccessful"] is True


# ---- suppressions and baselines -------------------------------------------------------------------------------------

def test_suppression_with_a_reason_counts_no_more(audit, tmp_path):
    (tmp_path / ".keel-audit.conf").write_text(
        "# comments and blank lines do not count\n\n  negative-total purchase.total:  credit notes\n")
    report = json.loads(audit("--json").stdout)
    assert [f["suppressed"] for f in report["findings"]] == ["credit notes", "credit notes", None]
    assert report["summary"]["suppressed"] == 2 and report["summary"]["errors"] == 0
    assert audit("--min-severity", "error").returncode == 0
    assert "costs" not in audit().stdout


@pytest.mark.parametrize(("line", "hit"), [
    ("* *: r", True), ("user *: r", True), ("negative-total *: r", True), ("negative-total purchase: r", True),
    ("negative-total purch*: r", True), ('negative-total "purchase"."total" : r', True),
    ("negative-total purchase.tot*: r", True), ("negative-total purchase.id: r", False),
    ("negative-total person: r", False), ("no-cents purchase.total: r", False), ("negative-total -: r", False),
    ('negative-total "purch*": r', False), ("keys *: r", False),
])
def test_places_of_suppressions(line, hit, audit, tmp_path):
    (tmp_path / "some.conf").write_text(line)
    report = json.loads(audit("--json", "--suppress", "some.conf", rules="negative-total").stdout)
    assert [f["suppressed"] for f in report["findings"]] == ["r" if hit else None] * 2
    ran = line.split()[0] not in ("keys", "no-cents")
    assert report["notes"] == ([] if hit or not ran else [
        "suppression some.conf:1 (negative-total) matches no finding: remove it"])


@pytest.mark.parametrize(("text", "said"), [
    ("a b", "some.conf:1: a reason is missing"), ("\na b:", "some.conf:2: a reason is missing"),
    ("a", "some.conf:1: a place is missing"), ('a "b: c', "some.conf:1: a quote never ends"),
    ("a b.c.d.e: f", "some.conf:1: a place has at most"), ("a : f", "some.conf:1: a place was expected")])
def test_wrong_suppressions_name_their_line(text, said, audit, tmp_path):
    (tmp_path / "some.conf").write_text(text)
    done = audit("--suppress", "some.conf")
    assert done.returncode == 2 and said in done.stderr and done.stdout == ""


def test_baseline_leaves_what_is_new(audit, shop, tmp_path):
    done = audit("--write-baseline", "base.json")
    assert done.returncode == 0 and "3 findings are written to base.json" in done.stderr
    assert audit("--baseline", "base.json").returncode == 0
    shop.execute("INSERT INTO purchase VALUES (4, 1, -9, 'new')")
    again = audit("--baseline", "base.json", "--json")
    counted = [f["message"] for f in json.loads(again.stdout)["findings"] if not f["suppressed"]]
    assert again.returncode == 1 and counted == ["purchase 4 costs -9"]
    # What has become more severe counts again.
    rules = tmp_path / "rules/accounts.sql"
    rules.write_text(rules.read_text().replace("no-cents, advice", "no-cents, warning"))
    counted = [f["message"] for f in json.loads(audit("--baseline", "base.json", "--json").stdout)["findings"]
               if not f["suppressed"]]
    assert counted == ["purchase 4 costs -9", "totals are whole"]


@pytest.mark.parametrize(("text", "said"), [("{", "base.json"), ("[]", "no report of an audit"),
                                            ('{"findings": [{}]}', "its finding 1 has no fingerprint")])
def test_wrong_baselines_are_named(text, said, audit, tmp_path):
    (tmp_path / "base.json").write_text(text)
    done = audit("--baseline", "base.json")
    assert done.returncode == 2 and said in done.stderr


# ---- rules of one's own ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("text", "said"), [
    ("SELECT 1", "there is no line '-- rule: id, severity, message'"),
    ("-- rule: a, error\nSELECT 1", "own.sql:1: write '-- rule: id, severity, message'"),
    ("\n-- rule: A b, error, m\nSELECT 1", "own.sql:2: a rule's id is of lower-case letters"),
    ("-- rule: a, bad, m\nSELECT 1", "own.sql:1: a severity is error, warning or advice, not 'bad'"),
    ("-- rule: a, error, m\n", "rule 'a' has no query"),
    ("-- rule: a, error, m\nSELECT 1;\nSELECT 2", "own.sql:3: rule 'a' has more than one statement"),
    ("-- rule: a, error, m\nSELECT 1\n  FROM nowhere", "own.sql:3: rule a"),
    ("-- rule: a, error, m\nSELECT 'x", "own.sql:2:"),
    ("-- rule: a, error, m\nDELETE FROM purchase", "own.sql:2: rule a: a rule is one SELECT"),
    ("-- rule: unreadable-table, error, m\nSELECT 1", "there is a rule 'unreadable-table' already"),
])
def test_wrong_rules_name_file_and_line(text, said, keel, shop, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/own.sql").write_text(text)
    done = keel("audit", shop.url, "--rules-dir", "own", check=False)
    if "FROM nowhere" in text and shop.kind == "sqlite":
        said = "own.sql:2: rule a"  # SQLite does not say where
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert shop.value("SELECT count(*) FROM purchase") == 3


def test_rule_that_fails_while_it_runs_is_named(keel, shop, tmp_path):
    (tmp_path / "own").mkdir()
    failing = "abs(-9223372036854775808 + (id - id))" if shop.kind == "sqlite" else "1 / (id - id)"
    (tmp_path / "own/own.sql").write_text(
        f"-- rule: a, error, m\nSELECT {failing} FROM purchase;\n-- rule: b, advice, still there\nSELECT 1 AS one")
    report = json.loads(keel("audit", shop.url, "--rules-dir", "own", "--rules", "user", "--json", check=False).stdout)
    assert [f["rule"] for f in report["findings"]] == ["b"]
    assert len(report["skipped"]) == 1 and "own.sql:2: rule a: " in report["skipped"][0]


def test_rules_are_listed_and_chosen(keel, shop, audit):
    listed = json.loads(keel("audit", "--list", "--json").stdout)
    assert all(rule[key] for rule in listed for key in ("id", "family", "title", "why", "evidence", "how",
                                                        "wrong_when"))
    assert len({rule["id"] for rule in listed}) == len(listed)
    text = keel("audit", "--list").stdout
    assert all(rule["id"] in text and rule["title"] in text for rule in listed)
    assert json.loads(audit("--json", rules="user,-no-cents").stdout)["summary"]["advice"] == 0
    wrong = audit(rules="nonsense")
    assert wrong.returncode == 2 and "'nonsense'" in wrong.stderr and "--list" in wrong.stderr


def test_ctrl_c_ends_at_once(keel_bin, shop, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/own.sql").write_text(
        "-- rule: a, error, m\nWITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n")
    process = subprocess.Popen([keel_bin, "audit", shop.url, "--rules-dir", "own", "--rules", "a"], cwd=tmp_path,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    os.kill(process.pid, signal.SIGINT)
    began = time.monotonic()
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2 and "stopped before the audit was done" in err and out == ""
    assert time.monotonic() - began < 10


# ---- docs/rules.md --------------------------------------------------------------------------------------------------

INTRODUCTION = """# Rules of the audit

What `keel audit` looks for, family by family; [audit.md](audit.md) says how it is used. This page is written from the
program's own table of rules (`keel audit --list --json`), by `KEEL_GOLDEN=write scripts/test integration -k rules_md`.
"""


def rules_document(rules):
    text, family = INTRODUCTION, ""
    text += f"\n{len(rules)} rules in {len(dict.fromkeys(r['family'] for r in rules))} families.\n"
    for rule in rules:
        if rule["family"] != family:
            family = rule["family"]
            text += f"\n## {family}\n"
        where = " and ".join(name for key, name in (("sqlite", "SQLite"), ("postgres", "PostgreSQL")) if rule[key])
        data = "reads data" if rule["reads_data"] else "schema only"
        text += (f"\n### {rule['id']}\n\n{rule['title']}. *{rule['severity']}, fix: {rule['fix']}, {where}, {data}*\n\n"
                 f"- **Why**: {rule['why']}\n- **Evidence**: {rule['evidence']}\n- **Repair**: {rule['how']}\n"
                 f"- **No fault when**: {rule['wrong_when']}\n")
    return text


def test_rules_md_is_current(keel, source):
    rules = json.loads(keel("audit", "--list", "--json").stdout)
    together = sorted(rules, key=lambda rule: list(dict.fromkeys(r["family"] for r in rules)).index(rule["family"]))
    text = rules_document(together)
    path = source / "docs/rules.md"
    if os.environ.get("KEEL_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "write it: KEEL_GOLDEN=write scripts/test integration -k rules_md"
