"""A lab that was run untouched to its end can be answered afterwards, in any order."""

import contextlib
import io

import lab_runs
import notebooks
import pytest

pytestmark = pytest.mark.slow

LABS = sorted(path.stem for path in lab_runs.LABS.glob("*.ipynb"))


@pytest.mark.parametrize("lab", LABS)
def test_all_run_and_then_answered_from_the_last_task_to_the_first(lab):
    names, _ = lab_runs.run(lab_runs.LABS / f"{lab}.ipynb")
    solution = notebooks.read(lab_runs.LABS / "solutions" / f"{lab}.ipynb")
    answers = [cell for cell in solution.cells if cell.id.startswith("answer-")]
    assert len(answers) > 4
    for cell in reversed(answers):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(cell.source, cell.id, "exec"), names)
        told = lab_runs.verdicts(lab, printed.getvalue().splitlines())
        assert [verdict for _, verdict in told] == ["right"], cell.id
