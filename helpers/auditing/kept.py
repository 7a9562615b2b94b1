"""An audit leaves the model, the data and the random generators as it found them."""

import contextlib
import copy
import random
import sys
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.keras_private import global_seed_kept
from helpers.masking.recording import state_kept

_MOST_BYTES = 1 << 23  # of an array whose copy is put back: an order of rows, not the rows
_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random)


@contextlib.contextmanager
def everything_kept(model: keras.Layer) -> Iterator[None]:
    """Put back, also after an error, what the rules may move.

    That is the variables of the model, its optimizer and its metrics, the states of its layers,
    the losses that these added, and the global generators of Python, NumPy, Keras and PyTorch.
    """
    optimizer = getattr(model, "optimizer", None)
    variables = [*getattr(optimizer, "variables", [])]
    for metric in getattr(model, "metrics", []):
        variables += metric.variables
    before = [(v, np.array(keras.ops.convert_to_numpy(v))) for v in variables]
    python, numpy = random.getstate(), np.random.get_state()
    torch = sys.modules.get("torch")  # shuffles a DataLoader on every backend
    shuffles = torch.get_rng_state() if torch else None
    stop = getattr(model, "stop_training", None)
    try:
        with state_kept(model), global_seed_kept():
            yield
    finally:
        for variable, value in before:
            variable.assign(value)
        random.setstate(python)
        np.random.set_state(numpy)
        if torch:
            torch.set_rng_state(shuffles)
        if stop is not None:
            model.stop_training = stop


@contextlib.contextmanager
def attributes_kept(data: Any) -> Iterator[None]:
    """Put the attributes of a dataset back: counters, generators and small arrays.

    A list, a dict or a large array that ``__getitem__`` changes in place stays changed.
    """
    held = dict(vars(data))
    copies: dict[str, Any] = {}
    for name, value in held.items():
        small = isinstance(value, np.ndarray) and value.nbytes <= _MOST_BYTES
        if small or isinstance(value, _GENERATORS):
            with contextlib.suppress(Exception):  # what cannot be copied is put back as it is
                copies[name] = copy.deepcopy(value)
    try:
        yield
    finally:
        for name in set(vars(data)) - set(held):
            vars(data).pop(name)
        for name, value in held.items():
            if name in copies:
                _put_back(value, copies[name])
            vars(data)[name] = value


@contextlib.contextmanager
def generators_kept(loader: Any) -> Iterator[None]:
    """Put back the generators of a PyTorch DataLoader and of its samplers."""
    holders = [loader, getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None)]
    holders.append(getattr(holders[-1], "sampler", None))
    found = [getattr(holder, "generator", None) for holder in holders]
    before = [(one, one.get_state()) for one in found if hasattr(one, "get_state")]
    try:
        yield
    finally:
        for generator, state in before:
            generator.set_state(state)


def _put_back(value: Any, before: Any) -> None:
    """Give an object the contents of its copy, since others may hold the object itself."""
    if isinstance(value, np.random.Generator):
        value.bit_generator.state = before.bit_generator.state
    elif isinstance(value, np.random.RandomState):
        value.set_state(before.get_state())
    elif isinstance(value, random.Random):
        value.setstate(before.getstate())
    elif value.flags.writeable:
        value[...] = before
