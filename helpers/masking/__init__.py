"""Masks: where they live and die in a model, and whether padding changes what it answers.

- `trace` follows the mask through a model, call by call.
- `padding_leak` measures whether padding changes outputs, loss or gradients, and where that begins.
- `SequenceLoss` and `SequenceMetric` give values that do not depend on how rows are batched.
- `KeepMask` carries a mask through convolution and pooling; `strided_lengths`, `mask_from_lengths`
  and `lengths_from_mask` are the arithmetic behind it.
- `segment_mask` keeps the rows of a packed batch apart in attention.

Everything runs on TensorFlow, JAX and PyTorch.
"""

from helpers.masking.leak_report import Leak, Side
from helpers.masking.leaks import padding_leak
from helpers.masking.lengths import KeepMask, lengths_from_mask, mask_from_lengths, strided_lengths
from helpers.masking.losses import SequenceLoss, SequenceMetric
from helpers.masking.segments import segment_mask
from helpers.masking.trace_table import Mask, Step, Trace
from helpers.masking.tracing import trace

__all__ = [
    "KeepMask",
    "Leak",
    "Mask",
    "SequenceLoss",
    "SequenceMetric",
    "Side",
    "Step",
    "Trace",
    "lengths_from_mask",
    "mask_from_lengths",
    "padding_leak",
    "segment_mask",
    "strided_lengths",
    "trace",
]
