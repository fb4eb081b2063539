"""scripts/bootstrap: quick and quiet when nothing is to do, and it takes no file but the pinned one."""

import os
import shutil
import subprocess

import pytest

# Packs a package that has every pinned member, with other contents.
FORGING_NPM = """#!/bin/sh
mkdir -p package/deps/sqlite3
echo 'int sqlite3_open(void);' | tee package/deps/sqlite3/sqlite3.c >package/deps/sqlite3/sqlite3.h
tar -czf forged.tgz package
rm -r package
"""


@pytest.fixture
def bootstrap(source, tmp_path):
    """Runs bootstrap in a copy of the tree that has nothing in .cache, with an npm that is ours."""
    tree = tmp_path / "tree"
    shutil.copytree(source / "scripts", tree / "scripts")
    tools = tmp_path / "tools"
    tools.mkdir()

    def run(npm):
        (tools / "npm").write_text(npm)
        (tools / "npm").chmod(0o755)
        path = f"{tools}:{os.environ['PATH']}"
        return subprocess.run([tree / "scripts/bootstrap"], env=os.environ | {"PATH": path}, cwd=tmp_path,
                              capture_output=True, text=True, check=False)

    run.tree = tree
    return run


def test_a_source_that_is_not_the_pinned_one_is_refused(bootstrap):
    done = bootstrap(FORGING_NPM)
    assert done.returncode == 1
    assert "sqlite3.c of better-sqlite3" in done.stderr
    assert "is not the pinned file" in done.stderr
    assert not list(bootstrap.tree.glob(".cache/sqlite/*"))


def test_a_registry_that_fails_fails_the_bootstrap(bootstrap):
    assert bootstrap("#!/bin/sh\nexit 1\n").returncode != 0


def test_nothing_is_fetched_or_said_when_nothing_is_to_do(bootstrap, source):
    for name in ("sqlite", "yyjson"):
        shutil.copytree(source / ".cache" / name, bootstrap.tree / ".cache" / name)
    done = bootstrap("#!/bin/sh\necho fetched; exit 1\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_source_is_noticed(bootstrap, source):
    for name in ("sqlite", "yyjson"):
        shutil.copytree(source / ".cache" / name, bootstrap.tree / ".cache" / name)
    with open(bootstrap.tree / ".cache/sqlite/sqlite3.c", "a", encoding="utf-8") as file:
        file.write("\n")
    done = bootstrap(FORGING_NPM)
    assert done.returncode == 1
    assert "fetching sqlite" in done.stdout


def test_an_unknown_option_is_named(source):
    done = subprocess.run([source / "scripts/bootstrap", "--everything"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--everything" in done.stderr
