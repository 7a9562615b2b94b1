"""The measurements that the book makes on a GPU: one plain function per GPU cell.

A cell takes only arguments that have defaults and returns ``{name: number}``; the unit is part of
the name. It runs on whichever backend and device Keras uses, and says nothing about the device:
:func:`helpers.devices.gpu_cell` shows it and :func:`helpers.devices.record` writes it down.
"""

from helpers.gpu.cells import (
    CELLS,
    REFUSALS,
    StepTimer,
    crnn,
    cudnn_masks,
    epoch_seconds,
    forget_compiled,
    jit_by_shapes,
    lstm_model,
    sequence_model,
    tail_batch_compile,
    train_seconds,
    unless_refused,
    width_buckets,
)

__all__ = [  # noqa: RUF022  (in the order of the API page)
    "tail_batch_compile",
    "cudnn_masks",
    "width_buckets",
    "jit_by_shapes",
    "CELLS",
    "StepTimer",
    "forget_compiled",
    "lstm_model",
    "REFUSALS",
    "unless_refused",
    "crnn",
    "train_seconds",
    "sequence_model",
    "epoch_seconds",
]
