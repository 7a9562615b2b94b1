"""RE101: Keras does not know how many batches there are, and takes one step too many."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule
from helpers.auditing.subject import Subject

RULE = Rule(
    code="RE101",
    name="unknown-length",
    severity="warning",
    title="The number of batches is unknown, so each epoch takes one step without data",
    does="Asks the training data for its number of batches, as Keras does before `fit`.",
    why=(
        "On TensorFlow an epoch of unknown length ends in a step that finds no data. The optimizer "
        "has counted it already: Adam has moved, and so has a schedule of the learning rate."
    ),
    fix="Use assert_cardinality(batches) on the tf.data.Dataset, or feed a PyDataset.",
    chapter="variable-batches#ways-out",
    backends=("tensorflow",),
)


def check(subject: Subject) -> Iterator[Found]:
    """Find training data whose number of batches Keras cannot know, if `fit` is not told."""
    data = subject.data
    if data.count is None and subject.fit.get("steps_per_epoch") is None:
        epochs = subject.fit.get("epochs", 1)
        yield Found(
            f"Keras cannot know how many batches an epoch of this {data.kind} has; each epoch ends "
            "in a step without data, which the optimizer counts",
            "data",
            f"number of batches: unknown; {epochs} step{'s' * (epochs != 1)} too many in "
            f"epochs={epochs}",
        )


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.LSTM(1)])
    model.compile("adam", "mse")
    return model


def _batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for length in (3, 5, 4):
        yield np.ones((8, length, 2), "float32"), np.ones((8, 1), "float32")


def broken() -> dict:
    """Make a dataset of a generator: its cardinality is unknown."""
    import tensorflow as tf

    x, y = tf.TensorSpec((None, None, 2)), tf.TensorSpec((None, 1))
    dataset = tf.data.Dataset.from_generator(_batches, output_signature=(x, y))
    return {"model": _model(), "data": dataset, "fit": {"epochs": 5}}


def mended() -> dict:
    """Say how many batches there are."""
    import tensorflow as tf

    x, y = tf.TensorSpec((None, None, 2)), tf.TensorSpec((None, 1))
    dataset = tf.data.Dataset.from_generator(_batches, output_signature=(x, y))
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(3))
    return {"model": _model(), "data": dataset, "fit": {"epochs": 5}}
