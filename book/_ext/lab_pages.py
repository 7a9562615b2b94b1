"""The pages of the labs: under each task its solution, which a reader opens.

A lab's notebook holds no solution: it is opened in Colab. Its page on the site gets the answers,
their outputs and what is said about them, folded, from ``labs/solutions``. The pages of the
solutions stay where they are and are in no menu. What is published of a solution has no marks.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT / "tools") not in sys.path:
    sys.path.append(str(ROOT / "tools"))

import make_labs  # noqa: E402
import notebooks  # noqa: E402

_OPEN = '<details class="solution"><summary>Solution</summary>'


def with_solutions(lab: dict, solution: dict) -> dict:
    """Put a fold with its solution under each task of a lab.

    Args:
        lab: a lab's notebook, as JSON; its cells are changed.
        solution: the notebook of its solution, with the marks of `make_labs`.

    Returns:
        The lab. A task's fold holds the solution's answers and checks, and the cells that the lab
        does not have; the link from a task to the page of the solution is gone.
    """
    folded: dict[str, list[dict]] = {}
    task, known = "", {cell["id"] for cell in lab["cells"]}
    for cell in solution["cells"]:
        if cell["id"].startswith("task-"):
            task = cell["id"]
        elif task and (cell["id"].startswith(("answer-", "check-")) or cell["id"] not in known):
            folded.setdefault(task, []).append(_clean(cell) | {"id": f"solved-{cell['id']}"[:64]})
    cells: list[dict] = []
    task = ""
    for cell in lab["cells"]:
        if task and cell["id"].startswith(("task-", "summary")):
            opened = _markdown(f"open-{task}", _OPEN)
            cells += [opened, *folded.pop(task, []), _markdown(f"close-{task}", "</details>")]
            task = ""
        if cell["id"].startswith("task-"):
            task, source = cell["id"], "".join(cell["source"])
            cell["source"] = make_labs.LINK_TO_SOLUTION.sub("", source).rstrip()
        cells.append(cell)
    lab["cells"] = cells
    return lab


def _clean(cell: dict) -> dict:
    """Return a cell without marks, with links that start in the lab's folder."""
    source = "".join(cell["source"])
    clean = make_labs.unmark if cell["cell_type"] == "code" else make_labs.turn_links
    return cell | {"source": clean(source)}


def _markdown(name: str, source: str) -> dict:
    return {"cell_type": "markdown", "id": name[:64], "metadata": {}, "source": source}


def without_marks(solution: dict) -> dict:
    """Drop from the notebook of a solution what only `make_labs` reads."""
    for cell in solution["cells"]:
        if cell["cell_type"] == "code":
            cell["source"] = make_labs.unmark("".join(cell["source"]))
    return solution


def _solutions() -> list[Path]:
    return sorted(make_labs.SOLUTIONS.glob("*.ipynb"))


def _include(app, config) -> None:
    """Build the pages of the solutions, though no table of contents has them."""
    pages = {path.relative_to(notebooks.ROOT).as_posix() for path in _solutions()}
    kept = [pattern for pattern in config.exclude_patterns if pattern not in pages]
    config["exclude_patterns"] = kept


def _read(app, docname, source) -> None:
    folder, _, name = docname.rpartition("/")
    if folder == "labs":
        path = make_labs.SOLUTIONS / f"{name}.ipynb"
        app.env.note_dependency(str(path))
        solution = json.loads(path.read_text(encoding="utf-8"))
        source[0] = json.dumps(with_solutions(json.loads(source[0]), solution))
    elif folder == "labs/solutions":
        solution = without_marks(json.loads(source[0]))
        solution["metadata"]["orphan"] = True
        source[0] = json.dumps(solution)


def _offer_without_marks(app, exception) -> None:
    """Let what a page of a solution offers for download be as it is shown."""
    folder = Path(app.outdir) / "_sources" / "labs" / "solutions"
    if exception is None and app.builder.format == "html" and folder.exists():
        for path in _solutions():
            notebook = notebooks.read(path)
            notebooks.write(folder / path.name, without_marks(notebook))


def setup(app):
    """Register what happens to the pages of labs and solutions."""
    app.connect("config-inited", _include, priority=1000)  # once those without a place are excluded
    app.connect("source-read", _read)
    app.connect("build-finished", _offer_without_marks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
