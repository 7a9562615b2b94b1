"""A loss and a metric over timesteps whose value does not depend on how rows are batched."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np  # noqa: F401  (for the examples)
from keras import ops

from helpers.arguments import choice, number, shown, text
from helpers.keras_private import mask_of
from helpers.tensors import check_real, sizes_agree

PER = ("row", "step")


@keras.saving.register_keras_serializable("ragged_edges")
class SequenceLoss(keras.losses.Loss):
    """A loss over the real timesteps, equal however the rows are batched, ordered and padded.

    Under a mask, Keras divides a batch's summed loss by the batch's real steps, and ``fit`` and
    ``evaluate`` then average the batches by their rows: another batch size gives another loss. Here
    each row has a value of its own, and a batch's loss is the mean of its rows' values:

    * ``per="row"``: the mean over its real steps. Short rows count as much as long ones.
    * ``per="step"``: the sum over its real steps, divided by ``mean_length``: that of all rows.

    The epoch's loss and its summed gradient are then the same for all batchings.

    A step is real where the model's output is masked True (Keras hands that mask on by itself),
    where ``sample_weight`` is not 0, and where the loss does not mask it itself
    (``ignore_class``). What ``y_true`` and ``y_pred`` hold elsewhere, NaN too, has no influence on
    value and gradient. ``sample_weight`` has shape ``(batch,)`` or ``(batch, time)``; weights
    other than 0 and 1 multiply the steps' losses; a row of weight 0 still counts as a row. A
    program that only loads a saved model must import this class first.

    Args:
        loss: Name of a Keras loss (``"mse"``), a Keras loss object, or a function of ``y_true`` and
            ``y_pred`` that returns values ``(batch, time)``. More axes are averaged. The object's
            own ``reduction`` is not used.
        per: ``"row"`` or ``"step"``.
        mean_length: Mean length of all rows of the data set, for ``per="step"`` only. On another
            data set read `SequenceMetric`.
        name: Name of the loss.

    Raises:
        TypeError: ``loss`` or ``mean_length`` is of another type.
        ValueError: An unknown name; ``mean_length`` missing, not above 0, or given with
            ``per="row"``. When called: shapes that do not fit, or a loss that averages over time.

    Example:
        >>> y_true, y_pred = np.zeros((2, 3, 1)), np.array([[[2.0], [9], [9]], [[1], [1], [1]]])
        >>> real = np.array([[1, 0, 0], [1, 1, 1]])
        >>> float(SequenceLoss("mse")(y_true, y_pred, real))
        2.5
        >>> float(SequenceLoss("mse", per="step", mean_length=2)(y_true, y_pred, real))
        1.75
    """

    def __init__(
        self,
        loss: "str | Callable | keras.losses.Loss",
        *,
        per: str = "row",
        mean_length: float | None = None,
        name: str | None = None,
    ):
        _check_per(per)
        self._values = _per_step("loss", loss)
        if per == "step":
            mean_length = _checked_mean_length(mean_length)
        elif mean_length is not None:
            raise ValueError(f"mean_length: expected None with per='row', got {shown(mean_length)}")
        if name is not None:
            text("name", name)
        super().__init__(name=name)
        self.loss, self.per, self.mean_length = loss, per, mean_length

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the mean of the rows' values, a scalar tensor.

        Args:
            y_true: ``(batch, time, ...)``.
            y_pred: ``(batch, time, ...)``, with or without a Keras mask.
            sample_weight: ``(batch,)``, ``(batch, time)`` or None.
        """
        y_true, y_pred = check_real("y_true", y_true), check_real("y_pred", y_pred)
        rows, steps, real = _weights(y_pred, sample_weight, self.dtype)
        # Keras's own call converts dtypes, averages the rows and scales for tf.distribute.
        return super().__call__(y_true, (y_pred, rows * steps, real))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the rows' values ``(batch,)``; ``y_pred`` comes with weights and mask."""
        y_pred, weights, real = y_pred
        real = ops.logical_and(ops.cast(real, "bool"), ops.not_equal(weights, 0))
        values, real = _masked_values(self._values, y_true, y_pred, real, "loss")
        sums = ops.sum(ops.where(real, values * weights, 0.0), axis=1)
        if self.per == "step":
            return sums / self.mean_length
        return ops.divide_no_nan(sums, ops.sum(ops.cast(real, sums.dtype), axis=1))

    def get_config(self) -> dict:
        """Return the arguments, serialised."""
        return {
            "loss": _serialized(self.loss),
            "per": self.per,
            "mean_length": self.mean_length,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict) -> "SequenceLoss":
        """Make the loss that `get_config` describes."""
        return cls(**{**config, "loss": _deserialized(config["loss"])})


