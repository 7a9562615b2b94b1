"""Plans: a line of cells for every batch."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from helpers.arguments import mapping, shown
from helpers.figures.drawing import (
    MOST_SHOWN,
    Drawing,
    amount,
    check_plan,
    css,
    first_and_last,
    px,
    runs_of,
    write,
)

if TYPE_CHECKING:
    from helpers.batching import Plan

_CELLS = (58, 162)  # left edge and room of the cells; the labels stand on both sides


def describe_plan(plan: "Plan") -> str:
    """Say in one sentence what an epoch of a plan shows; the alternative text of its drawing.

    For instance "105 rows in batches of 32: 4 batches, 9 rows in the last; every row is seen, none
    seen twice."

    Args:
        plan: a plan from `helpers.batching`.

    Returns:
        The sentence.
    """
    check_plan(plan)
    kinds = [kind for _, kind in slots_of(plan)]
    last, padding = kinds[-1], sum(int((kind == 2).sum()) for kind in kinds)
    again, unseen = int((last == 1).sum()), len(plan.never_seen)
    real = int((last == 0).sum())
    extra = [f"{again} repeated"] * bool(again) + [f"{padding} padding slots"] * bool(padding)
    filled = f"{amount(real, 'row')} in the last" + (f" and {' and '.join(extra)}" if extra else "")
    never = f"{amount(unseen, 'row')} never seen" if unseen else "every row is seen"
    twice = len(plan.seen_twice)
    return (
        f"{amount(plan.n, 'row')} in batches of {plan.batch_size}: "
        f"{amount(len(plan), 'batch', 'batches')}, {filled}; {never}, "
        + (f"{twice} seen twice." if twice else "none seen twice.")
    )


def draw_plan(
    plan: "Plan", *, title: str = "", caption: str = "", alt: str | None = None
) -> Drawing:
    """Draw one epoch of a plan: a line of cells for every batch, a cell for every slot.

    A row is a filled cell (with its number when there is room), a repeated row has a bar through
    it, a padding slot is hatched, and the rows that the epoch never shows stand apart, outlined
    and empty. A plan of more than 12 batches is drawn as its first and last ones.

    Args:
        plan: a plan from `helpers.batching`.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None writes it with `describe_plan`.

    Returns:
        A `Drawing`.
    """
    described = describe_plan(plan)
    body, height = _plan_body(plan, top=4)
    return Drawing(body, height, described if alt is None else alt, title, caption)


def compare_plans(
    plans: Mapping[str, "Plan"], *, title: str = "", caption: str = "", alt: str | None = None
) -> Drawing:
    """Draw several plans under each other, each under its name.

    Args:
        plans: name -> plan, e.g. the four tail policies.
        title: first words of the caption.
        caption: the caption.
        alt: the alternative text; None names every plan and describes it.

    Returns:
        A `Drawing`.

    Raises:
        ValueError: there is no plan to draw.
    """
    mapping("plans", plans)
    if not plans:
        raise ValueError("plans: expected at least one plan, got none")
    for name, plan in plans.items():
        check_plan(plan, name=f"plans[{shown(name)}]")
    parts, top = [], 0.0
    for name, plan in plans.items():
        parts.append(f'<text x="4" y="{px(top + 15)}" font-weight="700">{escape(name)}</text>')
        body, top = _plan_body(plan, top=top + 22, shown=5)
        parts.append(body)
        top += 6
    described = " ".join(f"{name}: {describe_plan(plan)}" for name, plan in plans.items())
    return Drawing("".join(parts), top, described if alt is None else alt, title, caption)


def slots_of(plan: "Plan") -> list[tuple[np.ndarray, np.ndarray]]:
    """Row numbers and kinds (0 a row, 1 a row seen before, 2 padding) of every batch's slots."""
    seen = np.zeros(plan.n, dtype=bool)
    out = []
    for i in range(len(plan)):
        rows, real = np.asarray(plan[i]), np.asarray(plan.weights(i)) > 0
        kinds = np.where(real, 0, 2)
        for slot in np.flatnonzero(real):
            kinds[slot] = int(seen[rows[slot]])
            seen[rows[slot]] = True
        out.append((rows, kinds))
    return out


