"""keel migrate generate and drift: the files, the sources, what is refused and what is said."""

import json
import os

import pytest

START = "CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL, note text);\n"
NEXT = "CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL, note text, age integer);\n"
LESS = "CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL);\n"


@pytest.fixture
def migrate(keel, database):
    """migrate(verb, *options): in the folder m, on the database."""

    def run(*words, check=True, db=True):
        scratch = ["--scratch", os.environ["KEEL_TEST_POSTGRES_URL"]] if database.kind == "postgres" else []
        scratch = scratch if words[0] in ("generate", "drift") else []
        return keel("migrate", *words, "--dir", "m", *(["--db", database.url] if db else []), *scratch, check=check)

    return run


@pytest.fixture
def files(tmp_path):
    """The names of the files in the folder m."""
    return lambda: sorted(path.name for path in (tmp_path / "m").iterdir()) if (tmp_path / "m").exists() else []


def test_the_first_migration_makes_everything_and_down_removes_it(migrate, database, files, tmp_path):
    (tmp_path / "to.sql").write_text(START)
    made = migrate("generate", "Make users!", "--to", "to.sql", "--dialect", database.kind, db=False)
    assert made.stdout == "m/0001_make_users.up.sql\nm/0001_make_users.down.sql\n"
    assert files() == ["0001_make_users.down.sql", "0001_make_users.up.sql"]
    migrate("up")
    database.execute("INSERT INTO users VALUES (1, 'a', 'b')")
    assert migrate("drift").returncode == 0
    migrate("down")
    assert migrate("drift", check=False).returncode == 1  # nothing is applied: compared with all
    migrate("up")
    assert database.rows("SELECT * FROM users") == []


def test_the_folder_is_where_it_starts_and_nothing_is_written_when_nothing_differs(migrate, database, files, tmp_path):
    for number, schema in ((1, START), (2, NEXT)):
        (tmp_path / "to.sql").write_text(schema)
        migrate("generate", "step", "--to", "to.sql", "--dialect", database.kind, db=False)
        assert len(files()) == 2 * number
    assert "ADD COLUMN age" in (tmp_path / "m/0002_step.up.sql").read_text()
    told = migrate("generate", "step", "--to", "to.sql", "--dialect", database.kind, db=False)
    assert told.stdout == "" and "nothing to write" in told.stderr and len(files()) == 4
    migrate("up")
    (tmp_path / "to.sql").write_text(NEXT)
    assert "nothing to write" in migrate("generate", "step", "--to", "to.sql").stderr


def test_json_says_the_files_and_the_changes(migrate, database, tmp_path):
    (tmp_path / "to.sql").write_text(START)
    made = migrate("generate", "x", "--to", "to.sql", "--dialect", database.kind, "--json", db=False)
    assert json.loads(made.stdout) == {"up": "m/0001_x.up.sql", "down": "m/0001_x.down.sql", "changes": 1,
                                       "blocking": 0, "destructive": 0}
    made = migrate("generate", "x", "--to", "to.sql", "--dialect", database.kind, "--json", db=False)
    assert json.loads(made.stdout) == {"up": None, "down": None, "changes": 0, "blocking": 0, "destructive": 0}


@pytest.mark.parametrize("layout", ["dbmate", "goose"])
def test_other_layouts_get_their_one_file(layout, migrate, database, files, tmp_path):
    (tmp_path / "to.sql").write_text(START)
    migrate("generate", "a", "--to", "to.sql", "--format", layout, "--dialect", database.kind, db=False)
    (tmp_path / "to.sql").write_text(NEXT)
    migrate("generate", "b", "--to", "to.sql", "--dialect", database.kind, db=False)
    assert files() == ["0001_a.sql", "0002_b.sql"]
    migrate("up")
    assert migrate("drift").returncode == 0
    migrate("down")
    assert database.rows("SELECT * FROM users") == []


