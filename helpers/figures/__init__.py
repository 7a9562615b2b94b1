"""Drawings in the shape language of the book, as inline SVG: batches, masks, images, numbers.

A drawing is plain SVG written by hand, not a picture: its colours are CSS variables, so that it
follows the site's light and dark themes, and its markup is the same on every machine. Where the
site's style sheet is absent (Colab, JupyterLab) the fallback colours on a light panel read on a
white and on a dark page.

Colour never speaks alone: whatever a colour says, a word beside it says too.

- `Drawing` is what every function here returns; `css` names the colours.
- `draw_plan` shows which rows share a batch, `draw_batches` how long they are and what is padding.
- `draw_padded` shows one batch and what the model sees of it, `draw_mask_path` where a mask goes,
  `draw_reach` how far padding reaches through convolutions.
- `draw_images` and `draw_columns` show images of varying size and the steps they become,
  `draw_photos` photographs: what padding, resizing and augmentation make of them.
- `bars` and `draw_curves` show numbers; `plot` shows what Matplotlib draws, in `style`.
"""

from helpers.figures.batches import describe_batches, draw_batches
from helpers.figures.columns import column_cells, column_spans, draw_columns
from helpers.figures.drawing import (
    AXES,
    PALETTE,
    PALETTE_DARK,
    WIDTH,
    Drawing,
    css,
    figcaption,
    svg_element,
)
from helpers.figures.images import INK_LEVELS, describe_images, draw_images, pixels
from helpers.figures.mask_path import FATES, draw_mask_path
from helpers.figures.numbers import CURVES, bars, draw_curves
from helpers.figures.padded import describe_padded, draw_padded, draw_reach, reach, step_cells
from helpers.figures.photos import GREYS, describe_photos, draw_photos
from helpers.figures.plans import compare_plans, describe_plan, draw_plan
from helpers.figures.plots import plot, style

__all__ = [
    "AXES",
    "CURVES",
    "FATES",
    "GREYS",
    "INK_LEVELS",
    "PALETTE",
    "PALETTE_DARK",
    "WIDTH",
    "Drawing",
    "bars",
    "column_cells",
    "column_spans",
    "compare_plans",
    "css",
    "describe_batches",
    "describe_images",
    "describe_padded",
    "describe_photos",
    "describe_plan",
    "draw_batches",
    "draw_columns",
    "draw_curves",
    "draw_images",
    "draw_mask_path",
    "draw_padded",
    "draw_photos",
    "draw_plan",
    "draw_reach",
    "figcaption",
    "pixels",
    "plot",
    "reach",
    "step_cells",
    "style",
    "svg_element",
]
