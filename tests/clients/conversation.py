"""The one conversation that every client has with the stub model server.

An agent answers a question about the weather in two model calls: the first asks for a tool, the second
answers from the tool's result. conversation.json holds the words, so that the JavaScript drivers and the
stub server read the same file.
"""

import json
from pathlib import Path

SCRIPT = json.loads(Path(__file__).with_name("conversation.json").read_text(encoding="utf-8"))


def run_tool(city: str, unit: str = "celsius") -> dict:
    """The tool of the conversation: always the same weather."""
    return dict(SCRIPT["tool_result"])
