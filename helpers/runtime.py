"""Say in one line that notebooks cannot run here, or that they were never tested here.

The first cell of every notebook calls :func:`check`.
"""

import importlib.metadata
import importlib.util
import platform
import sys

TESTED = {"Python": ("3.11", "3.12", "3.13"), "Keras": ("3.13", "3.14", "3.15")}


class NoTensorFlow(RuntimeError):
    """TensorFlow is missing. A notebook shows the message alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def check() -> None:
    """Stop where TensorFlow is missing; print one line for a version that was never tested.

    Nothing is imported for it: the versions come from what is installed.

    Raises:
        NoTensorFlow: there is none, as in Colab's runtimes with a TPU.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise NoTensorFlow(
            "There is no TensorFlow here, as in Colab's TPU runtimes: choose a CPU or GPU runtime "
            "(Runtime > Change runtime type), then run all cells again."
        )
    for name, version in (("Python", platform.python_version()), ("Keras", _keras())):
        if ".".join(version.split(".")[:2]) not in TESTED[name]:
            first, *_, last = TESTED[name]
            print(
                f"The book was tested with {name} {first} to {last}; this is {version}. "
                "Messages, outputs and the checks of the labs may differ.",
                file=sys.stderr,
            )


def _keras() -> str:
    """Return the version of Keras that is installed."""
    try:
        return importlib.metadata.version("keras")
    except importlib.metadata.PackageNotFoundError:  # a nightly build has another name
        return "an unknown version"
