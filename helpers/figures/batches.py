"""Batches to scale: as wide as the padded length, as high as their rows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from helpers.arguments import integer
from helpers.figures.drawing import (
    MOST_SHOWN,
    WIDTH,
    Drawing,
    amount,
    check_plan,
    css,
    first_and_last,
    px,
    write,
)
from helpers.figures.plans import slots_of

if TYPE_CHECKING:
    from helpers.batching import PackedPlan, Plan

_LEFT = 60, 66  # left edge of the batches drawn to scale; beside numbers of two digits


def describe_batches(plan: "Plan | PackedPlan") -> str:
    """Say in words how the rows of a plan share batches; the alternative text of `draw_batches`.

    Args:
        plan: a plan from `helpers.batching` that knows the length of every row.

    Returns:
        One sentence that says how many rows of which lengths stand in how many batches of which
        sizes, the padded lengths, the cells computed for each true one, and the shapes.

    Raises:
        ValueError: the plan has no lengths, or rows vary on two axes.
    """
    check_plan(plan, ("Plan", "PackedPlan"))
    _one_axis(plan)
    lengths, sizes = np.asarray(plan.lengths), np.asarray(plan.sizes)
    shown, batches = (
        f"{amount(plan.n, 'row')} of {_range(lengths, 'step')}",
        amount(len(plan), "batch", "batches"),
    )
    if hasattr(plan, "capacity"):
        text = (
            f"{shown} packed into {amount(int(sizes.sum()), 'bin')} of "
            f"{amount(plan.capacity, 'step')}, in {batches} of {_range(sizes, 'bin')}"
        )
        missed = []
    else:
        text = f"{shown} in {batches} of {_range(sizes, 'row')}, padded to "
        text += _range(plan.padded_lengths, "step")
        padding, again = int((~plan.real).sum()), len(plan.rows) - int((~plan.real).sum())
        again -= plan.n - len(plan.never_seen)
        missed = [f"{amount(padding, 'padding slot')}"] * bool(padding)
        missed += [f"{amount(again, 'slot')} with a row seen before"] * bool(again)
    missed += [f"{amount(len(plan.never_seen), 'row')} never seen"] * bool(len(plan.never_seen))
    each = f"{1 / plan.fill:.2f} cells computed for each true one" if plan.fill else "no true cell"
    return "; ".join([f"{text}: {each}, {amount(len(plan.shapes), 'shape')}", *missed]) + "."


def draw_batches(
    plan: "Plan | PackedPlan",
    *,
    longest: int | None = None,
    title: str = "",
    caption: str = "",
    alt: str | None = None,
) -> Drawing:
    """Draw the batches of a plan to scale: as wide as the padded length, as high as their rows.

    Every row is a line: its true steps have the colour of time, the padding behind them, and a
    slot that is nothing but padding, is hatched. A row that the epoch has shown before is faint
    and counted in words. In a packed plan a line is a bin, and a dark stroke stands between its
    rows. Beside each batch stands its shape. A plan of more than 12 batches is drawn as its first
    and last ones.

    Args:
        plan: a plan from `helpers.batching` that knows the length of every row.
        longest: the length that fills the drawing, to draw several plans to one scale; None takes
            the longest batch of this one.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None writes it with `describe_batches`.

    Returns:
        A `Drawing`.

    Raises:
        ValueError: the plan has no lengths, rows vary on two axes, a batch has more than 128 rows,
            or ``longest`` is less than the longest batch.

    Example:
        >>> draw_batches(bucketed([3, 9, 1, 4, 10, 2], 2, [4, 10]))  # doctest: +SKIP
        6 rows of 1 to 10 steps in 3 batches of 2 rows, padded to 4 to 10 steps: 1.24 cells \
