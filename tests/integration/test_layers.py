"""The house rules that can be read off the tree: who includes whom, and how long a file may be."""

import re
import subprocess

import pytest

# Lowest first. Layers of one height do not know each other.
HEIGHTS = [("base",), ("db",), ("schema",), ("migrate", "audit", "move", "explain"), ("store",), ("ingest",),
           ("ops",), ("http",), ("cli",)]
HEIGHT = {layer: height for height, layers in enumerate(HEIGHTS) for layer in layers}
# Whose header in include/keel/ it is, where it is not named after its layer.
PUBLIC = {"error": "base", "types": "base", "version": "base", "diff": "schema", "source": "migrate", "generate": "migrate", "drift": "migrate", "record": "store"}
# Headers that only one layer may know.
RESERVED = {"sqlite3.h": "db", "libpq-fe.h": "db", "microhttpd.h": "http"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)
CODE = (".c", ".h", ".py", ".js", ".mjs", ".ts", ".proto")


def tracked(source):
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=source, text=True)
    return [source / name for name in listed.split("\0") if name and (source / name).is_file()]


def layer_of_include(name):
    """The layer that an include belongs to; None when it is not keel's."""
    if match := re.fullmatch(r"keel_(?:sql|data)_([a-z]+)\.h", name):
        return match[1]
    if match := re.fullmatch(r"keel/([a-z_]+)\.h", name):
        layer = PUBLIC.get(match[1], match[1])
        assert layer in HEIGHT, f"say in test_layers.py whose header {name} is"
        return layer
    folder, slash, _ = name.partition("/")
    return folder if slash and folder in HEIGHT else None


def violations(layer, text):
    """What is wrong with the includes of a file of layer."""
    wrong = []
    for name in INCLUDE.findall(text):
        if name == "keel/keel.h":
            wrong.append("includes keel/keel.h, which is for users of the library")
            continue
        if RESERVED.get(name, layer) != layer:
            wrong.append(f"includes {name}, which only {RESERVED[name]} may")
        other = layer_of_include(name)
        if other not in (None, layer) and HEIGHT[other] >= HEIGHT[layer]:
            wrong.append(f"is {layer} and includes {name} of {other}")
    return wrong


def test_layers_include_downwards_only(source):
    wrong = []
    seen = set()
    for path in tracked(source):
        parts = path.relative_to(source).parts
        if parts[0] == "src" and len(parts) > 2 and path.suffix in (".c", ".h"):
            assert parts[1] in HEIGHT, f"{path} is in no layer"
            seen.add(parts[1])
            wrong += [f"{'/'.join(parts)} {what}" for what in violations(parts[1], path.read_text())]
    assert wrong == []
    assert {"base", "cli"} <= seen


@pytest.mark.parametrize(
    "layer, include",
    [
        ("db", '#include "store/run.h"'),
        ("migrate", '#  include "audit/rule.h"'),
        ("store", "#include <sqlite3.h>"),
        ("ingest", "#include <microhttpd.h>"),
        ("store", "#include <keel/ingest.h>"),
        ("schema", '#include "keel_sql_store.h"'),
        ("cli", "#include <keel/keel.h>"),
    ],
)
def test_a_wrong_include_is_found(layer, include):
    assert len(violations(layer, f"#include <stdio.h>\n{include}\n")) == 1


def test_no_file_is_longer_than_800_lines(source):
    long = {}
    for path in tracked(source):
        if path.suffix in CODE:
            lines = path.read_bytes().count(b"\n")
            if lines > 800:
                long[str(path.relative_to(source))] = lines
    assert long == {}


def test_no_words_that_do_not_belong_in_the_tree(source):
    # Written in two halves, so that this file does not find itself.
    denied = ["/wo" + "rk/", "/ro" + "ot/", "TO" + "DO", "FIX" + "ME", "registry.np" + "mjs", "pypi" + ".org",
              "pythonhosted" + ".org", "deb.deb" + "ian.org"]
    pattern = re.compile("|".join(map(re.escape, denied)).encode())
    found = []
    for path in tracked(source):
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            if match := pattern.search(line):
                found.append(f"{path.relative_to(source)}:{number}: {match[0].decode()}")
    assert found == []
