"""RE116: sample weights whose axes are not those of the loss."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Looked
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.auditing.values import run

RULE = Rule(
    code="RE116",
    name="weights-axis",
    severity="error",
    title="The axes of the sample weights are not those of the loss",
    does=(
        "Calls the loss of each output without its reduction, and compares the numbers that it "
        "gives with the shape of the weights. Then reduces them, with the weights as they are and "
        "stretched to that shape."
    ),
    why=(
        "Keras multiplies the two, and arrays of other shapes broadcast: weights per step meet "
        "every row, or weights of one row all others, as long as the sizes allow it. If they do "
        "not, `fit` raises at the first batch or at the last, smaller one."
    ),
    fix=(
        "Give weights of shape (batch,) for one answer per row, and (batch, time) for one answer "
        "per step."
    ),
    chapter="masking#metrics-and-weights-for-each-step",
)

_FEEDS = ("data", "validation", "evaluate")


def check(subject: Subject) -> Iterator[Found]:
    """Compare weights and loss of each output, in one batch of each feed that has weights."""
    model = subject.model
    if not getattr(model, "compiled", False) or getattr(model, "loss", None) is None:
        raise NothingToCheck("the model is compiled without a loss")
    batches = [(name, _weighted(subject, name)) for name in _FEEDS if name in subject.feeds]
    batches = [(name, batch) for name, batch in batches if batch is not None]
    if not batches:
        raise NothingToCheck("the batches hold no sample weights")
    found, unsure = [], ""
    for name, batch in batches:
        try:
            for output, weights, target, answer, loss in _parts(subject, batch):
                if words := _wrong(weights, target, answer, loss, batch.rows):
                    where = f"{name}, batch {batch.index}, {output}"
                    found.append(Found(words[0].format(output), where, words[1]))
        except Undecided as reason:
            unsure = unsure or str(reason)
    if unsure and not found:
        raise Undecided(unsure)
    yield from found


def _weighted(subject: Subject, name: str) -> Looked | None:
    """Return a batch with weights: of the training data the one that all rules look at."""
    looked = subject.read(subject.feeds[name])
    first = [subject.batch] if name == "data" else []
    return next((batch for batch in [*first, *looked] if batch.weight is not None), None)


def _parts(subject: Subject, batch: Looked) -> Iterator[tuple[str, Any, Any, Any, Any]]:
    """Return name, weights, target, answer and loss of each output that has weights."""
    model = subject.model
    answers = [answer for answer, _ in run(subject, batch)]
    names = list(getattr(model, "output_names", None) or [])
    if isinstance(subject.outputs, dict):
        names = [str(path[-1]) for path, _ in keras.tree.flatten_with_path(subject.outputs)]
    names = names if len(names) == len(answers) else []
    columns = []
    for part in (batch.weight, batch.y, model.loss):
        if isinstance(part, dict):
            if not names or not set(part) <= set(names):
                raise Undecided("weights, targets or losses by names that the model does not give")
            columns.append([part.get(name) for name in names])
        elif isinstance(part, list | tuple):
            columns.append(list(part))
        else:
            columns.append([part] * (len(answers) if part is not batch.y else 1))
    if any(len(column) != len(answers) for column in columns):
        raise Undecided("there are not as many weights, targets and losses as outputs")
    for i, (weights, target, loss) in enumerate(zip(*columns, strict=True)):
        if all(isinstance(one, np.ndarray) for one in (weights, target, answers[i])) and loss:
            name = "the output" if len(answers) == 1 else f"output {names[i] if names else i}"
            yield name, weights, target, answers[i], loss


def _wrong(
    weights: np.ndarray, target: np.ndarray, answer: np.ndarray, given: Any, rows: int | None
) -> tuple[str, str] | None:
    """Return what is wrong with the weights of one output, and what was measured."""
    loss = _loss(given)
    values = _values(loss, target, answer)
    if weights.ndim == 1 and values.ndim > 1 and len(weights) == rows:
        return None  # the rule `row-weights-per-step` is about these
    shapes = f"weights {weights.shape}, loss {values.shape}"
    if values.ndim == 0:
        if np.ptp(weights) == 0:
            return None
        return (
            "the loss of {} gives one number for the batch, which weights for rows only scale",
            f"{shapes}; {weights.size} weights from {weights.min():.3g} to {weights.max():.3g}",
        )
    if weights.ndim == 0 or len(weights) != rows:
        return ("the weights of {} have no axis of rows", f"{shapes}, {rows} rows")
    wide, long = _squeezed(values.shape, weights.shape)
    try:
        together = np.broadcast_shapes(wide, long)
    except ValueError:
        return ("the weights of {} do not fit its loss, and fit raises", shapes)
    if together != wide:
        return (
            f"weights and loss of {{}} are stretched over each other, to {together}",
            shapes,
        )
    whole = np.broadcast_to(weights.reshape(long), wide)
    as_given, right = (_reduced(loss, target, answer, one) for one in (weights, whole))
    if np.isclose(as_given, right, rtol=1e-4, atol=1e-7, equal_nan=True):
        return None
    return (
        "the loss of {} divides by the sum of its weights before they are stretched",
        f"{shapes}; the loss is {as_given:.4g} with them and {right:.4g} with one for each number",
    )


def _loss(given: Any) -> keras.losses.Loss:
    try:
        loss = keras.losses.get(given)
    except ValueError as error:
        raise Undecided(f"the loss {given!r} is unknown here") from error
    if isinstance(loss, keras.losses.Loss):
        if type(loss).__call__ is not keras.losses.Loss.__call__:
            raise Undecided(f"{type(loss).__name__} applies weights in a way of its own")
        return loss
    return _ByFunction(loss)


class _ByFunction(keras.losses.Loss):
    """A function as a loss, with the reduction that ``compile`` gives it."""

    def __init__(self, function: Any):
        super().__init__()
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if len(y_true.shape) == len(y_pred.shape) + 1 and y_true.shape[-1] == 1:
            y_true = keras.ops.squeeze(y_true, -1)
        elif len(y_pred.shape) == len(y_true.shape) + 1 and y_pred.shape[-1] == 1:
            y_pred = keras.ops.squeeze(y_pred, -1)
        return self.function(y_true, y_pred)


def _values(loss: keras.losses.Loss, target: np.ndarray, answer: np.ndarray) -> np.ndarray:
    try:
        values = loss.call(_tensor(loss, target), _tensor(loss, answer))
        return keras.ops.convert_to_numpy(values)
    except Exception as error:
        raise Undecided(f"the loss raises: {type(error).__name__}") from error


def _reduced(loss: Any, target: np.ndarray, answer: np.ndarray, weights: np.ndarray) -> float:
    value = loss(_tensor(loss, target), _tensor(loss, answer), _tensor(loss, weights))
    return float(keras.ops.convert_to_numpy(value))


def _tensor(loss: Any, array: np.ndarray) -> Any:
    return keras.ops.convert_to_tensor(np.ascontiguousarray(array), dtype=loss.dtype)


def _squeezed(values: tuple, weights: tuple) -> tuple[tuple, tuple]:
    """Do what Keras does to shapes of neighbouring ranks: drop or add a last axis of 1."""
    if len(weights) == len(values) + 1 and weights[-1] == 1:
        return ((*values, 1), weights) if len(values) == 1 else (values, weights[:-1])
    if len(values) == len(weights) + 1 and values[-1] == 1:
        return (values, (*weights, 1)) if len(weights) == 1 else (values[:-1], weights)
    return values, weights


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.Masking(), keras.layers.LSTM(1)])
    model.compile("sgd", "mse")
    return model


def _rows() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(4, 4, 2)).astype("float32")
    return x, np.ones((4, 1), "float32")


def broken() -> dict:
    """Weigh the steps of rows that have one answer each; 4 rows of 4 steps raise nothing."""
    x, y = _rows()
    return {"model": _model(), "data": (x, y, np.tri(4, dtype="float32"))}


def mended() -> dict:
    """Weigh the rows."""
    x, y = _rows()
    return {"model": _model(), "data": (x, y, np.tri(4, dtype="float32").mean(axis=1))}
