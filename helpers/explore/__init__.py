"""Explorers: interactive figures with one pure function behind two renderings.

An `Explorer` has controls and a function ``frame(**choice)`` that draws the figure for one choice
of values. With a kernel it shows ipywidgets; in a stored notebook and in the static site it is a
``<figure>`` of plain HTML whose frames were all drawn beforehand, swapped by a few lines of script.
Both show the same frames of the same function.
"""

from helpers.explore.explorer import Control, Explorer
from helpers.explore.fit import fit_explorer
from helpers.explore.image import STACKS, image_explorer
from helpers.explore.mask import BIAS, LEAK, leaky_states, mask_explorer
from helpers.explore.plan import POLICIES, plan_explorer
from helpers.explore.shape import shape_explorer
from helpers.explore.tail import tail_explorer
from helpers.explore.value import value_range_explorer

__all__ = [  # noqa: RUF022  (in the order of the API page)
    "Control",
    "Explorer",
    "shape_explorer",
    "tail_explorer",
    "leaky_states",
    "mask_explorer",
    "image_explorer",
    "plan_explorer",
    "fit_explorer",
    "value_range_explorer",
    "BIAS",
    "LEAK",
    "STACKS",
    "POLICIES",
]
