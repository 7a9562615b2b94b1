"""The checks of the labs: say what is right, what is wrong and on which axis, in one line.

A lab calls :func:`check` with the name of a task and the reader's answers. The tasks of one lab
live in one module of `helpers.labs.tasks`; the functions below are what those modules are made of.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from helpers.labs.checks import (
    NotAttempted,
    Wrong,
    attempted,  # noqa: F401  (for the judges, not for readers)
    check_number,
    check_rows_seen,
    check_same_rows,
    check_shape,
    first_line,
    hand_over,
    has_placeholder,
    rows_shown,
    spell_rows,
    told,
)

__all__ = [
    "Wrong",
    "check",
    "check_number",
    "check_rows_seen",
    "check_same_rows",
    "check_shape",
    "first_line",
    "hand_over",
    "rows_shown",
    "spell_rows",
]


def check(task: str, *answers: Any, **named: Any) -> None:
    """Check the answers to one task of a lab and print one line.

    Args:
        task: "lab/task", for example "tail-batches/count".
        *answers: what the task asks for. `...` anywhere in it means "not attempted".
        **named: the same by name, or what the check needs to know (a model, the rows).

    Raises:
        Wrong: an answer is wrong; the message says which, and what was expected. An error that the
            answer raises is told in one sentence, with the reader's own line where it has one.
        ValueError: there is no such task.

    Example:
        >>> check("tail-batches/count", floor=..., ceil=4, never_seen=9)
        tail-batches/count: not attempted
        >>> check("tail-batches/count", floor=3, ceil=4, never_seen=9)
        tail-batches/count: right. 3 batches of 32 hold 96 of the 105 rows.
    """
    judge = _find(task)
    if has_placeholder((answers, named)):
        print(f"{task}: not attempted")
        return
    try:
        note = judge(*answers, **named)
    except NotAttempted:
        print(f"{task}: not attempted")
        return
    except Wrong as error:
        raise Wrong(f"{task}: {error}") from None
    except Exception as error:  # the answer is of a kind that the judge cannot use
        raise Wrong(f"{task}: {told(error)}") from error
    print(f"{task}: right. {note}" if note else f"{task}: right.")


def _find(task: str) -> Callable[..., str | None]:
    """Return the function that judges a task."""
    package = importlib.import_module("helpers.labs.tasks")
    labs = [info.name.replace("_", "-") for info in pkgutil.iter_modules(package.__path__)]
    lab, _, name = str(task).partition("/")
    if lab not in labs:
        raise ValueError(f"task {task!r}: there is no lab {lab!r}; the labs are {', '.join(labs)}")
    tasks = importlib.import_module(f"helpers.labs.tasks.{lab.replace('-', '_')}").TASKS
    if name not in tasks:
        near = difflib.get_close_matches(name, tasks, n=1)
        raise ValueError(
            f"task {task!r}: the lab {lab!r} has no task {name!r}; "
            + (f"did you mean {near[0]!r}?" if near else f"it has {', '.join(tasks)}")
        )
    return tasks[name]
