"""RE401: targets and answers have other shapes, and the loss stretches one over the other."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.subject import NothingToCheck, Subject

RULE = Rule(
    code="RE401",
    name="target-broadcast",
    severity="error",
    title="The loss stretches the targets over the answers",
    does="Compares the shape of the targets with that of the model's answers, output by output.",
    why=(
        "A loss that works number by number broadcasts. One target for a row then meets every "
        "timestep, or one row of targets every row of the batch, and the loss falls all the same."
    ),
    fix="Give targets of the shape of the answers, or let the model answer once for each row.",
    chapter="variable-batches#what-fit-takes",
)

_BY_NUMBER = (
    keras.losses.MeanSquaredError,
    keras.losses.MeanAbsoluteError,
    keras.losses.MeanAbsolutePercentageError,
    keras.losses.MeanSquaredLogarithmicError,
    keras.losses.BinaryCrossentropy,
    keras.losses.BinaryFocalCrossentropy,
    keras.losses.Huber,
    keras.losses.LogCosh,
    keras.losses.Poisson,
    keras.losses.Hinge,
    keras.losses.SquaredHinge,
    keras.losses.CategoricalCrossentropy,
    keras.losses.KLDivergence,
    keras.losses.CosineSimilarity,
)


def check(subject: Subject) -> Iterator[Found]:
    """Compare targets and answers of each output that has a loss which works number by number."""
    model = subject.model
    if not getattr(model, "compiled", False) or getattr(model, "loss", None) is None:
        raise NothingToCheck("the model is compiled without a loss")
    batch = subject.batch
    if batch.y is None:
        raise Undecided("the data holds no targets")
    for name, target, answer, loss in _pairs(model, batch.y, subject.outputs):
        if not _by_number(loss) or np.shape(target) == np.shape(answer):
            continue
        wide, long = _squeezed(np.shape(target), np.shape(answer))
        if wide != long and _stretches(wide, long):
            yield Found(
                f"the targets of {name} have the shape {np.shape(target)}, the answers "
                f"{np.shape(answer)}; the loss stretches them to {np.broadcast_shapes(wide, long)}",
                f"data, batch {batch.index}, {name}",
                f"targets {np.shape(target)}, answers {np.shape(answer)}",
            )


def _pairs(model: Any, y: Any, outputs: Any) -> Iterator[tuple[str, Any, Any, Any]]:
    """Return name, target, answer and loss of each output."""
    answers, targets = keras.tree.flatten(outputs), keras.tree.flatten(y)
    losses = model.loss
    if isinstance(losses, dict):
        names = getattr(model, "output_names", None) or []
        if not isinstance(outputs, dict) and len(names) == len(answers):
            outputs = dict(zip(names, answers, strict=True))
            if not isinstance(y, dict) and len(targets) == len(names):
                y = dict(zip(names, targets, strict=True))
        if not isinstance(y, dict) or not isinstance(outputs, dict):
            raise Undecided("losses by name, but targets or outputs without names")
        for name, loss in losses.items():
            if name in y and name in outputs:
                yield name, y[name], outputs[name], loss
        return
    if len(answers) != len(targets):
        raise Undecided(f"{len(targets)} arrays of targets for {len(answers)} outputs")
    given = losses if isinstance(losses, list | tuple) else [losses] * len(answers)
    for i, (target, answer, loss) in enumerate(zip(targets, answers, given, strict=True)):
        yield ("the output" if len(answers) == 1 else f"output {i}"), target, answer, loss


def _by_number(loss: Any) -> bool:
    if loss is None:
        return False
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return False
    if isinstance(loss, _BY_NUMBER):
        return True
    names = {cls.__name__ for cls in _BY_NUMBER}
    plain = "".join(part.capitalize() for part in getattr(loss, "__name__", "").split("_"))
    return getattr(loss, "__module__", "").startswith("keras.") and plain in names


def _squeezed(target: tuple, answer: tuple) -> tuple[tuple, tuple]:
    """Do what Keras does to shapes of neighbouring ranks: drop or add a last axis of 1."""
    if len(target) == len(answer) + 1 and target[-1] == 1:
        return target[:-1], answer
    if len(answer) == len(target) + 1 and answer[-1] == 1:
        return target, answer[:-1]
    return target, answer


def _stretches(target: tuple, answer: tuple) -> bool:
    try:
        return bool(np.broadcast_shapes(target, answer))
    except ValueError:
        return False  # Keras raises


def _model(return_sequences: bool) -> keras.Model:
    rnn = keras.layers.SimpleRNN(1, return_sequences=return_sequences)
    model = keras.Sequential([keras.Input((None, 2)), rnn])
    model.compile("sgd", "mse")
    return model


def broken() -> dict:
    """Let one target for a row meet each of its timesteps."""
    x, y = np.ones((4, 5, 2), "float32"), np.ones((4, 1), "float32")
    return {"model": _model(return_sequences=True), "data": (x, y)}


def mended() -> dict:
    """Answer once for a row."""
    x, y = np.ones((4, 5, 2), "float32"), np.ones((4, 1), "float32")
    return {"model": _model(return_sequences=False), "data": (x, y)}
