"""The bundled SQLite is the pinned one, with the options that docs/sqlite-build.md explains."""

import os
import re
import subprocess
from pathlib import Path

import pytest

PROGRAM = r"""
#include <sqlite3.h>
#include <stdio.h>

int main(void)
{
    puts(sqlite3_libversion());
    for (int i = 0; sqlite3_compileoption_get(i); i++)
        puts(sqlite3_compileoption_get(i));
    return 0;
}
"""


@pytest.fixture
def compiled(source, tmp_path):
    """(version, compile options) of the bundled library."""
    library = Path(os.environ["KEEL_BUILD"], "third_party/libkeel_sqlite3.a")
    if not library.exists():
        pytest.skip("this build links the system's SQLite")
    (tmp_path / "main.c").write_text(PROGRAM)
    subprocess.run(["gcc", f"-I{source}/.cache/sqlite", "main.c", library, "-lm", "-lpthread", "-o", "main"],
                   cwd=tmp_path, check=True)
    version, *options = subprocess.check_output([tmp_path / "main"], text=True).split("\n")
    return version, set(options)


def test_the_version_has_no_wal_reset_bug_and_is_documented(compiled, source):
    version, _ = compiled
    assert tuple(map(int, version.split("."))) >= (3, 51, 3)
    assert version in (source / "docs/sqlite-build.md").read_text()


def test_every_option_is_documented_and_in_force(compiled, source):
    _, options = compiled
    table = re.findall(r"^\| (`.*?) \|", (source / "docs/sqlite-build.md").read_text(), re.MULTILINE)
    documented = {name for row in table for name in re.findall(r"`([^`]+)`", row)}
    given = set(re.findall(r"'-D(?:SQLITE_)?([A-Z0-9_]+(?:=\d)?)'", (source / "third_party/meson.build").read_text()))
    given = {name.removesuffix("=1") if name.startswith("HAVE_") else name for name in given}
    given.discard("KEEL_SQLITE_BUNDLED")
    assert given - {"KEEL_SQLITE_BUNDLED=1"} == documented
    for option in documented:
        if not option.startswith(("HAVE_", "TRUSTED_SCHEMA")):  # which SQLite does not list
            assert option in options
