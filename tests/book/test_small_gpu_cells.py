"""The GPU cells of the book run on a CPU at the small size that the notebooks give them."""

import ast

import notebooks
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
from helpers import devices, gpu_cells  # noqa: E402
from helpers.gpu import device  # noqa: E402

pytestmark = pytest.mark.slow


def cells():
    """Return the sources of the cells that call `gpu_cell`, by the function that they name."""
    found = {}
    for path in notebooks.all_notebooks():
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "code" and "devices.gpu_cell(" in cell.source:
                names = {
                    n.attr for n in ast.walk(ast.parse(cell.source)) if isinstance(n, ast.Attribute)
                }
                (name,) = names & {function.__name__ for function in gpu_cells.CELLS}
                found[name] = cell.source
    return found


def test_each_cell_is_in_the_book():
    assert set(cells()) == {function.__name__ for function in gpu_cells.CELLS}


@pytest.mark.parametrize("name", sorted(function.__name__ for function in gpu_cells.CELLS))
def test_a_cell_of_the_book_runs_on_a_cpu(name, monkeypatch):
    monkeypatch.setattr(device, "gpu", lambda: None)
    *before, last = ast.parse(cells()[name]).body
    names = {"devices": devices, "gpu_cells": gpu_cells}
    exec(compile(ast.Module(before, []), name, "exec"), names)
    shown = eval(compile(ast.Expression(last.value), name, "eval"), names)
    assert shown.on_cpu, shown.headline
