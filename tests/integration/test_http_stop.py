"""Starting and stopping the server."""

import json
import signal
import socket
import threading
import time

from rawhttp import PROTOBUF, Raw, ask, export, request, trace


def test_stop_loses_nothing_that_was_acknowledged(start_server, database):
    """Clients send as fast as they can while the server is told to stop, three times."""
    server = start_server(database)
    acknowledged, done = [], threading.Event()

    def client():
        while not done.is_set():
            trace_id, message = trace(5)
            try:
                answer = export(server.port, message)
            except OSError:
                time.sleep(0.01)
                continue
            if answer and answer.status == 200:
                acknowledged.append(trace_id)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        time.sleep(1)
        assert server.stop() == 0
        server.start()
    done.set()
    for thread in threads:
        thread.join()
    assert len(acknowledged) > 50
    for trace_id in acknowledged:
        assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 5
    server.stop()
    assert database.problems() == []


def test_requests_under_way_are_finished(start_server, database):
    """Half of a request is there when the signal comes; the other half is still taken, and refused or stored."""
    server = start_server(database)
    trace_id, message = trace(3)
    body = message.SerializeToString()
    data = request("POST", "/v1/traces", body, {"Content-Type": PROTOBUF})
    with Raw(server.port) as raw:
        raw.send(data[:-20])
        time.sleep(0.5)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.running
        raw.send(data[-20:])
        answer = raw.response()
        assert answer.status == 200 and answer["connection"] == "close"
    assert server.process.wait(20) == 0
    server.start()
    assert server.get(f"/api/v1/runs/{trace_id}")["event_count"] == 3


def test_who_stops_in_the_middle_does_not_keep_it_alive(start_server, sqlite_database):
    server = start_server(sqlite_database)
    idle = [Raw(server.port) for _ in range(5)]
    half = Raw(server.port).send(request("POST", "/v1/traces", b"", {"Content-Type": PROTOBUF, "Content-Length": "99"}))
    time.sleep(0.3)
    began = time.monotonic()
    assert server.stop(30) == 0
    assert time.monotonic() - began < 20
    for raw in [*idle, half]:
        assert raw.ended(1)


def test_idle_connections_end_at_once(start_server, sqlite_database):
    server = start_server(sqlite_database)
    raws = [Raw(server.port) for _ in range(20)]
    for raw in raws:
        raw.send(request("GET", "/healthz"))
        assert raw.response().status == 200
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 5
    assert all(raw.ended(1) for raw in raws)


def test_new_clients_are_refused_while_it_stops(start_server, sqlite_database):
    server = start_server(sqlite_database)
    with Raw(server.port) as raw:
        raw.send(request("POST", "/v1/traces", b"", {"Content-Type": PROTOBUF, "Content-Length": "99"}))
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                Raw(server.port).close()
            except ConnectionError:
                break
            time.sleep(0.05)
        else:
            raise AssertionError("it still listens")
    assert server.process.wait(20) == 0


def test_second_signal_ends_it(start_server, sqlite_database):
    server = start_server(sqlite_database)
    with Raw(server.port) as raw:
        raw.send(request("POST", "/v1/traces", b"", {"Content-Type": PROTOBUF, "Content-Length": "99"}))
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.running
        began = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(5) != 0
        assert time.monotonic() - began < 3


def test_ctrl_c(start_server, sqlite_database):
    server = start_server(sqlite_database)
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(20) == 0


def test_port_in_use(keel, sqlite_database):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = keel("serve", "--db", sqlite_database.url, "--port", port, check=False, timeout=30)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr and "--port" in done.stderr and done.stdout == ""


def test_unknown_address(keel, sqlite_database):
    done = keel("serve", "--db", sqlite_database.url, "--host", "no.such.host.invalid", check=False, timeout=60)
    assert done.returncode == 1 and "no.such.host.invalid" in done.stderr


def test_limits_that_contradict_each_other(keel, sqlite_database):
    done = keel("serve", "--db", sqlite_database.url, "--port", 0, "--max-memory", 40, check=False, timeout=30)
    assert done.returncode == 1 and "--max-body" in done.stderr and "60 MiB" in done.stderr


def test_usage(keel):
    for options in (["--port", "70000"], ["--port", "x"], ["extra"], ["--max-body", "0"], ["--log-level", "loud"]):
        assert keel("serve", *options, check=False, timeout=30).returncode == 2


def test_says_what_to_do_next(keel_bin, start_server, sqlite_database, tmp_path):
    """Without --json it is for people."""
    import subprocess

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([keel_bin, "serve", "--db", sqlite_database.url, "--port", str(port)],
                               stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    text = ""
    while "Ctrl-C" not in text:
        line = process.stderr.readline()
        assert line, text
        text += line
    assert ask(port, "GET", "/healthz").status == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stderr.close()
    assert f"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:{port}" in text
    assert str(sqlite_database.path) in text
    assert f"{keel_bin} demo --endpoint http://127.0.0.1:{port}\n" in text
    assert f"{keel_bin} runs --db 'sqlite:{sqlite_database.path}'\n" in text


def test_readiness_and_metrics(server):
    assert ask(server.port, "GET", "/readyz").json == {"status": "ready"}
    export(server.port, trace(7)[1])
    text = ask(server.port, "GET", "/metrics").body.decode()
    assert 'keel_http_requests_total{method="POST",route="/v1/traces",code="200"} 1' in text
    assert "keel_queue_written_records_total 7\n" in text
    assert "keel_queue_transactions_total 1\n" in text
    values = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            values[name] = float(value)
    assert values["process_resident_memory_bytes"] > 1 << 20
    assert values["keel_http_received_bytes_total"] > 100
    assert any(name.startswith("keel_statement_duration_seconds{") and 'quantile="0.99"' in name for name in values)
    assert len(values) == len([line for line in text.splitlines() if not line.startswith("#")]), "a sample stands twice"
    assert json.loads(ask(server.port, "GET", "/healthz").body)["status"] == "ok"
