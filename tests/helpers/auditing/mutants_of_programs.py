"""The audit finds the mended programs of its zoo again once they are broken, in over 300 ways.

Run by ``make audit-mutants``, which prints the rates by the kind of break, and what was missed.
"""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import collections
import importlib
import random
import warnings
from pathlib import Path

import audit_programs
import keras
import pytest
from audit_mutants import MUTATIONS, same

from helpers.auditing import audit
from helpers.auditing.rule import checks

pytestmark = pytest.mark.slow
for _module in sorted(Path(audit_programs.__file__).parent.glob("audit_*.py")):
    importlib.import_module(_module.stem)
MOST = 12  # of one kind: more say little
LEFT_OUT = ("select", "ignore", "progress")


def programs():
    """Yield a name and a function that makes the arguments, for each mended program."""
    for program in audit_programs.PROGRAMS:
        if not program.alone:
            yield program.name, lambda program=program: program.make(False)
    for check in checks():
        if not getattr(importlib.import_module(check.check.__module__), "ALONE", False):
            yield check.rule.name, check.mended


def report(arguments, **chosen):
    arguments = {name: value for name, value in arguments.items() if name not in LEFT_OUT}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return audit(arguments.pop("model"), arguments.pop("data"), **arguments, **chosen)


def judge(make, mutation):
    """Return "found", "the same", "undecided", "other code" or "missed", and more about it."""
    program = make()
    try:
        mutant = mutation.apply(program)
    except Exception:  # a model that cannot be rebuilt in this way
        return None, ""
    if mutant is None:
        return None, ""
    fits = {"select": list(mutation.fits)}
    said = report(mutant, **fits)
    new = {finding.code for finding in said.findings}
    if new and {"select", "ignore"} & set(program):  # it may have findings of its own
        new -= {finding.code for finding in report(make(), **fits).findings}
    if new:
        return "found", ""
    if mutation.seen and same(program, mutant):
        return "the same", ""
    if said.undecided:
        return "undecided", f"{said.undecided[0].rule.code} {said.undecided[0].why}"
    others = {finding.code for finding in report(mutant).findings}
    others -= {finding.code for finding in report(make()).findings}
    return ("other code", ", ".join(sorted(others))) if others else ("missed", "")


COUNTS: dict[str, collections.Counter] = {}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_mutants_of_a_kind(mutation):
    known = list(programs())
    random.Random(mutation.name).shuffle(known)
    count = COUNTS[mutation.name] = collections.Counter()
    for name, make in known:
        if count.total() >= MOST:
            break
        keras.utils.set_random_seed(0)
        verdict, why = judge(make, mutation)
        if verdict:
            count[verdict] += 1
        if why or verdict == "missed":
            print(f"    {mutation.name} of {name}: {verdict} {why}", flush=True)
    print(f"{mutation.name:40}", dict(count), flush=True)
    assert count.total()


def test_most_mutants_are_found():
    if len(COUNTS) < len(MUTATIONS):
        pytest.skip("not all kinds were run")
    total = sum(COUNTS.values(), collections.Counter())
    rate = total["found"] / (total.total() - total["the same"])
    print(f"{total.total()} mutants: {dict(total)}; found {rate:.1%}")
    assert total.total() >= 300
    assert rate >= 0.8
