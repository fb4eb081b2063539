"""Well-designed schemas: the audit must find nothing of severity warning or above in them."""

import importlib
import json
import sqlite3
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"
NAMES = sorted(path.stem for path in SCHEMAS.glob("[a-z]*.py"))


def load_module(name):
    sys.path.insert(0, str(SCHEMAS.parent))
    try:
        return importlib.import_module(f"schemas.{name}")
    finally:
        sys.path.pop(0)


def microseconds(value):
    return round(value.timestamp() * 1_000_000) if isinstance(value, datetime) else value


def fill_sqlite(module, database):
    with closing(sqlite3.connect(database.path)) as connection:
        connection.executescript("PRAGMA foreign_keys = ON;" + module.SQLITE)
        for table, rows in module.tables().items():
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", [tuple(map(microseconds, row)) for row in rows])
        connection.execute("ANALYZE")
        connection.commit()


def fill_postgres(module, database):
    with psycopg.connect(database.url) as connection:
        connection.execute(module.POSTGRES)
        booleans = {(t, c) for t, c in connection.execute(
            "SELECT table_name, ordinal_position FROM information_schema.columns WHERE data_type = 'boolean'")}
        for table, rows in module.tables().items():
            typed = [tuple(bool(v) if (table, i + 1) in booleans and v is not None else v for i, v in enumerate(row)) for row in rows]
            marks = ", ".join(["%s"] * len(rows[0]))
            with connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", typed)
        for (table, column) in connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns WHERE is_identity = 'YES'").fetchall():
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT max({column}) FROM {table}))")
        connection.execute("ANALYZE")


@pytest.mark.parametrize("name", NAMES)
def test_a_good_schema_has_no_warnings(name, database, keel):
    module = load_module(name)
    (fill_sqlite if database.kind == "sqlite" else fill_postgres)(module, database)
    tables = module.tables()
    assert 10 <= len(tables) <= 20
    done = keel("audit", database.url, "--full", "--json", "--now", module.NOW.strftime("%Y-%m-%dT%H:%M:%SZ"), check=False)
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    assert report["skipped"] == []
    wrong = [(f["severity"], f["rule"], f["table"], f["columns"], f["message"]) for f in report["findings"]
             if f["severity"] != "advice"]
    assert wrong == []
