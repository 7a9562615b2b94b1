"""What is wrong with several answers is told in steps: how many, then which, then why.

Whoever reads all of it after one careless attempt has nothing left to think about.
"""

import contextlib
from collections.abc import Iterator

from helpers.labs.checks import Differs, Wrong, listed


class Several(Wrong):
    """Some of the answers to a task are wrong; its own message explains each of them.

    Args:
        faults: what is wrong, by the name of the answer.
        count: how many answers there are, the right ones too.
        name: what the message calls them, or nothing.
    """

    def __init__(self, faults: dict[str, Differs], count: int, name: str = "") -> None:
        self.faults, self.count = faults, count
        self.start = f"{name}: " if name else ""
        super().__init__(self.start + " ".join(map(str, faults.values())))

    def told(self, attempt: int) -> str:
        """Return what the reader is told.

        Args:
            attempt: 1 for the first wrong attempt, which is told how many answers are wrong and on
                which axes; the second is told their names, and every later one why.
        """
        if attempt > 2:
            return str(self)
        wrong = len(self.faults)
        said = f"{self.start}{wrong} of {self.count} answers {'is' if wrong == 1 else 'are'} wrong"
        if attempt == 2:
            return f"{said}: {listed(list(self.faults))}. The next wrong attempt is told why."
        where = list(dict.fromkeys(part for fault in self.faults.values() for part in fault.where))
        on = f", {listed(where)}" if where else ""
        return f"{said}{on}. The next wrong attempt is told which."


class Answers:
    """The answers to one task: each is judged on its own, and what is wrong is told of all.

    Args:
        name: what the message calls them, or nothing.

    Example:
        >>> answers = Answers()
        >>> for name, answer in {"first": 3, "last": 4}.items():
        ...     with answers.judge(name):
        ...         if answer != 3:
        ...             raise Differs(f"{name}: expected 3, got {answer}.")
        >>> answers.tell()
        Traceback (most recent call last):
        helpers.labs.steps.Several: last: expected 3, got 4.
    """

    def __init__(self, name: str = "") -> None:
        self.name, self.count = name, 0
        self.faults: dict[str, Differs] = {}

    @contextlib.contextmanager
    def judge(self, name: str) -> Iterator[None]:
        """Note what is wrong with one answer; an answer of another kind is told at once."""
        self.count += 1
        try:
            yield
        except Differs as fault:
            self.faults[name] = fault

    def tell(self) -> None:
        """Raise if an answer is wrong.

        Raises:
            Several: with all that is wrong.
        """
        if self.faults:
            raise Several(self.faults, self.count, self.name)
