"""Mutants: break `helpers` in one place at a time, and see whether the mirrored tests notice.

Usage: python tools/mutants.py --out FILE.json [--number 200] [--seed 0] [--like OLD.json]

A seeded sample of small changes (see `edits`) is run one by one in a copy of the repository, each
against the tests that mirror its module. ``FILE.json`` is written after each; the same command goes
on where it stopped. ``--like`` takes the list of an earlier file and finds each of its changes in
the code of today, wherever that moved (see `find`).

Each run is a fork of a process that has imported Keras and done nothing with it: an import each
would cost more than most tests. cosmic-ray and mutmut have no list that outlives moves of the code.
"""

import argparse
import ast
import collections
import contextlib
import dataclasses
import functools
import importlib
import importlib.metadata
import json
import os
import random
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WARM = ("keras", "tensorflow", "hypothesis", "IPython", "ipywidgets", "PIL.Image")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", "_build", "__pycache__", ".hypothesis")
# What the labs ask and what provokes errors, not what helpers do:
SKIPPED = (
    "helpers/lab_tasks/",
    "helpers/labs/tasks/",
    "helpers/errors/situations/",
    "helpers/errors/silent/",
)
SWAPS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.USub: ast.UAdd,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
EXITS = {0: "survived", 4: "tests broken", 5: "tests broken", 77: "not viable"}  # else: caught


@dataclasses.dataclass(frozen=True)
class Mutant:
    """One change: where it is, and the source of the changed part before and after."""

    file: str
    function: str  # qualified name
    operator: str
    ordinal: int  # among the changes by that operator in that function
    statement: str  # first line of the statement around it
    before: str
    after: str


def edits(node):
    """Yield (operator, field, new value) of every small change of one node."""
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            yield "comparison", "ops", [*node.ops[:i], SWAPS[type(op)](), *node.ops[i + 1 :]]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "logic", "operand", ast.UnaryOp(ast.Not(), node.operand)
    elif type(getattr(node, "op", None)) in SWAPS:
        operator = "logic" if isinstance(node, ast.BoolOp) else "arithmetic"
        yield operator, "op", SWAPS[type(node.op)]()
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "boolean", "value", not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield "constant", "value", node.value + 1
    elif isinstance(node, ast.Slice):
        for field in ("lower", "upper"):
            if (bound := getattr(node, field)) is not None:
                for step in (ast.Add(), ast.Sub()):
                    yield "bound", field, ast.BinOp(bound, step, ast.Constant(1))
    elif isinstance(node, ast.Return) and node.value and ast.unparse(node.value) != "None":
        yield "return", "value", ast.Constant(None)
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        if not (isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not)):
            yield "condition", "test", ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.comprehension):
        for i, test in enumerate(node.ifs):
            kept = [*node.ifs[:i], ast.UnaryOp(ast.Not(), test), *node.ifs[i + 1 :]]
            yield "condition", "ifs", kept
    elif isinstance(node, ast.Call):
        for i, keyword in enumerate(node.keywords):
            if keyword.arg:
                yield "keyword", "keywords", node.keywords[:i] + node.keywords[i + 1 :]


def walk(node, function="<module>", statement=None):
    """Yield (node, qualified function, statement around it), in the order of the source."""
    for field, child in ast.iter_fields(node):
        for part in child if isinstance(child, list) else [child]:
            if not isinstance(part, ast.AST) or field in ("annotation", "returns"):
                continue
            inner = part if isinstance(part, ast.stmt) else statement
            name = function
            if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = part.name if function == "<module>" else f"{function}.{part.name}"
            if not (isinstance(node, ast.Slice) and isinstance(part, ast.Constant)):
                yield part, name, inner  # a constant bound of a slice is changed as a bound alone
            yield from walk(part, name, inner)


@contextlib.contextmanager
def changed(node, field, new):
    """Give one field of a node another value for a while."""
    old = getattr(node, field)
    setattr(node, field, new)
    try:
        yield
    finally:
        setattr(node, field, old)


