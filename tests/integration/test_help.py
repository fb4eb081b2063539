"""The command table: help, manual pages and completion say the same, and cover every command."""

import json
import os
import subprocess
from pathlib import Path

import pytest

KEEL = os.environ["KEEL_BIN"]
BUILD = Path(os.environ["KEEL_BUILD"])


def keel(*args):
    return subprocess.run([KEEL, *args], capture_output=True, text=True, timeout=60)


COMMANDS = json.loads(keel("help", "--json").stdout)
NAMES = [command["name"] for command in COMMANDS]


def test_every_command_is_listed_once():
    assert len(NAMES) == len(set(NAMES)) >= 3
    listing = keel("--help")
    assert listing.returncode == 0
    for name in NAMES:
        assert f"\n  {name} " in listing.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_help_names_every_option(command):
    shown = keel(command["name"], "--help")
    assert shown.returncode == 0 and shown.stderr == ""
    for option in command["options"]:
        assert f"--{option['name']}" in shown.stdout
    assert command["summary"].split()[0] in shown.stdout


@pytest.mark.parametrize("command", COMMANDS, ids=NAMES)
def test_manual_page_is_built_and_names_every_option(command):
    page = (BUILD / f"man/keel-{command['name']}.1").read_text(encoding="utf-8")
    assert page == keel("help", "--man", command["name"]).stdout
    for option in command["options"]:
        assert "\\-\\-" + option["name"].replace("-", "\\-") in page


def test_manual_pages_are_well_formed():
    pages = sorted((BUILD / "man").glob("*.1"))
    assert {page.name for page in pages} == {"keel.1", *(f"keel-{name}.1" for name in NAMES)}
    checked = subprocess.run(["mandoc", "-Tlint", "-Wwarning", *pages], capture_output=True, text=True)
    problems = [line for line in checked.stdout.splitlines() if "missing date" not in line]
    assert problems == []


def test_completion_knows_commands_and_options():
    script = keel("completion", "bash").stdout
    ask = script + "\nCOMP_WORDS=(keel demo --end); COMP_CWORD=2; _keel; echo ${COMPREPLY[@]}"
    assert subprocess.run(["bash", "-c", ask], capture_output=True, text=True).stdout.strip() == "--endpoint"


def test_usage_errors_exit_2():
    assert keel().returncode == 2
    for args in (["nonsense"], ["version", "--nonsense"], ["version", "extra"], ["completion", "fish"]):
        result = keel(*args)
        assert result.returncode == 2 and result.stdout == "" and args[-1].lstrip("-") in result.stderr
