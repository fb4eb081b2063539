#!/usr/bin/env python3
"""The agent under traceloop-sdk, with its decorators for workflow, agent and tool."""

import os

from opentelemetry import trace
from traceloop.sdk import Traceloop
from traceloop.sdk.decorators import agent as agent_span
from traceloop.sdk.decorators import tool as tool_span
from traceloop.sdk.decorators import workflow as workflow_span
from traceloop.sdk.instruments import Instruments

import agent
from conversation import SCRIPT, run_tool


@tool_span(name=SCRIPT["tool"]["name"])
def get_weather(city, unit="celsius"):
    return run_tool(city, unit)


@agent_span(name=SCRIPT["agent"])
def travel_agent(variant):
    return agent.answer(variant, lambda call_id, name, arguments: get_weather(**arguments))


@workflow_span(name=SCRIPT["workflow"])
def answer_question(variant):
    Traceloop.set_association_properties({"session_id": SCRIPT["session"], "user_id": SCRIPT["user"]})
    return travel_agent(variant)


def run(variant):
    Traceloop.init(
        app_name=SCRIPT["service"],
        api_endpoint=os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"],
        instruments={Instruments.OPENAI},
        telemetry_enabled=False,
    )
    try:
        return answer_question(variant)
    finally:
        trace.get_tracer_provider().shutdown()


if __name__ == "__main__":
    agent.main(run)
