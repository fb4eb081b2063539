"""What every integration test may ask for: the program, and a database of its own."""

import os
import subprocess
from pathlib import Path

import pytest
from databases import PostgresDatabase, SqliteDatabase
from served import Server


def pytest_configure(config):
    missing = [name for name in ("KEEL_BIN", "KEEL_TEST_POSTGRES_URL") if not os.environ.get(name)]
    if missing:
        raise pytest.UsageError(f"{' and '.join(missing)} not set: run scripts/test integration")


@pytest.fixture(scope="session")
def source():
    """The root of the source tree."""
    return Path(os.environ["KEEL_SOURCE"])


@pytest.fixture(scope="session")
def legacy(source):
    """The folder of the legacy databases: $KEEL_LEGACY, or shared/legacy beside the checkout."""
    tried = [Path(os.environ["KEEL_LEGACY"])] if os.environ.get("KEEL_LEGACY") else [
        folder / "shared/legacy" for folder in source.parents]
    for folder in tried:
        if (folder / "fill.py").is_file():
            return folder
    if os.environ.get("KEEL_LEGACY"):
        pytest.fail(f"no legacy databases in {' or '.join(map(str, tried))}")
    pytest.skip("the legacy databases are not part of the source tree: set KEEL_LEGACY to their folder")


@pytest.fixture(scope="session")
def keel_bin():
    return os.environ["KEEL_BIN"]


@pytest.fixture
def keel(keel_bin, tmp_path):
    """Runs keel in a folder of its own: keel("runs", "--json") -> CompletedProcess, text."""

    def run(*args, check=True, **options):
        options = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 300} | options
        done = subprocess.run([keel_bin, *map(str, args)], check=False, **options)
        if check:
            assert done.returncode == 0, f"keel {' '.join(map(str, args))}: {done.returncode}\n{done.stderr}"
        return done

    return run


@pytest.fixture
def sqlite_database(tmp_path):
    return SqliteDatabase(tmp_path / "keel.db")


@pytest.fixture
def postgres_database():
    database = PostgresDatabase.create(os.environ["KEEL_TEST_POSTGRES_URL"])
    yield database
    database.drop()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    """An empty database; the test runs once on each kind."""
    return request.getfixturevalue(f"{request.param}_database")


@pytest.fixture
def start_server(keel_bin, tmp_path):
    """start_server(database, *options) -> a running keel serve, stopped when the test ends."""
    servers = []

    def start(database, *options):
        servers.append(Server(keel_bin, database, tmp_path, *options))
        return servers[-1].start()

    yield start
    for server in servers:
        if server.running:
            server.stop()


@pytest.fixture
def server(start_server, database):
    """A running keel serve on an empty database; the test runs once on each kind."""
    return start_server(database)
