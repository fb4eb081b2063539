"""A database that is busy or away: what may pass is 503, and sent again it is stored."""

import contextlib
import sqlite3
import threading
import time
from urllib.parse import urlsplit

import psycopg
import pytest
from rawhttp import ask, ask_json, export, trace


def export_until_stored(server, message, within=60):
    """Statuses on the way to 200."""
    statuses, deadline = [], time.monotonic() + within
    while True:
        answer = export(server.port, message, timeout=within)
        statuses.append(answer.status)
        if answer.status == 200:
            return statuses
        assert answer.status == 503 and int(answer["retry-after"]) >= 1
        assert time.monotonic() < deadline, statuses
        time.sleep(0.2)


def test_sqlite_locked_by_another_process(start_server, sqlite_database):
    server = start_server(sqlite_database)
    assert export(server.port, trace()[1]).status == 200
    trace_id, message = trace(3)
    with contextlib.closing(sqlite3.connect(sqlite_database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = export(server.port, message, timeout=120)
        assert answer.status == 503 and int(answer["retry-after"]) >= 1
        assert ask_json(server.port, "POST", "/api/v1/runs", {"project": "p"}).status == 503
        assert ask(server.port, "GET", "/api/v1/runs").status == 200  # readers do not mind
        assert ask(server.port, "GET", "/healthz").status == 200
        other.execute("ROLLBACK")
    assert export_until_stored(server, message)[-1] == 200
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 3


def terminate_backends(database):
    name = urlsplit(database.url).path[1:]
    with psycopg.connect(database.server_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


def test_postgres_backends_terminated(start_server, postgres_database):
    """Again and again while clients send: no 500, nothing acknowledged is lost, nothing is stored twice."""
    server = start_server(postgres_database)
    stored, wrong, done = [], [], threading.Event()

    def client():
        while not done.is_set():
            trace_id, message = trace(4)
            for _ in range(100):
                answer = export(server.port, message, timeout=120)
                if answer.status == 200:
                    stored.append(trace_id)
                    break
                if answer.status != 503:
                    wrong.append(answer.status)
                    break
                time.sleep(0.05)

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        time.sleep(0.3)
        terminate_backends(postgres_database)
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong and len(stored) > 20
    assert ask(server.port, "GET", "/api/v1/runs").status in (200, 503)
    for trace_id in stored:
        run = ask(server.port, "GET", f"/api/v1/runs/{trace_id}")
        while run.status == 503:
            time.sleep(0.1)
            run = ask(server.port, "GET", f"/api/v1/runs/{trace_id}")
        assert run.json["event_count"] == 4


def test_postgres_gone_and_back(start_server, postgres_database):
    """The database takes no connections for a while."""
    server = start_server(postgres_database)
    name = urlsplit(postgres_database.url).path[1:]
    trace_id, message = trace(3)
    with psycopg.connect(postgres_database.server_url, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        terminate_backends(postgres_database)
        answer = export(server.port, message, timeout=120)
        assert answer.status == 503 and int(answer["retry-after"]) >= 1
        assert ask(server.port, "GET", "/api/v1/runs", timeout=120).status == 503
        assert ask(server.port, "GET", "/readyz", timeout=120).status == 503
        assert ask(server.port, "GET", "/healthz").status == 200
        admin.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")
    assert export_until_stored(server, message)[-1] == 200
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 3
    assert ask(server.port, "GET", "/readyz").status == 200


def test_slow_reads_do_not_hold_up_writes(start_server, postgres_database):
    """Readers that wait for a lock have their own threads and connections."""
    server = start_server(postgres_database)
    trace_id, message = trace(2)
    assert export(server.port, message).status == 200
    with psycopg.connect(postgres_database.url) as other:
        other.execute("LOCK TABLE audit_log IN ACCESS EXCLUSIVE MODE")
        waiting = [threading.Thread(target=ask, args=(server.port, "GET", "/api/v1/audit-log"), kwargs={"timeout": 120})
                   for _ in range(6)]
        for thread in waiting:
            thread.start()
        time.sleep(0.5)
        began = time.monotonic()
        assert export(server.port, trace()[1]).status == 200
        assert ask(server.port, "GET", "/healthz").status == 200
        assert time.monotonic() - began < 3
    for thread in waiting:
        thread.join()
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 2


@pytest.mark.parametrize("how", ["exports", "api"])
def test_sending_again_stores_nothing_twice(server, how):
    run = ask_json(server.port, "POST", "/api/v1/runs", {"project": "p", "dedupe_key": "k"}).json
    trace_id, message = trace(5)
    for _ in range(3):
        if how == "exports":
            assert export(server.port, message).status == 200
        else:
            again = ask_json(server.port, "POST", "/api/v1/runs", {"project": "p", "dedupe_key": "k"})
            assert again.status == 200 and again.json["id"] == run["id"]
            events = [{"id": f"e{n}", "name": "e"} for n in range(5)]
            assert ask_json(server.port, "POST", f"/api/v1/runs/{run['id']}/events", events).status == 200
    which = trace_id if how == "exports" else run["id"]
    assert server.get(f"/api/v1/runs/{which}")["event_count"] == 5
