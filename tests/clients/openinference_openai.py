#!/usr/bin/env python3
"""The agent under OpenInference's OpenAI instrumentation, with its own decorators for agent and tool."""

import agent
from conversation import SCRIPT, run_tool
from openinference.instrumentation import OITracer, TraceConfig, using_attributes
from openinference.instrumentation.openai import OpenAIInstrumentor
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def set_up():
    provider = TracerProvider(resource=Resource.create({"service.name": SCRIPT["service"]}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    return provider, OITracer(provider.get_tracer("travel_desk"), config=TraceConfig())


def run(variant):
    provider, tracer = set_up()

    @tracer.tool(name=SCRIPT["tool"]["name"], description=SCRIPT["tool"]["description"])
    def get_weather(city: str, unit: str = "celsius") -> dict:
        return run_tool(city, unit)

    @tracer.agent(name=SCRIPT["agent"])
    def travel_agent(question: str) -> str:
        return agent.answer(variant, lambda call_id, name, arguments: get_weather(**arguments))

    try:
        with using_attributes(session_id=SCRIPT["session"], user_id=SCRIPT["user"], tags=["weather"]):
            return travel_agent(SCRIPT["question"])
    finally:
        provider.shutdown()


if __name__ == "__main__":
    agent.main(run)
