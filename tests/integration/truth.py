"""What really happened in the conversation that the clients tell of, as keel's JSON should show it.

A client that leaves something out (tests/fixtures/otlp/README.md has the table) cannot be shown in full: `gaps` names
what it does not say.
"""

import json
import os
import sys
from decimal import Decimal
from pathlib import Path

CLIENTS = Path(os.environ["KEEL_SOURCE"], "tests/clients")
sys.path.insert(0, str(CLIENTS))

from conversation import SCRIPT  # noqa: E402

# Dollars per million tokens; every bucket has another price, so that a token in the wrong one shows.
PRICES = {
    "stub-4o*": {"input": "2.50", "output": "10", "cache-read": "1.25", "reasoning": "12"},
    "stub-embedding": {"input": "0.30", "output": "0"},
}


def cost_usd(model, tokens):
    """tokens: by keel's names; those that are None are not known, and priced as the bucket they are part of."""
    price = {kind: Decimal(usd) / 1_000_000 for kind, usd in PRICES[model].items()}
    cached = tokens["cache_read_tokens"] or 0
    reasoning = tokens["reasoning_tokens"] or 0
    return (
        ((tokens["input_tokens"] or 0) - cached) * price["input"]
        + cached * price.get("cache-read", 0)
        + ((tokens["output_tokens"] or 0) - reasoning) * price["output"]
        + reasoning * price.get("reasoning", 0)
    )


def tokens(kind, gaps=frozenset()):
    usage = SCRIPT["usage"][kind]
    return {
        "input_tokens": usage["input"],
        "output_tokens": usage["output"],
        "cache_read_tokens": None if "cached" in gaps else usage["cached"],
        "reasoning_tokens": None if "reasoning" in gaps else usage["reasoning"],
    }


SYSTEM = {"role": "system", "content": SCRIPT["system"]}
QUESTION = {"role": "user", "content": SCRIPT["question"]}
ANSWER = {"role": "assistant", "content": SCRIPT["answer"]}
TOOL_RESULT = {
    "role": "tool",
    "content": json.dumps(SCRIPT["tool_result"], separators=(",", ":")),
    "tool_call_id": SCRIPT["tool_call_id"],
}


def tool_call(call_id=SCRIPT["tool_call_id"]):
    call = {"id": call_id, "name": SCRIPT["tool"]["name"], "arguments": SCRIPT["tool_arguments"]}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def llm_call(kind, gaps=frozenset(), response_prefix="chatcmpl"):
    """One of the two model calls: kind is "tool_call" or "answer"."""
    first = kind == "tool_call"
    counted = tokens(kind, gaps)
    return {
        "provider": "openai",
        "operation": "chat",
        "request_model": SCRIPT["model"],
        "response_model": SCRIPT["response_model"],
        "response_id": f"{response_prefix}_{kind}" if response_prefix == "resp" else f"{response_prefix}-{kind}",
        "finish_reason": None if "finish" in gaps else ("tool_call" if first else "stop"),
        "error_type": None,
        "error_message": None,
        "cache_creation_tokens": None,
        **counted,
        "cost_usd": cost_usd("stub-4o*", counted),
        "session_id": SCRIPT["session"],
        "agent_name": SCRIPT["agent"],
        "tools": None if "tools" in gaps else [SCRIPT["tool"]],
        "input_messages": [SYSTEM, QUESTION] if first else [SYSTEM, QUESTION, tool_call(), TOOL_RESULT],
        "output_messages": [tool_call("fc_weather_1" if "tool call id" in gaps else SCRIPT["tool_call_id"])]
        if first
        else [ANSWER],
    }


def shown(call, gaps=frozenset()):
    """A model call of keel's JSON, reduced to what llm_call() says. What a client leaves out may be null, or 0 for a
    bucket that does not exist."""
    truth = {key: call[key] for key in llm_call("answer")}
    truth["cost_usd"] = None if call["cost_usd"] is None else Decimal(call["cost_usd"])
    truth["cache_creation_tokens"] = call["cache_creation_tokens"] or None
    for message in truth["input_messages"] + truth["output_messages"]:
        if message.get("tool_calls"):
            message["content"] = message.get("content") or None
    return truth
