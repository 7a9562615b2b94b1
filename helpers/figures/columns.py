"""From the width of an image to the steps of a sequence: what each column sees."""

import itertools
from collections.abc import Iterable

import numpy as np

from helpers.arguments import boolean, choice, finite_array, integer, listed, number, shown, text
from helpers.figures.drawing import ON_TIME, WIDTH, Drawing, amount, css, px, rects, write
from helpers.figures.images import check_images, extent, full_ink, pixels

_MOST = 10**6  # pixels: more are no width, and fill the memory


def column_spans(
    width: int, layers: Iterable[tuple[str, int, int]], padding: str = "valid"
) -> list[np.ndarray]:
    """Tell which pixels each column of a feature map sees, after every layer of a stack.

    Args:
        width: width of the image, or of the padded batch, in pixels.
        layers: triples ``(name, window, strides)``: a convolution's kernel size, or a pooling's
            pool size, along the width.
        padding: ``"valid"`` or ``"same"``, as in Keras, for every layer.

    Returns:
        For each layer int64 ``(columns, 2)``, the first pixel that a column sees, and the one
        behind its last. With ``"same"`` columns at the edges see pixels outside of the image: the
        zeros that Keras adds. How many it adds in front depends on the width as soon as strides
        are above 1, so in a padded batch the columns can stand elsewhere than alone.

    Raises:
        TypeError: a number is not an integer.
        ValueError: a number is less than 1, there is no layer, or ``padding`` is unknown.

    Example:
        >>> [len(spans) for spans in column_spans(13, [("conv 3", 3, 1), ("pool 2", 2, 2)])]
        [11, 5]
        >>> column_spans(13, [("conv 3", 3, 1), ("pool 2", 2, 2)])[-1][:2].tolist()
        [[0, 4], [2, 6]]
    """
    layers = _layers(layers)
    choice("padding", padding, ("valid", "same"))
    integer("width", width, minimum=1, maximum=_MOST)
    left, size, jump, count, out = 0, 1, 1, int(width), []
    for _, window, strides in layers:
        before = 0
        if padding == "valid":
            count = max((count - window) // strides + 1, 0)
        else:
            columns = -(-count // strides)
            before = max((columns - 1) * strides + window - count, 0) // 2
            count = columns
        left -= before * jump
        size += (window - 1) * jump
        jump *= strides
        first = left + jump * np.arange(count, dtype=np.int64)
        out.append(np.stack([first, first + size], axis=1))
    return out


def column_cells(
    x: float, y: float, cell: float, real: int, total: int, paint: str, *, height: float = 14
) -> str:
    """Return the SVG elements of the columns of a feature map: real ones filled, padding hatched.

    Args:
        x: left edge of the first column.
        y: upper edge.
        cell: from one column to the next.
        real: number of real columns.
        total: number of columns.
        paint: the CSS value of the real columns' colour.
        height: height of the cells.

    Returns:
        SVG elements, at most two.
    """
    x, y, cell = number("x", x), number("y", y), number("cell", cell)
    height = number("height", height)
    total = integer("total", total, minimum=0, maximum=_MOST)
    real = integer("real", real, minimum=0, maximum=total)
    text("paint", paint)
    gap = 2.0 if cell >= 8 else 1.0
    look = f"fill:none;stroke-width:{px(height)};stroke-dasharray:{px(cell - gap)} {px(gap)}"
    parts = []
    for first, count, stroke in ((0, real, paint), (real, total - real, "url(#hatch)")):
        if count:
            run = f"M{px(x + first * cell)} {px(y + height / 2)}h{px(count * cell - gap)}"
            # The look in an element of its own: an explorer stores it once for all frames.
            parts.append(f'<g style="{look};stroke:{stroke}"><path d="{run}"/></g>')
    return "".join(parts)


def draw_columns(
    image: np.ndarray,
    layers: Iterable[tuple[str, int, int]],
    *,
    padded: int | None = None,
    padding: str = "valid",
    alone: bool = False,
    view: tuple[float, float] | None = None,
    ink: float | None = None,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw how an image becomes a sequence: its pixels, the columns after each layer, the steps.

    Every column stands under the middle of the pixels that it sees, and the shaded wedges show
    which ones the first and the last real step see. Padding, and columns that come of nothing
    else, are hatched. What is drawn is computed by `column_spans`.

    Args:
        image: numbers ``(height, width)`` or ``(height, width, 1)``; 0 is no ink.
        layers: triples ``(name, window, strides)``, as in `column_spans`.
        padded: width to which the image is padded; None draws it alone.
        padding: ``"valid"`` or ``"same"``, as in Keras, for every layer.
        alone: add a last line, the steps of the same image without padding, to compare.
        view: from which pixel to which there is room, to draw several images to one scale; None
            makes room for what is drawn.
        ink: the value of full ink; None takes the largest value there is.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None says how many columns each layer leaves.

    Returns:
        A `Drawing`.

    Raises:
        TypeError: a number is not an integer.
        ValueError: the image is not one, has more than 40 rows or is wider than ``padded``, there
            are more than 64 columns of pixels or 8 layers, or as in `column_spans`.

    Example:
        >>> draw_columns(np.ones((8, 13)), [("conv 3", 3, 1), ("pool 2", 2, 2)], padded=20)
        An image of width 13 + 7 padding; conv 3, 11 columns + 7 padding; pool 2, 5 columns + 4 \
padding; the sequence, 5 steps + 4 padding. The last step sees pixels 8 to 11.
    """
    layers = _layers(layers)
    boolean("alone", alone)
    image = finite_array("image", image)
    if (image < 0).any():
        raise ValueError(f"image: expected numbers from 0, got {image.min()}")
    (image,), _, _, _ = check_images([image], None, None, None, None)
    tall, width = image.shape
    total = width if padded is None else padded
    integer("padded", total, minimum=1)
    if total < width:
        raise ValueError(f"padded: expected at least the image's width {width}, got {total}")
    if tall > 40 or total > 64:
        raise ValueError(f"image: expected at most 40 x 64 pixels, got {tall} x {shown(total)}")
    if len(layers) > 8:
        raise ValueError(f"layers: expected at most 8, got {len(layers)}")
    own, batch = (column_spans(n, layers, padding) for n in (width, total))
    jumps = list(itertools.accumulate((strides for _, _, strides in layers), lambda a, b: a * b))
    says = [_columns_words(len(a), len(b)) for a, b in zip(own, batch, strict=True)]
    steps, real = says[-1].replace("column", "step"), len(own[-1])
    # Of each line: words, what the columns see, how many are real, pixels between them, colour.
    lines = [
        (f"{name}: {words}", spans, len(each), jump, "width")
        for (name, _, _), words, spans, each, jump in zip(
            layers, says, batch, own, jumps, strict=True
        )
    ]
    lines.append((f"the sequence: {steps}", batch[-1], real, jumps[-1], "time"))
    if alone:
        words = f"the image alone: {amount(real, 'step') if real else 'no step'}"
        moved = real and (own[-1] != batch[-1][:real]).any()
        words += ", moved" if moved else ""
        lines.append((words, own[-1], real, jumps[-1], "time"))

    # A column stands under the middle of what it sees.
    starts = [spans[0].mean() - jump / 2 if len(spans) else 0 for _, spans, _, jump, _ in lines]
    if view is None:
        ends = [at + len(line[1]) * line[3] for at, line in zip(starts, lines, strict=True)]
        view = min(0, *starts), max(total, *ends)
    view = [number("view", each) for each in listed("view", view)]
    if len(view) != 2 or view[0] >= view[1]:
        raise ValueError(f"view: expected two increasing numbers, got {shown(view)}")
    scale = min(12.0, (WIDTH - 8) / (view[1] - view[0]))
    left = 4 - view[0] * scale
    parts = [write(4, 8, f"image: width {extent(width, total)}")]
    parts.append(rects([(left, 18, width * scale, 4)], f"fill:{css('width')}"))
    top, y = 24.0, 24 + tall * scale + 6
    if total > width:
        box = (left + width * scale, top, (total - width) * scale, tall * scale)
        parts.append(rects([box], "fill:url(#hatch)"))
    sequence, cell = y + 38 * len(layers) + 18, jumps[-1] * scale
    at = left + starts[len(layers)] * scale  # left edge of the first step
    wedges = []
    for step in sorted({0, real - 1}) if real else ():
        a, b = np.clip(batch[-1][step], 0, total) * scale + left
        c, d = at + step * cell, at + (step + 1) * cell - 2
        wedge = f"M{px(a)} {px(top)}H{px(b)}V{px(y - 6)}L{px(d)} {px(sequence)}H{px(c)}"
        wedges.append(f'<path d="{wedge}L{px(a)} {px(y - 6)}z"/>')
    parts.append(f'<g style="fill:{css("time")};fill-opacity:.22">{"".join(wedges)}</g>')
    parts.append(pixels(image, left, top, scale, ink=full_ink([image], ink)))
    outline = f"fill:none;stroke:{css('padding')};stroke-width:1"
    parts.append(rects([(left, top, width * scale, tall * scale)], outline))
    for start, (words, spans, count, jump, role) in zip(starts, lines, strict=True):
        parts.append(write(4, y + 8, words))
        x, pitch, high = left + start * scale, jump * scale, 20 if role == "time" else 14
        parts.append(column_cells(x, y + 18, pitch, count, len(spans), css(role), height=high))
        if role == "time" and count and pitch >= 14:
            numbers = "".join(
                f'<text x="{px(x + (step + 0.5) * pitch - 1)}" y="{px(y + 32)}">{step + 1}</text>'
                for step in sorted({0, count - 1})
            )
            parts.append(f'<g text-anchor="middle" style="fill:{ON_TIME}">{numbers}</g>')
        y += 44 if role == "time" else 38
    told = [f"An image of width {extent(width, total)}"]
    told += [f"{name}, {words}" for (name, _, _), words in zip(layers, says, strict=True)]
    described = "; ".join([*told, f"the sequence, {steps}"]) + "."
    if real:
        first, end = np.clip(batch[-1][real - 1], 0, total)
        beyond = f", {amount(end - width, 'pixel')} of padding among them" if end > width else ""
        described += f" The last step sees pixels {first} to {end - 1}{beyond}."
        if alone and moved:
            described += (
                f" In the batch the steps have moved: the first sees from pixel {batch[-1][0, 0]}, "
                f"alone from {own[-1][0, 0]}."
            )
    return Drawing("".join(parts), y, described if alt is None else alt, title, caption)


def _layers(layers: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """Check the argument ``layers``."""
    layers = listed("layers", layers)
    if not 1 <= len(layers) <= 50:
        raise ValueError(f"layers: expected 1 to 50 (name, window, strides), got {len(layers)}")
    reach = 1
    for i, layer in enumerate(layers):
        if not isinstance(layer, tuple | list) or len(layer) != 3:
            raise TypeError(f"layers[{i}]: expected (name, window, strides), got {shown(layer)}")
        text(f"layers[{i}]: the name", layer[0])
        integer(f"layers[{i}]: the window", layer[1], minimum=1, maximum=_MOST)
        integer(f"layers[{i}]: the strides", layer[2], minimum=1, maximum=_MOST)
        reach *= int(layer[2])
        if reach > _MOST:
            raise ValueError(f"layers: expected strides of at most {_MOST} in all, got {reach}")
    return [(name, int(window), int(strides)) for name, window, strides in layers]


def _columns_words(real: int, total: int) -> str:
    if not real:
        return f"no column, {total} padding" if total else "no column"
    return amount(real, "column") + (f" + {total - real} padding" if total > real else "")
