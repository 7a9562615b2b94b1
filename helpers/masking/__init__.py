"""Masks: where they live and die in a model, and whether padding changes its answers."""

import importlib

_HOMES = {
    "KeepMask": "lengths",
    "lengths_from_mask": "lengths",
    "mask_from_lengths": "lengths",
    "strided_lengths": "lengths",
    "SequenceLoss": "losses",
    "SequenceMetric": "losses",
    "Step": "tracing",
    "Trace": "tracing",
    "trace": "tracing",
    "Leak": "leaks",
    "padding_leak": "leaks",
}
__all__ = list(_HOMES)


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"helpers.masking.{_HOMES[name]}"), name)
    raise AttributeError(name)
