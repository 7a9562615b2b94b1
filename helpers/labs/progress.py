"""What became of each task in this session. It is forgotten with the kernel."""

_VERDICTS: dict[str, str] = {}  # "right", "wrong" or "open", by "lab/task"
_ATTEMPTS: dict[str, int] = {}  # at tasks of several answers: how many attempts were wrong


def note(task: str, verdict: str) -> None:
    """Remember the last verdict on a task."""
    _VERDICTS[task] = verdict


def verdict(task: str) -> str:
    """Return the last verdict on a task, "open" if there was none."""
    return _VERDICTS.get(task, "open")


def count_attempt(task: str) -> int:
    """Count one more wrong attempt at a task; return how many there were."""
    _ATTEMPTS[task] = _ATTEMPTS.get(task, 0) + 1
    return _ATTEMPTS[task]


def reset(task: str | None = None, attempts: int = 0) -> None:
    """Forget one task, or all; of one task keep a number of wrong attempts."""
    if task is None:
        _VERDICTS.clear()
        _ATTEMPTS.clear()
    else:
        _VERDICTS.pop(task, None)
        _ATTEMPTS[task] = attempts
