"""The audit finds the mended programs of its zoo again once they are broken, in over 300 ways.

Run with ``-s`` to see the rates by the kind of break, and what was missed.
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

pytestmark = [pytest.mark.wide, pytest.mark.slow]
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


def report(arguments):
    arguments = {name: value for name, value in arguments.items() if name not in LEFT_OUT}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return audit(arguments.pop("model"), arguments.pop("data"), **arguments)


def judge(make, mutation, before):
    """Return "found", "other code", "undecided", "missed" or "the same", and what was found."""
    try:
        mutant = mutation.apply(make())
    except Exception:  # a model that cannot be rebuilt in this way
        return None, ""
    if mutant is None:
        return None, ""
    keras.utils.set_random_seed(0)
    said = report(mutant)
    new = {finding.code for finding in said.findings} - before
    if any(code.startswith(mutation.fits) for code in new):
        return "found", ""
    if mutation.seen and same(make(), mutation.apply(make())):
        return "the same", ""
    if new:
        return "other code", ", ".join(sorted(new))
    fits = [v for v in said.undecided if v.rule.code.startswith(mutation.fits)]
    return ("undecided", fits[0].rule.code + ": " + fits[0].why) if fits else ("missed", "")


def test_mutants_are_found():
    known = list(programs())
    random.Random(0).shuffle(known)
    counts, before = {}, {}
    for mutation in MUTATIONS:
        count = counts[mutation.name] = collections.Counter()
        for name, make in known:
            if count.total() >= MOST:
                break
            if name not in before:
                before[name] = {finding.code for finding in report(make()).findings}
            verdict, why = judge(make, mutation, before[name])
            if verdict:
                count[verdict] += 1
            if verdict in ("other code", "undecided", "missed"):
                print(f"  {mutation.name} of {name}: {verdict} {why}", flush=True)
        print(f"{mutation.name:40}", dict(count), flush=True)
    total = collections.Counter()
    for count in counts.values():
        total.update(count)
    faults = total.total() - total["the same"]
    rate = total["found"] / faults
    print(f"{total.total()} mutants: {dict(total)}; found {rate:.1%}")
    assert total.total() >= 300
    assert rate >= 0.6
