"""Which axis a layer leaves free, and what comes out."""

import textwrap
from typing import Any

from helpers.explore.explorer import Control, Explorer
from helpers.figures import Drawing, css

_AXES = ("batch", "time", "features")
_VALUE = (
    "expected axis -1 of input shape to have value {wanted}, but received input with shape {shape}"
)
_MATRIX = "Matrix size-incompatible: In[0]: [{batch},{features}], In[1]: [4,12]"
_STATE = (
    "If an RNN is stateful, the batch size of the input sequences must be the same as the batch "
    "size of the initial state."
)
_FOUR = "fixed at 4"
_TWENTY = "fixed: time × features is 20"

# A layer's axes in words; the shape of what comes out; and what raises, tried in this order: axes
# whose product is no longer what it was, and the message.
LAYERS: dict[str, dict[str, Any]] = {
    "Dense(3)": {
        "fates": ("free", "free", _FOUR),
        "out": ("batch", "time", 3),
        "limits": [(("features",), 4, _VALUE)],
    },
    "LSTM(3)": {
        "fates": ("free", "free", _FOUR),
        "out": ("batch", None, 3),
        "limits": [(("features",), 4, _MATRIX)],
    },
    "LSTM(3, return_sequences=True)": {
        "fates": ("free", "free", _FOUR),
        "out": ("batch", "time", 3),
        "limits": [(("features",), 4, _MATRIX)],
    },
    "LSTM(3, stateful=True)": {
        "fates": ("fixed at 2", "free", _FOUR),
        "out": ("batch", None, 3),
        "limits": [(("batch",), 2, _STATE), (("features",), 4, _MATRIX)],
    },
    "Conv1D(3, 3)": {
        "fates": ("free", "free, 2 fewer come out", _FOUR),
        "out": ("batch", "time - 2", 3),
        "limits": [(("features",), 4, _VALUE)],
    },
    "GlobalAveragePooling1D()": {
        "fates": ("free", "free", "free"),
        "out": ("batch", None, "features"),
        "limits": [],
    },
    "Flatten(), Dense(3)": {
        "fates": ("free", _TWENTY, _TWENTY),
        "out": ("batch", None, 3),
        "limits": [(("time", "features"), 20, _VALUE)],
    },
    "Embedding(9, 3)": {
        "fates": ("free", "free", "none: it reads ids"),
        "out": ("batch", "time", 3),
        "limits": [],
    },
}
"""The layers of `shape_explorer`."""

_CELL, _DEPTH = 11, (5, 4)  # a cell, and a step into the depth
_TOP, _LEFT = 64, (14, 212)  # of the blocks that go in and come out
_LETTERS = 52  # of a line of a message


def shape_explorer() -> Explorer:
    """Explore which axis a layer leaves free: choose a layer and the sizes of its next batch.

    Every layer has read 2 rows of 5 steps with 4 features.

    Returns:
        An `Explorer` of what goes in, what comes out or which message is raised on TensorFlow, and
        of what the layer has made of each axis.
    """
    return Explorer(
        _shape_frame,
        (
            Control("layer", "Layer", tuple(LAYERS), "LSTM(3)"),
            Control("batch", "Batch", (2, 3), 3, range(1, 5)),
            Control("time", "Time", (4, 5, 8), 8, range(3, 11)),
            Control("features", "Features", (4, 5, 6), 4, range(1, 9)),
        ),
        title="What the next batch may be",
        caption="It has read (2, 5, 4) before. Messages are those of TensorFlow.",
        rule="shape",
        given=LAYERS,
    )


