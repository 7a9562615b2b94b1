"""The error index: what a message means, and expected errors shown tidily in a notebook.

Each message has one place: the row ``rows/ID.yml`` beside ``situations/ID_WITH_UNDERSCORES.py``,
whose ``provoke()`` causes it. Only the situations import a framework.

In a shell ``python train.py 2>&1 | python -m helpers explain`` passes the output on and explains
the error it ends with; in a notebook ``%load_ext helpers`` explains under each traceback.
"""

from helpers.errors.expecting import expected, warned
from helpers.errors.index import Entry, Explanation, catalogue, explain, find
from helpers.errors.ipython import load_ipython_extension, unload_ipython_extension
from helpers.errors.pastes import fold

__all__ = [
    "Entry",
    "Explanation",
    "catalogue",
    "expected",
    "explain",
    "find",
    "fold",
    "load_ipython_extension",
    "unload_ipython_extension",
    "warned",
]
