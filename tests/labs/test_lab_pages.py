"""On the site the solution of a task is folded under it; what is published of it has no marks."""

import json
import pathlib
import re

import pytest

from book._ext import lab_pages

ROOT = pathlib.Path(__file__).resolve().parents[2]

LABS = sorted((ROOT / "labs").glob("*.ipynb"))
EVERY_LAB = pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
FOLD = '<details class="solution"><summary>Solution</summary>'


def page(path):
    solution = path.parent / "solutions" / path.name
    lab = json.loads(path.read_text("utf-8"))
    lab_cells = [cell["id"] for cell in lab["cells"]]
    cells = lab_pages.with_solutions(lab, json.loads(solution.read_text("utf-8")))["cells"]
    return lab_cells, cells


@EVERY_LAB
def test_each_task_ends_with_a_fold_that_holds_its_solution(path):
    lab_cells, cells = page(path)
    opened, folds, shown, tasks = False, [], [], 0
    for cell in cells:
        source = "".join(cell["source"])
        tasks += cell["id"].startswith("task-")
        if source == FOLD:
            assert not opened
            opened = True
            folds.append([])
            assert len(folds) == tasks
        elif source == "</details>":
            opened = False
        elif opened:
            folds[-1].append(cell)
        else:
            shown.append(cell["id"])
    assert not opened
    assert shown == lab_cells
    assert len(folds) == tasks
    for fold in folds:
        outputs = [output for cell in fold for output in cell.get("outputs", [])]
        assert ": right." in json.dumps(outputs)
        assert "not attempted" not in json.dumps(outputs)
        code = "\n".join(cell["source"] for cell in fold if cell["cell_type"] == "code")
        assert not re.search(r"# (solution|was)\b|= \.\.\.$", code, re.MULTILINE)
    assert len({cell["id"] for cell in cells}) == len(cells)
    assert "(solutions/" not in json.dumps(cells)


@EVERY_LAB
def test_a_published_solution_has_no_marks_and_is_else_the_same(path):
    path = path.parent / "solutions" / path.name
    marked = json.loads(path.read_text("utf-8"))
    clean = lab_pages.without_marks(json.loads(path.read_text("utf-8")))
    assert "# solution" in json.dumps(marked)
    assert "# solution" not in json.dumps(clean)
    assert "# was:" not in json.dumps(clean)
    for one, other in zip(marked["cells"], clean["cells"], strict=True):
        kept = [line for line in other["source"] if line.strip()]
        assert one.get("outputs") == other.get("outputs")
        assert kept
