"""The checks of the labs: say what is right, what is wrong and on which axis, in one line.

A lab calls :func:`check` with the name of a task and the reader's answers. The tasks of one lab
live in one module of `helpers.labs.tasks`; the functions below are what those modules are made of.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from helpers import arguments
from helpers.labs import progress
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
from helpers.labs.steps import Several

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
    "summary",
]


def check(task: str, *answers: Any, **named: Any) -> None:
    """Check the answers to one task of a lab and print one line.

    Args:
        task: "lab/task", for example "tail-batches/count".
        *answers: what the task asks for. `...` anywhere in it means "not attempted".
        **named: the same by name, or what the check needs to know (a model, the rows).

    Raises:
        Wrong: an answer is wrong; the message says what was expected. Where a task has several
            answers, the first wrong attempt is told how many are wrong and on which axes, the
            second which, the third why. An error that the answer raises is told in one sentence,
            with the reader's own line where it has one.
        TypeError, ValueError: `task` is no text, or there is no such task.

    Example:
        >>> check("tail-batches/count", floor=..., ceil=4, never_seen=9)
        tail-batches/count: not attempted
        >>> check("tail-batches/count", floor=3, ceil=4, never_seen=9)
        tail-batches/count: right. 3 batches of 32 hold 96 of the 105 rows.
    """
    judge = _find(task)
    progress.note(task, "wrong")  # until it turns out otherwise
    try:
        if has_placeholder((answers, named)):
            raise NotAttempted
        note = judge(*answers, **named)
    except NotAttempted:
        progress.note(task, "open")
        print(f"{task}: not attempted")
        return
    except Several as error:
        raise Wrong(f"{task}: {error.told(progress.count_attempt(task))}") from None
    except Wrong as error:
        raise Wrong(f"{task}: {error}") from None
    except Exception as error:  # the answer is of a kind that the judge cannot use
        raise Wrong(f"{task}: {told(error)}") from error
    progress.note(task, "right")
    print(f"{task}: right. {note}" if note else f"{task}: right.")


def summary(lab: str) -> None:
    """Print how many checks of a lab are right, wrong and open, by the last run of each.

    What was checked before the kernel was restarted does not count.

    Args:
        lab: the name of the lab, for example "tail-batches".

    Raises:
        TypeError, ValueError: `lab` is no text, or there is no such lab.

    Example:
        >>> check("tail-batches/count", floor=3, ceil=4, never_seen=9)
        tail-batches/count: right. 3 batches of 32 hold 96 of the 105 rows.
        >>> summary("tail-batches")
        tail-batches: ... right, ... wrong..., ... open..., of 7 checks.
    """
    arguments.text("lab", lab)
    tasks = _tasks(lab, f"lab {arguments.shown(lab)}")
    said = []
    for verdict in ("right", "wrong", "open"):
        names = [name for name in tasks if progress.verdict(f"{lab}/{name}") == verdict]
        listed = f" ({', '.join(names)})" if names and verdict != "right" else ""
        said.append(f"{len(names)} {verdict}{listed}")
    print(f"{lab}: {', '.join(said)}, of {len(tasks)} checks.")


def _find(task: str) -> Callable[..., str | None]:
    """Return the function that judges a task."""
    arguments.text("task", task)
    lab, _, name = task.partition("/")
    said = f"task {arguments.shown(task)}"
    tasks = _tasks(lab, said)
    if name not in tasks:
        near = difflib.get_close_matches(name, tasks, n=1)
        raise ValueError(
            f"{said}: the lab {lab!r} has no task {arguments.shown(name)}; "
            + (f"did you mean {near[0]!r}?" if near else f"it has {', '.join(tasks)}")
        )
    return tasks[name]


def _tasks(lab: str, said: str) -> dict[str, Callable[..., str | None]]:
    """Return the judges of a lab, by task."""
    package = importlib.import_module("helpers.labs.tasks")
    labs = [info.name.replace("_", "-") for info in pkgutil.iter_modules(package.__path__)]
    if lab not in labs:
        got = arguments.shown(lab)
        raise ValueError(f"{said}: there is no lab {got}; the labs are {', '.join(labs)}")
    return importlib.import_module(f"helpers.labs.tasks.{lab.replace('-', '_')}").TASKS
