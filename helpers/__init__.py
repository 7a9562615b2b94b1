"""Helpers of the book *Ragged Edges*: feed data of varying size to Keras, and prove it is right.

The modules are imported on first use, so that ``import helpers`` is fast and needs neither Keras
nor TensorFlow. What may import what is said, and held, by the contracts in ``pyproject.toml``.
"""

import importlib
from typing import Any

_MODULES = (
    "auditing",
    "augmentation",
    "batching",
    "compiling",
    "data",
    "devices",
    "errors",
    "explore",
    "feeding",
    "figures",
    "gpu_cells",
    "images",
    "labs",
    "masking",
    "padding",
)
__all__ = [*_MODULES, "audit", "explain"]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"helpers.{name}")
    if name == "explain":
        return importlib.import_module("helpers.errors").explain
    if name == "audit":
        return importlib.import_module("helpers.auditing").audit
    raise AttributeError(f"module 'helpers' has no attribute {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(ipython: Any) -> None:
    """Print the matching entry of the error index under every traceback (``%load_ext helpers``)."""
    importlib.import_module("helpers.errors").load_ipython_extension(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Stop printing entries of the error index (``%unload_ext helpers``)."""
    importlib.import_module("helpers.errors").unload_ipython_extension(ipython)
