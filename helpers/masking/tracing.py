"""The path of a mask through a model: where it is born, kept, used and lost, call by call."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from helpers.arguments import boolean
from helpers.keras_private import names_kept
from helpers.masking import recording
from helpers.masking.trace_axes import Names, checked_axes, checked_batch, checked_lengths
from helpers.masking.trace_runs import on_shapes, predicted
from helpers.masking.trace_steps import steps_of
from helpers.masking.trace_table import Trace


@contextlib.contextmanager
def _noted() -> Iterator[None]:
    """Say beneath an error of Keras's which argument it is about."""
    try:
        yield
    except Exception as error:
        error.add_note("batch: the model could not be called with it; see the error above.")
        raise


def trace(
    model: keras.Layer,
    batch: Any,
    *,
    lengths: Sequence[int] | None = None,
    axes: Any = None,
    predict: bool = True,
) -> Trace:
    """Follow the masks through a model, one row per call of a layer and per plain operation.

    The model runs eagerly on ``batch``, and through ``predict_on_batch`` at full and at half length
    (see :doc:`Leak and trace </book/leak-and-trace>`). It stays as it was; an unbuilt one is built.

    What becomes of a mask at a step:

    - ``"born"``: none came in, one went out.
    - ``"kept"``: one came in, one went out.
    - ``"consumed"``: one came in, none went out; the layer's ``call`` or an operation was given it.
    - ``"dropped with a warning"``: none went out, and Keras warned.
    - ``"dropped silently"``: none went out, nobody used it and nobody said so.
    - ``"no mask"``: there was none.

    Args:
        model: Any Keras model or layer.
        batch: What ``model`` is called with: an array ``(batch, ...)``, or a list, tuple or dict.
        lengths: ``(batch,)`` real timesteps of each row; a mask born with others is noted.
        axes: Names of the input's axes, such as ``("batch", "time", "features")``, in the structure
            of ``batch``. None guesses them by their number and dtype, as the page lists.
        predict: Whether to run through ``predict_on_batch`` too, which takes most of the time.

    Returns:
        A `Trace`. Axes of later shapes are named by their sizes and places, so take a batch in
        which batch, time and features differ.

    Raises:
        TypeError: ``model`` is not a Keras layer, or ``batch`` or ``lengths`` is of a wrong type.
        ValueError: ``lengths`` or ``axes`` does not fit the batch. Keras's own error if the model
            cannot be called with the batch.

    Example:
        >>> import numpy as np
        >>> inputs = keras.Input((None,))
        >>> h = keras.layers.Embedding(9, 4, mask_zero=True)(inputs)
        >>> model = keras.Model(inputs, keras.layers.LSTM(3)(h + h))
        >>> steps = trace(model, np.array([[3, 5, 0], [2, 0, 0]])).steps
        >>> [(step.kind, step.fate) for step in steps]
        [('Embedding', 'born'), ('Add', 'dropped silently'), ('LSTM', 'no mask')]
    """
    if not isinstance(model, keras.Layer):
        raise TypeError(f"model: expected a Keras model or layer, got {type(model).__name__}")
    boolean("predict", predict)
    batch = checked_batch(batch)
    leaves = keras.tree.flatten(batch)
    names = Names(leaves, checked_axes(axes, batch, leaves))
    real = checked_lengths(lengths, leaves, names)

    with _noted():
        recording.build(model, batch)
    with recording.state_kept(model):
        with _noted(), recording.record_calls() as eager:
            model(batch)
        with names_kept():
            symbolic = on_shapes(model, batch, eager)
            found: dict[int, str] = {}
            remarks: list[str] = []
            if predict:
                with recording.quietly():
                    found, remarks = predicted(model, batch, names, eager)

    steps, more = steps_of(eager, symbolic, names, real, found)
    return Trace(
        name=model.name,
        kind=type(model).__name__,
        batch=tuple(names.shape(leaf.shape, leaf.dtype) for leaf in leaves),
        steps=tuple(steps),
        remarks=(*more, *remarks),
    )
