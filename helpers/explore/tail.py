"""What becomes of the last batch."""

from helpers.batching import fixed
from helpers.explore.explorer import Control, Explorer
from helpers.figures import Drawing, describe_plan, draw_plan
from helpers.figures.drawing import amount


def tail_explorer() -> Explorer:
    """Explore what becomes of the last batch: batch size, number of rows and tail policy.

    Returns:
        An `Explorer` of the plans of `helpers.batching.fixed`.
    """
    return Explorer(
        _tail_frame,
        (
            Control("batch_size", "Batch size", (16, 24, 32, 48, 64), 32, range(16, 65)),
            Control("rows", "Rows", (64, 96, 97, 105, 120, 128), 105, range(64, 129)),
            Control("tail", "Tail", ("keep", "drop", "pad", "wrap"), "keep"),
        ),
        title="What becomes of the last batch",
        caption=(
            "Every line is a batch and every cell one of its slots. Hatched cells are padding, "
            "cells with a bar along the top show a row again, and outlined cells are rows that "
            "the epoch never shows."
        ),
        rule="tail",
    )


def _tail_frame(batch_size: int, rows: int, tail: str) -> Drawing:
    plan = fixed(rows, batch_size, tail=tail)
    drawing, rest = draw_plan(plan), rows % batch_size
    if not rest:
        verdict = "every batch is full"
    else:
        verdict = {
            "keep": f"the last batch has {amount(rest, 'row')}",
            "drop": f"{amount(rest, 'row')} never seen",
            "pad": f"{batch_size - rest} slots of the last batch are padding",
            "wrap": f"{amount(batch_size - rest, 'row')} seen twice",
        }[tail]
    body = (
        f'<text x="4" y="14" font-weight="700">{verdict}</text>'
        f'<g transform="translate(0 18)">{drawing.body}</g>'
    )
    return Drawing(body, 18 + drawing.height, f'tail="{tail}": {describe_plan(plan)}')
