"""RE407: the class weights do not fit the targets."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.class_weights import weights_of
from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.raised import first_line

RULE = Rule(
    code="RE407",
    name="class-weight-axes",
    severity="error",
    title="The class weights do not fit the targets",
    does=(
        "Lets `fit` of the installed Keras make sample weights of `class_weight` for one batch of "
        "targets, and compares them with the classes that these targets hold."
    ),
    why=(
        "Keras takes one class for each row: of a row of targets it takes the place of the largest "
        "number. With a label for each step that is a step and no class. A class without a key "
        "gets the weight 1, in silence."
    ),
    fix=(
        "Look up the weights yourself and give them as `sample_weight`, `(batch, time)` for a loss "
        "per step; name every class by its number, from 0."
    ),
    chapter="masking#metrics-and-weights-for-each-step",
)

_ROWS = 64  # whose weights are made
_KINDS = ("factory", "generator", "DataLoader")  # from which Keras takes no class weights


def check(subject: Subject) -> Iterator[Found]:
    """Compare the weights that Keras makes with the classes of the targets."""
    given = subject.fit.get("class_weight")
    if given is None:
        raise NothingToCheck("fit gets no class_weight")
    where = "fit, class_weight"
    if subject.data.kind in _KINDS:
        yield Found(
            "Keras takes no class_weight with data of this kind: fit raises",
            where,
            f"data: {subject.data.kind}",
            "Let the data give sample weights, as the third part of a batch.",
        )
        return
    batch = subject.batch
    if batch.y is None:
        raise Undecided("the data holds no targets")
    y, weight = (_first(part) for part in (batch.y, batch.weight))
    try:
        made = weights_of(subject, y, weight)
    except Exception as error:
        shapes = ", ".join(str(np.shape(leaf)) for leaf in keras.tree.flatten(batch.y))
        yield Found(
            f"fit raises with these class weights: {first_line(error)}",
            where,
            f"batch {batch.index}: {type(error).__name__} with targets {shapes}",
        )
        return
    if wrong := _axes(subject, np.asarray(y), made) or _keys(subject, np.asarray(y), given):
        yield Found(wrong[0], where, wrong[1])


def _axes(subject: Subject, y: np.ndarray, made: np.ndarray) -> tuple[str, str] | None:
    """Return what is wrong with the axes of the targets, and what was measured."""
    answer = keras.tree.flatten(subject.outputs)[0]
    if made.ndim > 1:
        return None  # tf.data: one weight for each step
    if y.ndim == 1 or y.shape[-1] == 1:
        values = np.asarray(y, "float64")
        broken = np.abs(values - np.round(values)).max(initial=0) > 0.01
        if broken and (values.min() < 0 or values.max() > 1):
            return (
                "the targets are no classes: Keras rounds them and looks the weight up",
                f"targets such as {values.ravel()[0]:.4g}, which gets the weight {made[0]:g}",
            )
        return None
    first = np.array2string(y[0], threshold=8, edgeitems=4, precision=3)
    told = f"row 0, {first}, counts as class {int(np.argmax(y[0]))} and gets the weight {made[0]:g}"
    if answer.ndim > 2 and answer.shape[1] == y.shape[1]:
        return (
            f"the model answers for each of {answer.shape[1]} steps, but a row gets one weight, "
            "that of the step with the largest label",
            told,
        )
    if np.abs(y.sum(axis=-1) - 1).max() > 0.01 or y.min() < 0:
        return (
            "the rows of the targets are not one-hot: several labels, or a label for each step; "
            "the place of the first largest number counts as the class",
            told,
        )
    return None


def _keys(subject: Subject, y: np.ndarray, given: Any) -> tuple[str, str] | None:
    """Return which keys are no classes, or which classes have no key, and what was measured."""
    classes = keras.tree.flatten(subject.outputs)[0].shape[-1]
    labels = {int(label) for batch in subject.data.looked for label in _labels(batch.y)}
    if classes == 1 and max(labels, default=0) <= 1:
        classes = 2
    strange = [key for key in given if not _is_class(key, classes)]
    seen = ", ".join(str(label) for label in sorted(labels)[:12])
    told = f"keys {', '.join(repr(key) for key in list(given)[:12])}; labels seen: {seen}"
    if strange:
        number = f"0 to {classes - 1}" if classes > 1 else "integers from 0"
        named = ", ".join(repr(key) for key in strange[:5])
        return f"the keys {named} are no classes; these are {number}", told
    missing = sorted(label for label in labels - set(given) if label >= 0)
    if missing and len(given) > 1:
        named = ", ".join(str(label) for label in missing[:5])
        return f"class {named} has no key, and Keras gives it the weight 1 in silence", told
    return None


def _labels(y: Any) -> np.ndarray:
    y = np.asarray(y)
    labels = y.argmax(axis=-1) if y.ndim > 1 and y.shape[-1] > 1 else np.round(y)
    return np.unique(labels)


def _is_class(key: Any, classes: int) -> bool:
    if not isinstance(key, int | float | np.integer | np.floating) or key != int(key):
        return False
    return bool(key >= 0 and (classes == 1 or key < classes))


def _first(part: Any) -> Any:
    return None if part is None else keras.tree.map_structure(lambda leaf: leaf[:_ROWS], part)


def _arguments(return_sequences: bool) -> dict:
    x = np.random.default_rng(0).normal(size=(6, 4, 2)).astype("float32")
    y = (x.sum(axis=2) > 0).astype("int64") + (x[:, :, 0] > 1)
    model = keras.Sequential(
        [
            keras.Input((None, 2)),
            keras.layers.LSTM(3, return_sequences=return_sequences),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("sgd", "sparse_categorical_crossentropy")
    y = y if return_sequences else np.arange(6) % 3
    return {"model": model, "data": (x, y), "fit": {"class_weight": {0: 1.0, 1: 2.0, 2: 5.0}}}


def broken() -> dict:
    """Weigh classes of a label for each step."""
    return _arguments(return_sequences=True)


def mended() -> dict:
    """Weigh classes of a label for each row."""
    return _arguments(return_sequences=False)
