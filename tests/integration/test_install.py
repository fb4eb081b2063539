"""`make install`: a program built against what was installed, and nothing else, works."""

import os
import re
import subprocess

import pytest

PROGRAM = r"""
#include <keel/keel.h>
#include <stdio.h>

int main(void)
{
    puts(keel_version());
    return 0;
}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("installed")
    subprocess.run(
        ["meson", "install", "-C", os.environ["KEEL_BUILD"], "--no-rebuild", "--quiet", "--destdir", prefix],
        check=True, capture_output=True)
    config = next(prefix.rglob("keel.pc"))
    root = next(path for path in prefix.rglob("bin/keel")).parent.parent
    return prefix, root, config


def build(installed, folder, linking, program=PROGRAM):
    """A program linked with the installed libkeel; linking is shared or static."""
    prefix, _, config = installed
    environment = os.environ | {"PKG_CONFIG_PATH": str(config.parent), "PKG_CONFIG_SYSROOT_DIR": str(prefix)}
    flags = subprocess.check_output(["pkg-config", "--cflags", "--libs", "keel"], env=environment, text=True)
    if linking == "static":  # libkeel itself; what it needs stays shared
        private = re.search(r"^Requires.private: (.*)$", config.read_text(), re.MULTILINE)[1].replace(",", "").split()
        flags = flags.replace("-lkeel", "-l:libkeel.a -pthread -lm ")
        flags += subprocess.check_output(["pkg-config", "--libs", *private], text=True)
    (folder / "main.c").write_text(program)
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "main.c", "-o", "main", *flags.split()],
                   cwd=folder, check=True)
    return folder / "main"


@pytest.mark.parametrize("linking", ["shared", "static"])
def test_a_program_builds_with_pkg_config_and_runs(installed, source, tmp_path, linking):
    _, root, config = installed
    version = re.search(r"version: '([^']+)'", (source / "meson.build").read_text())[1]
    environment = os.environ | {"LD_LIBRARY_PATH": str(config.parent.parent)}
    program = build(installed, tmp_path, linking)
    assert subprocess.check_output([program], env=environment, text=True) == version + "\n"
    assert (root / "bin/keel").is_file()


def test_the_example_program_records_a_run(installed, source, tmp_path, database):
    example = (source / "examples/record_run.c").read_text()
    environment = os.environ | {"LD_LIBRARY_PATH": str(installed[2].parent.parent)}
    program = build(installed, tmp_path, "shared", example)
    for _ in range(2):
        said = subprocess.check_output([program, database.url], env=environment, text=True)
        # 200 * 2.5 + 1000 * 1.25 + 80 * 10 dollars per million tokens
        assert said == "summarise completed: 2 events, 1200 tokens in, 80 out, $0.00255\n"
    assert database.value("SELECT count(*) FROM runs WHERE status = 'completed'") == 2
    assert database.value("SELECT count(*) FROM messages") == 2
    assert database.rows("SELECT DISTINCT kind, name FROM events ORDER BY kind") == [
        ("agent", "summarise"), ("llm", "chat gpt-4o")]


def test_every_public_header_stands_alone(installed, tmp_path):
    _, root, _ = installed
    headers = sorted((root / "include/keel").glob("*.h"))
    assert len(headers) > 3
    for header in headers:
        (tmp_path / "one.c").write_text(f"#include <keel/{header.name}>\nint x;\n")
        for compiler in (["gcc", "-std=c11", "-xc"], ["g++", "-std=c++17", "-xc++"]):
            subprocess.run([*compiler, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{root}/include", "one.c"],
                           cwd=tmp_path, check=True)


def test_keel_h_includes_every_public_header(source):
    headers = {path.name for path in (source / "include/keel").glob("*.h")} - {"keel.h"}
    included = re.findall(r"^#include <keel/(.+)>$", (source / "include/keel/keel.h").read_text(), re.MULTILINE)
    assert set(included) == headers


def test_libkeel_shows_its_public_names_only(installed):
    library = next(installed[0].rglob("libkeel.so"))
    names = subprocess.check_output(["nm", "-D", "--defined-only", "--format=just-symbols", library], text=True).split()
    assert "keel_version" in names
    assert [name for name in names if not re.fullmatch(r"keel_[a-z][a-z0-9_]*", name)] == []


def test_the_binary_is_hardened(keel_bin):
    headers = subprocess.check_output(["readelf", "-W", "-h", "-l", "-d", keel_bin], text=True)
    assert "DYN (Position-Independent Executable file)" in headers
    assert "GNU_RELRO" in headers
    assert "BIND_NOW" in headers
    assert re.search(r"GNU_STACK\s.* RW\s", headers)