def mutants(source, file):
    """Return {Mutant: function that returns the source with that change}, in order."""
    tree, seen, found = ast.parse(source), collections.Counter(), {}

    def text(node, field):
        alone = field in ("test", "lower", "upper") or isinstance(node, ast.Return)
        return ast.unparse(getattr(node, field) if alone else node)

    def build(*change):
        with changed(*change):
            return ast.unparse(tree) + "\n"

    for node, function, statement in walk(tree):
        for operator, field, new in edits(node):
            line, before = ast.unparse(statement).partition("\n")[0], text(node, field)
            with changed(node, field, new):
                after = text(node, field)
            ordinal = seen[function, operator]
            seen[function, operator] += 1
            mutant = Mutant(file, function, operator, ordinal, line, before, after)
            found[mutant] = functools.partial(build, node, field, new)
    return found


def all_mutants(root):
    """Return what `mutants` returns, for the hand-written code of `helpers`."""
    found = {}
    for path in sorted((root / "helpers").rglob("*.py")):
        file = path.relative_to(root).as_posix()
        if not file.startswith(SKIPPED):
            found |= mutants(path.read_text(encoding="utf-8"), file)
    return found


def find(old, candidates):
    """Return the mutant of today that is the change `old`, or None where its code has gone.

    It makes the same change, in the same statement, or else in the function of the same name in
    the same file (or in the one file that has such a function).
    """
    homes = {m.file for m in candidates if m.function == old.function != "<module>"}
    alike = [
        m
        for m in candidates
        if (m.operator, m.before, m.after) == (old.operator, old.before, old.after)
        and (
            (m.function == old.function and (m.file == old.file or homes == {m.file}))
            or m.statement == old.statement
        )
    ]

    def distance(m):
        same = m.statement == old.statement, m.function == old.function, m.file == old.file
        return [not part for part in same], abs(m.ordinal - old.ordinal)

    return min(alike, key=distance, default=None)


def mirrored(root, file, more):
    """Return the tests of a module: those of its name and `more`, else those of its package."""
    *package, name = Path(file).with_suffix("").parts[1:]
    flat = "_".join(["test", *package])
    flat = [f"tests/{flat}", f"tests/helpers/{flat}"]
    folder = "/".join(["tests/helpers", *package, "test_"])
    by_name = [f"{start}_{name}.py" for start in flat]
    by_name += [f"tests/**/{test}" for test in more.get(file, [])]
    by_name += [f"{folder}{name}.py", f"{folder}{name}_*.py"]
    by_package = [*(f"{start}*.py" for start in flat), f"{folder}*.py"]
    by_package += ["tests/labs/test_*.py"] if package == ["labs"] else []  # those of its tasks
    for patterns in (by_name, by_package if package else []):
        found = [p for pattern in patterns for p in sorted(root.glob(pattern))]
        if tests := [p.relative_to(root).as_posix() for p in dict.fromkeys(found)]:
            config = (root / "pyproject.toml").read_text(encoding="utf-8")
            doctests = [file] if "--doctest-modules" in config else []
            return doctests + tests
    return []


class Quick:
    """A pytest plugin: hypothesis neither draws at random nor shrinks what it found."""

    @staticmethod
    def pytest_collection(session):
        """Build on the profile that the tests have loaded by now."""
        with contextlib.suppress(ImportError):
            from hypothesis import Phase, settings

            phases = [Phase.explicit, Phase.generate]
            settings.register_profile("mutants", derandomize=True, database=None, phases=phases)
            settings.load_profile("mutants")


def child(folder, file, tests, limit):
    """Run the tests in this process and end it with pytest's code; 77: no import of the module."""
    import pytest

    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    log = os.open(folder / "mutants.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.chdir(folder)
    os.environ |= {"PYTHONPATH": str(folder), "CI": "1"}
    sys.path[:] = [str(folder), *(p for p in sys.path if p != str(ROOT / "tools"))]
    try:
        importlib.import_module(file.removesuffix(".py").replace("/", "."))
    except Exception as error:
        print(type(error).__name__, error)
        code = 77
    else:
        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests], plugins=[Quick()]))
    sys.stdout.flush()
    os._exit(code)


def run_tests(folder, file, tests, limit):
    """Return (verdict, what says so, seconds of processor time) of a module's tests in a copy."""
    before, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() + 10 * limit
    pid = os.fork()
    if pid == 0:
        try:
            child(folder, file, tests, limit)
        finally:
            os._exit(70)
    while not (ended := os.waitpid(pid, os.WNOHANG))[0] and time.monotonic() < end:
        time.sleep(0.1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)  # what the tests have started, too
    code = os.waitstatus_to_exitcode((ended if ended[0] else os.waitpid(pid, 0))[1])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 1)
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        return "timeout", f"limit of {limit} s", seconds
    log = (folder / "mutants.log").read_text(encoding="utf-8", errors="replace")
    failed = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - |$)", log, re.MULTILINE)
    said = (failed or log.splitlines()[-1:] or [""])[0]
    return EXITS.get(code, "caught"), said if code else "", seconds


