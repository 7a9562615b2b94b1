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
import own_process
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


def right_one(arguments, code):
    """Leave out what is true of layers that draw on JAX: no jit compiles them."""
    drawn = BACKEND == "jax" and code.startswith("RE21")
    return {**arguments, "ignore": "RE503"} if drawn else arguments


def runs(program):
    backends = next(one.rule.backends for one in checks() if one.rule.code == program.code)
    return BACKEND in backends and (BACKEND == "tensorflow" or not program.tensorflow)


def alone(check):
    """Whether the examples of a rule need a process of their own, which has two devices."""
    return getattr(importlib.import_module(check.check.__module__), "ALONE", False)


def test_programs_on_two_devices():
    programs = [program for program in PROGRAMS if program.alone and runs(program)]
    rules = [one for one in checks() if alone(one) and BACKEND in one.rule.backends]
    if not rules:
        pytest.skip(f"{BACKEND} shares no batch between devices")
    lines = [f"import {program.make.__module__}" for program in programs]
    lines += [f"import {one.check.__module__}" for one in rules]
    codes = {}
    for program in programs:
        make = f"lambda: {program.make.__module__}.{program.name}"
        codes[f"{program.name} broken"] = f"({make}(True), {program.code!r})"
        codes[f"{program.name} mended"] = f"({make}(False), None)"
    for one in rules:
        for name in ("broken", "mended"):
            codes[f"{one.rule.name} {name}"] = f"({one.check.__module__}.{name}, None)"
    wanted = {program.name: program.code for program in programs}
    wanted |= {one.rule.name: one.rule.code for one in rules}
    said = own_process.audited_on_two_devices("\n".join(lines), codes)
    for name, (found, undecided, text) in said.items():
        code = wanted[name.rsplit(" ", 1)[0]]
        assert (code in found) if name.endswith("broken") else (found == []), text
        assert code not in undecided, text
        assert "the rule itself failed" not in text


@pytest.mark.sampled(4)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_broken_program_is_found_and_its_twin_is_not(program):
    if not runs(program):
        pytest.skip(f"{program.name} does not exist on {BACKEND}")
    if program.alone:
        pytest.skip(f"{program.name} is run in a process of its own")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*destroy the mask")
        broken, mended = program.make(True), program.make(False)
    found = report({**broken, "select": program.code})
    assert program.code in {finding.code for finding in found.findings}, str(found)
    assert "the rule itself failed" not in str(found)
    right = report(right_one(mended, program.code))
    assert [str(finding) for finding in right.findings] == []
    assert "the rule itself failed" not in str(right)
    assert program.code not in {verdict.rule.code for verdict in right.undecided}, str(right)


@pytest.mark.parametrize("check", checks(), ids=lambda check: check.rule.name)
def test_examples_of_a_rule_tell_it_apart(check):
    if BACKEND not in check.rule.backends:
        pytest.skip(f"{check.rule.name} is not on {BACKEND}")
    if alone(check):
        pytest.skip(f"{check.rule.name} is run in a process of its own")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*destroy the mask")
        found = report({**check.broken(), "select": check.rule.code})
        right = report(right_one(check.mended(), check.rule.code))
    assert check.rule.code in {finding.code for finding in found.findings}
    assert right.findings == ()
    assert check.rule.code in {verdict.rule.code for verdict in right.passed}


def test_each_rule_has_three_programs():
    counts = Counter(program.code for program in PROGRAMS)
    assert {one.rule.code: counts[one.rule.code] >= 3 for one in checks()} == dict.fromkeys(
        counts, True
    )
