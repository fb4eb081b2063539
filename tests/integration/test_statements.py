"""Every statement in sql/ is one that its database takes, on the store's schema, with the parameters and columns that
stand above it."""

import importlib.util
import os
import subprocess
from pathlib import Path

import psycopg
import pytest

# What migrate meets in databases that other tools have migrated.
OTHER_TOOLS = """
CREATE TABLE schema_migrations (version VARCHAR(128) PRIMARY KEY);
CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY, version_id BIGINT NOT NULL, is_applied BOOLEAN NOT NULL);
"""

# PostgreSQL's types by their numbers: what a parameter is sent as, alone and in an array, and what a column may be.
SENT = {"bool": (16, 1000), "int": (20, 1016), "double": (701, 1022), "text": (25, 1009), "bytes": (17, 1001),
        "uuid": (2950, 2951), "time": (1184, 1185), "money": (1700, 1231), "json": (3802, 3807)}
READ = {"bool": {16}, "int": {20, 21, 23, 26}, "double": {700, 701}, "text": {18, 19, 25, 1042, 1043}, "bytes": {17},
        "uuid": {2950}, "time": {1082, 1114, 1184}, "money": {1700}, "json": {114, 3802}}

# Prepares each statement of a file ("name NUL text NUL", repeated) after running a script.
PREPARE = r"""
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 22);
    *size = fread(text, 1, (1 << 22) - 1, file);
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    size_t size;
    sqlite3 *db;
    char *error = NULL;
    (void)argc;
    if (sqlite3_open(":memory:", &db) || sqlite3_exec(db, read_file(argv[1], &size), NULL, NULL, &error)) {
        fprintf(stderr, "%s\n", error);
        return 1;
    }
    char *text = read_file(argv[2], &size);
    for (char *name = text; name < text + size;) {
        char *sql = name + strlen(name) + 1;
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL))
            printf("%s\t%s\n", name, sqlite3_errmsg(db));
        else
            printf("%s\t%d %d\n", name, sqlite3_bind_parameter_count(statement), sqlite3_column_count(statement));
        sqlite3_finalize(statement);
        name = sql + strlen(sql) + 1;
    }
    return 0;
}
"""


@pytest.fixture(scope="session")
def queries(source):
    """Every statement with its texts, as scripts/embed_sql.py reads them."""
    spec = importlib.util.spec_from_file_location("embed_sql", source / "scripts/embed_sql.py")
    embed_sql = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(embed_sql)
    found = [query for path in sorted((source / "sql").glob("*/*.sql")) for query in embed_sql.parse_file(path)]
    assert len(found) > 20
    return found


def text_for(query, dialect):
    return query.texts.get(dialect) or query.texts.get(None)


def schema(source, queries, dialect):
    """A script that makes the store's tables, and those that statements of migrate look at."""
    paths = sorted((source / f"sql/store/migrations/{dialect}").glob("*.up.sql"))
    assert paths
    history = [query for query in queries if query.name == "migrate_history_create"]
    return "".join(path.read_text() for path in paths) + OTHER_TOOLS + "".join(text_for(q, dialect) for q in history)


def test_sqlite_takes_every_statement(source, queries, tmp_path):
    library = Path(os.environ["KEEL_BUILD"], "third_party/libkeel_sqlite3.a")
    if not library.exists():
        pytest.skip("this build links the system's SQLite")
    mine = [(query, text_for(query, "sqlite")) for query in queries if text_for(query, "sqlite")]
    (tmp_path / "main.c").write_text(PREPARE)
    (tmp_path / "schema.sql").write_text(schema(source, queries, "sqlite"))
    (tmp_path / "statements").write_text("".join(f"{query.name}\0{text}\0" for query, text in mine))
    subprocess.run(["gcc", f"-I{source}/.cache/sqlite", "main.c", library, "-lm", "-lpthread", "-o", "main"],
                   cwd=tmp_path, check=True)
    output = subprocess.check_output([tmp_path / "main", "schema.sql", "statements"], cwd=tmp_path, text=True)
    said = dict(line.split("\t", 1) for line in output.splitlines())
    wrong = {}
    for query, _ in mine:
        if said[query.name] != f"{len(query.params)} {len(query.returns)}":
            wrong[query.name] = f"{said[query.name]}, declared {len(query.params)} and {len(query.returns)}"
    assert wrong == {}


def describe(connection, query, text):
    """What is wrong with a statement on PostgreSQL; None when nothing is."""
    in_arrays = any(f"${n}::" in text and "[]" in text.split(f"${n}::")[1][:20] for n in range(1, len(query.params) + 1))
    types = [SENT[type_][in_arrays] for _, type_ in query.params]
    pgconn = connection.pgconn
    prepared = pgconn.prepare(b"s", text.encode(), types)
    if prepared.status != psycopg.pq.ExecStatus.COMMAND_OK:
        return prepared.error_message.decode().split("\n")[0]
    described = pgconn.describe_prepared(b"s")
    pgconn.exec_(b"DEALLOCATE s")
    columns = [described.ftype(n) for n in range(described.nfields)]
    if len(columns) != len(query.returns):
        return f"returns {len(columns)} columns, declared {len(query.returns)}"
    wrong = [f"{name} {type_} is of type {oid}" for (name, type_), oid in zip(query.returns, columns, strict=True)
             if oid not in READ[type_]]
    return ", ".join(wrong) or None


def test_postgres_takes_every_statement(source, queries, postgres_database):
    postgres_database.execute(schema(source, queries, "postgres"))
    wrong = {}
    with psycopg.connect(postgres_database.url, autocommit=True) as connection:
        for query in queries:
            text = text_for(query, "postgres")
            if text and (problem := describe(connection, query, text)):
                wrong[query.name] = problem
    assert wrong == {}
