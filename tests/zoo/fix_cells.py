"""The cells of a chapter that hold its fixes, run apart from the rest of it."""

import contextlib
import functools
import io

import notebooks
import numpy as np


@functools.cache
def _cells(chapter):
    cells = notebooks.read(notebooks.ROOT / "book" / f"{chapter}.ipynb").cells
    return {cell.id: cell.source for cell in cells}


def names_of(chapter, *cells, **given):
    """Run cells one after the other and return what they define; `given` is there already."""
    names = dict(given)
    for cell in cells:
        exec(_cells(chapter)[cell], names)
    return names


def trained_alike(model, batches, loss="mse"):
    """Train on each batch, then compare what `predict` and an eager call say of it."""
    model.compile("sgd", loss)
    for x in batches:
        model.fit(x, np.zeros(model(x).shape, "float32"), verbose=0)
    for x in batches:
        np.testing.assert_allclose(model.predict(x, verbose=0), model(x), atol=1e-5)


def printed_by(chapter, cell, other):
    """Run a cell with other numbers, `other[old]` for each `old`, and return what it prints."""
    source = _cells(chapter)[cell]
    for old, new in other.items():
        assert old in source
        source = source.replace(old, new)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(source, {})
    return printed.getvalue()
