"""The tasks of the lab on padding and masking."""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from helpers.labs.checks import (
    Differs,
    Wrong,
    attempted,
    brief,
    check_model,
    check_names,
    check_shape,
    first_line,
    hand_over,
    to_do,
    told,
)
from helpers.labs.steps import Answers
from helpers.padding import pad

CLASSES, FEATURES, IDS = 9, 12, 33
# The layers of the model of the task "find", in the order in which they are called.
LAYERS = ("embedding", "position", "norm", "attention", "sum", "conv", "lstm", "mean", "speaker")
LOST_AT = "position"
Rows = list[np.ndarray]


def shapes(embedding: tuple, lstm: tuple, average: tuple, *, model: Any, ids: np.ndarray) -> str:
    """What are the shapes of the output and of the mask after three layers?"""
    from helpers.masking import trace

    steps = {step.name: step for step in trace(model, ids).steps}
    answers = Answers()
    for name, answer in {"embedding": embedding, "lstm": lstm, "average": average}.items():
        if not isinstance(answer, Sequence) or len(answer) != 2:
            raise Wrong(f"{name}: expected two answers, output and mask, got {brief(answer)}.")
        output, mask = answer
        with answers.judge(f"{name}, output"):
            check_shape(output, _sizes(steps[name].outputs[0]), name=f"{name}, output")
        with answers.judge(f"{name}, mask"):
            _check_shape_of_mask(mask, steps[name].mask_out[0], f"{name}, mask")
    answers.tell()
    return "A mask has no features axis, and ends where the time axis ends."


def _check_shape_of_mask(mask: Any, truth: Any, name: str) -> None:
    if truth is not None and mask is not None:
        check_shape(mask, _sizes(truth.shape), name=name)
    elif mask is not None:
        raise Differs(
            f"{name}: expected None, got {brief(mask)}. The time axis is gone, and no step is left "
            "to mark."
        )
    elif truth is not None:
        raise Differs(f"{name}: expected one mark per step (batch, time), got None.")


def which_leak(leaky: Iterable[str], *, models: Mapping[str, Any], rows: Rows) -> str:
    """Which of the models give another answer when the batch is padded further?"""
    said = check_names(leaky, models, name="leaky")
    leaks = {name: _leak(model, rows) for name, model in models.items()}
    answers = Answers()
    for name, leak in leaks.items():
        with answers.judge(name):
            if leak and name not in said:
                raise Differs(f"{name} leaks along the time axis: {_cause(leak)}.")
            if not leak and name in said:
                raise Differs(
                    f"{name} does not leak: more padding leaves every real step as it is."
                )
    answers.tell()
    return f"{' and '.join(name for name in models if leaks[name])} leak, the others do not."


def mend_embedding(mended: Any, *, rows: Rows) -> str:
    """Does a model of tokens with an LSTM skip the padding?"""
    _check_mended(mended, _embedding_model(), rows)
    return "Padding changes nothing: the mask is made where the ids still are."


def mend_operation(mended: Any, *, rows: Rows) -> str:
    """Does the mask pass a sum and a relu?"""
    _check_mended(mended, _operation_model(), rows)
    return "Padding changes nothing: the mask arrives at `lstm_2`."


def mend_convolution(mended: Any, *, rows: Rows) -> str:
    """Does padding stay outside two convolutions, one of them with strides?"""
    _check_mended(mended, _convolution_model(), rows)
    return "Padding changes nothing: it is 0 before each convolution, and the mean leaves it out."


def find(lost_at: Any, mended: Any, *, given: Any, rows: Rows) -> str:
    """At which layer of a larger model is the mask lost, and is the model mended?"""
    name = getattr(lost_at, "name", lost_at)
    if name not in LAYERS:
        raise Wrong(f"lost_at: expected one of the layers {', '.join(LAYERS)}, got {brief(name)}.")
    if LAYERS.index(name) < LAYERS.index(LOST_AT):
        raise Wrong(f"lost_at: `{name}` makes the mask and hands it on. Look after it.")
    if LAYERS.index(name) > LAYERS.index(LOST_AT):
        raise Wrong(f"lost_at: `{name}` gets no mask: it is lost before. Look in front of it.")
    _check_mended(mended, given, rows)
    return f"`{LOST_AT}` lost the mask; now it arrives, and padding changes nothing."


