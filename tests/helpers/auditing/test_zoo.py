"""The audit finds what is broken in the zoo by its code, and nothing in the mended twins.

The programs are in ``tests/zoo/audit_*.py``.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import importlib
import warnings
from collections import Counter
from pathlib import Path

import audit_programs
import keras
import pytest

from helpers.auditing import audit
from helpers.auditing.rule import checks

pytestmark = [pytest.mark.any_backend, pytest.mark.slow]
BACKEND = keras.backend.backend()
for _module in sorted(Path(audit_programs.__file__).parent.glob("audit_*.py")):
    importlib.import_module(_module.stem)
PROGRAMS = audit_programs.PROGRAMS


def report(arguments):
    arguments = dict(arguments)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*destroy the mask")
        return audit(arguments.pop("model"), arguments.pop("data"), **arguments)


def runs(program):
    backends = next(one.rule.backends for one in checks() if one.rule.code == program.code)
    return BACKEND in backends and (BACKEND == "tensorflow" or not program.tensorflow)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_broken_program_is_found_and_its_twin_is_not(program):
    if not runs(program):
        pytest.skip(f"{program.name} does not exist on {BACKEND}")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*destroy the mask")
        broken, mended = program.make(True), program.make(False)
    found = report({**broken, "select": program.code})
    assert program.code in {finding.code for finding in found.findings}, str(found)
    assert "the rule itself failed" not in str(found)
    right = report(mended)
    assert [str(finding) for finding in right.findings] == []
    assert "the rule itself failed" not in str(right)
    assert program.code not in {verdict.rule.code for verdict in right.undecided}, str(right)


@pytest.mark.parametrize("check", checks(), ids=lambda check: check.rule.name)
def test_examples_of_a_rule_tell_it_apart(check):
    if BACKEND not in check.rule.backends:
        pytest.skip(f"{check.rule.name} is not on {BACKEND}")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*destroy the mask")
        found, right = report(check.broken()), report(check.mended())
    assert check.rule.code in {finding.code for finding in found.findings}
    assert right.findings == ()
    assert check.rule.code in {verdict.rule.code for verdict in right.passed}


def test_each_rule_has_three_programs():
    counts = Counter(program.code for program in PROGRAMS)
    assert {one.rule.code: counts[one.rule.code] >= 3 for one in checks()} == dict.fromkeys(
        counts, True
    )
