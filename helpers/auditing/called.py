"""The keyword arguments of ``fit``, checked before anything is looked at."""

import inspect
from collections.abc import Callable
from typing import Any

import keras

from helpers.arguments import integer, is_integer, mapping, number, shown

_WHOLE = {  # the smallest number that means something
    "batch_size": 1,
    "epochs": 1,
    "initial_epoch": 0,
    "steps_per_epoch": 1,
    "validation_steps": 1,
    "validation_batch_size": 1,
}
_NEVER_NONE = ("epochs", "initial_epoch")
_ELSEWHERE = {"x": "data", "y": "data", "self": "model"}


def checked_fit(model: Any, fit: Any) -> dict:
    """Return the keyword arguments of ``fit``, each of a kind that ``fit`` takes.

    Args:
        model: The model, whose own ``fit`` may take more than Keras's.
        fit: A dict, or None.

    Returns:
        A dict with whole numbers as int.

    Raises:
        TypeError: Something that ``fit`` does not take, or no number where one is wanted.
        ValueError: A number out of range.
    """
    if fit is None:
        return {}
    mapping("fit", fit)
    known = _parameters(getattr(model, "fit", None) or keras.Model.fit)
    checked = dict(fit)
    for name, value in fit.items():
        if name in _ELSEWHERE:
            raise TypeError(
                f"fit[{name!r}]: expected a keyword argument of fit; give it as {_ELSEWHERE[name]}"
            )
        if known is not None and name not in known:
            names = ", ".join(sorted(known - set(_ELSEWHERE)))
            raise TypeError(f"fit[{name!r}]: expected a keyword argument of fit, which are {names}")
        if name in _WHOLE and (value is not None or name in _NEVER_NONE):
            checked[name] = integer(f"fit[{name!r}]", value, minimum=_WHOLE[name])
    if checked.get("initial_epoch", 0) >= checked.get("epochs", 1):
        raise ValueError(
            f"fit['initial_epoch']: expected less than epochs={checked.get('epochs', 1)}, so that "
            f"an epoch is left, got {checked['initial_epoch']}"
        )
    _split(checked)
    _class_weight(checked.get("class_weight"))
    _frequency(checked.get("validation_freq", 1))
    shuffle = checked.get("shuffle")
    if shuffle is not None and not isinstance(shuffle, bool | int) and shuffle != "batch":
        raise TypeError(f"fit['shuffle']: expected True, False or 'batch', got {shown(shuffle)}")
    return checked


def _parameters(method: Callable) -> set[str] | None:
    """Return the names that a function takes, or None if it takes any."""
    parameters = inspect.signature(method).parameters.values()
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters):
        return None
    return {one.name for one in parameters}


def _split(fit: dict) -> None:
    split = number("fit['validation_split']", fit.get("validation_split") or 0)
    if not 0 <= split < 1:
        raise ValueError(f"fit['validation_split']: expected from 0 to below 1, got {split:g}")


def _class_weight(weights: Any) -> None:
    if weights is not None and not isinstance(weights, dict):
        raise TypeError(
            f"fit['class_weight']: expected a dict from class to weight, got {shown(weights)}"
        )


def _frequency(frequency: Any) -> None:
    if not isinstance(frequency, list | tuple | set):
        integer("fit['validation_freq']", frequency, minimum=1)
    elif not all(map(is_integer, frequency)):
        raise TypeError(f"fit['validation_freq']: expected epochs, got {shown(frequency)}")
