"""Padded batches: their cells, what the model sees of them, and how far padding reaches."""

from collections.abc import Sequence
from html import escape

import numpy as np

from helpers.arguments import boolean, integer, listed, number, plain_array, text
from helpers.figures.drawing import (
    MOST_SHOWN,
    ON_TIME,
    WIDTH,
    Drawing,
    amount,
    css,
    px,
    rects,
    write,
)

_CELL_HEIGHT = 20


def describe_padded(mask: np.ndarray, seen: np.ndarray | None = None) -> str:
    """Say in words what a padded batch holds; the alternative text of `draw_padded`.

    Args:
        mask: bool ``(batch, time)``, True where a timestep is real.
        seen: bool ``(batch, time)``, True where the model takes a timestep in; None leaves it out.

    Returns:
        Text such as ``"2 rows padded to 5 steps: row 1, 5 steps; row 2, 3 steps + 2 padding."``

    Raises:
        TypeError: ``mask`` or ``seen`` is not bool.
        ValueError: ``mask`` is not ``(batch, time)`` or ``seen`` differs from it in shape.
    """
    mask, seen = _mask(mask, "mask"), None if seen is None else _mask(seen, "seen")
    _same_shape(mask, seen, "seen")
    batch, steps = mask.shape
    rows = [f"row {i + 1}, {_row_words(row)}" for i, row in enumerate(mask)]
    told = f"{amount(batch, 'row')} padded to {amount(steps, 'step')}: {'; '.join(rows)}."
    if seen is not None:
        both = enumerate(zip(mask, seen, strict=True), 1)
        sees = [f"row {i}, {_seen_words(row, sees)}" for i, (row, sees) in both]
        told += f" The model sees: {'; '.join(sees)}."
    return told