def test_what_would_be_lost_is_counted_and_refused(migrate, database, files, tmp_path):
    database.execute(START + "INSERT INTO users VALUES (1, 'a', 'x'), (2, 'b', NULL);")
    (tmp_path / "to.sql").write_text(LESS)
    refused = migrate("generate", "less", "--to", "to.sql", check=False)
    assert refused.returncode == 1 and files() == []
    assert "column users.note is dropped: its values are lost (1 value)" in refused.stderr
    allowed = migrate("generate", "less", "--to", "to.sql", "--allow-destructive")
    assert "(1 value)" in allowed.stderr and len(files()) == 2
    migrate("up")
    assert database.rows("SELECT * FROM users ORDER BY id") == [(1, "a"), (2, "b")]


def test_a_rename_keeps_the_values_and_is_hinted_at(migrate, database, files, tmp_path):
    database.execute(START + "INSERT INTO users VALUES (1, 'a', 'x');")
    (tmp_path / "to.sql").write_text(START.replace("note", "remark"))
    refused = migrate("generate", "r", "--to", "to.sql", check=False)
    assert refused.returncode == 1 and "--rename users.note=remark" in refused.stderr and files() == []
    migrate("generate", "r", "--to", "to.sql", "--rename", "users.note=remark")
    migrate("up")
    assert database.rows("SELECT remark FROM users") == [("x",)]
    migrate("down")
    assert database.rows("SELECT note FROM users") == [("x",)]


@pytest.mark.parametrize("arguments, message", [
    (["generate", "--to", "to.sql"], "takes the name of the migration"),
    (["generate", "x"], "needs --to"),
    (["generate", "x", "--to", "nowhere.sql"], "nowhere.sql"),
    (["generate", "x", "--to", "to.sql", "--rename", "a"], "OLD=NEW"),
    (["generate", "!", "--to", "to.sql"], "letters and digits"),
])
def test_wrong_usage_writes_nothing(arguments, message, migrate, database, files, tmp_path):
    database.execute(START)
    (tmp_path / "to.sql").write_text(NEXT)
    told = migrate(*arguments, check=False)
    assert told.returncode != 0 and message in told.stderr
    assert files() == []


def test_nothing_says_the_dialect(keel, tmp_path):
    (tmp_path / "to.sql").write_text(START)
    told = keel("migrate", "generate", "x", "--dir", "m", "--to", "to.sql", check=False)
    assert told.returncode == 1 and "--dialect" in told.stderr


def test_drift_shows_what_was_done_by_hand(migrate, database, tmp_path):
    (tmp_path / "to.sql").write_text(START)
    migrate("generate", "start", "--to", "to.sql", "--dialect", database.kind, db=False)
    migrate("up")
    (tmp_path / "to.sql").write_text(NEXT)
    migrate("generate", "next", "--to", "to.sql", "--dialect", database.kind, db=False)
    told = migrate("drift")
    assert told.stdout == "" and "1 pending migration is left out" in told.stderr
    database.execute("CREATE INDEX by_hand ON users (email); ALTER TABLE users ADD COLUMN hand text;")
    told = migrate("drift", check=False)
    assert told.returncode == 1
    assert "+ index by_hand (email) of users is added" in told.stdout and "column users.hand is added" in told.stdout
    parsed = json.loads(migrate("drift", "--json", check=False).stdout)
    assert [(change["kind"], change["name"]) for change in parsed["changes"]] == [
        ("add_column", "hand"), ("add_index", "by_hand")]
    # Taken over, it is none any more.
    migrate("generate", "take_over", "--from", "m", "--to", database.url, "--allow-destructive", db=False)


def test_drift_cannot_be_found_out(migrate, database, tmp_path):
    (tmp_path / "to.sql").write_text(START)
    migrate("generate", "start", "--to", "to.sql", "--dialect", database.kind, db=False)
    migrate("up")
    for path in (tmp_path / "m").iterdir():
        path.unlink()
    told = migrate("drift", check=False)
    assert told.returncode == 2 and "0001_start is applied and has no file" in told.stderr
    if database.kind == "sqlite":
        database.path.unlink()
        assert migrate("drift", check=False).returncode == 2


def test_the_store_has_no_drift(keel, database, start_server):
    start_server(database)  # which makes partitions, too
    told = keel("migrate", "drift", "--db", database.url, check=False)
    assert (told.returncode, told.stdout) == (0, ""), told.stderr
