"""The legacy databases with their reports, and what tests/legacy says has to be found in them.

found_<family>.tsv    id database rule table column expect     (expect: see Expectation)
traps_<family>.tsv    id database rule table column            must not be reported
unreachable_<family>.tsv    id reason                          no inspection of a database can find it
"""

import csv
import fcntl
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
from databases import PostgresDatabase

CASES = Path(__file__).resolve().parent.parent / "legacy"
# Each database's own now, from expected.md.
NOW = {
    "orchestrator": "2025-11-11T12:00:00Z",
    "bitesize": "2025-11-14T12:00:00Z",
    "digester": "2025-02-16T18:00:00Z",
    "digester3nf": "2025-03-18T18:00:00Z",
    "gravity": "2025-06-10T16:00:00Z",
    "amelia": "2026-01-31T15:00:00Z",
}
POSTGRES = {"gravity_postgres": "gravity", "digester_postgres": "digester"}
DATABASES = (*NOW, *POSTGRES)


@dataclass(frozen=True)
class Case:
    file: str
    line: int
    id: str
    database: str = ""
    rule: str = ""
    table: str = ""
    column: str = ""
    expect: str = ""
    reason: str = ""

    def __str__(self):
        return f"{self.file}:{self.line} {self.id}"

    @property
    def label(self):
        return f"{self.id}-{self.database}-{self.rule}-{self.table}-{self.column}-{self.expect}".rstrip("-")

    @property
    def where(self):
        return f"{self.table}.{self.column}" if self.column != "-" else self.table

    def is_at(self, finding):
        """Whether a finding of the JSON report is of this rule at this place."""
        columns = ",".join(finding["columns"]) or "-"
        return (self.rule in ("*", finding["rule"]) and self.table in ("*", finding["table"] or "-")
                and self.column in ("*", columns))


def cases(kind):
    """The lines of all <kind>_*.tsv, in order."""
    found = []
    for path in sorted(CASES.glob(f"{kind}_*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
            for row in rows:
                wrong = f"{path.name}:{rows.line_num}: "
                assert None not in row and None not in row.values(), wrong + "too many or too few columns"
                found.append(Case(path.name, rows.line_num, **{key: value.strip() for key, value in row.items()}))
                assert kind == "unreachable" or found[-1].database in DATABASES, wrong + "no such database"
    return found


class Expectation:
    """present | matching=FORMULA | rows=FORMULA | count:LABEL=FORMULA, where FORMULA has N for the scale; @1
    behind it: holds at scale 1 only."""

    FORM = re.compile(r"(present|matching|rows|count:(?P<label>.+?))(?:=(?P<formula>[0-9N*+() -]+))?(?P<one>@1)?")

    def __init__(self, case):
        self.match = self.FORM.fullmatch(case.expect)
        assert self.match, f"{case}: cannot be read: {case.expect}"
        assert (self.match[1] == "present") == (self.match["formula"] is None), f"{case}: {case.expect}"

    @property
    def at_scale_1_only(self):
        return bool(self.match["one"])

    def wanted(self, scale):
        return eval(self.match["formula"], {"N": scale})  # noqa: S307 (digits, N, + - * and parentheses)

    def seen(self, finding):
        """The number that the finding shows."""
        evidence = finding["evidence"]
        if self.match["label"]:
            return next((c["count"] for c in evidence["counts"] if c["what"] == self.match["label"]), None)
        return evidence[self.match[1]]

    def holds(self, finding, scale):
        return not self.match["formula"] or self.seen(finding) == self.wanted(scale)


def statements(text):
    """A psql script of statements and COPY ... FROM stdin as (statement, rows or None)."""
    parts, rest = [], re.sub(r"^\\set .*\n", "", text, flags=re.MULTILINE)
    while match := re.search(r"^(COPY [^\n]* FROM stdin;)\n(.*?)^\\\.\n", rest, re.MULTILINE | re.DOTALL):
        parts += [(rest[: match.start()], None), (match[1], match[2])]
        rest = rest[match.end():]
    return [*parts, (rest, None)]


def load_postgres(url, schema, rows):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(schema.read_text(encoding="utf-8"))
        for statement, data in statements(rows.read_text(encoding="utf-8")):
            if data is None:
                if statement.strip():
                    connection.execute(statement)
                continue
            with connection.cursor().copy(statement) as copy:
                copy.write(data)


class Legacy:
    """Builds each database once for all workers of a test run, and audits it once."""

    def __init__(self, folder, legacy, keel_bin, server_url):
        self.folder, self.legacy, self.keel_bin, self.server_url = folder, legacy, keel_bin, server_url
        folder.mkdir(exist_ok=True)
        self.reports = {}

    def fill(self, name, scale, *more):
        """The path of a SQLite database; another caller's copy is another caller's to change."""
        path = self.folder / f"{name}-{scale}.db"
        with (self.folder / f"{name}-{scale}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists() or more:
                new = path.with_suffix(".new")
                subprocess.run([sys.executable, self.legacy / "fill.py", name, new, "--force", "--scale", str(scale),
                                *map(str, more)], check=True, stdout=subprocess.DEVNULL)
                new.rename(path)
        return path

    def postgres(self, name, scale):
        """A new PostgreSQL database with the same rows; the caller drops it."""
        rows = self.folder / f"{name}-{scale}.sql"
        self.fill(name, scale, "--pg", rows)
        database = PostgresDatabase.create(self.server_url)
        load_postgres(database.url, self.legacy / f"{name}.postgres.sql", rows)
        return database

    def audit(self, url, name, *options):
        """The report of keel audit, as JSON. Not one row is left out."""
        done = subprocess.run([self.keel_bin, "audit", url, "--full", "--json", "--now", NOW[name], *options],
                              capture_output=True, text=True, timeout=600, check=False, cwd=self.folder)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    def report(self, database, scale):
        key = f"{database}-{scale}"
        if key in self.reports:
            return self.reports[key]
        kept = self.folder / f"{key}.json"
        with (self.folder / f"{key}.report.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                kept.write_text(json.dumps(self._report(database, scale)), encoding="utf-8")
        self.reports[key] = json.loads(kept.read_text(encoding="utf-8"))
        return self.reports[key]

    def _report(self, database, scale):
        if database not in POSTGRES:
            return self.audit(self.fill(database, scale), database)
        name = POSTGRES[database]
        copy = self.postgres(name, scale)
        try:
            return self.audit(copy.url, name)
        finally:
            copy.drop()
