"""Names that a notebook gives another value to in one section and reads in a later one."""

import ast
import re

import nbformat


class _Names(ast.NodeVisitor):
    """What a cell assigns, and what it reads before it assigns it."""

    def __init__(self):
        self.assigned: set[str] = set()
        self.read: set[str] = set()

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Store):
            self.assigned.add(node.id)
        elif node.id not in self.assigned:
            self.read.add(node.id)

    def visit_Assign(self, node):
        for part in [node.value, *node.targets]:  # in the order in which they happen
            self.visit(part)

    def visit_For(self, node):
        for part in [node.iter, node.target, *node.body, *node.orelse]:
            self.visit(part)

    def visit_ClassDef(self, node):
        self.assigned.add(node.name)
        self.generic_visit(node)

    def _own_names(self, node):
        """Visit what has names of its own: a function, a lambda, a comprehension."""
        inner = _Names()
        own = {arg.arg for arg in ast.walk(node) if isinstance(arg, ast.arg)}
        own |= {
            name.id
            for name in ast.walk(node)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        }
        inner.generic_visit(node)
        self.read |= inner.read - own - self.assigned
        if isinstance(node, ast.FunctionDef):
            self.assigned.add(node.name)

    visit_FunctionDef = visit_Lambda = _own_names
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _own_names


def reread_names(notebook: nbformat.NotebookNode) -> list[tuple[str, int]]:
    """Names, with the cell, that were last assigned in another section and earlier in a third."""
    found, section, where = [], "", {}
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            section = (re.findall(r"^#+ .*$", cell.source, re.M) or [section])[-1]
            continue
        lines = [line for line in cell.source.splitlines() if not line.lstrip().startswith("%")]
        names = _Names()
        names.visit(ast.parse("\n".join(lines)))
        for name in sorted(names.read):
            sections = where.get(name, [])
            if len(set(sections)) > 1 and sections[-1] != section:
                found.append((name, number))
        for name in names.assigned:
            where.setdefault(name, []).append(section)
    return found
