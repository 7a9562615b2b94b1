"""The planner of the page finds what `recommend` finds, to the last bit."""

import json
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest

from helpers.batching import COSTS, expected_cost, ladder, quantile_ladder, recommend

HERE = pathlib.Path(__file__).parent
SCRIPT = HERE.parents[2] / "book/_static/planner.js"
NEAR, SHAPES = 1.1, 16
pytestmark = pytest.mark.slow


def in_node(cases):
    """What the page's script answers to the cases, in one run of node."""
    node = shutil.which("node") or pytest.skip("needs node; the site's tests run the same script")
    sent = json.dumps({"script": SCRIPT.read_text("utf-8"), "cases": cases})
    done = subprocess.run(
        [node, str(HERE / "planner.js")], input=sent, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def drawn_cases():
    """Lengths and choices: edges first, then some of chance."""
    draw = np.random.default_rng(7)
    edges = [[1], [0], [5], [0, 0, 0], [0, 1], [7] * 100, [3] * 64 + [50] * 32, [1, 2, 9]]
    edges += [[2**53 - 1], [2**53 - 1, 1, 0], [2**40] * 40 + [3], list(range(300)), [10**6, 1] * 70]
    edges += [[94_906_266, 94_906_265] * 20, draw.integers(1, 2**50, 400).tolist()]
    edges += [draw.integers(10**7, 10**8, 900).tolist(), sorted(range(1000), reverse=True)]
    edges += [(10**7 + draw.integers(0, 40, 3000)).tolist()]
    near = ((5e8, 45, 27), (4.5e12, 40, 121), (5e11, 51, 36), (2.8e13, 37, 35), (6e11, 54, 100))
    edges += [(int(base) + draw.integers(0, width, n)).tolist() for base, width, n in near]
    sets = [lengths for lengths in edges for _ in range(6)]
    for _ in range(240):
        n = int(draw.choice([1, 2, 5, 31, 32, 33, 100, 700, 4000]))
        most = int(draw.choice([1, 3, 20, 300, 20_000, 10**9]))
        skew = draw.choice([1, 4])
        sets.append(np.floor(most * draw.random(n) ** skew).astype(np.int64).tolist())
    for place, lengths in enumerate(sets):
        batch = int(draw.choice([1, 2, 7, 8, 32, 100, 1000, 20_000]))
        longest = max(1, *lengths, 1)
        spare = [None, longest, longest + int(draw.integers(1, 9)), longest * 5, batch * longest]
        cells = spare[int(draw.integers(5))]
        if cells is not None:
            cells = min(cells, 2**53 - 1)
        jit = bool(draw.integers(2))
        kind = COSTS[place % 3]
        yield lengths, {"kind": kind, "batch": batch, "cells": cells, "jit": jit}


CASES = list(drawn_cases())


@pytest.fixture(scope="module")
def answers():
    asked = [{"text": "\n".join(map(str, lengths)), "choice": choice} for lengths, choice in CASES]
    return in_node(asked)


@pytest.fixture(scope="module")
def advices():
    """What Python says to the same cases."""
    return [
        recommend(
            lengths,
            choice["kind"],
            batch_size=choice["batch"],
            most_cells=choice["cells"],
            jit=choice["jit"],
            quantiles=True,
            shuffle=None,
        )
        for lengths, choice in CASES
    ]


def wanted(option, lengths, choice):
    """A plan of Python's as the page shows it: rows as they come at the mean over all orders."""
    over = option.over
    if option.name == "rows as they come":
        kind, size = choice["kind"], int(option.code.split(", ")[1])
        power = 2 if kind == "quadratic" else 1
        ideal = sum(max(1, length) ** power for length in lengths)
        cost = expected_cost(lengths, size, kind) * (choice["batch"] if kind == "steps" else 1)
        over = pytest.approx(cost / ideal, rel=1e-11)
    code = option.code.replace("shuffle=None", "shuffle=0")
    return {"name": option.name, "code": code, "over": over, "shapes": option.shapes}


def test_the_page_compares_what_python_compares_at_the_same_cost(answers, advices):
    assert len(CASES) > 340
    for (lengths, choice), answer, advice in zip(CASES, answers, advices, strict=True):
        kept = ("name", "code", "over", "shapes")
        options = [{name: option[name] for name in kept} for option in answer["options"]]
        assert options == [wanted(option, lengths, choice) for option in advice.table], choice


def test_the_edges_are_those_of_the_ladders(answers):
    for (lengths, choice), answer in zip(CASES, answers, strict=True):
        cost = "quadratic" if choice["kind"] == "quadratic" else "linear"
        for option in answer["options"]:
            if "edges" in option:
                k = int(re.search(r"ladder\(lengths, (\d+)", option["code"])[1])
                quantiles = "quantile" in option["name"]
                made = quantile_ladder(lengths, k) if quantiles else ladder(lengths, k, cost=cost)
                assert option["edges"] == made.tolist()


def test_the_page_recommends_by_the_same_rule(answers, advices):
    names = set()
    for (_, choice), answer, advice in zip(CASES, answers, advices, strict=True):
        table = answer["options"]
        allowed = [o for o in table if not choice["jit"] or o["shapes"] <= SHAPES]
        near = NEAR * min(o["over"] for o in allowed)
        best = min(
            (o for o in allowed if o["over"] <= near), key=lambda o: (o["shapes"], o["over"])
        )
        assert table[answer["best"]] == best
        if "rows as they come" not in (best["name"], advice.name):  # one order, or the mean of all
            assert best["name"] == advice.name
        names.add(best["name"])
    assert len(names) > 5


def test_a_limit_below_the_longest_row_is_refused():
    choice = {"kind": "steps", "batch": 2, "cells": 8, "jit": False}
    (answer,) = in_node([{"text": "3\n9000\n4", "choice": choice}])
    assert answer == {"error": "Most cells: expected at least 9,000, the longest length, got 8."}


RIGHT = {
    "5": [5],
    "3\n0\n12\n": [3, 0, 12],
    "\ufeff3\r\n 4 \r\n\r\n\n": [3, 4],
    "3, 5,7": [3, 5, 7],
    "3 5\t7": [3, 5, 7],
    "[3, 5,\n 7]": [3, 5, 7],
    "[ 3  5\n 7]\n": [3, 5, 7],
    "(3, 5,)": [3, 5],
    "9007199254740991\n007": [9007199254740991, 7],
    " \n ": [],
}
WRONG = {
    "length\n3\n4": "Line 1, “length”, looks like a header: delete it.",
    "length,3,4": "Line 1, “length”, looks like a header: delete it.",
    "3\n\n4": "Line 2 is empty: expected a length.",
    "\n4": "Line 1 is empty: expected a length.",
    "3\nNaN\n4": "Line 2 is NaN: expected a number. Leave the row out, or give its length.",
    "3\n4\n-5": "Line 3 is -5: a length is not negative.",
    "3\n4.5": "Line 2 is 4.5: expected a whole number, without a point or a sign.",
    "3\n1e3": "Line 2 is 1e3: expected a whole number, without a point or a sign.",
    "3\n4.0\n5": "Line 2 is 4.0: expected a whole number, without a point or a sign.",
    "3\nfour": "Line 2 is “four”: expected a whole number from 0.",
    "3, nan, 4": "Line 1 is nan: expected a number. Leave the row out, or give its length.",
    "[3,\n-4]": "Line 2 is -4: a length is not negative.",
    "3,,4": "Line 1: a number is missing before a comma.",
    "3\n9007199254740992": ("Line 2 is 9007199254740992: expected at most 9,007,199,254,740,991."),
    "1,12\n2,9": (
        "Line 1 holds 2 numbers: expected one length a line, or all lengths on one line. "
        "Of a table, keep the column with the lengths."
    ),
    "1\n" * 1_000_000 + "1": (
        "Line 1,000,001 is one too many: expected at most 1,000,000 lengths. "
        "Take a sample of the rows."
    ),
}


def test_lengths_are_read_or_the_first_fault_is_named_by_its_line():
    answers = in_node([{"text": text} for text in (*RIGHT, *WRONG)])
    assert answers == [
        *({"lengths": lengths} for lengths in RIGHT.values()),
        *({"error": error} for error in WRONG.values()),
    ]
