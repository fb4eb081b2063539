"""keel's own store under keel's own audit."""

import json

import pytest


@pytest.fixture
def findings(keel):
    def run(database, *options):
        done = keel("audit", database.url, "--full", "--json", *options, check=False)
        assert done.returncode in (0, 1), done.stderr
        report = json.loads(done.stdout)
        assert report["skipped"] == []
        return report

    return run


def test_an_empty_store_has_no_findings(database, keel, findings):
    keel("migrate", "up", "--db", database.url)
    assert findings(database)["findings"] == []


def test_a_store_in_use_has_none_without_a_reason(server, source, keel, findings):
    for _ in range(12):
        keel("demo", "--endpoint", server.url)
    report = findings(server.database, "--suppress", source / "docs/store.keel-audit.conf")
    live = [(f["severity"], f["rule"], f["table"], f["columns"], f["message"]) for f in report["findings"] if not f["suppressed"]]
    assert live == []
    assert all(f["severity"] == "advice" for f in report["findings"])
    assert report["summary"]["rows"] > 500
