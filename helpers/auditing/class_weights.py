"""What weights the installed Keras makes of ``class_weight``: by a fit of a model that listens."""

from typing import Any

import keras
import numpy as np

from helpers.auditing.subject import Subject
from helpers.keras_private import names_kept


def weights_of(subject: Subject, y: Any, weight: Any) -> np.ndarray:
    """Return the sample weights that ``fit`` makes of the class weights for these targets.

    Args:
        subject: The subject of the audit, whose feed says what kind of data ``fit`` gets.
        y: Targets of a batch, in their structure.
        weight: Sample weights of the batch, or None.

    Returns:
        The weights, such as float ``(batch,)``.

    Raises:
        Exception: What ``fit`` raises.
    """
    rows = len(keras.tree.flatten(y)[0])
    x = np.zeros((rows, 1), "float32")
    with names_kept():
        listener = _Listener()
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "relu", False, "zeros")])
        model.compile(
            keras.optimizers.SGD(0.0),
            _Nothing(),
            weighted_metrics=[listener],
            run_eagerly=keras.backend.backend() != "jax",
            jit_compile=False,
        )
        fit = {"class_weight": subject.fit["class_weight"], "verbose": 0}
        if subject.data.kind == "tf.data":
            import tensorflow as tf

            parts = (x, y) if weight is None else (x, y, weight)
            data = tf.data.Dataset.from_tensor_slices(parts).batch(rows)
            model.fit(data, shuffle=False, **fit)
        elif subject.data.kind == "PyDataset":
            model.fit(_One((x, y) if weight is None else (x, y, weight)), **fit)
        else:
            model.fit(x, y, sample_weight=weight, batch_size=rows, shuffle=False, **fit)
    heard = keras.ops.convert_to_numpy(listener.heard)
    shape = listener.shape
    return np.asarray(heard[: int(np.prod(shape))], "float64").reshape(shape)


class _Listener(keras.metrics.Metric):
    """Keeps the sample weights of the last batch."""

    def __init__(self) -> None:
        super().__init__(name="listener")
        self.shape: tuple = ()
        self.heard = self.add_variable((_MOST,), "zeros", name="heard")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.shape = tuple(sample_weight.shape)
        flat = keras.ops.reshape(keras.ops.cast(sample_weight, "float32"), (-1,))
        self.heard.assign(keras.ops.pad(flat[:_MOST], (0, max(_MOST - flat.shape[0], 0))))

    def result(self) -> Any:
        return keras.ops.max(self.heard)


class _Nothing(keras.losses.Loss):
    """A loss that takes weights and targets of any shape."""

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return keras.ops.mean(y_pred)


class _One(keras.utils.PyDataset):
    """One batch."""

    def __init__(self, batch: tuple) -> None:
        super().__init__()
        self.batch = batch

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> tuple:
        return self.batch


_MOST = 4096  # weights that are kept
