"""Numbers: bars and lines."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import numpy as np

from helpers.arguments import boolean, finite_array, listed, mapping, number, shown, text
from helpers.figures.drawing import WIDTH, Drawing, css, formed, px


def bars(
    values: Mapping[str, float],
    *,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
    wrong: Iterable[str] = (),
    form: str = "{:g}",
) -> Drawing:
    """Draw numbers as horizontal bars, each under its own label and beside its own number.

    Args:
        values: label -> number, finite and not negative.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None lists labels and numbers.
        wrong: labels of the numbers that are wrong: outlined in the colour of errors and marked
            with the word "wrong".
        form: format of the numbers, e.g. ``"{:.3f}"`` or ``"{:.0%}"``.

    Returns:
        A `Drawing`.

    Raises:
        ValueError: there is nothing to draw, a number is negative or not finite, or ``wrong``
            names a label that is not there.
    """
    mapping("values", values)
    if not values:
        raise ValueError("values: expected at least one number, got none")
    wrong = [wrong] if isinstance(wrong, str) else listed("wrong", wrong)
    if unknown := [label for label in wrong if not isinstance(label, str) or label not in values]:
        raise ValueError(f"wrong: expected labels of values, got {shown(unknown)}")
    for label, value in values.items():
        if number(f"values[{shown(label)}]", value) < 0:
            raise ValueError(f"values[{shown(label)}]: expected at least 0, got {value}")
    longest = max(values.values()) or 1
    numbers = {
        label: formed(form, value) + (" (wrong)" if label in wrong else "")
        for label, value in values.items()
    }
    room = WIDTH - 20 - 8 * max(map(len, numbers.values()))  # beside it stands the number
    parts, spoken = [], []
    for line, (label, value) in enumerate(values.items()):
        top, size = 4 + 36 * line, max(room * value / longest, 1)
        told = escape(numbers[label])
        look = (
            f"fill:{css('panel')};stroke:{css('error')};stroke-width:2;stroke-dasharray:4 2"
            if label in wrong
            else f"fill:{css('batch')};stroke:{css('batch')};stroke-width:2"
        )
        parts.append(
            f'<text x="4" y="{px(top + 11)}">{escape(label)}</text>'
            f'<path style="{look}" d="M5 {px(top + 17)}h{px(size)}v12h-{px(size)}z"/>'
            f'<text x="{px(size + 12)}" y="{px(top + 27)}" font-weight="700">{told}</text>'
        )
        spoken.append(f"{label}: {numbers[label]}")
    described = "Bars. " + "; ".join(spoken) + "."
    height = 36 * len(values) + 4
    return Drawing("".join(parts), height, described if alt is None else alt, title, caption)


CURVES = (("batch", ""), ("height", "7 3"), ("features", "2 3"), ("muted", "9 3 2 3"))
"""Colour role and dashes of each line of `draw_curves`."""


def draw_curves(
    series: Mapping[str, Sequence[float]],
    *,
    x: str = "epoch",
    y: str = "loss",
    from_zero: bool = True,
    form: str = "{:.2f}",
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw a few short series as lines, each with its name and its last number at its end.

    The lines differ in dashes as well as in colour.

    Args:
        series: name -> numbers, the first of them at 1; one to four series.
        x: what is counted, written under the drawing.
        y: what the numbers are, written above it.
        from_zero: the scale begins at 0, or below it if a number does; False lets it begin near
            the smallest number.
        form: format of the last numbers and of those in the alternative text.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None says where each series begins and ends.

    Returns:
        A `Drawing`.

    Raises:
        ValueError: there is no series or more than four, one has fewer than two or more than 200
            numbers, one that is not finite or beyond 1e300, or a name or a last number has more
            than 24 characters.

    Example:
        >>> draw_curves({"shuffled": [2.1, 1.4, 0.9], "grouped": [2.2, 1.5, 1.0]})
        Lines of loss by epoch. shuffled: 2.10 at epoch 1, 0.90 at epoch 3; grouped: 2.20 at \
epoch 1, 1.00 at epoch 3.
    """
    mapping("series", series)
    boolean("from_zero", from_zero)
    text("x", x)
    text("y", y)
    if not 1 <= len(series) <= len(CURVES):
        raise ValueError(f"series: expected one to {len(CURVES)}, got {len(series)}")
    lines = {
        name: finite_array(f"series[{shown(name)}]", line).astype("float64")
        for name, line in series.items()
    }
    for name, line in lines.items():
        if line.ndim != 1 or not 2 <= len(line) <= 200:
            raise ValueError(
                f"series[{shown(name)}]: expected 2 to 200 numbers, got shape {line.shape}"
            )
        if np.abs(line).max() > 1e300 or len(formed(form, line[-1])) > 24:
            raise ValueError(
                f"series[{shown(name)}]: expected numbers within ±1e300 that form {shown(form)} "
                f"writes in at most 24 characters, got {line[np.abs(line).argmax()]}"
            )
        if len(name) > 24:
            raise ValueError(f"series: expected names of at most 24 characters, got {shown(name)}")
    every = np.concatenate(list(lines.values()))
    ticks = _ticks(min(every.min(), 0) if from_zero else every.min(), every.max())
    marks = [f"{tick:.10g}".replace("-", "−") for tick in ticks]
    ends = {name: formed(form, line[-1]) for name, line in lines.items()}
    left = 10 + 7 * max(map(len, marks))
    right = WIDTH - 12 - 6.8 * max(len(f"{name} {end}") for name, end in ends.items())
    top, bottom = 24, 184
    last = max(map(len, lines.values()))

    def place(i: float, number: float) -> tuple[float, float]:
        share = (number - ticks[0]) / (ticks[-1] - ticks[0])
        return left + (right - left) * (i - 1) / (last - 1), bottom - share * (bottom - top)

    parts, grid = [f'<text x="4" y="12">{escape(y)}</text>'], []
    for tick, mark in zip(ticks, marks, strict=True):
        height = px(place(1, tick)[1])
        grid.append(f"M{px(left)} {height}H{px(right)}")
        at = px(place(1, tick)[1] + 4)
        parts.append(f'<text x="{px(left - 5)}" y="{at}" text-anchor="end">{mark}</text>')
    counted = _counted(last, right - left)
    for i in counted:
        at = px(place(i, 0)[0])
        grid.append(f"M{at} {bottom}v4")
        parts.append(f'<text x="{at}" y="{bottom + 17}" text-anchor="middle">{i}</text>')
    middle = px((left + right) / 2)
    parts.append(f'<text x="{middle}" y="{bottom + 33}" text-anchor="middle">{escape(x)}</text>')
    look = f"fill:none;stroke:{css('padding')};stroke-opacity:.45"
    parts.insert(0, f'<path style="{look}" d="{"".join(grid)}"/>')
    # Labels stand beside the ends of their lines, in their order, and never on one another.
    wanted = {name: place(len(line), line[-1])[1] for name, line in lines.items()}
    order = sorted(lines, key=wanted.get)
    spread = _spread([wanted[name] for name in order], 15, top - 4, bottom)
    heights = dict(zip(order, spread, strict=True))
    for (name, line), (role, dashes) in zip(lines.items(), CURVES, strict=False):
        points = [place(i, number) for i, number in enumerate(line, 1)]
        path = "M" + "L".join(f"{px(a)} {px(b)}" for a, b in points)
        look = f"fill:none;stroke:{css(role)};stroke-width:2.5;stroke-linejoin:round"
        dashed = f";stroke-dasharray:{dashes}" if dashes else ""
        parts.append(f'<path style="{look}{dashed}" d="{path}"/>')
        (a, b), height = points[-1], heights[name]
        lead = f"M{px(a)} {px(b)}L{px(right + 6)} {px(height)}"
        parts.append(f'<path style="fill:none;stroke:{css(role)}" d="{lead}"/>')
        parts.append(
            f'<text x="{px(right + 9)}" y="{px(height + 4)}">{escape(name)} '
            f'<tspan font-weight="700">{escape(ends[name])}</tspan></text>'
        )
    told = [
        f"{name}: {formed(form, line[0])} at {x} 1, {ends[name]} at {x} {len(line)}"
        for name, line in lines.items()
    ]
    described = f"Lines of {y} by {x}. {'; '.join(told)}."
    return Drawing("".join(parts), bottom + 40, described if alt is None else alt, title, caption)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from at most ``low`` to at least ``high``, three to seven of them."""
    reach, most = high - low, max(abs(low), abs(high))
    if reach < max(1e-8 * most, 1e-300):  # marks of ten digits tell no smaller steps apart
        reach = most if most >= 1e-300 else 1.0
    power = 10.0 ** np.floor(np.log10(reach / 2))
    size = next(power * m for m in (1, 2, 2.5, 5, 10) if reach / (power * m) <= 4.5)
    first = int(np.floor(low / size + 1e-9))
    count = max(int(np.ceil(high / size - 1e-9)) - first, 1)
    return [float((first + i) * size) for i in range(count + 1)]


def _counted(last: int, room: float) -> list[int]:
    """Which of 1 to ``last`` are written under an axis ``room`` wide: the ends, and between."""
    most = max(int(room // 34), 1)
    size = next(s for s in (1, 2, 5, 10, 20, 25, 50, 100, 200) if last / s <= most)
    between = [i for i in range(size, last, size) if 1 + size / 2 < i <= last - size / 2]
    return [1, *between, last]


def _spread(heights: Sequence[float], least: float, top: float, bottom: float) -> list[float]:
    """Move sorted heights until neighbours are ``least`` apart, inside of top and bottom."""
    out = [float(height) for height in heights]
    for i in range(1, len(out)):
        out[i] = max(out[i], out[i - 1] + least)
    floor = bottom
    for i in reversed(range(len(out))):
        out[i] = min(out[i], floor)
        floor = out[i] - least
    return [max(height, top + least * i) for i, height in enumerate(out)]
