"""Durable OTLP spans a second over HTTP, against the raw limit: the same rows put into the same tables and indexes by
prepared INSERTs (SQLite) or binary COPY (PostgreSQL), 1,000 spans a transaction, in the same run.

    scripts/bench ingest [--seconds N] [--spans N] [--connections 1,4,16] [--only sqlite|postgres]

Each line is a server on a new database, and bench/load.c sending from so many connections, each as soon as the request
before is acknowledged. Aim: 0.7 of the raw limit on SQLite, 0.6 of COPY on PostgreSQL.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.environ["KEEL_SOURCE"] + "/tests/integration")
from databases import PostgresDatabase, SqliteDatabase  # noqa: E402
from served import Server  # noqa: E402

PROGRAMS = Path(os.environ["KEEL_BUILD"], "bench")
MIB = 1 << 20


def run_json(program, *arguments):
    done = subprocess.run([PROGRAMS / program, *map(str, arguments)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def new_database(kind, folder, name):
    if kind == "sqlite":
        return SqliteDatabase(Path(folder, f"{name}.db"))
    return PostgresDatabase.create(os.environ["KEEL_TEST_POSTGRES_URL"])


def place(database):
    return database.path if database.kind == "sqlite" else database.url


def drop(database):
    if database.kind == "postgres":
        database.drop()


def measure(kind, connections, args):
    """(load's report, the server's peak memory, the raw limit's report)"""
    with tempfile.TemporaryDirectory(prefix="keel-bench-") as folder:
        source, target = new_database(kind, folder, "source"), new_database(kind, folder, "target")
        try:
            server = Server(os.environ["KEEL_BIN"], source, folder).start()
            plain = ["--plain"] if args.plain else []
            load = run_json("load", "--port", server.port, "--connections", connections, "--seconds", args.seconds,
                            "--spans", args.spans, *plain)
            memory = server.memory_bytes()
            assert server.stop() == 0 and load["failed"] == 0
            stored = source.value("SELECT count(*) FROM events")
            assert stored == load["spans"], f"{stored} of {load['spans']} acknowledged spans are stored"
            raw = run_json("bare_rows", place(source), place(target), max(2, load["spans"] // 1000))
            return load, memory, raw
        finally:
            drop(source)
            drop(target)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--spans", type=int, default=500, help="spans in a request")
    parser.add_argument("--connections", default="1,4,16")
    parser.add_argument("--only", choices=("sqlite", "postgres"))
    parser.add_argument("--plain", action="store_true", help="spans with plain attributes, no LLM calls")
    args = parser.parse_args()
    for kind in [args.only] if args.only else ["sqlite", "postgres"]:
        print(f"{kind}: {args.spans} spans a request")
        print("  connections  spans/s   p50 ms   p99 ms  peak MiB  rows/span  raw spans/s  ratio")
        for connections in map(int, args.connections.split(",")):
            load, memory, raw = measure(kind, connections, args)
            limit = load["spans"] / raw["seconds"]
            print(f"  {connections:11} {load['spans_per_s']:8.0f} {load['p50_us'] / 1000:8.1f} {load['p99_us'] / 1000:8.1f}"
                  f" {memory / MIB:9.0f} {raw['rows'] / load['spans']:10.2f} {limit:12.0f} {load['spans_per_s'] / limit:6.2f}",
                  flush=True)


if __name__ == "__main__":
    main()
