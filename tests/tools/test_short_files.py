"""Files and docstrings stay short enough to read; what is longer is a page of the book."""

import ast

import notebooks
import pytest

LINES = {"docstring": 40, "file": 550}
FOLDERS = ("helpers", "book", "tests", "tools", "benchmarks")
TASKS = notebooks.ROOT / "helpers" / "labs" / "tasks"  # a lab's judges stay together
FILES = sorted(path for folder in FOLDERS for path in (notebooks.ROOT / folder).rglob("*.py"))
HELPERS = [path for path in FILES if notebooks.ROOT / "helpers" in path.parents]


def name(path):
    return path.relative_to(notebooks.ROOT).as_posix()


@pytest.mark.parametrize("path", HELPERS, ids=name)
def test_no_docstring_is_too_long(path):
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            lines = docstring.end_lineno - docstring.lineno + 1
            assert lines <= LINES["docstring"], f"{getattr(node, 'name', 'module')}: {lines} lines"


def test_no_file_is_too_long():
    lengths = {name(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert len(lengths) > 300
    own = {path: lines for path, lines in lengths.items() if not path.startswith(name(TASKS))}
    assert {path: lines for path, lines in own.items() if lines > LINES["file"]} == {}
