"""What the tests of the labs share: run a notebook, read verdicts, give wrong answers."""

import contextlib
import io
import pathlib
import re

import notebooks
import pytest

from helpers import labs

LABS = pathlib.Path(__file__).resolve().parent.parent / "labs"


def run(path):
    """Run a notebook's code cells in this process; return its names and the lines it printed."""
    names, printed = {"__name__": "__main__"}, io.StringIO()
    with contextlib.redirect_stdout(printed):
        for cell in notebooks.read(path).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{path.name}:{cell.id}", "exec"), names)
    return names, printed.getvalue().splitlines()


def verdicts(lines):
    """Split what `labs.check` printed into task and verdict."""
    return [re.match(r"(\S+/\S+): (right|not attempted)", line).groups() for line in lines]


def wrong(lab, task, *answers, **given):
    """Give a wrong answer to a task; return the message without the task's name."""
    with pytest.raises(labs.Wrong) as caught:
        labs.check(f"{lab}/{task}", *answers, **given)
    return str(caught.value).removeprefix(f"{lab}/{task}: ")
