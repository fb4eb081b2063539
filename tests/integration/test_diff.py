"""keel diff: what it says of two schemas, wherever they are written down."""

import json
import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parent.parent / "golden/diff"
EQUAL, DIFFERENT, ERROR = 0, 1, 2
# Their two schemas mean the same.
EQUAL_CASES = {"equal_spelling", "names_in_any_case"}


def cases(folder, least):
    found = sorted(path for path in folder.glob("*/*") if path.parent.name in ("sqlite", "postgres"))
    assert len(found) >= least
    return [pytest.param(path, id=f"{path.parent.name}-{path.name}") for path in found]


def renames(case):
    file = case / "renames.txt"
    return [f"--rename={line}" for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def diff(keel):
    """diff(from, to, dialect, *options) -> CompletedProcess; scratch databases are made on the tests' server."""

    def run(old, new, dialect, *options):
        scratch = ["--scratch", os.environ["KEEL_TEST_POSTGRES_URL"]] if dialect == "postgres" else []
        return keel("diff", old, new, "--dialect", dialect, *scratch, *options, check=False)

    return run


def held(path, text):
    """Holds text to a file, which KEEL_GOLDEN=write makes."""
    if os.environ.get("KEEL_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("case", cases(GOLDEN, 80))
def test_a_case(case, diff):
    dialect = case.parent.name
    told = diff(case / "from.sql", case / "to.sql", dialect, *renames(case))
    assert (told.returncode, told.stderr) == (EQUAL if case.name in EQUAL_CASES else DIFFERENT, "")
    held(case / "expected.txt", told.stdout)
    printed = diff(case / "from.sql", case / "to.sql", dialect, *renames(case), "--json")
    held(case / "expected.json", printed.stdout)
    assert_consistent(json.loads(printed.stdout), told)


def assert_consistent(parsed, told):
    changes, summary = parsed["changes"], parsed["summary"]
    assert parsed["equal"] == (told.returncode == EQUAL) == (not changes)
    assert summary["changes"] == len(changes)
    for risk in ("safe", "blocking", "destructive"):
        assert summary[risk] == sum(change["risk"] == risk for change in changes)
    assert all((change["why"] is None) == (change["risk"] == "safe") for change in changes)
    for change in changes:
        assert change["what"] in told.stdout


@pytest.mark.parametrize("case", cases(GOLDEN / "fail", 30))
def test_what_must_fail(case, diff):
    told = diff(case / "from.sql", case / "to.sql", case.parent.name, *renames(case))
    assert (told.returncode, told.stdout) == (ERROR, "")
    held(case / "expected.txt", told.stderr.replace(str(case), "{case}"))


@pytest.mark.parametrize("case", cases(GOLDEN, 80))
def test_a_case_is_equal_to_itself(case, diff):
    told = diff(case / "to.sql", case / "to.sql", case.parent.name)
    assert (told.returncode, told.stdout) == (EQUAL, "the schemas are equal\n"), told.stderr
