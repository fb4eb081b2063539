"""Changing a SQLite database to another schema and back, the way a user does it: generate, up, down."""

import contextlib
import json
import re
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from databases import SqliteDatabase

OWN_TABLES = ("keel_migrations",)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def dump(database, only=None):
    """{table: rows}, with rowids where there are any, in the order in which a scan gives them; with the counters."""
    with contextlib.closing(sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        tables = connection.execute("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type IN "
                                    "('table', 'virtual', 'shadow')").fetchall()
        found = {}
        for name, kind, without_rowid in ((n.decode(), k.decode(), wr) for n, k, wr in tables):
            if name in OWN_TABLES or name == "sqlite_schema" or only and name not in only:
                continue
            rowid = "" if without_rowid or kind == "virtual" else "rowid, "
            rows = connection.execute(f"SELECT {rowid}* FROM {quoted(name)}").fetchall()
            found[name] = sorted(rows) if name == "sqlite_sequence" else rows
        if "sqlite_sequence" in found:
            found["sqlite_sequence"] = sorted(row[1:] for row in found["sqlite_sequence"] if row[1] != b"keel_migrations")
        return found


@dataclass
class Alteration:
    """A database, and migrations that are generated for it."""

    keel: object
    database: SqliteDatabase
    folder: Path
    texts: list = field(default_factory=list)  # the up parts
    applied: bool = False  # the last one

    def model(self, database=None):
        """As keel schema gives it; SQLite quotes some names when it renames."""
        text = self.keel("schema", (database or self.database).url, "--format", "json").stdout
        found = json.loads(re.sub(r'\\"([a-z_][a-z0-9_]*)\\"', r"\1", text))
        found["tables"] = [table for table in found["tables"] if table["name"] not in OWN_TABLES]
        return found

    def scratch(self, sql):
        database = SqliteDatabase(self.folder.parent / f"scratch{len(list(self.folder.parent.glob('scratch*')))}.db")
        database.execute(sql)
        return database

    def generate(self, to_sql, renames=(), lossless=True):
        """Writes the next migration, which makes the database what to_sql says. Returns that as a database. A
        migration that was reverted or failed goes."""
        self.folder.mkdir(exist_ok=True)
        if self.texts and not self.applied:
            self.texts.pop()
            for path in self.folder.glob(f"{len(self.texts) + 1:04}_*"):
                path.unlink()
        self.applied = False
        target = self.scratch(to_sql)
        options = [word for old, new in renames for word in ("--rename", f"{old}={new}")]
        if not lossless:
            refused = self.migrate("generate", "change", "--to", target.url, *options, check=False)
            assert refused.returncode != 0 and "--allow-destructive" in refused.stderr
            options.append("--allow-destructive")
        self.migrate("generate", "change", "--to", target.url, *options)
        self.texts.append(self.text("up"))
        return target

    def text(self, way):
        """What the last migration's file says."""
        return max(self.folder.glob(f"*_change.{way}.sql")).read_text()

    def migrate(self, *words, check=True):
        return self.keel("migrate", *words, "--dir", self.folder, "--db", self.database.url, check=check)

    def up(self, to_sql, renames=(), lossless=True):
        """Generates, applies, and holds the result against what was wanted."""
        target = self.generate(to_sql, renames, lossless)
        self.migrate("up")
        self.applied = True
        assert self.model() == self.model(target), self.texts[-1]
        assert [p for p in self.database.problems() if isinstance(p, str)] == []
        return self.texts[-1]

    def there_and_back(self, to_sql, renames=(), lossless=True, rowids=True):
        """Up and down give both models; without loss all rows and rowids are as before. Returns the up part."""
        before, rows = self.model(), dump(self.database)
        text = self.up(to_sql, renames, lossless)
        self.migrate("down")
        self.applied = False
        assert self.model() == before, self.text("down")
        if lossless and rowids:
            assert dump(self.database) == rows
        return text