def _plan_body(plan: "Plan", *, top: float, shown: int = MOST_SHOWN) -> tuple[str, float]:
    """Return the SVG elements of a plan and the height at which they end."""
    slots = slots_of(plan)
    unseen = np.asarray(plan.never_seen)
    widest = max(plan.batch_size, *(len(rows) for rows, _ in slots))
    left, room = _CELLS
    numbered = widest <= 12 and plan.n <= 100
    cell = room / widest if numbered else min(14.0, room / widest)
    cell = min(cell, 24.0)
    tall, pitch = (16, 20) if numbered else (12, 17)
    keep = first_and_last(len(slots), shown)
    runs: dict[int, list[str]] = {0: [], 1: [], 2: []}
    texts, numbers, y = [], [], top + tall / 2
    for i in keep:
        if i is None:
            texts.append(write(left, y, f"… {len(slots) - shown + 1} more batches …"))
            y += pitch
            continue
        rows, kinds = slots[i]
        for kind, start, size in runs_of(kinds):
            runs[kind].append(f"M{px(left + start * cell)} {px(y)}h{px(size * cell - 1)}")
        texts.append(write(4, y, f"batch {i + 1}"))
        texts.append(write(left + len(rows) * cell + 6, y, _slot_words(kinds)))
        if numbered:
            numbers += [
                (left + (slot + 0.5) * cell - 0.5, y, int(row), int(kind))
                for slot, (row, kind) in enumerate(zip(rows, kinds, strict=True))
                if kind != 2
            ]
        y += pitch
    parts = [
        _strip(runs[0] + runs[1], css("batch"), tall, cell),
        # a light bar near the upper edge marks a row that the epoch has shown before
        _strip([_shift(run, -tall / 2 + 2.5) for run in runs[1]], css("on-batch"), 2, cell),
        _strip(runs[2], "url(#hatch)", tall, cell),
    ]
    if len(unseen):
        y += 2
        for start in range(0, len(unseen), widest):
            some = unseen[start : start + widest]
            run = f"M{px(left)} {px(y)}h{px(len(some) * cell - 1)}"
            inner = f"M{px(left + 1.5)} {px(y)}h{px(len(some) * cell - 2.5)}"
            parts.append(_strip([run], css("error"), tall, cell))
            parts.append(_strip([inner], css("panel"), tall - 3, cell, gap=4))
            texts.append(write(left + len(some) * cell + 6, y, f"{len(some)} never seen"))
            if numbered:
                numbers += [
                    (left + (slot + 0.5) * cell - 0.5, y, int(row), 2)
                    for slot, row in enumerate(some)
                ]
            if start >= 2 * widest:  # three lines show the point; the words carry the number
                texts.append(write(4, y + pitch, f"{len(unseen)} rows never seen in all"))
                y += pitch
                break
            y += pitch
        y += 2
    parts += texts
    for dark in (False, True):
        some = [(x, at, row) for x, at, row, kind in numbers if (kind == 2) is dark]
        if some:
            fill = "" if dark else f' style="fill:{css("on-batch")}"'
            inside = "".join(
                f'<text x="{px(x)}" y="{px(at + 3.5)}">{row}</text>' for x, at, row in some
            )
            parts.append(f'<g text-anchor="middle" font-size="10"{fill}>{inside}</g>')
    return "".join(parts), y - tall / 2 + 2


def _slot_words(kinds: np.ndarray) -> str:
    rows, again, padding = (int((kinds == kind).sum()) for kind in range(3))
    words = [amount(rows, "row")] if rows else []
    words += [f"{again} again"] if again else []
    words += [f"{padding} padding"] if padding else []
    return " + ".join(words)


def _strip(runs: list[str], paint: str, tall: float, cell: float, gap: float = 1) -> str:
    """Draw runs of cells as thick dashed lines: one dash a cell, so that 64 cells cost 12 bytes."""
    if not runs:
        return ""
    dash = f"{px(cell - gap)} {px(gap)}"
    return (
        f'<path style="fill:none;stroke:{paint};stroke-width:{px(tall)};stroke-dasharray:{dash}" '
        f'd="{"".join(runs)}"/>'
    )


def _shift(run: str, down: float) -> str:
    start, size = run.split("h")
    x, y = start[1:].split()
    return f"M{x} {px(float(y) + down)}h{size}"