def write(path, source):
    """Write a module anew, and forget its bytecode: size and second can be those of the last."""
    path.write_text(source, encoding="utf-8")
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def tried(mutant, build, folder, tests, limit):
    """Return (verdict, what says so, seconds) of one mutant, run in the copy."""
    path = folder / mutant.file
    original, source = path.read_text(encoding="utf-8"), build()
    if not tests:
        return "tests broken", "no tests mirror this module", 0
    if ast.dump(ast.parse(source)) == ast.dump(ast.parse(original)):
        return "not viable", "same code", 0
    try:
        write(path, source)
        return run_tests(folder, mutant.file, tests, limit)
    finally:
        write(path, original)


def controlled(records, folder, limit):
    """Mark what was caught by tests that fail without a mutant, too."""
    green = {tuple(r["tests"]) for r in records if r["verdict"] == "survived"}
    doubtful = [r for r in records if r["verdict"] in ("caught", "timeout")]
    for tests in {tuple(r["tests"]) for r in doubtful} - green:
        alike = [r for r in doubtful if tuple(r["tests"]) == tests]
        verdict, by, _ = run_tests(folder, alike[0]["mutant"]["file"], list(tests), limit)
        for record in alike if verdict != "survived" else []:
            record |= {"verdict": "tests broken", "by": by}


def table(records):
    """Return the figures and the mutants that were not caught, as text."""
    counts = collections.Counter(r.get("verdict", "not run") for r in records)
    lines = [f"{verdict:14}{n:5}" for verdict, n in counts.most_common()]
    for r in records:
        if r.get("verdict", "caught") != "caught":
            m = Mutant(**r["mutant"])
            lines += [f"{r['verdict']}: {m.file} {m.function}: {m.before} -> {m.after}"]
    return "\n".join(lines)


def listed(args, known):
    """Return the records to fill in: those of `--out`, of `--like` found again, or a sample."""
    if args.out.exists():
        records = json.loads(args.out.read_text())
        if any(Mutant(**r["mutant"]) not in known for r in records if "verdict" not in r):
            sys.exit(f"mutants: {args.out} is of other code: remove it, or give it as --like")
        return records
    if not args.like:
        sample = random.Random(args.seed).sample(list(known), args.number)
        return [{"mutant": dataclasses.asdict(mutant)} for mutant in sample]
    records = []
    for old in json.loads(args.like.read_text()):
        new = find(Mutant(**old["mutant"]), known)
        here = {"mutant": dataclasses.asdict(new)} if new else old | {"verdict": "gone", "by": ""}
        records.append(here | {"was": old})
    return records


def main():
    """Run the mutants that were not run yet, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="where the results are written")
    parser.add_argument("--number", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--like", type=Path, help="an earlier file: run its mutants here")
    parser.add_argument("--limit", type=int, default=120, help="seconds of processor time for each")
    parser.add_argument("--more", type=Path, help="JSON: {module: [names of more tests]}")
    parser.add_argument("--warm", default=WARM, nargs="*", help="imported before the forks")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    args = parser.parse_args()

    args.root = args.root.resolve()
    known = all_mutants(args.root)
    records = listed(args, known)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    more = json.loads(args.more.read_text()) if args.more else {}
    for module in args.warm:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    for plugin in importlib.metadata.entry_points(group="pytest11") if args.warm else ():
        plugin.load()
    with tempfile.TemporaryDirectory(prefix="mutants-") as temporary:
        folder = Path(temporary) / args.root.name
        shutil.copytree(args.root, folder, symlinks=True, ignore=LEFT_OUT)
        for record in (r for r in records if "verdict" not in r):
            mutant = Mutant(**record["mutant"])
            tests = mirrored(folder, mutant.file, more)
            verdict = tried(mutant, known[mutant], folder, tests, args.limit)
            record |= dict(zip(("verdict", "by", "seconds"), verdict, strict=True), tests=tests)
            args.out.write_text(json.dumps(records, indent=1))
        controlled(records, folder, args.limit)
    args.out.write_text(json.dumps(records, indent=1))
    print(table(records))


if __name__ == "__main__":
    main()
