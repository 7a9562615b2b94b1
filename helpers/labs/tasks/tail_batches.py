"""The tasks of the lab on the last, smaller batch."""

import warnings
from typing import Any

import numpy as np

from helpers.labs.checks import (
    Wrong,
    attempted,
    brief,
    check_number,
    check_rows_seen,
    check_same_rows,
    check_shape,
    rows_shown,
)
from helpers.labs.steps import Answers

ROWS, BATCH = 105, 32
_CAUSE = "Rows do not count alike: look for padding rows or sample weights in the dataset."


def count(floor: int, ceil: int, never_seen: int) -> str:
    """How many batches do `//` and `ceil` give, and how many rows does `//` never show?"""
    answers = Answers()
    for name, answer, truth, hint in (
        ("floor", floor, ROWS // BATCH, "`//` rounds down."),
        ("ceil", ceil, -(-ROWS // BATCH), "`ceil` counts a part batch too."),
        ("never_seen", never_seen, ROWS % BATCH, f"3 batches hold {ROWS // BATCH * BATCH} rows."),
    ):
        with answers.judge(name):
            check_number(answer, truth, name=name, hint=hint)
    answers.tell()
    return f"{ROWS // BATCH} batches of {BATCH} hold {ROWS // BATCH * BATCH} of the {ROWS} rows."


def shapes(first: tuple, last: tuple, predictions: tuple, *, x: np.ndarray) -> str:
    """What are the shapes of the first batch, of the last one and of all predictions?"""
    _, time, features = x.shape
    axes = {"batch": BATCH, "time": time, "features": features}
    answers = Answers()
    for name, answer, truth in (
        ("first", first, axes),
        ("last", last, axes | {"batch": ROWS % BATCH}),
        ("predictions", predictions, {"batch": ROWS, "class": 9}),
    ):
        with answers.judge(name):
            check_shape(answer, truth, name=name)
    answers.tell()
    return "Only the batch axis changes. The model keeps it open and takes any size."


def mend(dataset_class: type) -> str:
    """Does `dataset_class(x, y, batch_size)` show every row once, whatever the number of rows?"""
    if not isinstance(dataset_class, type):
        raise Wrong(f"give the class itself, not an object of it; got {brief(dataset_class)}.")
    # A part batch, none, fewer rows than one batch, and another batch size.
    for n, size in ((ROWS, BATCH), (96, BATCH), (20, BATCH), (ROWS, 10)):
        x, y = np.arange(n, dtype="float32"), np.arange(n) + 1000
        dataset = dataset_class(x, y, size)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            _ = dataset.workers  # Keras looks here, and warns, before it reads the first batch
        if caught:
            raise Wrong(
                "`__init__` does not call `super().__init__(**kwargs)`: "
                "Keras has to guess workers and queue size, and warns."
            )
        name = f"{n} rows, batch size {size}"
        seen: list[int] = []
        for index in range(len(dataset)):
            batch = attempted(dataset[index])
            if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
                raise Wrong(
                    f"{name}: `__getitem__` returns {brief(batch)}; expected `(x, y)`, or with "
                    "weights `(x, y, weights)`."
                )
            batch_x, batch_y = (np.asarray(part) for part in batch[:2])
            if not len(batch_x):
                raise Wrong(
                    f"{name}: the batch axis: batch {index} has 0 rows; "
                    f"`__len__` says {len(dataset)} batches, which is one too many."
                )
            if not np.array_equal(batch_x + 1000, batch_y):
                raise Wrong(f"{name}: in batch {index} the labels are not those of the rows.")
            if len(batch_x) > size:
                raise Wrong(f"{name}: the batch axis: batch {index} has {len(batch_x)} rows.")
            seen += batch_x.astype(int).tolist()
        check_rows_seen(seen, n, name=name)
    return "105, 96 or 20 rows, batches of 32 or 10: every row comes once, no batch is empty."


def predict(predictions: Any, *, model: Any, x: np.ndarray) -> str:
    """Are these the predictions of the model for all rows, in row order?"""
    check_same_rows(predictions, _truth(model, x), ("batch", "class"), name="predictions")
    return f"{len(x)} predictions, each at the place of its row."


def metric(mean_error: Any) -> str:
    """Does a metric object give the mean over rows, however the rows are cut into batches?"""
    if isinstance(mean_error, type):
        raise Wrong("give an object of the class, not the class itself: add `()`.")
    error = np.where(np.arange(ROWS) < 96, 0.0, 100.0).astype("float32")[:, None]
    truth, batch_means = float(error.mean()), 25.0

    def result(batch_size: int, weight: np.ndarray | None = None) -> float:
        mean_error.reset_state()
        for start in range(0, ROWS, batch_size):
            part = slice(start, start + batch_size)
            given = {} if weight is None else {"sample_weight": weight[part]}
            mean_error.update_state(np.zeros_like(error[part]), error[part], **given)
        return float(np.asarray(attempted(mean_error.result())))

    for size in (BATCH, ROWS, 1, 7):
        value = result(size)
        if size == BATCH and abs(value - batch_means) < 1e-3:
            raise Wrong(
                f"the mean over batches is {value:.4g}, the mean over rows is {truth:.4g}: "
                f"the last batch has {ROWS % BATCH} rows on its batch axis and counts like {BATCH}."
            )
        name = f"batches of {size}" if size > 1 else "batches of one row"
        check_number(value, truth, name=name, atol=1e-3, hint="Sum the errors, count the rows.")
    weight = (np.arange(ROWS) < 96).astype("float32")
    check_number(
        result(BATCH, weight),
        0.0,
        name="the last 9 rows have weight 0",
        atol=1e-3,
        hint="Multiply each row's error by its weight, and count weights instead of rows.",
    )
    check_number(
        result(BATCH, 2 * weight + 1),
        900 / (96 * 3 + 9),
        name="the first 96 rows have weight 3",
        atol=1e-3,
        hint="Divide by the sum of the weights.",
    )
    return f"{truth:.3f} in batches of 32, 105, 1 and 7."


def static(predictions: Any, *, model: Any, x: np.ndarray) -> str:
    """Are these predictions, of a model with a hard-coded batch of 32, those of all rows?"""
    filled = len(x) + -len(x) % BATCH
    if np.shape(predictions)[:1] == (filled,):
        raise Wrong(
            f"predictions: the batch axis: expected {len(x)} rows, got {filled}; "
            f"{filled - len(x)} of them belong to padding rows. Cut them off."
        )
    check_same_rows(predictions, _truth(model, x), ("batch", "class"), name="predictions")
    return f"{len(x)} predictions, from {filled // BATCH} batches of {BATCH}."


def pipeline(dataset: Any, model: Any, *, rows: list[np.ndarray], labels: np.ndarray) -> str:
    """Is every utterance seen once per epoch, shuffled, and is `evaluate` the row-wise truth?"""
    number = {row.tobytes(): index for index, row in enumerate(rows)}
    before: list[int] = []
    for epoch in ("first", "second"):
        name = f"{epoch} epoch"
        seen = _rows_of(dataset, number, labels, name)
        check_rows_seen(seen, len(rows), name=name)
        if seen == sorted(seen):
            raise Wrong(f"{name}: the rows come in file order, not shuffled.")
        if seen == before:
            raise Wrong(
                f"{name}: the rows come in the order of the first. Shuffle anew in each epoch."
            )
        before = seen
    alone = _alone(model, rows)
    padded = np.zeros((1, max(map(len, rows)), rows[0].shape[1]), rows[0].dtype)
    shortest = min(range(len(rows)), key=lambda index: len(rows[index]))
    padded[0, : len(rows[shortest])] = rows[shortest]
    if np.abs(np.asarray(model(padded))[0] - alone[shortest]).max() > 1e-4:
        raise Wrong(
            f"model: the time axis: utterance {shortest} has {len(rows[shortest])} steps; with "
            f"padding to {padded.shape[1]} the model answers differently. It needs a mask."
        )
    report = model.evaluate(dataset, verbose=0, return_dict=True)
    if "accuracy" not in report:
        raise Wrong(f"model: compile it with metrics=['accuracy']; it has {', '.join(report)}.")
    accuracy = float(np.mean(alone.argmax(axis=1) == labels))
    truth = {"accuracy": accuracy, "loss": _mean_loss(model, labels, alone)}
    for name, within in (("accuracy", 0.5 / len(rows)), ("loss", 1e-3)):
        if not abs(report[name] - truth[name]) < within:
            raise Wrong(
                f"evaluate: {name} {report[name]:.4f}; row by row it is {truth[name]:.4f}. {_CAUSE}"
            )
    if accuracy < 0.5:
        raise Wrong(f"model: accuracy {accuracy:.2f} on its own training rows; train it longer.")
    return f"All {len(rows)} utterances once per epoch; evaluate equals the row-wise truth."


def _rows_of(dataset: Any, number: dict[bytes, int], labels: np.ndarray, name: str) -> list[int]:
    """Return the row numbers that one epoch shows, in order, and end the epoch."""
    seen: list[int] = []
    if hasattr(dataset, "on_epoch_begin"):
        dataset.on_epoch_begin()
    indexed = hasattr(dataset, "__getitem__")
    batches = (dataset[i] for i in range(len(dataset))) if indexed else iter(dataset)
    for index, batch in enumerate(batches):
        seen += rows_shown(batch, number, labels, name=name, index=index)
    if hasattr(dataset, "on_epoch_end"):
        dataset.on_epoch_end()
    return seen


def _truth(model: Any, x: np.ndarray) -> np.ndarray:
    """Return the model's outputs for all rows, by plain calls on full batches, in row order."""
    full = np.concatenate([x, np.repeat(x[:1], -len(x) % BATCH, axis=0)])
    calls = [np.asarray(model(full[i : i + BATCH])) for i in range(0, len(full), BATCH)]
    return np.concatenate(calls)[: len(x)]


def _alone(model: Any, rows: list[np.ndarray]) -> np.ndarray:
    """Return the model's outputs `(batch, class)` for rows without padding, in row order."""
    lengths = np.array([len(row) for row in rows])
    outputs: np.ndarray | None = None
    for length in np.unique(lengths):
        same = np.flatnonzero(lengths == length)
        out = np.asarray(model(np.stack([rows[i] for i in same])))
        check_shape(out, {"batch": len(same), "class": 9}, name="model")
        outputs = np.zeros((len(rows), out.shape[1]), out.dtype) if outputs is None else outputs
        outputs[same] = out
    return outputs


def _mean_loss(model: Any, labels: np.ndarray, outputs: np.ndarray) -> float:
    """Return the mean over rows of the loss that the model was compiled with."""
    import keras

    loss = keras.losses.get(model.loss)
    per_row = loss.call if isinstance(loss, keras.losses.Loss) else loss
    return float(np.mean(np.asarray(per_row(labels, outputs))))


TASKS = {
    "count": count,
    "shapes": shapes,
    "mend": mend,
    "predict": predict,
    "metric": metric,
    "static": static,
    "pipeline": pipeline,
}
