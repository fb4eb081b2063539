#!/usr/bin/env python3
"""The agent under the OpenTelemetry Python SDK and one of its OpenAI instrumentations.

KEEL_TEST_INSTRUMENTATION is `openai_v2` or `genai_openai`. Where content goes is chosen as users choose it: by
OTEL_SEMCONV_STABILITY_OPT_IN and OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT. The agent's own spans are
written by hand with the API, as the GenAI conventions have them.
"""

import importlib
import json
import os

from opentelemetry import _logs, trace
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import agent
from conversation import SCRIPT, run_tool

MODULES = {"openai_v2": "openai_v2", "genai_openai": "genai.openai"}


def set_up():
    resource = Resource.create({"service.name": SCRIPT["service"]})
    spans = TracerProvider(resource=resource)
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(spans)
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    _logs.set_logger_provider(logs)
    module = MODULES[os.environ["KEEL_TEST_INSTRUMENTATION"]]
    importlib.import_module(f"opentelemetry.instrumentation.{module}").OpenAIInstrumentor().instrument()
    return spans, logs


def tool_step(tracer):
    def run_step(call_id, name, arguments):
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": name,
            "gen_ai.tool.type": "function",
            "gen_ai.tool.call.id": call_id,
            "gen_ai.tool.call.arguments": json.dumps(arguments, ensure_ascii=False),
        }
        with tracer.start_as_current_span(f"execute_tool {name}", attributes=attributes) as span:
            result = run_tool(**arguments)
            span.set_attribute("gen_ai.tool.call.result", json.dumps(result))
            return result

    return run_step


def run(variant):
    spans, logs = set_up()
    tracer = trace.get_tracer("travel_desk")
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": "openai",
        "gen_ai.agent.name": SCRIPT["agent"],
        "gen_ai.conversation.id": SCRIPT["session"],
        "user.id": SCRIPT["user"],
    }
    try:
        with tracer.start_as_current_span(f"invoke_agent {SCRIPT['agent']}", attributes=attributes):
            return agent.answer(variant, tool_step(tracer))
    finally:
        spans.shutdown()
        logs.shutdown()


if __name__ == "__main__":
    agent.main(run)
