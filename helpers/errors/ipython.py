"""``%load_ext helpers``: the matching entry of the error index under every traceback."""

from typing import Any

from helpers.errors.index import explain


def load_ipython_extension(ipython: Any) -> None:
    """Print the matching entry of the error index under every traceback (``%load_ext helpers``).

    Args:
        ipython: The running IPython shell.
    """
    ipython.events.register("post_run_cell", _explain_after_cell)


def unload_ipython_extension(ipython: Any) -> None:
    """Stop printing entries under tracebacks (``%unload_ext helpers``).

    Args:
        ipython: The running IPython shell.
    """
    ipython.events.unregister("post_run_cell", _explain_after_cell)


def _explain_after_cell(result: Any) -> None:
    """Show the entry for the error with which a cell ended; a message without one adds nothing."""
    error = result.error_in_exec or result.error_before_exec
    if error is None:
        return
    explanation = explain(error)
    if explanation.entry is not None:
        from IPython.display import display

        display(explanation)
