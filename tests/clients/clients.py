"""The clients under test: name, command, environment, and how one is run against an OTLP endpoint.

Everything is installed by scripts/bootstrap-clients into .cache/clients.
"""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
INSTALLED = HERE.parent.parent / ".cache" / "clients"
CONTENT = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
LATEST = {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}
PYTHON_VARIANTS = ("chat", "stream", "embeddings", "error")


class Client(NamedTuple):
    name: str
    command: tuple
    environment: dict
    variants: tuple
    says: str


def python(venv, script):
    return (str(INSTALLED / venv / "bin" / "python"), str(HERE / script))


def node(script):
    return (str(INSTALLED / "node" / "bin" / "node"), str(HERE / script))


def otel_js(name, exporter, messages, says, **environment):
    environment |= {"KEEL_TEST_EXPORTER": exporter, "KEEL_TEST_MESSAGES": messages}
    return Client(name, node("otel_js.js"), environment, ("chat", "embeddings", "error"), says)


def ai_sdk(version, exporter, **environment):
    environment |= {"KEEL_TEST_EXPORTER": exporter, "KEEL_TEST_AI_SDK": str(version)}
    variants = ("chat", "stream", "responses", "embeddings", "error")
    return Client(f"ai-sdk-{version}", node("ai_sdk.js"), environment, variants, f"AI SDK {version}, its own telemetry")


def otel(name, instrumentation, says, variants=PYTHON_VARIANTS, **environment):
    environment["KEEL_TEST_INSTRUMENTATION"] = instrumentation
    return Client(name, python(instrumentation, "otel_openai.py"), environment, variants, says)


GZIP = {"OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
CLIENTS = (
    otel("otel-openai-v2-legacy", "openai_v2", "messages as log events, conventions 1.30", **{CONTENT: "true"}),
    otel("otel-openai-v2-span", "openai_v2", "messages as span attributes", **LATEST, **GZIP, **{CONTENT: "span_only"}),
    otel("otel-openai-v2-event", "openai_v2", "messages in one log event", **LATEST, **{CONTENT: "event_only"}),
    otel(
        "otel-genai-openai-span",
        "genai_openai",
        "messages as span attributes",
        (*PYTHON_VARIANTS, "limited", "responses", "responses-stream"),
        **GZIP,
        **{CONTENT: "span_only"},
    ),
    otel(
        "otel-genai-openai-event",
        "genai_openai",
        "messages in one log event",
        (*PYTHON_VARIANTS, "responses"),
        **{CONTENT: "span_and_event"},
    ),
    Client(
        "openinference-openai",
        python("openinference", "openinference_openai.py"),
        {},
        (*PYTHON_VARIANTS, "responses", "responses-stream"),
        "OpenInference's own names",
    ),
    Client(
        "traceloop-openai",
        python("traceloop", "traceloop_openai.py"),
        GZIP,
        (*PYTHON_VARIANTS, "responses"),
        "OpenLLMetry's names of today",
    ),
    Client(
        "traceloop-openai-indexed",
        python("traceloop_indexed", "traceloop_openai.py"),
        {},
        PYTHON_VARIANTS,
        "OpenLLMetry's names until 0.53: gen_ai.prompt.N...",
    ),
    otel_js("otel-js-http", "http", "attributes", "by hand, JSON, messages as span attributes"),
    otel_js("otel-js-proto", "proto", "attributes", "by hand, protobuf, messages as span attributes", **GZIP),
    otel_js("otel-js-events", "http", "events", "by hand, JSON, messages as span events", **GZIP),
    ai_sdk(5, "proto"),
    ai_sdk(6, "http"),
    ai_sdk(7, "http", **GZIP),
)


@contextmanager
def stub_model_server():
    """The stub's base URL, with the stub running."""
    stub = subprocess.Popen(
        [sys.executable, str(HERE / "stub_model_server.py")], stdout=subprocess.PIPE, text=True
    )
    try:
        yield stub.stdout.readline().strip()
    finally:
        stub.terminate()
        stub.wait()


def run(client, variant, endpoint, model_server):
    """Run a driver to its end; returns the answer it printed. A model's error is status 3, and expected of two variants."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OPENAI_BASE_URL": model_server,
        "NODE_PATH": str(INSTALLED / "js" / "node_modules"),
        **client.environment,
    }
    done = subprocess.run([*client.command, variant], env=environment, capture_output=True, text=True, timeout=120)
    expected = 3 if variant in ("error", "limited") else 0
    if done.returncode != expected:
        raise AssertionError(f"{client.name} {variant}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()
