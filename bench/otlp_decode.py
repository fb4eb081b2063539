"""Decoding OTLP on one core, without a server and a database: plain spans, and captured LLM spans of each client."""

import os
import subprocess
from pathlib import Path

build, source = Path(os.environ["KEEL_BUILD"]), Path(os.environ["KEEL_SOURCE"])
captures = sorted(source.glob("tests/fixtures/otlp/*/chat/*-traces.pb")) + sorted(
    source.glob("tests/fixtures/otlp/*/chat/*-traces.json"))
subprocess.run([build / "bench/otlp_decode", *captures], check=True)
