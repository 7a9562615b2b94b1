"""tools/mutants.py: what it changes, how it finds a change again, what it says of the tests."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import mutants
import pytest

TOOL = Path(mutants.__file__)
TOY = """first = "ab"[1]


def larger(a, b):
    return a if a > b else b
"""
TESTS = """
from helpers.toy import larger

def test_larger():
    assert larger(1, 3) == 3
    assert larger(3, 1) == 3
"""


def changes(source, operator):
    found = mutants.mutants(f"def f(x, y):\n    {source}\n", "helpers/f.py")
    return [build().splitlines()[1].strip() for m, build in found.items() if m.operator == operator]


@pytest.mark.parametrize(
    ("operator", "source", "expected"),
    [
        ("comparison", "g(0 < x == y)", ["g(0 <= x == y)", "g(0 < x != y)"]),
        ("comparison", "g(x is y, x in y)", ["g(x is not y, x in y)", "g(x is y, x not in y)"]),
        ("arithmetic", "g(x + y // 2)", ["g(x - y // 2)", "g(x + y / 2)"]),
        ("arithmetic", "x **= -y", ["x *= -y", "x **= +y"]),
        ("constant", "g(x, 2, 0.5, True)", ["g(x, 3, 0.5, True)", "g(x, 2, 1.5, True)"]),
        ("boolean", "g(1, True)", ["g(1, False)"]),
        ("logic", "g(x and (not y))", ["g(x or not y)", "g(x and (not not y))"]),
        ("condition", "while x: y()", ["while not x:"]),
        ("condition", "if not x: y()", []),
        ("condition", "g((i for i in x if i if y))", None),
        ("return", "return x", ["return None"]),
        ("return", "return None", []),
        ("keyword", "g(x, y=1, **x)", ["g(x, **x)"]),
        ("bound", "g(x[1:])", ["g(x[1 + 1:])", "g(x[1 - 1:])"]),
        ("constant", "g(x[1:], 'a', y[0])", ["g(x[1:], 'a', y[1])"]),
    ],
)
def test_operators(operator, source, expected):
    if expected is None:
        expected = ["g((i for i in x if not i if y))", "g((i for i in x if i if not y))"]
    assert changes(source, operator) == expected


def test_each_change_is_one_and_its_key_is_its_own():
    found = mutants.mutants(TOY, "helpers/toy.py")
    sources = [build() for build in found.values()]
    assert len({(m.function, m.operator, m.ordinal) for m in found}) == len(found) == 4
    assert len({*sources, ast.unparse(ast.parse(TOY)) + "\n"}) == 5
    assert {m.function for m in found} == {"<module>", "larger"}


def one(source, file="helpers/toy.py", **wanted):
    return next(
        m
        for m in mutants.mutants(source, file)
        if all(getattr(m, name) == value for name, value in wanted.items())
    )


def test_a_change_is_found_again_in_moved_and_edited_code():
    old = one(TOY, operator="comparison")
    moved = TOY.replace("a if a > b", "b < 0 or a if a > b").replace(
        "first =", "k = 1 > 2; first ="
    )
    now = mutants.mutants(moved, "helpers/toys/sizes.py")
    found = mutants.find(old, now)
    assert (found.file, found.function) == ("helpers/toys/sizes.py", "larger")
    assert "a >= b" in now[found]()
    gone = mutants.mutants(TOY.replace("a > b", "a - b"), "helpers/toy.py")
    assert mutants.find(old, gone) is None
    other = mutants.mutants("def other(a, b):\n    return a > b\n", "helpers/other.py")
    assert mutants.find(old, other) is None
    renamed = mutants.mutants(TOY.replace("larger", "greater"), "helpers/toy.py")
    assert mutants.find(old, renamed).function == "greater"


def test_of_two_alike_the_nearer_one_is_found():
    source = "def f(x):\n    g(x + 1)\n    h(x + 1)\n    h(x + 1)\n"
    for ordinal in range(3):
        old = one(source, operator="constant", ordinal=ordinal)
        assert mutants.find(old, mutants.mutants(source, "helpers/toy.py")) == old
        later = mutants.mutants(source.replace("    g", "    k(2)\n    g"), "helpers/new.py")
        assert mutants.find(old, later).statement == old.statement


@pytest.mark.parametrize(
    ("module", "tests"),
    [
        ("padding", ["test_padding"]),
        ("feeding/graph", ["test_feeding_graph"]),
        ("feeding/rows", ["test_feeding", "test_feeding_graph"]),
        ("masking/trace", ["helpers/masking/test_trace", "helpers/masking/test_trace_axes"]),
        ("masking/other", ["helpers/masking/test_trace", "helpers/masking/test_trace_axes"]),
        ("other", []),
        ("labs/checks", ["labs/test_tail"]),
    ],
)
def test_mirrored_tests_go_by_name_then_by_package(tmp_path, module, tests):
    (tmp_path / "tests/helpers/masking").mkdir(parents=True)
    for name in ("padding", "feeding", "feeding_graph"):
        (tmp_path / f"tests/test_{name}.py").touch()
    for name in ("trace", "trace_axes"):
        (tmp_path / f"tests/helpers/masking/test_{name}.py").touch()
    (tmp_path / "tests/labs").mkdir()
    (tmp_path / "tests/labs/test_tail.py").touch()
    (tmp_path / "pyproject.toml").touch()
    found = mutants.mirrored(tmp_path, f"helpers/{module}.py", {})
    assert found == [f"tests/{test}.py" for test in tests]
    (tmp_path / "pyproject.toml").write_text("addopts = '--doctest-modules'")
    if tests:
        assert mutants.mirrored(tmp_path, f"helpers/{module}.py", {})[0] == f"helpers/{module}.py"


@pytest.mark.slow
def test_a_toy_package(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    toy = tmp_path / "toy"
    files = {"helpers/__init__": "", "helpers/toy": TOY, "tests/test_toy": TESTS}
    for name, text in files.items():
        (toy / f"{name}.py").parent.mkdir(parents=True, exist_ok=True)
        (toy / f"{name}.py").write_text(text)
    (toy / "pyproject.toml").touch()
    before = {p: p.read_bytes() for p in toy.rglob("*.*")}
    out = tmp_path / "out.json"
    command = [sys.executable, TOOL, "--root", toy, "--number", "4", "--out", out, "--warm"]
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    verdicts = {r["mutant"]["after"]: r["verdict"] for r in json.loads(out.read_text())}
    assert verdicts == {
        "2": "not viable",
        "a >= b": "survived",  # of equal ones, either is the larger
        "not a > b": "caught",
        "None": "caught",
    }
    assert "survived: helpers/toy.py larger: a > b -> a >= b" in table
    assert {p: p.read_bytes() for p in toy.rglob("*.*")} == before

    (toy / "helpers/toy.py").write_text(TOY.replace("a > b", "b < a"))
    again = subprocess.run([*command, "--like", out], capture_output=True, text=True, check=True)
    assert again.stdout == table  # all was run before
    out.write_text(out.read_text().replace("verdict", "was"))
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"mutants: {out} is of other code: remove it, or give it as --like" in refused.stderr
