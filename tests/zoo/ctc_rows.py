"""What the tests of CTC share: rows of logits with their strings, and the exact loss by a loop."""

import numpy as np
from keras import layers, ops

from helpers.images.ctc import CTCLoss

RNG = np.random.default_rng(7)
CLASSES = 5
LENGTHS = np.array([6, 3, 9, 4, 1, 5])
STRINGS = ([1, 2, 3], [1, 1], [4, 4, 2, 2, 2], [], [3], [2, 4, 2, 4, 2])
LABELS = np.array([string + [0] * (5 - len(string)) for string in STRINGS])
ROWS = [RNG.normal(size=(n, CLASSES)).astype("float32") for n in LENGTHS]


def padded(rows, steps, value=0.0):
    """Rows with ``value`` behind them, and their mask."""
    x = np.full((len(rows), steps, rows[0].shape[1]), value, "float32")
    for i, row in enumerate(rows):
        x[i, : len(row)] = row
    return x, np.arange(steps) < np.array([len(row) for row in rows])[:, None]


def forward(logits, string):
    """CTC's forward algorithm: -log of the chance of all paths that read ``string``."""
    logits = np.asarray(logits, "float64")
    logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    states = [0, *(state for symbol in string for state in (symbol, 0))]
    chance = np.full(len(states), -np.inf)
    chance[0] = 0
    for step, log in enumerate(logs):
        before, chance = chance, np.full(len(states), -np.inf)
        for k, state in enumerate(states):
            ways = [before[k], before[k - 1] if k else -np.inf]
            if k > 1 and state and state != states[k - 2]:
                ways.append(before[k - 2])
            chance[k] = np.logaddexp.reduce(ways) + log[state]
        if step == 0:
            chance[2:] = -np.inf
    return -np.logaddexp.reduce(chance[-2:])


def read(best):
    """What a path of classes reads, in a loop."""
    string, before = [], 0
    for state in best:
        if state not in (0, before):
            string.append(int(state))
        before = state
    return string


EXACT = np.array([forward(row, string) for row, string in zip(ROWS, STRINGS, strict=True)])


class End(layers.Layer):
    """Puts the mask it is given on its output."""

    supports_masking = True

    def call(self, inputs, mask=None):
        return inputs + 0.0


def masked(x, mask):
    return End()(ops.convert_to_tensor(x), mask=ops.convert_to_tensor(mask))


def values(y_true, y_pred, weights=None, **options):
    return ops.convert_to_numpy(CTCLoss(**{"reduction": "none"} | options)(y_true, y_pred, weights))
