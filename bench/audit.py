"""Seconds and peak memory of keel audit against one plain SELECT pass over the same tables in the same run.

    scripts/bench audit [--gigabytes N] [--scale N] [--runs N] [--folder DIR] [--only sqlite|postgres]

The databases: the legacy ones at --scale where they are at hand ($KEEL_LEGACY), and one of --gigabytes that is made here.
Three audits of each: the scan alone (one rule, which asks nothing more), all rules over all rows (--full), and all rules as
they run by default, over samples of bigger tables. Each is run --runs times after a
plain pass has warmed the file cache, and the fastest counts. Aim: 2 times the plain pass.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, os.environ["KEEL_SOURCE"] + "/tests/integration")
from databases import PostgresDatabase  # noqa: E402

BUILD = Path(os.environ["KEEL_BUILD"])
LEGACY = ("orchestrator", "bitesize", "digester", "digester3nf", "gravity", "amelia")
MIB = 1 << 20
AUDITS = {"scan alone": ["--full", "--rules", "unreadable-table"], "full": ["--full"], "sampled": []}

SCHEMA = """
CREATE TABLE customer (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, country TEXT NOT NULL,
    created_at TEXT NOT NULL);
CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer (id),
    status TEXT NOT NULL, total_cents BIGINT NOT NULL, note TEXT, created_at TEXT NOT NULL, paid_at TEXT);
CREATE TABLE event (id TEXT PRIMARY KEY, purchase_id INTEGER NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL,
    ms DOUBLE PRECISION, created_at TEXT NOT NULL);
"""
MOMENT = {"sqlite": "strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + {0} * 7, 'unixepoch')",
          "postgres": "to_char(to_timestamp(1700000000 + {0} * 7) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"}
NUMBERS = {"sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0})",
           "postgres": "WITH n AS (SELECT generate_series(1, {0}) AS i)"}
ID = {"sqlite": "printf('%08x-0000-7000-8000-%012x', i * 2654435761 % 4294967296, i)",
      "postgres": "lpad(to_hex(i::bigint * 2654435761 % 4294967296), 8, '0') || '-0000-7000-8000-' || "
                  "lpad(to_hex(i), 12, '0')"}


def statements(kind, gigabytes):
    """About so many bytes: one customer, 4 purchases and 8 events are some 4.2 kB."""
    units = int(gigabytes * (1 << 30) / 4200)
    moment, numbers = MOMENT[kind].format, NUMBERS[kind].format
    filler = "substr('lorem ipsum dolor sit amet consetetur sadipscing elitr ', 1 + i % 20, 30)"
    padded = " || ".join([filler] * 8)
    return [*SCHEMA.split(";")[:-1],
            f"{numbers(units)} INSERT INTO customer SELECT i, 'person' || i || '@example.org', 'Person ' || i, "
            f"CASE i % 7 WHEN 0 THEN 'NO' WHEN 1 THEN 'DE' ELSE 'SE' END, {moment('i')} FROM n",
            f"{numbers(units * 4)} INSERT INTO purchase SELECT i, 1 + i % {units}, CASE i % 5 WHEN 0 THEN 'new' WHEN 1 "
            f"THEN 'paid' ELSE 'sent' END, i % 90000, CASE WHEN i % 3 = 0 THEN {filler} END, {moment('i')}, "
            f"CASE WHEN i % 5 > 0 THEN {moment('(i + 9)')} END FROM n",
            f"{numbers(units * 8)} INSERT INTO event SELECT {ID[kind]}, 1 + i % {units * 4}, CASE i % 4 WHEN 0 THEN "
            f"'page' ELSE 'click' END, '{{\"n\": ' || i || ', \"text\": \"' || {padded} || '\"}}', i % 1000 / 8.0, "
            f"{moment('i')} FROM n"]


def peak_memory(pid):
    """In MiB, as far as the process has come; 0 once it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def measure(command, runs):
    """(seconds, peak memory in MiB, standard output) of the fastest run."""
    best = None
    for _ in range(runs):
        with tempfile.TemporaryFile() as out:
            began, memory = time.monotonic(), 0
            process = subprocess.Popen(list(map(str, command)), stdout=out)
            while process.poll() is None:
                memory = max(memory, peak_memory(process.pid))
                time.sleep(0.002)
            seconds = time.monotonic() - began
            assert process.returncode in (0, 1), f"{command}: {process.returncode}"
            out.seek(0)
            if best is None or seconds < best[0]:
                best = seconds, memory, out.read()
    return best


def compare(name, url, runs):
    plain_seconds, plain_memory, text = measure([BUILD / "bench/plain_pass", url], runs + 1)
    plain = json.loads(text)
    print(f"{name}: {plain['tables']} tables, {plain['rows']:,} rows, {plain['bytes'] / MIB:,.0f} MiB of values")
    print(f"  {'plain pass':<12}{plain['seconds']:8.2f} s            {plain_memory:6.0f} MiB")
    for what, options in AUDITS.items():
        seconds, memory, text = measure([os.environ["KEEL_BIN"], "audit", url, "--json", *options], runs)
        report = json.loads(text)["summary"]
        print(f"  {what:<12}{seconds:8.2f} s  {seconds / plain['seconds']:6.1f} x  {memory:6.0f} MiB"
              f"  {report['rows']:,} rows read", flush=True)


def legacy_databases(folder, scale):
    legacy = Path(os.environ.get("KEEL_LEGACY") or "/nonexistent")
    if not (legacy / "fill.py").is_file():
        print("the legacy databases are left out: $KEEL_LEGACY does not name their folder")
        return
    for name in LEGACY:
        path = folder / f"{name}.db"
        subprocess.run([sys.executable, legacy / "fill.py", name, path, "--scale", str(scale), "--force"],
                       stdout=subprocess.DEVNULL, check=True)
        yield name, path


def made_databases(folder, gigabytes, only):
    if only != "postgres":
        path = folder / "made.db"
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode = OFF")
            for statement in statements("sqlite", gigabytes):
                connection.execute(statement)
        connection.close()
        yield f"made, SQLite, {path.stat().st_size / MIB:,.0f} MiB", path
        path.unlink()
    if only != "sqlite":
        database = PostgresDatabase.create(os.environ["KEEL_TEST_POSTGRES_URL"])
        try:
            for statement in statements("postgres", gigabytes):
                database.execute(statement)
            database.execute("ANALYZE")
            size = database.value("SELECT pg_database_size(current_database())")
            yield f"made, PostgreSQL, {size / MIB:,.0f} MiB", database.url
        finally:
            database.drop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--scale", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3, help="of each, of which the fastest counts")
    parser.add_argument("--folder", type=Path, help="where the databases are made (default: a temporary one)")
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keel-bench-", dir=args.folder) as folder:
        if args.only != "postgres":
            for name, path in legacy_databases(Path(folder), args.scale):
                compare(f"{name} at scale {args.scale}", path, args.runs)
                path.unlink()
        for name, url in made_databases(Path(folder), args.gigabytes, args.only):
            compare(name, url, args.runs)


if __name__ == "__main__":
    main()
