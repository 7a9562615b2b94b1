"""What the tests of the labs share: run a notebook, read verdicts, give right and wrong answers."""

import contextlib
import io
import pathlib
import re

import notebooks
import pytest

from helpers import labs
from helpers.labs import progress

LABS = pathlib.Path(__file__).resolve().parents[2] / "labs"


def run(path):
    """Run a notebook's code cells in this process; return its names and the lines it printed."""
    names, printed = {"__name__": "__main__"}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{path.name}:{cell.id}", "exec"), names)
    return names, printed.getvalue().splitlines()


def fixture(name):
    """Make a fixture: what a lab, or "solutions/" and a lab, leaves behind when it is run."""

    @pytest.fixture(scope="module")
    def ran():
        return run(LABS / f"{name}.ipynb")

    return ran


def verdicts(lab, lines):
    """Pick what `labs.check` printed about a lab's tasks: pairs of task and verdict, in order."""
    told = [line.removeprefix(f"{lab}/") for line in lines if line.startswith(f"{lab}/")]
    return [re.match(r"(\S+): (right(?=\.)|not attempted$)", line).groups() for line in told]


def right(lab, task, *answers, **given):
    """Give a right answer to a task; `labs.check` raises if it is not."""
    labs.check(f"{lab}/{task}", *answers, **given)


def wrong(lab, task, *answers, attempt=3, **given):
    """Give a wrong answer to a task; return the message without the task's name.

    The third attempt is told all that there is to tell.
    """
    progress.reset(f"{lab}/{task}", attempts=attempt - 1)
    with pytest.raises(labs.Wrong) as caught:
        labs.check(f"{lab}/{task}", *answers, **given)
    return str(caught.value).removeprefix(f"{lab}/{task}: ")
