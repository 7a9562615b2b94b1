"""The loss of one batch and its gradients, on every backend; the model stays as it was."""

from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Looked
from helpers.auditing.kept import everything_kept


def has_loss(model: keras.Layer) -> bool:
    """Whether the model is compiled with a loss."""
    return getattr(model, "compiled", False) and getattr(model, "loss", None) is not None


def loss_of(model: Any, batch: Looked) -> float:
    """Return the loss that a compiled model has on a batch, in inference mode."""
    x, y, weight = _tensors(batch)
    with everything_kept(model):
        return float(keras.ops.convert_to_numpy(_loss(model, x, y, weight, training=False)))


def gradients_of(model: Any, batch: Looked) -> dict[str, np.ndarray]:
    """Return the gradient of a compiled model's loss by the path of the weight, in training mode.

    A weight that the loss does not depend on is left out.
    """
    x, y, weight = _tensors(batch)
    with everything_kept(model):
        _loss(model, x, y, weight, training=True)  # builds what is not built
        variables = list(model.trainable_weights)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            with tf.GradientTape() as tape:
                loss = _loss(model, x, y, weight, training=True)
            found = tape.gradient(loss, variables)
        elif keras.backend.backend() == "torch":
            import torch

            loss = _loss(model, x, y, weight, training=True)
            found = torch.autograd.grad(loss, [v.value for v in variables], allow_unused=True)
        else:
            import jax

            def run(values: list) -> Any:
                with keras.StatelessScope(list(zip(variables, values, strict=True))):
                    return _loss(model, x, y, weight, training=True)

            found = jax.grad(run)([v.value for v in variables])
        pairs = zip(variables, found, strict=True)
        return {v.path: _dense(gradient) for v, gradient in pairs if gradient is not None}


def _loss(model: Any, x: Any, y: Any, weight: Any, training: bool) -> Any:
    answers = model(x, training=training)
    return model.compute_loss(x=x, y=y, y_pred=answers, sample_weight=weight, training=training)


def _tensors(batch: Looked) -> list:
    parts = (batch.x, batch.y, batch.weight)
    convert = keras.ops.convert_to_tensor
    return [
        None
        if p is None
        else keras.tree.map_structure(lambda a: None if a is None else convert(a), p)
        for p in parts
    ]


def _dense(gradient: Any) -> np.ndarray:
    if type(gradient).__name__ == "IndexedSlices":  # of an Embedding on TensorFlow
        gradient = gradient.values
    return np.asarray(keras.ops.convert_to_numpy(gradient))
