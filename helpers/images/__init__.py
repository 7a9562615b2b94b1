"""Images of varying size: their true sizes through a network, and the ways to a sequence.

- `output_sizes` follows the size of each image through a stack of layers; `smallest_size` and
  `strides` are what the stack asks for and divides by.
- `SizedStack` runs the stack on a padded batch: each image comes out as if it were alone.
- `ToSequence` reads a feature map by columns, rows or cells; `PerFrame` applies a layer to every
  frame of a clip.
- `ink_boxes`, `pad_boxes` and `CropRegions` find the regions of an image and cut them out.
- `CTCLoss`, `greedy_decode`, `steps_needed` and `ExactMatch` read strings from the real steps.
- `bucket_sizes` gives a few boxes that hold all images with little padding.

Everything runs on TensorFlow, JAX and PyTorch.
"""

from helpers.images.buckets import bucket_sizes
from helpers.images.ctc import CTCLoss, ExactMatch, greedy_decode, steps_needed
from helpers.images.frames import PerFrame
from helpers.images.regions import CropRegions, ink_boxes, pad_boxes
from helpers.images.sequences import ToSequence
from helpers.images.sizes import output_sizes, smallest_size, strides
from helpers.images.stack import SizedStack

__all__ = [
    "CTCLoss",
    "CropRegions",
    "ExactMatch",
    "PerFrame",
    "SizedStack",
    "ToSequence",
    "bucket_sizes",
    "greedy_decode",
    "ink_boxes",
    "output_sizes",
    "pad_boxes",
    "smallest_size",
    "steps_needed",
    "strides",
]