def loss(loss: Any, *, rows: Rows, targets: Rows) -> str:
    """Does a loss have the same value however the rows are batched, ordered and padded?"""
    if isinstance(loss, type):
        raise Wrong("give an object of the class, not the class itself: add `()`.")
    longest, n = max(map(len, rows)), len(rows)
    score = _scorer(loss, rows, targets)
    once = score(order=range(n), batch_size=n, length=longest)
    if not np.isfinite(once):
        raise Wrong(
            f"in one batch of {n} rows the loss is {once}, not a finite number. Is it divided by a "
            "number of steps that is 0?"
        )
    more = score(order=range(n), batch_size=n, length=longest + 9)
    if not _close(more, once):
        raise Wrong(
            f"the time axis: padded to {longest} steps the loss is {once:.4g}, padded to "
            f"{longest + 9} it is {more:.4g}. Padded steps count."
        )
    for order, said in ((range(n), ""), ([*range(1, n), 0], ", in another order,")):
        for size in range(1, n):
            value = score(order=order, batch_size=size, length=longest)
            if not _close(value, once):
                raise Wrong(
                    f"the batch axis: in one batch of {n} rows the loss is {once:.4g}, in batches "
                    f"of {size}{said} it is {value:.4g}. Keras weighs every batch by its rows, so "
                    "a batch's loss must be a mean over its rows."
                )
    for factor in (0.0, 0.1):
        squares = [
            np.square(target - factor * row.sum(axis=1, keepdims=True))
            for row, target in zip(rows, targets, strict=True)
        ]
        by_row = float(np.mean([square.mean() for square in squares]))
        by_step = float(np.concatenate(squares).mean())
        value = score(order=range(n), batch_size=n, length=longest, factor=factor)
        if not _close(value, by_row):
            alike = " each step counts alike, not each row:" if _close(value, by_step) else ""
            raise Wrong(
                f"it does not depend on the batches, but{alike} expected {by_row:.4g}, the mean "
                f"over each row's real steps and then over rows, got {value:.4g}."
            )
    return "The same value in every batching, order and padding; each row counts alike."


# --- mended models -------------------------------------------------------------------------------


def _check_mended(mended: Any, given: Any, rows: Rows) -> None:
    """Check that a model is the given one as long as there is no padding, and does not leak.

    ``given`` may leak: it says what rows alone, without padding, are to give.
    """
    from helpers.masking import recording
    from helpers.masking.probing import Weights

    check_model(mended, "mended")
    batch, _ = pad(rows)
    recording.build(mended, batch)
    with (
        recording.state_kept(mended),
        recording.state_kept(given),
        warnings.catch_warnings(),
    ):
        warnings.filterwarnings("ignore", message=".*destroy the mask")  # said when it was built
        answer = _call(mended, batch)
        check_shape(answer, {"batch": len(rows), "class": CLASSES}, name="mended")
        drawn = Weights(given)
        drawn.draw(0)
        hand_over(given, drawn.variables, Weights(mended).variables)
        for number, row in enumerate(rows):
            expected, got = (np.asarray(_call(model, row[None])) for model in (given, mended))
            if got.shape != expected.shape or not np.abs(got - expected).max() <= 1e-4:
                raise Wrong(
                    f"mended: row {number}, alone and without padding, gets another answer than "
                    "the given model's. Keep every step, and lose nothing but the padding."
                )
    if leak := _leak(mended, rows):
        raise Wrong(
            f"mended: more padding along the time axis changes the answers: {_cause(leak)}."
        )


def _call(model: Any, batch: np.ndarray) -> Any:
    try:
        return model(batch, training=False)
    except Exception as error:
        raise Wrong(
            f"mended: cannot be called with {_named(batch.shape)}: {first_line(error)}"
        ) from error


def _leak(model: Any, rows: Rows) -> Any:
    """Measure a leak, quickly: one draw of weights, padding after the rows."""
    from helpers.masking import padding_leak

    try:
        return padding_leak(model, rows, seeds=1, sides=("post",))
    except ValueError as error:
        raise Wrong(f"the time axis: {first_line(error)}") from error


