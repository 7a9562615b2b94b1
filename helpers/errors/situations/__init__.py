"""The functions that each cause one message of the error index: ``ID.py`` has ``provoke()``.

The book shows their source, so each has at most 15 lines; what they share is in ``shared.py``.
Where the row's fix is code, ``mend()`` is that code: it returns a model, not compiled, and the
shapes of two batches of different sizes. A test trains and predicts with both.
"""

import importlib
from types import ModuleType


def of(row: str) -> ModuleType:
    """Import the module of a row; it imports Keras, and mostly TensorFlow.

    Args:
        row: Id of the row, such as ``dataset-length-zero``.

    Returns:
        A module with the function ``provoke``, which takes nothing and causes the message, and
        maybe ``mend``.

    Raises:
        ModuleNotFoundError: There is no such row, or no framework.
    """
    return importlib.import_module(f"{__name__}.{row.replace('-', '_')}")