def comes_out(
    layer: str, batch: int, time: int, features: int
) -> tuple[tuple[int | None, ...], str, tuple[str, ...]]:
    """Return the sizes of batch, time and features of what comes out, and what is raised.

    Args:
        layer: a key of `LAYERS`.
        batch: rows that go in.
        time: their steps.
        features: their features; ids have none.

    Returns:
        Three sizes, with None for an axis that is gone, no message and no axes; or no sizes, the
        message, and the axes that do not fit.
    """
    sizes = dict(zip(_AXES, (batch, time, features), strict=True))
    for axes, wanted, message in LAYERS[layer]["limits"]:
        got = 1
        for axis in axes:
            got *= sizes[axis]
        if got != wanted:
            flat = len(axes) > 1
            shape = (batch, got) if flat else (batch, time, features)
            return (), message.format(wanted=wanted, shape=shape, **sizes), axes
    sizes["time - 2"] = time - 2
    return tuple(sizes.get(axis, axis) for axis in LAYERS[layer]["out"]), "", ()


def _words(sizes: tuple[int | None, ...]) -> str:
    return str(tuple(size for size in sizes if size is not None))


def _line(role: str, d: str, wide: float) -> str:
    return f'<path style="fill:none;stroke:{css(role)};stroke-width:{wide}" d="{d}"/>'


def _block(left: int, sizes: tuple[int | None, ...]) -> str:
    """Draw rows downwards, steps to the right and features into the depth."""
    rows, columns, depth = sizes[0] or 0, sizes[1] or 1, sizes[2] or 0
    wide, high, top = columns * _CELL, rows * _CELL, _TOP
    right, up = depth * _DEPTH[0], depth * _DEPTH[1]
    grid = "".join(f"M{left} {top + j * _CELL}h{wide}" for j in range(rows + 1))
    grid += "".join(f"M{left + i * _CELL} {top}v{high}" for i in range(columns + 1))
    for k in range(1, depth + 1):
        x, y = left + k * _DEPTH[0], top - k * _DEPTH[1]
        grid += f"M{x} {y}h{wide}v{high}"
    if depth:
        grid += "".join(f"M{left + i * _CELL} {top}l{right} -{up}" for i in range(columns + 1))
        grid += "".join(
            f"M{left + wide} {top + j * _CELL}l{right} -{up}" for j in range(1, rows + 1)
        )
    body = _line("ink", grid, 1) + _line("batch", f"M{left - 5} {top}v{high}", 4)
    if sizes[1] is not None:
        body += _line("time", f"M{left} {top + high + 5}h{wide}", 4)
    if depth:
        body += _line("features", f"M{left + wide + 5} {top + high + 2}l{right} -{up}", 4)
    return body


def _shape_frame(layer: str, batch: int, time: int, features: int) -> Drawing:
    fates = LAYERS[layer]["fates"]
    given = (batch, time, None if fates[2].startswith("none") else features)
    out, message, wrong = comes_out(layer, batch, time, features)
    verdict = f"{_words(given)} raises" if message else f"{_words(given)} becomes {_words(out)}"
    body = f'<text x="4" y="14" font-weight="700">{verdict}</text>' + _block(_LEFT[0], given)
    if out:
        body += _block(_LEFT[1], out)
        body += _line("muted", f"M{_LEFT[1] - 34} {_TOP + 14}h16m-5 -4l5 4l-5 4", 1.5)
    y = _TOP + 4 * _CELL + 30
    for axis, fate in zip(_AXES, fates, strict=True):
        if axis in wrong:
            body += _line("error", f"M1 {y - 13}h264v17h-264z", 2)
        body += _line(axis, f"M5 {y - 4}h14", 4)
        body += (
            f'<text x="24" y="{y}" font-weight="700">{axis}'
            f'<tspan font-weight="400">: {fate}</tspan></text>'
        )
        y += 18
    for line in textwrap.wrap(message, _LETTERS, break_on_hyphens=False):
        body += f'<text x="4" y="{y + 4}">{line}</text>'
        y += 16
    said = "; ".join(f"{axis} {fate}" for axis, fate in zip(_AXES, fates, strict=True))
    alt = f"{layer}: {verdict}{': ' * bool(message)}{message.rstrip('.')}. {said}."
    return Drawing(body, _TOP + 4 * _CELL + 30 + 3 * 18 + 3 * 16, alt)