def _cause(leak: Any) -> str:
    lost = leak.mask_lost_at
    told = lost is None or re.search(rf"\b{re.escape(lost)}\b", leak.reason)
    return leak.reason if told else f"{leak.reason}; the mask is lost at {lost}"


def _embedding_model() -> Any:
    import keras
    from keras import layers

    ids = keras.Input((None,))
    h = layers.Embedding(IDS, 8, name="embedding")(ids)
    h = layers.LSTM(6, name="lstm")(h)
    return keras.Model(ids, layers.Dense(CLASSES, name="speaker")(h))


def _operation_model() -> Any:
    import keras
    from keras import layers

    frames = keras.Input((None, FEATURES))
    h = layers.Dense(6, name="dense")(frames)
    h = layers.Add()([h, layers.LSTM(6, return_sequences=True, name="lstm_1")(h)])
    h = layers.LSTM(5, name="lstm_2")(layers.ReLU()(h))
    return keras.Model(frames, layers.Dense(CLASSES, name="speaker")(h))


def _convolution_model() -> Any:
    import keras
    from keras import layers

    frames = keras.Input((None, FEATURES))
    h = layers.Conv1D(8, 3, strides=2, activation="relu", name="conv_1")(frames)
    h = layers.Conv1D(6, 3, padding="same", activation="relu", name="conv_2")(h)
    h = layers.GlobalAveragePooling1D()(h)
    return keras.Model(frames, layers.Dense(CLASSES, name="speaker")(h))


# --- the loss ------------------------------------------------------------------------------------


def _scorer(loss: Any, rows: Rows, targets: Rows) -> Callable[..., float]:
    """Return a function that evaluates a model which answers `factor` times a step's sum."""
    import keras
    from keras import layers

    answer = layers.Dense(1, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((None, FEATURES)), layers.Masking(), answer])

    def score(order: Iterable[int], batch_size: int, length: int, factor: float = 0.0) -> float:
        answer.kernel.assign(np.full((FEATURES, 1), factor))
        order = list(order)
        x, _ = pad([rows[i] for i in order], length)
        y, _ = pad([targets[i] for i in order], length)
        try:
            return float(model.evaluate(x, y, batch_size=batch_size, verbose=0))
        except Exception as error:
            said = first_line(error).rstrip(".")
            raise Wrong(f"evaluate fails with {_named(x.shape)}: {said}.") from error

    try:
        known = keras.losses.get(loss)
    except ValueError as error:
        raise Wrong(f"expected a loss: {first_line(error)}") from error
    if known is None:
        raise Wrong(f"expected a loss, got {brief(loss)}.{to_do(loss)}")
    _check_value(known, pad(targets)[0], model(pad(rows)[0]))
    model.compile(loss=loss)
    return score


def _check_value(loss: Any, targets: np.ndarray, answers: Any) -> None:
    """Check what a loss returns, before Keras multiplies it by the mask."""
    import keras

    if type(loss).__call__ is keras.losses.Loss.__call__:
        loss = loss.call
    try:
        value = loss(targets, answers)
    except Exception as error:
        raise Wrong(told(error)) from error
    attempted(value)
    if not hasattr(value, "shape"):
        got = f"{brief(value)}.{to_do(value)}"
        raise Wrong(f"expected a loss that returns a number, got {got}")
    if tuple(value.shape) == (len(targets),):
        raise Wrong(
            "it returns (batch,), which Keras cannot multiply by the mask (batch, time): override "
            "`__call__`, and return one number."
        )


def _close(value: float, expected: float) -> bool:
    return abs(value - expected) <= 1e-4 * max(1.0, abs(expected))  # False for NaN


# --- words ---------------------------------------------------------------------------------------


def _sizes(shape: str) -> dict[str, int]:
    """Turn "(batch 3, time 16)" into names and sizes."""
    return {axis: int(size) for axis, size in re.findall(r"(\w+) (\d+)", shape)}


def _named(shape: tuple) -> str:
    axes = ("batch", "time", "features")
    return f"({', '.join(f'{a} {n}' for a, n in zip(axes, shape, strict=False))})"


TASKS = {
    "shapes": shapes,
    "which-leak": which_leak,
    "mend-embedding": mend_embedding,
    "mend-operation": mend_operation,
    "mend-convolution": mend_convolution,
    "find": find,
    "loss": loss,
}
