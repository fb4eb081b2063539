"""scripts/with-postgres: a server while the command runs, and none afterwards, however it ends."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

PRINT = 'echo "$KEEL_TEST_POSTGRES_URL"; echo "$KEEL_TEST_POSTGRES_SOCKET"'


@pytest.fixture
def start(source):
    """Starts with-postgres with a shell command that prints; returns (process, url, folder)."""
    started = []

    def run(command):
        process = subprocess.Popen([source / "scripts/with-postgres", "sh", "-c", f"{PRINT}; {command}"],
                                   stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().strip(), Path(process.stdout.readline().strip())

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def is_gone(url):
    for _ in range(100):
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            return True
        time.sleep(0.05)
    return False


def test_the_commands_status_is_passed_on_and_nothing_is_left(start):
    process, url, folder = start("sleep 1; exit 7")
    assert psycopg.connect(url).execute("SELECT current_user").fetchone() == ("postgres",)
    assert process.wait(60) == 7
    assert is_gone(url)
    assert not folder.exists()


def test_it_asks_for_a_password(start):
    _, url, _ = start("sleep 60")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url, password="wrong")


@pytest.mark.parametrize("number, folder_goes", [(signal.SIGTERM, True), (signal.SIGKILL, False)])
def test_the_server_goes_when_we_are_stopped(start, number, folder_goes):
    process, url, folder = start("exec sleep 20")
    os.kill(process.pid, number)
    process.wait(60)
    assert is_gone(url)
    assert folder.exists() != folder_goes
    if not folder_goes:
        subprocess.run(["rm", "-rf", folder], check=True)


def test_durable_means_that_it_syncs(source):
    show = 'psql -At "$KEEL_TEST_POSTGRES_URL" -c "SHOW fsync"'
    for options, value in ((["--durable"], "on"), ([], "off")):
        command = [source / "scripts/with-postgres", *options, "sh", "-c", show]
        assert subprocess.check_output(command, text=True) == value + "\n"
