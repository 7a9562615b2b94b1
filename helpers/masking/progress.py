"""A bar that tells how far long work is, where somebody looks at it."""

import os
import sys
import time

import keras

AFTER = 5  # seconds of work without a bar
_WIDTH, _LINE = 20, 72  # of the bar, and of all that is written
_SERVERS = ("JPY_SESSION_NAME", "VSCODE_PID", "COLAB_RELEASE_TAG")  # of notebooks that are watched


class Progress:
    """A bar, once the work has taken ``AFTER`` seconds; ``total`` steps are the whole.

    ``wanted`` says whether there is a bar at all, None that it depends on who looks.
    """

    def __init__(self, total: int, wanted: bool | None = None):
        self.total, self.done, self.wanted = total, 0, wanted
        self.start = time.monotonic()

    def step(self, name: str = "") -> None:
        """Note that one more step is done, or that the one of a name begins."""
        self.done += 1
        late = self.wanted or time.monotonic() - self.start >= AFTER
        if late and (watched() if self.wanted is None else self.wanted):
            full = _WIDTH * self.done // self.total
            bar = f"{self.done}/{self.total} [{'=' * full}{'.' * (_WIDTH - full)}] {name}"
            end = "\n" if self.done == self.total else ""
            # Written over itself; of one length, so that nothing of a longer name is left.
            print(f"\r{bar:{_LINE}}", end=end, flush=True)


def watched() -> bool:
    """Whether the output goes to a terminal, or to a notebook that is open somewhere."""
    if not keras.config.is_interactive_logging_enabled():
        return False
    notebook = "ipykernel" in sys.modules and any(name in os.environ for name in _SERVERS)
    return notebook or sys.stdout.isatty()
