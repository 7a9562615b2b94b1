"""RE501: more than half of what is computed is padding."""

from collections.abc import Iterator

import keras
import numpy as np

from helpers.auditing.padded import steps_of
from helpers.auditing.rule import Found, Rule
from helpers.auditing.subject import NothingToCheck, Subject
from helpers.batching import recommend

RULE = Rule(
    code="RE501",
    name="mostly-padding",
    severity="note",
    title="Less than half of the cells of a batch are real",
    does=(
        "Counts real and padded timesteps in the batches that were looked at, and asks "
        "`batching.recommend` what another plan would compute."
    ),
    why="A padded step costs as much as a real one.",
    fix="Batch rows of like length together.",
    chapter="variable-batches#plans-compared",
)


def check(subject: Subject) -> Iterator[Found]:
    """Sum up the real steps of all batches that were looked at."""
    subject.need_padding()
    real = cells = 0
    lengths: list[int] = []
    looked = subject.read(subject.data)
    for batch in looked:
        padded = subject.padding_of(batch)
        leaves = keras.tree.flatten(batch.x)
        if padded:
            one = padded[0]
            real += int(one.lengths.sum())
            cells += len(one.lengths) * steps_of(leaves[one.place], one.axis).shape[1]
            lengths += one.lengths.tolist()
        else:
            first = subject.padding[0]
            rows, steps = steps_of(leaves[first.place], first.axis).shape[:2]
            real, cells = real + rows * steps, cells + rows * steps
            lengths += [steps] * rows
    if not real:
        raise NothingToCheck("every step is padding, which other rules are about")
    if 2 * real < cells:
        size = max(batch.rows or 1 for batch in looked)
        advice = recommend(lengths, batch_size=size)
        saved = cells / max(int(advice.plan.cost("linear")), 1)
        fix = f"{RULE.fix} With these lengths: batching.{advice.line.split('  #')[0]}"
        yield Found(
            f"{1 - real / cells:.0%} of the timesteps that are computed are padding",
            f"data, {len(looked)} batches",
            f"{real} of {cells} timesteps are real; the plan of the fix computes {saved:.1f} times "
            "fewer",
            fix if saved > 1.1 else RULE.fix,
        )


def _model() -> keras.Model:
    model = keras.Sequential([keras.Input((None, 2)), keras.layers.Masking(), keras.layers.LSTM(3)])
    model.compile("sgd", "mse")
    return model


def _rows(lengths: list[int], longest: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(len(lengths), longest, 2)).astype("float32")
    for row, length in enumerate(lengths):
        x[row, length:] = 0
    return x, np.ones((len(lengths), 3), "float32")


def broken() -> dict:
    """Pad 63 short rows to the length of one long row."""
    return {"model": _model(), "data": _rows([4] * 62 + [5, 40], longest=40)}


def mended() -> dict:
    """Cut or leave out the one long row, and pad to what the others need."""
    return {"model": _model(), "data": _rows([4] * 62 + [5], longest=5)}
