"""scripts/test counts every cmocka test function, and what does not report has failed."""

import importlib.machinery
import importlib.util
import subprocess

import pytest

PROGRAM = r"""
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

static void good(void **state) { (void)state; assert_int_equal(1, 1); }
static void bad(void **state) { (void)state; assert_int_equal(1, 2); }
static void skipped(void **state) { (void)state; skip(); }
static void leaves(void **state) { (void)state; exit(0); }
static void crashes(void **state) { (void)state; abort(); }
static int no_setup(void **state) { (void)state; return -1; }

int main(void)
{
    const struct CMUnitTest tests[] = {TESTS};
    (void)good; (void)bad; (void)skipped; (void)leaves; (void)crashes; (void)no_setup;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
"""


@pytest.fixture(scope="session")
def runner(source):
    loader = importlib.machinery.SourceFileLoader("runner", str(source / "scripts/test"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
    loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "functions, passed, failed, skipped",
    [
        (["good", "good"], 2, 0, 0),
        (["good", "bad", "skipped", "good"], 2, 1, 1),
        (["good", "leaves", "good"], 0, 3, 0),
        (["good", "crashes"], 0, 2, 0),
    ],
)
def test_counts_functions(runner, tmp_path, functions, passed, failed, skipped):
    tests = ", ".join(f"cmocka_unit_test({name})" for name in functions)
    (tmp_path / "t.c").write_text(PROGRAM)
    subprocess.run(["gcc", f"-DTESTS={tests}", "t.c", "-o", "t", "-lcmocka"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "t"], capture_output=True, text=True, check=False)
    tally = runner.tally_cmocka("OK" if done.returncode == 0 else "FAIL", done.stdout + "\n" + done.stderr)
    assert (tally.passed, tally.failed, tally.skipped) == (passed, failed, skipped)


def test_a_program_that_says_nothing_has_failed(runner):
    assert runner.tally_cmocka("OK", "").failed == 1
    assert runner.tally_cmocka("TIMEOUT", "").failed == 1


def test_the_last_line(runner):
    assert str(runner.Tally(3, 0) + runner.Tally(1, 2)) == "4 passed, 2 failed"
    assert str(runner.Tally(3, 0, 1)) == "3 passed, 0 failed, 1 skipped"
