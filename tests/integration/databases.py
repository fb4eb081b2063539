"""Databases that tests give to keel, and look into with clients that are not keel's."""

import contextlib
import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg


@dataclass
class SqliteDatabase:
    path: Path
    kind = "sqlite"

    @property
    def url(self):
        return f"sqlite:{self.path}"

    def rows(self, sql, *params):
        """Rows of a query; its parameters are written %s, as in PostgreSQL. Read-only: Python's SQLite may be
        one that must not checkpoint a WAL file which others have open."""
        with contextlib.closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return connection.execute(sql.replace("%s", "?"), params).fetchall()

    def value(self, sql, *params):
        return self.rows(sql, *params)[0][0]

    def execute(self, script):
        """Runs a script of statements; for databases that keel does not have open."""
        with contextlib.closing(sqlite3.connect(self.path)) as connection:
            connection.executescript(script)

    def problems(self):
        """What the database's own checks find; empty when it is sound."""
        checked = [row[0] for row in self.rows("PRAGMA integrity_check") if row[0] != "ok"]
        return checked + self.rows("PRAGMA foreign_key_check")


@dataclass
class PostgresDatabase:
    url: str
    server_url: str
    kind = "postgres"

    @classmethod
    def create(cls, server_url):
        name = f"keel_{uuid.uuid4().hex[:16]}"
        with psycopg.connect(server_url, autocommit=True) as connection:
            # Copying files is three times as fast as logging every page, which is what 15 and later do by themselves.
            how = " STRATEGY FILE_COPY" if connection.info.server_version >= 150000 else ""
            connection.execute(f"CREATE DATABASE {name}{how}")
        return cls(urlunsplit(urlsplit(server_url)._replace(path=f"/{name}")), server_url)

    def drop(self):
        name = urlsplit(self.url).path[1:]
        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def rows(self, sql, *params):
        """Rows of a query; its parameters are written %s."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(sql, params or None).fetchall()

    def value(self, sql, *params):
        return self.rows(sql, *params)[0][0]

    def execute(self, script):
        """Runs a script of statements."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(script)

    def problems(self):
        """PostgreSQL checks keys itself; what could be wrong is a constraint that was never validated."""
        return self.rows("SELECT conname FROM pg_constraint WHERE NOT convalidated")
