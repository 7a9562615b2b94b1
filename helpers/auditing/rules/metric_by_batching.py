"""RE403: a metric changes with the batches that the rows come in."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from helpers.auditing.rule import Found, Rule, Undecided
from helpers.auditing.scores import Scored, differ, need_metrics, scored, scores_of
from helpers.auditing.subject import Subject

RULE = Rule(
    code="RE403",
    name="metric-by-batching",
    severity="warning",
    title="A metric changes with the batches that the rows come in",
    does=(
        "Gives the compiled metrics some rows in one batch and then in several, of one size or, "
        "where the data has batches of several sizes, of several sizes."
    ),
    why=(
        "Keras averages what a function returns over the batches. If that is one number for the "
        "whole batch, a short last batch counts like a full one, and the mean of roots, ratios or "
        "areas over batches is not that of all rows."
    ),
    fix=(
        "Return one number for each row from the function, or write a `keras.metrics.Metric` that "
        "adds up counts in `update_state` and divides in `result`."
    ),
    chapter="tail-batches#a-metric-that-averages-batch-means",
)


def check(subject: Subject) -> Iterator[Found]:
    """Compare the metrics of rows in one batch with those of the same rows in several."""
    need_metrics(subject)
    rows, sizes = scored(subject), _sizes(subject)
    if rows.rows < 2:
        raise Undecided(f"batch {subject.batch.index} has one row; look at a larger one")
    told: dict[str, Found] = {}
    for tried in _orders(subject, rows):
        pieces = _pieces(tried, sizes)
        whole, parts = scores_of(subject, [tried]), scores_of(subject, pieces)
        for name, value in whole.items():
            if name not in told and differ(value, parts[name], 1e-3):
                counts = " + ".join(str(piece.rows) for piece in pieces)
                told[name] = Found(
                    f"the metric {name} depends on how the rows are batched: it is not added up "
                    "over the rows",
                    f"metric {name}",
                    f"{_said(value)} for {tried.rows} rows in one batch, {_said(parts[name])} in "
                    f"batches of {counts}",
                )
    yield from told.values()


def _sizes(subject: Subject) -> set[int]:
    """Return the sizes of the batches that were looked at, of any one feed that has several."""
    found: set[int] = set()
    for name, feed in subject.feeds.items():
        sizes = {batch.rows for batch in feed.looked if batch.rows and name != "predict"}
        found = max(found, sizes, key=len)
    return found


def _orders(subject: Subject, rows: Scored) -> Iterator[Scored]:
    """Return the rows in orders that put unlike rows into different batches."""
    n = rows.rows
    for roll in (0, 1):  # a row with the answers to another one scores in another way
        tried = rows
        for place, answer in enumerate(rows.answers):
            if roll and all(mask is None for mask in rows.masks):
                tried = tried.answered(place, np.roll(answer, roll, axis=0))
        alone = [scores_of(subject, [tried.take([i])]) for i in range(n)]
        for name in alone[0]:
            values = np.array([np.nansum(np.abs(one[name])) for one in alone])
            yield tried.take(np.argsort(values, kind="stable"))


def _pieces(rows: Scored, sizes: set[int]) -> list[Scored]:
    """Cut rows in two: halves, or where the sizes of batches differ a large and a small part."""
    n = rows.rows
    if len(sizes) > 1:
        at = max(n - max(1, n // 4), 1)
    else:
        at, n = n // 2, n - n % 2
    return [rows.take(np.arange(at)), rows.take(np.arange(at, n))]


def _said(value: np.ndarray) -> str:
    return np.array2string(value, precision=4, threshold=6) if value.ndim else f"{value:.4g}"


def _model(metric: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[metric])
    return model


def _rows() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(10, 3)).astype("float32"), rng.normal(size=(10, 1)).astype("float32")


def broken() -> dict:
    """Return one number for the whole batch, where the last batch is short."""

    def error(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(keras.ops.abs(y_true - y_pred))

    return {"model": _model(error), "data": _rows(), "fit": {"batch_size": 4}}


def mended() -> dict:
    """Return one number for each row."""

    def error(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)

    return {"model": _model(error), "data": _rows(), "fit": {"batch_size": 4}}
