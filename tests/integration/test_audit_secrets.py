"""A report shows no secret, whichever rule reports."""

import json

import pytest

ROWS = [(i, json.dumps({"access_token": f"FAKE-access-{i:020}", "expiry": "2026-01-01"})[:None if i > 3 else 40],
         f"FAKE-approval-{i // 2:030}", f"FAKE-sk-{i:040}", json.dumps({"refresh_token": f"FAKE-r-{i}", "n": i})[:None if i > 3 else 40])
        for i in range(1, 60)]


@pytest.mark.parametrize("format", ["text", "json", "sarif"])
def test_no_secret_is_shown(format, database, keel):
    database.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, credentials TEXT, approval_token TEXT, api_key TEXT, payload TEXT);")
    values = ", ".join("({}, '{}', '{}', '{}', '{}')".format(*row) for row in ROWS)
    database.execute(f"INSERT INTO accounts VALUES {values};")
    done = keel("audit", database.url, "--full", "--format", format, check=False)
    assert done.returncode == 1, done.stderr
    assert "secret-in-clear" in done.stdout and "invalid-json" in done.stdout
    assert "FAKE-" not in done.stdout


def test_a_migration_of_repairs_shows_none_either(database, keel, tmp_path):
    database.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, credentials TEXT, approval_token TEXT, api_key TEXT, payload TEXT);")
    values = ", ".join("({}, '{}', '{}', '{}', '{}')".format(*row) for row in ROWS)
    database.execute(f"INSERT INTO accounts VALUES {values};")
    keel("audit", database.url, "--full", "--fix", tmp_path / "fixes", check=False)
    for file in (tmp_path / "fixes").glob("*"):
        assert "FAKE-" not in file.read_text()
