"""What models of the zoo of leaks are made of: rows, inputs, and entries that say what to find."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from helpers.padding import pad

BOTH = ("post", "pre")
LENGTHS = (3, 6, 3)
# What `padding_leak` must be told beside the rows is told to it in another way here, or not at all.
TOLD = {"check", "lengths", "make", "loss", "sides", "targets", "weights"}


@dataclass(frozen=True)
class Entry:
    """One model of the zoo, and what is to be found."""

    make: Callable[[], tuple]
    sides: tuple[str, ...] = ()  # on which padding leaks; none: the model is right
    first: str | None = None
    lost: str | None = None

    @property
    def name(self):
        return self.make.__name__


def tokens(lengths=LENGTHS, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(1, 9, n) for n in lengths]


def floats(lengths=LENGTHS, seed=1):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n, 4)).astype("float32") for n in lengths]


def words(units=4, mask_zero=True, name=None):
    """An input of token ids, and what an embedding makes of it."""
    inputs = keras.Input((None,), dtype="int32", name=name)
    return inputs, layers.Embedding(9, units, mask_zero=mask_zero)(inputs)


def numbers(masked=False, name=None):
    inputs = keras.Input((None, 4), name=name)
    return inputs, layers.Masking()(inputs) if masked else inputs


def predict_forgets_steps():
    """Tell whether TimeDistributed goes wrong in predict: Keras 3.14.0 to 3.15.1, TensorFlow."""
    version = tuple(int(part) for part in keras.__version__.split(".")[:2])
    return keras.backend.backend() == "tensorflow" and (3, 14) <= version <= (3, 15)


def padded(rows, side, value):
    if isinstance(rows, dict):
        return {name: padded(part, side, value) for name, part in rows.items()}
    if isinstance(rows, tuple):
        return [padded(part, side, value) for part in rows]
    sequences = isinstance(rows, list) and max(np.ndim(row) for row in rows) in (1, 2)
    return pad(rows, side=side, value=value)[0] if sequences else rows
