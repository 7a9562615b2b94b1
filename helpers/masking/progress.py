"""A bar that tells how far long work is, where somebody looks at it."""

import os
import sys
import time

import keras

AFTER = 5  # seconds of work without a bar
_SERVERS = ("JPY_SESSION_NAME", "VSCODE_PID", "COLAB_RELEASE_TAG")  # of notebooks that are watched


class Progress:
    """Keras's own bar, once the work has taken ``AFTER`` seconds; ``total`` steps are the whole.

    ``wanted`` says whether there is a bar at all, None that it depends on who looks.
    """

    def __init__(self, total: int, wanted: bool | None = None):
        self.total, self.done, self.wanted = total, 0, wanted
        self.start = time.monotonic()
        self.bar: keras.utils.Progbar | None = None

    def step(self) -> None:
        """Note that one more step is done."""
        self.done += 1
        late = self.wanted or time.monotonic() - self.start >= AFTER
        if self.bar is None and late and (watched() if self.wanted is None else self.wanted):
            self.bar = keras.utils.Progbar(self.total)
        if self.bar is not None:
            self.bar.update(self.done)


def watched() -> bool:
    """Whether the output goes to a terminal, or to a notebook that is open somewhere."""
    if not keras.config.is_interactive_logging_enabled():
        return False
    notebook = "ipykernel" in sys.modules and any(name in os.environ for name in _SERVERS)
    return notebook or sys.stdout.isatty()
