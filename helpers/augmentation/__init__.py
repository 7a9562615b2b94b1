"""Augmentation that keeps shapes, masks and clips together.

- `OneDraw` draws once for everything that belongs together: all frames of a clip, an image with
  its mask and its boxes.
- `letterbox` and `pad_to_bucket` bring images of varying size to few shapes, with masks;
  `fitted_size` is the arithmetic.
- `check_contract` walks the batches of a pipeline and holds them against what was declared; with
  `alignment_cards` it sees whether images and masks moved alike.

Around Keras's own image layers: no transform here that Keras has.
"""

from helpers.augmentation.cards import alignment_cards
from helpers.augmentation.contract import ContractError, Declared, Kept, check_contract
from helpers.augmentation.fitting import Bucket, letterbox, pad_to_bucket
from helpers.augmentation.one_draw import OneDraw
from helpers.padding import fitted_size

__all__ = [
    "Bucket",
    "ContractError",
    "Declared",
    "Kept",
    "OneDraw",
    "alignment_cards",
    "check_contract",
    "fitted_size",
    "letterbox",
    "pad_to_bucket",
]