computed for each true one, 2 shapes.
    """
    described = describe_batches(plan)
    sizes, widths = np.asarray(plan.sizes), _widths(plan)
    if sizes.max() > 128:
        raise ValueError(f"plan: expected batches of at most 128 rows, got {sizes.max()}")
    most = max(int(widths.max()), 1)
    shared = longest is not None
    longest = most if longest is None else integer("longest", longest)
    if longest < most:
        raise ValueError(f"longest: expected at least {most}, the longest batch, got {longest}")
    kinds = None if hasattr(plan, "capacity") else slots_of(plan)
    keep = first_and_last(len(plan), MOST_SHOWN)
    labels = {i: _batch_words(plan, i, kinds) for i in keep if i is not None}
    left = _LEFT[shared or len(plan) > 9]
    # Behind every block there is room for its words. Where plans are to share a scale, a long one
    # beside the longest block must not change it.
    ends = [(WIDTH - left - 8 - 6.8 * len(words), i) for i, words in labels.items()]
    step = min(room / max(widths[i], 1) for room, i in ends)
    step = min(step, (WIDTH - left - (134 if shared else 68)) / longest)
    pitch = min(8.0, 280 / min(plan.n, MOST_SHOWN * plan.batch_size))
    if pitch >= 1:
        pitch = pitch * 2 // 1 / 2  # half pixels: lines of equal height look it
    gap = 1.0 if pitch >= 3 else -0.5  # thin lines overlap, or seams would show between them
    runs: dict[str, list[str]] = {"true": [], "again": [], "padding": [], "between": []}
    texts, y = [], 2.0
    for i in keep:
        if i is None:
            texts.append(write(left, y + 7, f"… {len(plan) - len(labels)} more batches …"))
            y += 20
            continue
        tall = sizes[i] * pitch
        top = y + max(0, 13 - tall) / 2  # a low block stands beside the middle of its words
        for line, start, size, kind in _lines(plan, i, kinds):
            at, middle = left + start * step, top + (line + 0.5) * pitch - max(gap, 0) / 2
            runs[kind].append(f"M{px(at)} {px(middle)}h{px(size * step)}")
            if kind == "true" and start:
                runs["between"].append(f"M{px(at)} {px(middle)}h1")
        words = top + tall / 2 - gap / 2
        texts.append(write(4, words, f"batch {i + 1}"))
        texts.append(write(left + widths[i] * step + 6, words, labels[i]))
        y += max(13, tall) + 5
    dash = f";stroke-dasharray:{px(step - 1)} 1" if step >= 5 else ""
    looks = {
        "true": f"stroke:{css('time')}{dash}",
        "again": f"stroke:{css('time')};stroke-opacity:.4{dash}",
        "padding": "stroke:url(#hatch)",
        "between": "stroke:currentColor",
    }
    # The look in an element of its own: an explorer stores it once for all frames.
    drawn = [
        f'<g style="fill:none;stroke-width:{px(pitch - gap)};{looks[kind]}">'
        f'<path d="{"".join(some)}"/></g>'
        for kind, some in runs.items()
        if some
    ]
    body = "".join(drawn + texts)
    return Drawing(body, y - 1, described if alt is None else alt, title, caption)


def _one_axis(plan: "Plan | PackedPlan") -> None:
    if plan.lengths is None or np.ndim(plan.lengths) != 1:
        found = "none" if plan.lengths is None else "heights and widths"
        raise ValueError(f"plan: expected one that has a length for each row, got {found}")


def _widths(plan: "Plan | PackedPlan") -> np.ndarray:
    """The length that each batch is padded to, int64 ``(batches,)``."""
    if hasattr(plan, "capacity"):
        return np.full(len(plan), plan.capacity)
    return np.asarray(plan.padded_lengths)


def _lines(
    plan: "Plan | PackedPlan", i: int, kinds: list[tuple[np.ndarray, np.ndarray]] | None
) -> Iterable[tuple[int, int, int, str]]:
    """Runs of steps of batch ``i``: line, first step, number of steps, and what they are."""
    width, lengths, kept = int(_widths(plan)[i]), np.asarray(plan.lengths), np.asarray(plan[i])
    if kinds is None:
        bins, starts = plan.places(i)  # type: ignore[union-attr]  # only packed plans lack kinds
        ends = np.zeros(plan.sizes[i], dtype=np.int64)
        for row, line, start in zip(kept.tolist(), bins.tolist(), starts.tolist(), strict=True):
            yield line, start, int(lengths[row]), "true"
            ends[line] = max(ends[line], start + lengths[row])
    else:
        ends = np.where(kinds[i][1] == 2, 0, lengths[kept])
        for line, kind in enumerate(kinds[i][1]):
            if ends[line]:
                yield line, 0, int(ends[line]), "again" if kind == 1 else "true"
    for line in np.flatnonzero(ends < width):
        yield int(line), int(ends[line]), width - int(ends[line]), "padding"


def _batch_words(
    plan: "Plan | PackedPlan", i: int, kinds: list[tuple[np.ndarray, np.ndarray]] | None
) -> str:
    """The shape of batch ``i``, and what else there is to say of it."""
    words = f"{plan.sizes[i]} × {_widths(plan)[i]}"
    if kinds is None:
        return f"{words}, {amount(len(plan[i]), 'row')}"
    for kind, name in ((1, "again"), (2, "padding")):
        count = int((kinds[i][1] == kind).sum())
        words += f", {count} {name}" if count else ""
    return words


def _range(numbers: np.ndarray, one: str) -> str:
    """Smallest and largest number with a noun, once if they are the same."""
    low, high = int(np.min(numbers)), int(np.max(numbers))
    return amount(high, one) if low == high else f"{low} to {high} {one}s"