def draw_padded(
    mask: np.ndarray,
    values: np.ndarray | None = None,
    *,
    seen: np.ndarray | None = None,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw one padded batch: a line of cells for every row, a cell for every timestep.

    A real step is filled with the colour of time, a padding step is hatched. With ``seen`` every
    row has a second line, what the model sees: a step that it skips is outlined and empty, so
    padding that it takes in stays hatched.

    Args:
        mask: bool ``(batch, time)``, True where a timestep is real, as `helpers.padding.pad`
            returns it.
        values: numbers or texts ``(batch, time)`` to write into the cells; None writes nothing.
        seen: the mask that the model gets, bool ``(batch, time)``; all True if it gets none. None
            leaves the second line out.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None writes it with `describe_padded`.

    Returns:
        A `Drawing`.

    Raises:
        TypeError: ``mask`` or ``seen`` is not bool.
        ValueError: a shape is wrong, there are more than 12 rows or 64 steps, or a value is too
            long for its cell.

    Example:
        >>> array, mask = pad([[5, 6, 7], [8]])  # doctest: +SKIP
        >>> draw_padded(mask, array)  # doctest: +SKIP
        2 rows padded to 3 steps: row 1, 3 steps; row 2, 1 step + 2 padding.
    """
    described = describe_padded(mask, seen)
    mask = np.asarray(mask)
    batch, steps = mask.shape
    if batch > MOST_SHOWN or steps > 64:
        raise ValueError(f"mask: expected at most 12 rows of 64 steps, got {mask.shape}")
    if values is not None:
        values = plain_array("values", values)
        _same_shape(mask, values, "values")
    cell = min(32.0, (WIDTH - 8) / steps)
    parts, y = [], 2.0
    for row in range(batch):
        shown = None if values is None else [str(value) for value in values[row]]
        parts.append(write(4, y + 9, f"row {row + 1}, {_row_words(mask[row])}"))
        parts.append(step_cells(4, y + 19, cell, mask[row], shown))
        y += 43
        if seen is not None:
            told = _seen_words(mask[row], np.asarray(seen)[row])
            parts.append(write(4, y + 7, f"the model sees {told}"))
            parts.append(step_cells(4, y + 17, cell, mask[row], shown, np.asarray(seen)[row]))
            y += 47
    return Drawing("".join(parts), y, described if alt is None else alt, title, caption)


def step_cells(
    x: float,
    y: float,
    cell: float,
    real: np.ndarray,
    values: Sequence[str] | None = None,
    seen: np.ndarray | None = None,
) -> str:
    """Return the SVG elements of one row of timesteps, 20 pixels high.

    Args:
        x: left edge.
        y: upper edge.
        cell: pixels from one cell to the next.
        real: bool ``(time,)``: True is filled with the colour of time, False is hatched.
        values: the text in each cell; None writes nothing.
        seen: bool ``(time,)``; where False the cell is outlined and empty, without its text.

    Returns:
        SVG elements.

    Raises:
        ValueError: a text is too long for its cell.
    """
    x, y, cell = number("x", x), number("y", y), number("cell", cell)
    gap = 2.0 if cell >= 8 else 1.0
    real = _one_row("real", real)
    seen = np.ones_like(real) if seen is None else _one_row("seen", seen, len(real))
    at = [(x + i * cell, y, cell - gap, _CELL_HEIGHT) for i in range(len(real))]
    inner = [(a + 0.75, b + 0.75, w - 1.5, h - 1.5) for a, b, w, h in at]
    dashed = f"fill:none;stroke:{css('masked')};stroke-width:1.5;stroke-dasharray:3 2"
    parts = [
        rects([at[i] for i in np.flatnonzero(seen & real)], f"fill:{css('time')}"),
        rects([at[i] for i in np.flatnonzero(seen & ~real)], "fill:url(#hatch)"),
        rects([inner[i] for i in np.flatnonzero(~seen)], dashed),
    ]
    if values is None:
        return "".join(parts)
    values = listed("values", values)
    if len(values) != len(real):
        raise ValueError(f"values: expected {len(real)} texts, got {len(values)}")
    for i, value in enumerate(values):
        text(f"values[{i}]", value)
    longest = max(map(len, values), default=0)
    size = next((size for size in (12, 10) if longest * size * 0.56 <= cell - gap), None)
    if size is None:
        raise ValueError(
            f"values: expected texts that fit {px(cell - gap)} pixels, got {longest} characters"
        )
    # On the hatching a text needs a ground of its own.
    halo = f"paint-order:stroke;stroke:{css('panel')};stroke-width:4;fill:{css('ink')}"
    for where, look in ((seen & real, f"fill:{ON_TIME}"), (seen & ~real, halo)):
        inside = "".join(
            f'<text x="{px(x + i * cell + (cell - gap) / 2)}" y="{px(y + 14)}">'
            f"{escape(values[i])}</text>"
            for i in np.flatnonzero(where).tolist()
        )
        if inside:
            parts.append(f'<g text-anchor="middle" font-size="{size}" style="{look}">{inside}</g>')
    return "".join(parts)


def reach(steps: int, padding: int, *, kernel: int, layers: int, zeros: bool = True) -> np.ndarray:
    """Tell which steps of a stack of convolutions depend on the padding behind a row.

    The convolutions are `Conv1D` layers with stride 1 and ``padding="same"``, with biases, and
    without a mask: the step at t sees ``(kernel - 1) // 2`` steps before it and ``kernel // 2``
    steps behind it.

    Args:
        steps: number of real steps.
        padding: number of padding steps behind them.
        kernel: kernel size.
        layers: number of convolutions.
        zeros: the padding holds zeros. Then the first convolution cannot tell it from the zeros
            that ``padding="same"`` itself adds behind the row, and real steps change from the
            second one on.

    Returns:
        bool ``(layers + 1, steps)``, the input first: True where a real step differs from that of
        the row alone.

    Raises:
        TypeError: a number is not an integer.
        ValueError: ``steps``, ``kernel`` or ``layers`` is less than 1, or ``padding`` less than 0.

    Example:
        >>> reach(5, 3, kernel=3, layers=3).sum(axis=1).tolist()
        [0, 0, 1, 2]
    """
    least = {"steps": (steps, 1), "padding": (padding, 0), "kernel": (kernel, 1)}
    for name, (count, low) in {**least, "layers": (layers, 1)}.items():
        integer(name, count, minimum=low, maximum=10_000)
    boolean("zeros", zeros)
    before, behind = (kernel - 1) // 2, kernel // 2
    # Behind a row that stands alone there is nothing but the zeros of padding="same".
    other = np.arange(steps + padding) >= steps
    differs = [other & (not zeros)]
    for _ in range(layers):
        last = differs[-1]
        sees = [last[max(t - before, 0) : t + behind + 1].any() for t in range(len(last))]
        # A padding step comes out as something, the bias at least; alone there is none.
        differs.append(np.array(sees) | other)
    return np.array(differs)[:, :steps]


def draw_reach(
    steps: int,
    padding: int,
    *,
    kernel: int,
    layers: int,
    zeros: bool = True,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw how far padding reaches into a row through a stack of convolutions.

    A line of cells for the input and for every convolution: the real steps, the border, and the
    padding behind it, hatched. A real step that the padding has changed is outlined in the colour
    of errors, with a cross. What is drawn is computed by `reach`.

    Args:
        steps: number of real steps.
        padding: number of padding steps behind them, at least 1.
        kernel: kernel size.
        layers: number of convolutions, at most 8.
        zeros: the padding holds zeros.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None says how many steps each convolution changes.

    Returns:
        A `Drawing`.

    Raises:
        TypeError: a number is not an integer.
        ValueError: a number is too small, there are more than 8 layers, or more than 40 cells in
            a line.
    """
    changed = reach(steps, padding, kernel=kernel, layers=layers, zeros=zeros)
    if padding < 1:
        raise ValueError(f"padding: expected at least 1, got {padding}")
    if layers > 8:
        raise ValueError(f"layers: expected at most 8, got {layers}")
    if steps + padding > 40:
        raise ValueError(f"steps + padding: expected at most 40, got {steps + padding}")
    cell, left = min(28.0, (WIDTH - 12) / (steps + padding)), 4.0
    border = left + steps * cell + 1.5  # between two cells, with a little air on both sides
    says = [f"the input: {amount(steps, 'real step')}, {padding} padding"]
    for layer, moved in enumerate(changed[1:].sum(axis=1), 1):
        which = f"{moved} of {steps} steps changed" if moved else "no real step changed"
        says.append(f"after {amount(layer, 'convolution')}: {which}")
    parts, y = [], 2.0
    for words, row in zip(says, changed, strict=True):
        parts.append(write(left, y + 9, words))
        parts.append(_reached_cells(left, y + 19, cell, row))
        parts.append(step_cells(border + 2.5, y + 19, cell, np.zeros(padding, dtype=bool)))
        y += 43
    look = f"fill:none;stroke:{css('ink')};stroke-width:2"
    lines = "".join(f"M{px(border)} {px(18 + 43 * i)}v24" for i in range(len(says)))
    parts.append(f'<path style="{look}" d="{lines}"/>')
    at = px(min(max(border, 24), WIDTH - 24))
    parts.append(f'<text x="{at}" y="{px(y + 11)}" text-anchor="middle">border</text>')
    described = f"Convolutions of kernel {kernel}. " + "; ".join(says) + "."
    return Drawing("".join(parts), y + 18, described if alt is None else alt, title, caption)


def _reached_cells(x: float, y: float, cell: float, changed: np.ndarray) -> str:
    """Real steps, filled; those that the padding has changed are outlined and crossed out."""
    wide, tall = cell - (2 if cell >= 8 else 1), _CELL_HEIGHT
    whole = [(x + i * cell, y, wide, tall) for i in np.flatnonzero(~changed)]
    at = [(x + i * cell + 1, y + 1) for i in np.flatnonzero(changed)]
    w, h = px(wide - 2), px(tall - 2)
    crossed = "".join(f"M{px(a)} {px(b)}h{w}v{h}h-{w}zl{w} {h}m0-{h}l-{w} {h}" for a, b in at)
    look = f"fill:none;stroke:{css('error')};stroke-width:2"
    return rects(whole, f"fill:{css('time')}") + (
        f'<path style="{look}" d="{crossed}"/>' if crossed else ""
    )


def _mask(given: np.ndarray, name: str) -> np.ndarray:
    mask = plain_array(name, given)
    if mask.dtype != bool:
        raise TypeError(f"{name}: expected bool, got dtype {mask.dtype}")
    if mask.ndim != 2 or 0 in mask.shape:
        raise ValueError(f"{name}: expected (batch, time), got shape {mask.shape}")
    return mask


def _one_row(name: str, given: np.ndarray, steps: int | None = None) -> np.ndarray:
    row = plain_array(name, given)
    if row.dtype != bool:
        raise TypeError(f"{name}: expected bool, got dtype {row.dtype}")
    if row.ndim != 1 or len(row) != (len(row) if steps is None else steps):
        expected = "(time,)" if steps is None else f"({steps},)"
        raise ValueError(f"{name}: expected shape {expected}, got {row.shape}")
    return row


def _same_shape(mask: np.ndarray, other: np.ndarray | None, name: str) -> None:
    if other is not None and other.shape != mask.shape:
        raise ValueError(f"{name}: expected the mask's shape {mask.shape}, got {other.shape}")


def _row_words(row: np.ndarray) -> str:
    real, padding = int(row.sum()), int((~row).sum())
    return amount(real, "step") + (f" + {padding} padding" if padding else "")


def _seen_words(row: np.ndarray, seen: np.ndarray) -> str:
    """What the model takes in of one row: real steps, padding, and real steps that it misses."""
    padding, missed = int((seen & ~row).sum()), int((row & ~seen).sum())
    words = amount(int((seen & row).sum()), "step") + (f" + {padding} padding" if padding else "")
    return words + (f", misses {missed} real" if missed else "")
