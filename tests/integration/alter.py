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


def dump(database, loose=()):
    """{table: rows}, with rowids where there are any, in the order in which a scan gives them; with the counters.
    loose: tables whose rowids and order, or counters, do not matter."""
    with contextlib.closing(sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        tables = connection.execute("SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type IN "
                                    "('table', 'virtual', 'shadow')").fetchall()
        found = {}
        for name, kind, without_rowid in ((n.decode(), k.decode(), wr) for n, k, wr in tables):
            if name in OWN_TABLES or name.startswith("sqlite_"):
                continue
            rowid = "" if without_rowid or kind == "virtual" or name in loose else "rowid, "
            rows = connection.execute(f"SELECT {rowid}* FROM {quoted(name)}").fetchall()
            found[name] = sorted(rows, key=repr) if name in loose else rows
        found["sqlite_sequence"] = []
        if connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone()[0]:
            rows = connection.execute("SELECT name, seq FROM sqlite_sequence ORDER BY name").fetchall()
            found["sqlite_sequence"] = [row for row in rows if row[0].decode() not in (*OWN_TABLES, *loose)]
        return found


def values(database, table, columns):
    """The rows of these columns as texts, sorted."""
    listed = " || '|' || ".join(f"iif({quoted(column)} IS NULL, '-', hex({quoted(column)}))" for column in columns)
    return sorted(database.rows(f"SELECT {listed} FROM {quoted(table)}")) if columns else []


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

    def kept(self, old, new, renames, lossless):
        """[(old table, its columns, new table, its columns)] of what is in both models; generated columns are not,
        and where something may be lost, not those whose type changes."""
        renamed, pairs = dict(renames), []
        stored = lambda table: {c["name"]: c for c in table["columns"] if not c["generated"]}  # noqa: E731
        for table in old["tables"]:
            name = renamed.get(table["name"], table["name"])
            now = next((t for t in new["tables"] if t["name"].lower() == name.lower()), None)
            if not now or table["kind"] != "plain" or now["kind"] != "plain":
                continue
            there = {n.lower(): n for n in stored(now)}
            columns = [(n, there.get(renamed.get(f"{table['name']}.{n}", n).lower())) for n in stored(table)]
            types = [{c["name"]: c["declared_type"] for c in t["columns"]} for t in (table, now)]
            columns = [(n, m) for n, m in columns if m and (lossless or types[0][n] == types[1][m])]
            pairs.append((table["name"], [n for n, _ in columns], now["name"], [m for _, m in columns]))
        return pairs

    def there_and_back(self, to_sql, renames=(), lossless=True):
        """Up and down give both models, and up keeps every value; without loss all rows, rowids and counters are as
        before after both. Returns the up part."""
        before, target = self.model(), self.model(self.scratch(to_sql))
        pairs = self.kept(before, target, renames, lossless)
        held = [values(self.database, old, columns) for old, columns, _, _ in pairs]
        loose = [t["name"] for model in (before, target) for t in model["tables"] if t["without_rowid"]]
        loose += [t["name"] for t in target["tables"] if "autoincrement" not in [c["identity"] for c in t["columns"]]]
        rows = dump(self.database, loose)
        text = self.up(to_sql, renames, lossless)
        assert [values(self.database, new, columns) for _, _, new, columns in pairs] == held, text
        self.migrate("down")
        self.applied = False
        assert self.model() == before, self.text("down")
        if lossless:
            assert dump(self.database, loose) == rows
        return text
