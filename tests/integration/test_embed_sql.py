"""scripts/embed_sql.py: what it makes compiles and holds what the files said; what is wrong is named."""

import subprocess
import sys

import pytest

STATEMENTS = """\
-- name: run_get
-- One run by its id.
-- params: id uuid
-- returns: id uuid, project text,
-- returns: started_at time
SELECT '$2;' AS "a$3", $$ $4; $$ /* $5; */ -- $6;
  FROM runs WHERE id = $1;  -- the end

-- name: event_insert
-- params: run_id uuid, sequence int
-- sqlite:
INSERT INTO events VALUES ($1, $2, 'é ??/ "\\');
-- postgres:
INSERT INTO events SELECT * FROM unnest($1::uuid[], $2::int8[])

-- name: only_sqlite
-- params: none
-- returns: none
-- sqlite:
PRAGMA optimize
"""

PROGRAM = r"""
#include "keel_sql_m.h"
#include "keel_data_m.h"
#include <stdio.h>

int main(void)
{
    for (size_t i = 0; i < keel_sql_m_count; i++) {
        const struct keel_query *q = keel_sql_m[i];
        printf("[%s|%s|%s|", q->name, q->sqlite ? q->sqlite : "NULL", q->postgres ? q->postgres : "NULL");
        for (size_t p = 0; p < q->param_count; p++)
            printf("%d ", q->params[p]);
        printf("|");
        for (size_t r = 0; r < q->return_count; r++)
            printf("%d ", q->returns[r]);
        printf("]\n");
    }
    for (size_t i = 0; i < keel_migrations_m_postgres_count; i++)
        printf("<%s %zu %s>", keel_migrations_m_postgres[i].name, keel_migrations_m_postgres[i].size,
               keel_migrations_m_postgres[i].data);
    printf("<%s %zu %d>", keel_data_prices.name, keel_data_prices.size, keel_data_prices.data[1]);
    return keel_q_run_get.param_count == 1 ? 0 : 1;
}
"""


@pytest.fixture
def embed(source, tmp_path):
    (tmp_path / "sql/m/migrations/postgres").mkdir(parents=True)

    def run(*args):
        command = [sys.executable, source / "scripts/embed_sql.py", *args]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_what_it_makes_compiles_and_says_what_the_files_say(embed, source, tmp_path):
    (tmp_path / "sql/m/runs.sql").write_text(STATEMENTS)
    (tmp_path / "sql/m/migrations/postgres/0002_b.up.sql").write_text("B\n")
    (tmp_path / "sql/m/migrations/postgres/0001_a.up.sql").write_text("A;\n")
    (tmp_path / "prices.json").write_bytes(b'"\0\xff')
    assert embed("sql", "m", "sql", "keel_sql_m.c", "keel_sql_m.h").stderr == ""
    assert embed("data", "m", "keel_data_m.c", "keel_data_m.h", "prices=prices.json").stderr == ""
    (tmp_path / "main.c").write_text(PROGRAM)
    subprocess.run(
        ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-I.", f"-I{source}/include", f"-I{source}/src",
         "main.c", "keel_sql_m.c", "keel_data_m.c", "-o", "main"], cwd=tmp_path, check=True)
    output = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout
    types = {"int": 2, "text": 4, "uuid": 6, "time": 7}
    shared = """SELECT '$2;' AS "a$3", $$ $4; $$ /* $5; */ -- $6;\n  FROM runs WHERE id = $1"""
    assert output == (
        f"[run_get|{shared}|{shared}|{types['uuid']} |{types['uuid']} {types['text']} {types['time']} ]\n"
        "[event_insert|INSERT INTO events VALUES ($1, $2, 'é ??/ \"\\')"
        "|INSERT INTO events SELECT * FROM unnest($1::uuid[], $2::int8[])"
        f"|{types['uuid']} {types['int']} |]\n"
        "[only_sqlite|PRAGMA optimize|NULL||]\n"
        "<0001_a.up.sql 3 A;\n><0002_b.up.sql 2 B\n><prices.json 3 0>"
    )


@pytest.mark.parametrize(
    "text, line, message",
    [
        ("-- name: a\n-- params: x uuuid\nSELECT $1", 2, "unknown type 'uuuid' of x"),
        ("-- name: a\n-- returns: x\nSELECT 1", 2, "returns wants 'name type, name type' or none, not 'x'"),
        ("-- name: a\n-- params: x int, x int\nSELECT $1, $2", 2, "'x' stands twice in params"),
        ("-- name: a\nSELECT 1\n-- name: a\nSELECT 1", 3, "stands twice; first in sql/m/q.sql:1"),
        ("-- name: taken\nSELECT 1", 1, "stands twice; also in sql/other/o.sql:2"),
        ("\n-- name: a\n-- params: x int, y int\nSELECT $2", 2, "uses $2 but not $1"),
        ("-- name: a\n-- params: x int\nSELECT $1, $3", 1, "uses $3 but not $2"),
        ("-- name: a\n-- params: x int\nSELECT $0", 1, "parameters start at $1"),
        ("-- name: a\n-- params: x int\nSELECT 1", 1, "uses 0 parameters, but declares 1"),
        ("-- name: a\nSELECT $1", 1, "uses 1 parameters, but declares 0"),
        ("-- name: a\n-- params: x int\n-- sqlite:\nSELECT $1\n-- postgres:\nSELECT 1", 1, "uses 0 parameters"),
        ("-- name: a\nSELECT 1; SELECT 2", 1, "holds more than one statement"),
        ("-- name: a\nSELECT 1;\n'x'", 1, "holds more than one statement"),
        ("-- name: a\nSELECT 1; ;", 1, "holds more than one statement"),
        ("-- name: a\nSELECT 1\n-- sqlite:\nSELECT 1", 1, "has SQL before its first"),
        ("-- name: a\n-- sqlite:\nSELECT 1\n-- sqlite:\nSELECT 2", 4, "'-- sqlite:' stands twice"),
        ("-- name: a\n-- sqlite: SELECT 1", 2, "text after '-- sqlite:'"),
        ("-- name: a\nSELECT 1\n-- params: x int", 3, "'-- params:' stands after the SQL"),
        ("-- name: a\n-- only a comment", 1, "has no SQL"),
        ("-- name: a\n;", 1, "has no SQL"),
        ("-- name: A-b\nSELECT 1", 1, "'A-b' is no name for a statement"),
        ("-- about\nSELECT 1", 2, "SQL before the first '-- name:' line"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(embed, tmp_path, text, line, message):
    (tmp_path / "sql/other").mkdir()
    (tmp_path / "sql/other/o.sql").write_text("\n-- name: taken\nSELECT 1\n")
    (tmp_path / "sql/m/q.sql").write_text(text)
    done = embed("sql", "m", "sql", "keel_sql_m.c", "keel_sql_m.h")
    assert done.returncode == 1
    assert done.stderr.startswith(f"sql/m/q.sql:{line}: ")
    assert message in done.stderr
    assert not (tmp_path / "keel_sql_m.c").exists()


def test_the_depfile_names_folders_so_that_a_new_file_is_seen(embed, tmp_path):
    (tmp_path / "sql/m/q.sql").write_text("-- name: a\nSELECT 1\n")
    embed("sql", "m", "sql", "keel_sql_m.c", "keel_sql_m.h", "--depfile", "m.d")
    outputs, _, inputs = (tmp_path / "m.d").read_text().partition(":")
    assert outputs.split() == ["keel_sql_m.c", "keel_sql_m.h"]
    assert {"sql", "sql/m", "sql/m/q.sql"} <= set(inputs.split())
