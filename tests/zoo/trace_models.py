"""What tests of the trace of a mask share: batches, ways to write a model, and what happened."""

import keras
import numpy as np
from keras import layers
from keras.src.layers import layer as layer_module

from helpers import masking

LENGTHS = [9, 5, 2, 5]
REAL = "21 of 36"
BATCH_TIME_5 = "(batch 4, time 9, features 5)"


def ids(high=20):
    """Token ids (4, 9), 0 where a row has ended."""
    batch = np.random.default_rng(0).integers(1, high, (4, 9))
    for row, length in zip(batch, LENGTHS, strict=True):
        row[length:] = 0
    return batch


def series(features=3):
    """Series (4, 9, features), 0 where a row has ended."""
    batch = np.random.default_rng(1).normal(size=(4, 9, features)).astype("float32")
    for row, length in zip(batch, LENGTHS, strict=True):
        row[length:] = 0
    return batch


def embedding(name="embed"):
    return layers.Embedding(20, 5, mask_zero=True, name=name)


def functional(make, *parts, embed=None):
    inputs = keras.Input((None,), dtype="int32")
    return keras.Model(inputs, make((embed or embedding())(inputs)))


def subclassed(make, *parts, embed=None):
    """A model that embeds its input and hands it to ``make``, with ``parts`` as its layers."""

    class Written(keras.Model):
        def __init__(self):
            super().__init__(name="written")
            self.embed = embed or embedding()
            self.parts = list(parts)

        def call(self, x):
            return make(self.embed(x))

    return Written()


def path_of(trace):
    """What happened: for each step its label, or the class of an operation, and its fate."""
    return [(s.kind if s.operation else s.where, s.fate) for s in trace.steps]


def traced(model, batch=None, *, predict=False, **options):
    """Trace, as a rule without the run through predict, which takes most of the time."""
    return masking.trace(model, ids() if batch is None else batch, predict=predict, **options)


class Doubled(layers.Layer):
    """Adds its input to itself and looks at no mask."""

    def call(self, x):
        return x + x


def patched():
    return (
        keras.Layer.__call__,
        keras.Operation.__call__,
        keras.Operation.symbolic_call,
        layer_module.warnings,
        layer_module.Node,
    )


BEFORE = patched()
