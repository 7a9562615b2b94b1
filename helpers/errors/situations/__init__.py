"""The functions that each cause one message of the error index: ``ID.py`` has ``provoke()``.

The book shows their source, so each has at most 15 lines; what they share is in ``shared.py``.
Where the row's fix is code, ``mend()`` is that code: it returns a model, compiled or not, and two
feeds of different sizes. A feed is the shape of random inputs, a tuple that `fit` takes, a dataset,
or a function that makes a generator. A test trains and predicts with both. Where no model is
trained, ``instead()`` is the code: it does the same for two sizes and returns pairs of what comes
out and of what is wanted, a literal. A page prints the one with the other as a comment. A row
without either says why in its field `no_mend`. A module with ``ALONE = True`` sets the number of
devices, so the tests run it in a process of its own.
"""

import importlib
from types import ModuleType


def of(row: str) -> ModuleType:
    """Import the module of a row; it imports Keras, and TensorFlow where it needs it.

    Args:
        row: Id of the row, such as ``dataset-length-zero``.

    Returns:
        A module with the function ``provoke``, which takes nothing and causes the message, and
        maybe ``mend`` or ``instead``.

    Raises:
        ModuleNotFoundError: There is no such row, or no framework.
    """
    return importlib.import_module(f"{__name__}.{row.replace('-', '_')}")
