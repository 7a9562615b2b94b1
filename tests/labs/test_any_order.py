"""A lab that was run untouched to its end can be answered afterwards, in any order."""

import contextlib
import io

import lab_runs
import notebooks
import pytest

pytestmark = pytest.mark.slow

LABS = sorted(path.stem for path in lab_runs.LABS.glob("*.ipynb"))


def answers(lab):
    """For each task of a solution the cells that answer it, in order; its steps are one task."""
    tasks = []
    for cell in notebooks.read(lab_runs.LABS / "solutions" / f"{lab}.ipynb").cells:
        if cell.id.startswith(("task-", "about-")) and "\n## " in f"\n{cell.source}":
            tasks.append([])
        elif cell.id.startswith(("answer-", "check-")):
            tasks[-1].append(cell)
    return tasks


@pytest.mark.wide
@pytest.mark.parametrize("lab", LABS)
def test_all_run_and_then_answered_from_the_last_task_to_the_first(lab):
    names, _ = lab_runs.run(lab_runs.LABS / f"{lab}.ipynb")
    tasks = answers(lab)
    assert len(tasks) > 4
    for task in reversed(tasks):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            for cell in task:
                exec(compile(cell.source, cell.id, "exec"), names)
        told = lab_runs.verdicts(lab, printed.getvalue().splitlines())
        assert {verdict for _, verdict in told} == {"right"}, task[0].id
