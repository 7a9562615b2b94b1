"""Docstrings stay short; what is longer is a page of the book."""

import ast

import notebooks
import pytest

LINES = 40
FILES = sorted((notebooks.ROOT / "helpers").rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(notebooks.ROOT)))
def test_no_docstring_is_longer_than_40_lines(path):
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, documented) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            lines = docstring.end_lineno - docstring.lineno + 1
            assert lines <= LINES, f"{getattr(node, 'name', 'module')}: {lines} lines"
