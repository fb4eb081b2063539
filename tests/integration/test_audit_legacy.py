"""keel audit on databases of real applications whose faults are known: tests/legacy says what has to be found,
with which numbers, and what must not be."""

import os
import re

import pytest
from legacy_cases import DATABASES, POSTGRES, Expectation, Legacy, cases

SCALES = (1, 20)
FOUND, TRAPS, UNREACHABLE = cases("found"), cases("traps"), cases("unreachable")


@pytest.fixture(scope="session")
def reports(tmp_path_factory, legacy, keel_bin):
    base = tmp_path_factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    return Legacy(base / "legacy", legacy, keel_bin, os.environ["KEEL_TEST_POSTGRES_URL"])


def at_scales(lines):
    for case in lines:
        for scale in SCALES:
            small = case.expect and Expectation(case).at_scale_1_only
            if scale == 1 or not (small or case.database in POSTGRES):
                yield pytest.param(case, scale, id=f"{case.label}@{scale}")


@pytest.mark.parametrize(("case", "scale"), list(at_scales(FOUND)))
def test_finding_is_reported(case, scale, reports):
    report = reports.report(case.database, scale)
    expectation = Expectation(case)
    there = [finding for finding in report["findings"] if case.is_at(finding)]
    near = [f"{f['rule']} {','.join(f['columns'])}: {f['message']}" for f in report["findings"]
            if f["table"] == case.table and (case.column in f["columns"] or case.column == "-")]
    assert there, f"{case}: {case.rule} does not report {case.where}; reported there:\n" + "\n".join(near)
    assert any(expectation.holds(finding, scale) for finding in there), (
        f"{case}: {case.expect} is {expectation.wanted(scale)} at scale {scale}, reported: "
        + "; ".join(f"{expectation.seen(f)} ({f['message']})" for f in there))


@pytest.mark.parametrize(("case", "scale"), list(at_scales(TRAPS)))
def test_trap_is_not_walked_into(case, scale, reports):
    there = [f"{f['rule']}: {f['message']}" for f in reports.report(case.database, scale)["findings"] if case.is_at(f)]
    assert not there, f"{case}: {case.where} is no fault:\n" + "\n".join(there)


@pytest.mark.parametrize("database", DATABASES)
def test_everything_could_be_looked_at(database, reports):
    report = reports.report(database, 1)
    assert report["skipped"] == []
    summary = report["summary"]
    assert not summary["sampled"] and summary["rows"] > 1000
    for severity, count in (("error", "errors"), ("warning", "warnings"), ("advice", "advice")):
        assert summary[count] == sum(f["severity"] == severity for f in report["findings"])


def expected_ids(legacy):
    """id -> (where, finding) of all stated and further findings of expected.md."""
    row = re.compile(r"^\| ([A-Z]{2}\d\d[a-z]?) \| (.*?) \| (.*?) \|")
    lines = (legacy / "expected.md").read_text(encoding="utf-8").splitlines()
    rows = [match.groups() for line in lines if (match := row.match(line))]
    return {id: (where, text) for id, where, text in rows if id[1] in "SX"}


def test_lines_name_findings_that_exist(legacy):
    known = expected_ids(legacy)
    assert [str(case) for case in FOUND + UNREACHABLE if case.id not in known] == []
    both = {case.id for case in FOUND} & {case.id for case in UNREACHABLE}
    assert not both, f"found and unreachable: {sorted(both)}"


def test_every_stated_finding_is_found_or_cannot_be(legacy):
    stated = [id for id in expected_ids(legacy) if id[1] == "S"]
    unreachable = {case.id for case in UNREACHABLE}
    missing = sorted(set(stated) - {case.id for case in FOUND} - unreachable)
    assert not missing, f"{len(missing)} of {len(stated)}: {' '.join(missing)}"
    share = len(unreachable & set(stated)) / len(stated)
    assert share <= 0.15, f"{share:.0%} of the stated findings are called unreachable"


# ---- docs/legacy-findings.md ----------------------------------------------------------------------------------------

NAMES = {"O": "Orchestrator", "B": "Bite-Size Reader", "D": "YouTube Video Digester",
         "N": "YouTube Video Digester, normalised", "G": "Narrative Gravity", "A": "Amelia"}
INTRODUCTION = """# What the audit finds in the legacy databases

Five applications whose design was criticised in writing were rebuilt as test databases, with the faults that the
criticism names (an id with S) and others that are there (X). This table says for each fault which rule of
[keel audit](rules.md) reports it and where, or why nobody can see it by looking at a database. The tests hold each
line, with its number. Written by `KEEL_GOLDEN=write scripts/test integration -k legacy_findings` from `tests/legacy`.
"""


def cell(text):
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def how(id):
    lines = [case for case in FOUND if case.id == id]
    if lines:
        shown = [f"`{case.rule}` at `{case.where}`" + ("" if case.expect == "present" else f", {case.expect}")
                 for case in lines]
        return "; ".join(dict.fromkeys(shown))
    return next((f"not visible: {case.reason}" for case in UNREACHABLE if case.id == id), "not reported")


def document(known):
    text, letter = INTRODUCTION, ""
    stated = [id for id in known if id[1] == "S"]
    found = {case.id for case in FOUND}
    hidden = {case.id for case in UNREACHABLE}
    text += (f"\nOf {len(stated)} stated findings {len(found & set(stated))} are reported and "
             f"{len(hidden & set(stated))} not visible in the database; of {len(known) - len(stated)} further ones "
             f"{len(found & set(known)) - len(found & set(stated))} are reported and "
             f"{len(hidden & set(known)) - len(hidden & set(stated))} not visible.\n")
    for id, (where, finding) in known.items():
        if id[0] != letter:
            letter = id[0]
            text += f"\n## {NAMES[letter]}\n\n| id | where | fault | found by |\n|---|---|---|---|\n"
        text += f"| {id} | {where} | {finding} | {cell(how(id))} |\n"
    return text


def test_the_table_of_legacy_findings_is_current(source, legacy):
    path = source / "docs/legacy-findings.md"
    text = document(expected_ids(legacy))
    if os.environ.get("KEEL_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "write it: KEEL_GOLDEN=write scripts/test integration -k legacy"