@keras.saving.register_keras_serializable("ragged_edges")
class SequenceMetric(keras.metrics.Metric):
    """A metric over the real timesteps of a data set, however its rows are batched and padded.

    It adds up sums and counts and divides once, at the end. Keras's own metrics (``"mae"``,
    ``keras.metrics.SparseCategoricalAccuracy()`` and other means of a function) are exact in that
    sense only while all batches are padded to one length: they divide each batch's sums by its
    padded length first, so a batch padded to its own longest row gets a weight of its own.

    * ``per="step"``: the mean over all real steps.
    * ``per="row"``: the mean over each row's real steps, then over rows. A row without real steps
      is left out.

    The model's mask is used wherever the metric stands; Keras passes ``sample_weight`` only to
    ``compile(weighted_metrics=[...])``. Weights ``(batch, time)`` weigh the steps, weights
    ``(batch,)`` the rows, and both means are weighted means. What ``y_true`` and ``y_pred`` hold
    at other steps, NaN too, has no influence.

    Args:
        fn: Name of a Keras loss or metric function (``"mae"``, ``"sparse_categorical_accuracy"``),
            a Keras loss object, or a function of ``y_true`` and ``y_pred`` that returns values
            ``(batch, time)``. More axes are averaged.
        per: ``"step"`` or ``"row"``.
        name: Name in ``history`` and logs; None makes one such as ``"mae_per_step"``.

    Raises:
        TypeError: ``fn`` is of another type.
        ValueError: An unknown name. When called: shapes that do not fit, or values without time.

    Example:
        >>> metric = SequenceMetric("mae")
        >>> for real in ([[1, 0, 0]], [[1, 1, 1]]):
        ...     metric.update_state(np.zeros((1, 3, 1)), np.full((1, 3, 1), sum(real[0])), real)
        >>> float(metric.result())
        2.5
    """

    def __init__(
        self,
        fn: "str | Callable | keras.losses.Loss",
        *,
        per: str = "step",
        name: str | None = None,
    ):
        _check_per(per)
        values = _per_step("fn", fn)
        if name is not None:
            text("name", name)
        stem = fn if isinstance(fn, str) else getattr(fn, "__name__", None) or fn.name  # type: ignore[union-attr]
        super().__init__(name=name or f"{stem}_per_{per}")
        self.fn, self.per, self._values = fn, per, values
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: ``(batch, time, ...)``.
            y_pred: ``(batch, time, ...)``, with or without a Keras mask.
            sample_weight: ``(batch,)``, ``(batch, time)`` or None.
        """
        y_true, y_pred = check_real("y_true", y_true), check_real("y_pred", y_pred)
        rows, steps, real = _weights(y_pred, sample_weight, self.dtype)
        real = ops.logical_and(ops.cast(real, "bool"), ops.not_equal(rows * steps, 0))
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        values, real = _masked_values(self._values, y_true, y_pred, real, "fn")
        sums = ops.sum(ops.where(real, ops.cast(values, self.dtype) * steps, 0.0), axis=1)
        counts = ops.sum(ops.where(real, steps, 0.0), axis=1)
        if self.per == "row":
            sums = ops.divide_no_nan(sums, counts)
            counts = ops.cast(ops.any(real, axis=1), self.dtype)
        rows = rows[:, 0]
        self.total.assign_add(ops.sum(rows * sums))
        self.count.assign_add(ops.sum(rows * counts))

    def result(self) -> Any:
        """Return the mean so far, a scalar tensor; 0 before the first real step."""
        return ops.divide_no_nan(self.total, self.count)

    def get_config(self) -> dict:
        """Return the arguments, serialised."""
        return {"fn": _serialized(self.fn), "per": self.per, "name": self.name}

    @classmethod
    def from_config(cls, config: dict) -> "SequenceMetric":
        """Make the metric that `get_config` describes."""
        return cls(**{**config, "fn": _deserialized(config["fn"])})


def _check_per(per: str) -> None:
    choice("per", per, PER)


def _checked_mean_length(mean_length: Any) -> float:
    if mean_length is None:
        raise ValueError(
            "mean_length: expected the mean length of all rows with per='step', got None"
        )
    mean_length = number("mean_length", mean_length)
    if mean_length <= 0:
        raise ValueError(f"mean_length: expected a finite number above 0, got {mean_length}")
    return mean_length


def _per_step(name: str, given: Any) -> Callable:
    """Return a function of ``y_true`` and ``y_pred`` without reduction over batch and time."""
    found = given
    if isinstance(given, str):
        try:
            found = keras.losses.get(given)
        except ValueError:
            found = getattr(keras.metrics, given, None) if name == "fn" else None
        if found is None or (isinstance(found, type) and not issubclass(found, keras.losses.Loss)):
            hint = (
                "; choose 'binary_accuracy', 'categorical_accuracy' or "
                "'sparse_categorical_accuracy'"
                if given in ("acc", "accuracy")
                else ""
            )
            raise ValueError(
                f"{name}: expected the name of a Keras function, got {shown(given)}{hint}"
            )
    if isinstance(found, keras.losses.Loss):
        if type(found).__call__ is not keras.losses.Loss.__call__:
            raise TypeError(f"{name}: expected a loss with values per step, got {shown(given)}")
        return found.call
    if not callable(found) or isinstance(found, type | keras.metrics.Metric):
        raise TypeError(f"{name}: expected a name, a function or a loss object, got {shown(given)}")
    return found


def _serialized(given: Any) -> Any:
    return given if isinstance(given, str) else keras.saving.serialize_keras_object(given)


def _deserialized(config: Any) -> Any:
    return keras.saving.deserialize_keras_object(config) if isinstance(config, dict) else config


def _weights(y_pred: Any, sample_weight: Any, dtype: str) -> tuple:
    """Weights of rows ``(batch, 1)`` and of steps ``(batch, time)``, and mask ``(batch, time)``."""
    if not hasattr(y_pred, "shape") or len(y_pred.shape) < 2:
        shape = tuple(getattr(y_pred, "shape", ())) or type(y_pred).__name__
        raise ValueError(f"y_pred: expected (batch, time, ...), got {shape}")
    mask = mask_of(y_pred)
    shape = ops.shape(y_pred)[:2]
    rows, steps = ops.ones((shape[0], 1), dtype), ops.ones(shape, dtype)
    if sample_weight is not None:
        weight = ops.convert_to_tensor(check_real("sample_weight", sample_weight), dtype)
        given, wanted = tuple(weight.shape), tuple(y_pred.shape[:2])
        by_row = len(given) == 1 or given[1:] == (1,)
        sizes = given[:1] if by_row else given
        if not (by_row or len(given) == 2) or not sizes_agree(sizes, wanted):
            raise ValueError(
                f"sample_weight: expected (batch,) or (batch, time), of y_pred's {wanted}, "
                f"got {given}"
            )
        if by_row:
            rows = ops.reshape(weight, (-1, 1))
        else:
            steps = weight
    if mask is None:
        return rows, steps, ops.ones_like(steps)
    if not sizes_agree(mask.shape, y_pred.shape[:2]) or len(mask.shape) != 2:
        raise ValueError(
            f"y_pred: expected a mask of its (batch, time), which is {tuple(y_pred.shape[:2])}, "
            f"got one of {tuple(mask.shape)}"
        )
    return rows, steps, ops.cast(mask, dtype)


def _masked_values(function: Callable, y_true: Any, y_pred: Any, real: Any, name: str) -> tuple:
    """Values ``(batch, time)`` and the mask, less the steps that the function masks itself."""
    if len(y_true.shape) < 2 or not sizes_agree(y_true.shape[:2], y_pred.shape[:2]):
        raise ValueError(
            f"y_true: expected the (batch, time) of y_pred, which is {tuple(y_pred.shape[:2])}, "
            f"got shape {tuple(y_true.shape)}"
        )
    # Keras would take the last axis of a (batch, time) array for features and average over time.
    if len(y_pred.shape) == 2:
        y_pred = y_pred[..., None]
    if len(y_true.shape) == len(y_pred.shape) - 1 and y_pred.shape[-1] == 1:
        y_true = y_true[..., None]
    if _broadcasts(function) and not (
        len(y_true.shape) == len(y_pred.shape) and sizes_agree(y_true.shape, y_pred.shape)
    ):
        raise ValueError(
            f"y_true: expected y_pred's shape, which is {tuple(y_pred.shape)}, "
            f"got {tuple(y_true.shape)}"
        )
    # Replaced before the function, not after: the gradient of a NaN that is masked away is NaN.
    # With a prediction of 1 and a target of 0 all losses of Keras and their gradients are finite.
    y_true, y_pred = _fill(y_true, real, 0), _fill(y_pred, real, 1)
    values = function(y_true, y_pred)
    own = mask_of(values)
    shape = tuple(getattr(values, "shape", ()))
    if len(shape) < 2 or not sizes_agree(shape[:2], y_pred.shape[:2]):
        raise ValueError(
            f"{name}: expected values (batch, time, ...) of {tuple(y_pred.shape[:2])}, "
            f"got shape {shape}"
        )
    if own is not None:
        real = ops.logical_and(real, ops.cast(own, "bool"))
    if len(values.shape) > 2:
        values = ops.mean(values, axis=list(range(2, len(values.shape))))
    return values, real


def _broadcasts(function: Callable) -> bool:
    """Whether it is one of Keras's that compare number by number, and broadcast where they can."""
    owner = getattr(function, "__self__", function)
    inner = getattr(owner, "fn", owner)
    name = getattr(inner, "__name__", type(inner).__name__)
    keras_own = (getattr(inner, "__module__", None) or "").startswith("keras.")
    return keras_own and "sparse" not in name.lower()


def _fill(x: Any, real: Any, value: int) -> Any:
    shape = (*ops.shape(real), *[1] * (len(x.shape) - 2))
    return ops.where(ops.reshape(real, shape), x, ops.cast(value, x.dtype))
