"""What becomes of the last batch."""

from helpers.batching import fixed
from helpers.explore.explorer import Control, Explorer
from helpers.figures import Drawing, describe_plan, draw_plan


def tail_explorer() -> Explorer:
    """Explore what becomes of the last batch: batch size, number of rows and tail policy.

    Returns:
        An `Explorer` of the plans of `helpers.batching.fixed`.
    """

    def frame(batch_size: int, rows: int, tail: str) -> Drawing:
        plan = fixed(rows, batch_size, tail=tail)
        return draw_plan(plan, alt=f'tail="{tail}": {describe_plan(plan)}')

    return Explorer(
        frame,
        (
            Control("batch_size", "Batch size", (16, 24, 32, 48, 64), 32),
            Control("rows", "Rows", (64, 96, 97, 105, 128), 105),
            Control("tail", "Tail", ("keep", "drop", "pad", "wrap"), "keep"),
        ),
        title="What becomes of the last batch",
        caption=(
            "Every line is a batch and every cell one of its slots. Hatched cells are padding, "
            "cells with a bar along the top show a row again, and outlined cells are rows that "
            "the epoch never shows."
        ),
    )
