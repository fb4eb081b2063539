"""keel migrate when several run at once, and when they are killed at any moment."""

import json
import random
import signal
import subprocess
import time

import pytest


def keel_up(keel_bin, folder, database, **options):
    return subprocess.Popen([keel_bin, "migrate", "up", "--dir", str(folder), "--db", database.url],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def numbers(kind, count):
    """A query of count numbers."""
    if kind == "postgres":
        return f"SELECT generate_series(1, {count})"
    return f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n"


def make_migrations(folder, kind, count, rows):
    """Migrations that each add rows to a table of their own and one to `applied`; every third is no transaction, and
    goes by steps, some of which cannot be in a transaction."""
    folder.mkdir()
    (folder / "0001_start.up.sql").write_text("CREATE TABLE applied (n INTEGER NOT NULL, part INTEGER NOT NULL);\n")
    for n in range(2, count + 1):
        body = [f"CREATE TABLE t{n} (i INTEGER NOT NULL);",
                f"INSERT INTO t{n} {numbers(kind, rows)};",
                f"INSERT INTO applied VALUES ({n}, 1);",
                f"CREATE INDEX t{n}_i ON t{n} (i);",
                f"INSERT INTO applied VALUES ({n}, 2);"]
        if n % 3 == 0:
            alone = f"CREATE INDEX CONCURRENTLY t{n}_c ON t{n} (i);" if kind == "postgres" else "PRAGMA optimize;"
            body = ["-- transaction:false", *body[:3], alone, "BEGIN;", *body[3:], "COMMIT;", "VACUUM;"]
        (folder / f"{n:04}_m{n}.up.sql").write_text("\n".join(body) + "\n")


def check(database, count, rows):
    """Every migration was applied once, whole."""
    assert sorted(database.rows("SELECT n, part FROM applied")) == [(n, p) for n in range(2, count + 1) for p in (1, 2)]
    for n in range(2, count + 1):
        assert database.value(f"SELECT count(*) FROM t{n}") == rows
    done = database.rows("SELECT version, count(*) FROM keel_migrations WHERE state = 'done' AND step = steps "
                         "GROUP BY version ORDER BY version")
    assert done == [(n, 1) for n in range(1, count + 1)]
    if database.kind == "postgres":
        assert database.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 0
    assert database.problems() == []


def test_eight_at_once(database, keel_bin, tmp_path):
    count, rows = 30, 2000
    make_migrations(tmp_path / "m", database.kind, count, rows)
    processes = [keel_up(keel_bin, tmp_path / "m", database) for _ in range(8)]
    said = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, [err for _, err in said]
    applied = [line.split()[1] for out, _ in said for line in out.splitlines() if line.startswith("applied ")]
    # Of migrations that go by steps, SQLite's processes may each have done a part.
    assert set(applied) == {f"{n:04}_{'start' if n == 1 else f'm{n}'}" for n in range(1, count + 1)}
    check(database, count, rows)


def test_eight_at_once_where_one_fails(database, keel_bin, tmp_path):
    make_migrations(tmp_path / "m", database.kind, 5, 100)
    (tmp_path / "m" / "0004_m4.up.sql").write_text("CREATE TABLE t4 (i INTEGER);\nnonsense;\n")
    processes = [keel_up(keel_bin, tmp_path / "m", database) for _ in range(8)]
    said = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [1] * 8
    assert all("0004_m4.up.sql:2: statement 2 of 2 (nonsense)" in err for err in said)
    assert sorted(database.rows("SELECT DISTINCT n FROM applied")) == [(2,), (3,)]


ROUNDS = 16


def test_killed_at_random_moments(record_property, database, keel_bin, tmp_path_factory, keel):
    """Whatever the moment, the next run goes on without help, and nothing is applied twice or in part."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    count, rows, kills, inside = 12, 20000, 0, 0
    folder = tmp_path_factory.mktemp("kill") / "m"
    make_migrations(folder, database.kind, count, rows)

    def timed_run():
        started = time.monotonic()
        process = keel_up(keel_bin, folder, database)
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        return time.monotonic() - started

    def progress():
        try:
            return database.rows("SELECT count(*), max(id) FROM keel_migrations")[0]
        except Exception:  # there is no such table yet
            return (0, None)

    def reset():
        if database.kind == "sqlite":
            for path in database.path.parent.glob(database.path.name + "*"):
                path.unlink()
        else:
            database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")

    whole = timed_run()
    check(database, count, rows)
    for _ in range(ROUNDS):
        reset()
        while kills < 10000:
            before = progress()
            process = keel_up(keel_bin, folder, database)
            time.sleep(chance.uniform(0, whole / 2))
            process.send_signal(signal.SIGKILL)
            out, _ = process.communicate()
            kills += 1
            if process.returncode == 0:
                break
            assert process.returncode == -signal.SIGKILL
            # Inside: it had begun to work, and had not come to the end.
            inside += progress() != before
        timed_run()
        check(database, count, rows)
        status = json.loads(keel("migrate", "status", "--dir", folder, "--db", database.url, "--json").stdout)
        assert {m["state"] for m in status} == {"applied"} and {m["problem"] for m in status} == {None}
    print(f"{kills} kills, {inside} of them of runs that had changed the database")
    for name, value in (("seed", seed), ("kills", kills), ("kills_inside", inside)):
        record_property(name, value)
    assert inside >= ROUNDS


def test_killed_inside_one_transaction(database, keel_bin, tmp_path):
    """The statement is known to be under way when the process is killed."""
    folder = tmp_path / "m"
    folder.mkdir()
    slow = ("SELECT pg_sleep(60);" if database.kind == "postgres" else
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000000) SELECT count(*) FROM n;")
    (folder / "0001_a.up.sql").write_text("CREATE TABLE a (i INTEGER);\n")
    (folder / "0002_b.up.sql").write_text(f"CREATE TABLE b (i INTEGER);\n{slow}\n")
    process = keel_up(keel_bin, folder, database)
    assert process.stdout.readline().startswith("applied 0001_a")
    time.sleep(0.3)
    process.kill()
    process.communicate()
    if database.kind == "postgres":  # the server sees that its client is gone when the statement ends
        database.rows("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(60)%%' "
                      "AND pid <> pg_backend_pid()")
    (folder / "0002_b.up.sql").write_text("CREATE TABLE b (i INTEGER);\n")
    process = keel_up(keel_bin, folder, database)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out.split("(")[0]) == (0, "applied 0002_b "), err


@pytest.mark.parametrize("kind", ["postgres"])
def test_down_waits_for_up(kind, postgres_database, keel_bin, tmp_path):
    folder = tmp_path / "m"
    folder.mkdir()
    (folder / "0001_a.up.sql").write_text("CREATE TABLE a (i INTEGER);\nSELECT pg_sleep(1);\n")
    (folder / "0001_a.down.sql").write_text("DROP TABLE a;\n")
    up = keel_up(keel_bin, folder, postgres_database)
    while not postgres_database.rows("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"):
        time.sleep(0.01)
    down = subprocess.run([keel_bin, "migrate", "down", "--dir", folder, "--db", postgres_database.url],
                          capture_output=True, text=True, check=False)
    up.communicate()
    assert down.returncode == 0 and down.stdout.startswith("reverted 0001_a"), down.stderr
    assert "waiting for another program" in down.stderr
