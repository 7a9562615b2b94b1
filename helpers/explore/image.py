"""From the width of an image to the steps of a sequence."""

import itertools
from functools import lru_cache

import numpy as np

from helpers.data import digit_strings
from helpers.explore.explorer import Control, Explorer
from helpers.figures import WIDTH, Drawing, column_spans, draw_columns
from helpers.figures.images import pixels

STACKS = {
    "conv 3, pool 2": (("conv 3", 3, 1), ("pool 2", 2, 2)),
    "conv 3, pool 2, conv 3": (("conv 3", 3, 1), ("pool 2", 2, 2), ("conv 3", 3, 1)),
    "conv 3 strides 2, twice": (("conv 3 strides 2", 3, 2),) * 2,
    "conv 4 strides 4": (("conv 4 strides 4", 4, 4),),
}
"""The stacks of `image_explorer`: name, window and strides along the width of every layer."""

_STRINGS = {  # width -> which of the first training strings
    **{4: 146, 5: 25, 6: 5, 7: 172, 11: 2, 12: 27, 13: 22, 14: 46, 15: 73},
    **{16: 30, 17: 47, 18: 21, 19: 210, 20: 81},
}
_VIEW = (-2, 30)  # pixels for which there is room in every frame
_SCALE = (WIDTH - 8) / (_VIEW[1] - _VIEW[0])  # and what that makes of a pixel
_LEFT = 4 - _VIEW[0] * _SCALE


def image_explorer() -> Explorer:
    """Explore what becomes of an image's width on its way into a recurrent layer.

    A string of real digits, padded to the width of its batch, goes through a stack of layers.

    Returns:
        An `Explorer` of the pixels, of the columns after every layer, real ones and padding, and
        of the steps of the sequence, in the batch and for the image alone.
    """
    return Explorer(
        _image_frame,
        (
            Control("width", "Image width", (6, 13, 20), 13, tuple(_STRINGS)),
            Control("batch", "Batch width", (20, 24, 27), 24, range(20, 28)),
            Control("stack", "Layers", tuple(STACKS), "conv 3, pool 2"),
            Control("padding", "Padding of the layers", ("valid", "same"), "valid"),
        ),
        title="From the width of an image to the steps of a sequence",
        caption=(
            "Every column stands under the middle of the pixels that it sees; the shaded wedges "
            "show which ones the first and the last step see. Hatched pixels are padding, and "
            "hatched columns and steps come after the image's own."
        ),
        rule="image",
        given={
            "stacks": STACKS,
            "scale": _SCALE,
            "left": _LEFT,
            "ink": {n: pixels(_string(n), _LEFT, 24, _SCALE, ink=16) for n in _STRINGS},
        },
    )


@lru_cache
def _string(width: int) -> np.ndarray:
    images, _ = digit_strings(_STRINGS[width] + 1)
    return images[-1]


def _image_frame(width: int, batch: int, stack: str, padding: str) -> Drawing:
    layers = STACKS[stack]
    drawing = draw_columns(
        _string(width), layers, padded=batch, padding=padding, alone=True, view=_VIEW, ink=16
    )
    own, padded = (column_spans(n, layers, padding) for n in (width, batch))
    ways = [
        " → ".join(map(str, [n, *map(len, each)])) for n, each in ((width, own), (batch, padded))
    ]
    steps, starts = len(own[-1]), [each[-1][:1, 0] for each in (own, padded)]
    beyond = int((padded[-1][:steps, 1] > width).sum()) if batch > width else 0
    if not steps:
        least = next(n for n in itertools.count(1) if len(column_spans(n, layers, padding)[-1]))
        verdict = f"no step is left: the stack needs a width of {least}"
    elif starts[0] != starts[1]:
        verdict = f"moved: step 1 sees from pixel {starts[1][0]}, alone from {starts[0][0]}"
    elif beyond:
        see = "sees" if beyond == 1 else "see"
        verdict = f"in place, but {beyond} of {steps} steps {see} padding"
    else:
        verdict = "every step sees what it sees alone"
    verdict, y = verdict.replace("-", "−"), drawing.height
    body = "".join(
        f'<text x="4" y="{y + down:g}" font-weight="700">{words}</text>'
        for down, words in ((12, f"width {ways[0]}"), (28, verdict))
    )
    said = f"{stack.capitalize()}, {padding}: width {ways[0]}, batch {ways[1]}; {verdict}."
    return Drawing(drawing.body + body, y + 34, said)
