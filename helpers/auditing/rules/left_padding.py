"""RE207: masks that cuDNN does not take reach an LSTM or a GRU that would use it."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.auditing.values import masks_taken
from helpers.keras_private import layers_of

RULE = Rule(
    code="RE207",
    name="left-padding",
    severity="warning",
    title="An LSTM or GRU is given a mask that cuDNN does not take",
    does=(
        "Runs the model on a batch and looks at the mask that reaches each `LSTM` and `GRU` whose "
        "options let it use cuDNN: each row must begin with its real steps, and have one."
    ),
    why=(
        "On a GPU with TensorFlow these layers use cuDNN, which takes lengths, not masks. Keras "
        "checks each batch there, and `fit` raises: 'You are passing a RNN mask that does not "
        "correspond to right-padded sequences'. A CPU takes every mask."
    ),
    fix=(
        'Pad behind the rows, pad_sequences(rows, padding="post"), and leave no row empty; or give '
        "the layer use_cudnn=False."
    ),
    chapter="masking-deeper#what-cudnn-asks-for",
    backends=("tensorflow",),
)


def check(subject: Subject) -> Iterator[Found]:
    """Look at the mask of each layer that would use cuDNN."""
    wanted = [layer for layer in layers_of(subject.model) if _may_use_cudnn(layer)]
    if not wanted:
        raise NothingToCheck("no LSTM or GRU would use cuDNN")
    ids = {id(layer) for layer in wanted}
    masks = [(layer, mask) for layer, mask in masks_taken(subject) if id(layer) in ids]
    if not masks:
        raise NothingToCheck("no mask reaches an LSTM or GRU that would use cuDNN")
    for layer, mask in masks:
        real = mask.sum(axis=1)
        empty = real == 0
        wrong = (mask != (np.arange(mask.shape[1]) < real[:, None])).any(axis=1)
        holes = wrong & ((np.diff(mask.astype("int8"), axis=1) != 0).sum(axis=1) > 1)
        left = wrong & ~holes
        if wrong.any() or empty.any():
            kinds = [(left, "padded in front"), (holes, "masked between real steps")]
            kinds += [(empty, "masked from end to end")]
            said = [f"{kind.sum()} {words}" for kind, words in kinds if kind.any()]
            row = int(np.argmax(wrong | empty))
            yield Found(
                f"{layer.name} may use cuDNN, and its mask is not padded on the right",
                f"layer {layer.name}, batch {subject.batch.index}, row {row}",
                f"of {len(mask)} rows: {', '.join(said)}; use_cudnn={layer.use_cudnn!r}",
            )
            return


def _may_use_cudnn(layer: keras.Layer) -> bool:
    """Whether Keras would use cuDNN on a GPU, by the options that it asks for."""
    if not isinstance(layer, keras.layers.LSTM | keras.layers.GRU) or layer.use_cudnn is False:
        return False
    plain = layer.activation is keras.activations.tanh
    plain = plain and layer.recurrent_activation is keras.activations.sigmoid
    plain = plain and layer.use_bias and not layer.unroll and not layer.recurrent_dropout
    return bool(plain and getattr(layer, "reset_after", True))


def _model() -> keras.Model:
    layers = [keras.layers.Embedding(9, 4, mask_zero=True), keras.layers.LSTM(3)]
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    model.compile("sgd", "mse")
    return model


_IDS = [[3, 5, 2, 4], [2, 6], [7], [4, 4, 3]]


def broken() -> dict:
    """Pad in front of the rows, which is what pad_sequences does unless told otherwise."""
    x = keras.utils.pad_sequences(_IDS)
    return {"model": _model(), "data": (x, np.ones((4, 3), "float32"))}


def mended() -> dict:
    """Pad behind the rows."""
    x = keras.utils.pad_sequences(_IDS, padding="post")
    return {"model": _model(), "data": (x, np.ones((4, 3), "float32"))}
