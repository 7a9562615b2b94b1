"""RE108: NaN, infinity or objects in the data."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.kept import everything_kept
from helpers.auditing.losses import gradients_of, has_loss, loss_of
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.structure import arrays_of, in_each_feed, rows_of, whole
from helpers.auditing.subject import Subject
from helpers.raised import first_line

RULE = Rule(
    code="RE108",
    name="no-number",
    severity="error",
    title="The data holds NaN, infinity or objects",
    does=(
        "Looks for NaN, infinity, text and arrays of dtype object. Where there is NaN or infinity, "
        "it computes the loss of that batch and its gradients: a model or a loss may leave such "
        "values out."
    ),
    why=(
        "One NaN makes the loss, the gradients and all weights NaN, also in a row of weight 0. An "
        "object array, which NumPy makes of rows of several lengths, raises `Invalid dtype: "
        "object`, and so does text in a batch."
    ),
    fix="Drop or fill such values before batching; pad rows of several lengths to one array.",
    chapter="variable-batches#what-fit-takes",
)


def check(subject: Subject) -> list[Found]:
    """Look through inputs, targets and weights of every feed."""
    return in_each_feed(subject, lambda feed: _odd(subject.model, feed))


def _odd(model: keras.Layer, feed: Feed) -> Iterator[Found]:
    batches = (whole(feed),) if feed.kind == "arrays" else feed.looked
    for batch in batches:
        for place, array in arrays_of(batch).items():
            if isinstance(array, np.ndarray) and (kind := _no_tensor(array, feed, model)):
                where = feed.name if feed.kind == "arrays" else f"{feed.name}, batch {batch.index}"
                yield Found(
                    f"{place} of {where} holds {kind}, of which Keras makes no tensor",
                    f"{where}, {place}",
                    f"dtype {array.dtype}, shape {array.shape}",
                )
                return
    for batch in batches:
        wrong = {place: at for place, one in arrays_of(batch).items() if (at := _wrong(one)).size}
        if not wrong:
            continue
        place, at = next(iter(wrong.items()))
        row = int(at[0][0]) if at.shape[1] else 0
        size = feed.looked[0].rows or 1
        first = row - row % size  # as `fit` cuts arrays
        one = rows_of(batch, first, first + size) if feed.kind == "arrays" else batch
        effect = _effect(model, feed, one, place)
        if effect:
            value = arrays_of(batch)[place][tuple(at[0])]
            where = feed.name if feed.kind == "arrays" else f"{feed.name}, batch {batch.index}"
            yield Found(
                f"{place} of {where} holds {value}, and {effect}",
                f"{where}, row {row} of {place}",
                f"not finite: {len(at)} of {arrays_of(batch)[place].size} numbers of {place}, "
                f"first at {at[0].tolist()}",
            )
            return


def _no_tensor(array: np.ndarray, feed: Feed, model: Any) -> str:
    """Say what an array holds that Keras refuses; text in tf.data, and some in arrays, is right."""
    held = array.ravel()[:1]
    text = array.dtype.kind in "US" or (held.size and isinstance(held[0], str | bytes))
    if array.dtype != object and not text:
        return ""
    if not text:
        return "an object array"
    arrays = feed.kind == "arrays" and array.dtype == object
    given = arrays and keras.backend.backend() == "tensorflow"
    prepared = getattr(model, "preprocessor", None) is not None  # a task of KerasHub
    return "" if feed.kind == "tf.data" or given or prepared else "text"


def _wrong(array: Any) -> np.ndarray:
    """Return the places of NaN and infinity."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fc":
        return np.zeros((0, 1), int)
    return np.argwhere(~np.isfinite(array))


def _effect(model: Any, feed: Feed, batch: Looked, place: str) -> str:
    """Say what these values do to answers, loss or gradients, or nothing."""
    try:
        if has_loss(model) and batch.y is not None and feed.name != "predict":
            loss = loss_of(model, batch)
            if not np.isfinite(loss):
                return f"the loss of these rows is {loss}"
            if feed.name != "data":
                return ""
            gradients = gradients_of(model, batch)
            bad = [path for path, one in gradients.items() if not np.isfinite(one).all()]
            return f"the gradient of {bad[0]} is not finite" if bad else ""
        if not place.startswith("x"):
            raise Undecided(f"{feed.name}: {place} holds NaN or infinity, and there is no loss")
        with everything_kept(model):
            answers = keras.tree.flatten(model(batch.x, training=False))
        answers = [np.asarray(keras.ops.convert_to_numpy(one)) for one in answers]
    except Undecided:
        raise
    except Exception as error:
        raise Undecided(
            f"{feed.name}: {place} holds NaN or infinity, and the model raises "
            f"{type(error).__name__}: {first_line(error)}"
        ) from error
    wrong, size = sum(len(_wrong(one)) for one in answers), sum(one.size for one in answers)
    return f"{wrong} of {size} numbers of the answers are not finite" if wrong else ""


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Divide by a spread of 0."""
    x = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 5.0, 4.0]], "float32")
    with np.errstate(invalid="ignore"):
        x = (x - x.mean(0)) / x.std(0)
    return {"model": _model(), "data": (x, np.ones((2, 1), "float32"))}


def mended() -> dict:
    """Divide by at least a little."""
    x = np.array([[1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 5.0, 4.0]], "float32")
    x = (x - x.mean(0)) / np.maximum(x.std(0), 1e-6)
    return {"model": _model(), "data": (x, np.ones((2, 1), "float32"))}
