"""Failures without a message: what you see, code that tells it, code that works.

A symptom has one place: the words in ``ID.yml`` beside ``ID_WITH_UNDERSCORES.py``, a module with
three functions. ``broken()`` makes the fault and ``mend()`` does the same without it; both return
what ``detect`` takes, under the names that it has there. ``detect`` returns what you get and what
you should get: with the fault they differ. The book shows the source of all three.
"""

import functools
import importlib
import importlib.resources
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from types import ModuleType

import yaml

_BACKENDS = ("tensorflow", "jax", "torch")


@dataclass(frozen=True)
class Symptom:
    """A failure that raises nothing. The file of one holds all but the id, which is its name.

    Attributes:
        id: Name of the symptom, of its page and of its row in the table.
        title: What you see, in a few words.
        happens: Why, in one to three sentences of Markdown.
        tell: What the detector compares, in one or two sentences of Markdown.
        fix: What to do, in one to three sentences of Markdown.
        chapter: Page and anchor of the book, such as ``tail-batches#what-floor-division-does``.
        got: What ``detect`` finds with the fault; None where it is not the same on each run.
        wanted: What it should find, and does find without it.
        backends: Where it happens: all of Keras's, unless the file says otherwise.
    """

    id: str
    title: str
    happens: str
    tell: str
    fix: str
    chapter: str
    wanted: int | float | list
    got: int | float | list | None = None
    backends: tuple[str, ...] = _BACKENDS


@functools.cache
def catalogue() -> tuple[Symptom, ...]:
    """Return the failures that raise nothing, by id.

    Returns:
        The symptoms.

    Raises:
        ValueError: A file does not hold the fields of a symptom.

    Example:
        >>> all(symptom.happens and symptom.fix for symptom in catalogue())
        True
    """
    files = sorted(importlib.resources.files(__name__).iterdir(), key=lambda file: file.name)
    return tuple(_symptom(file) for file in files if file.name.endswith(".yml"))


def _symptom(file: Traversable) -> Symptom:
    try:
        fields = yaml.safe_load(file.read_bytes())
        fields["backends"] = tuple(fields.get("backends", _BACKENDS))
        return Symptom(file.name.removesuffix(".yml"), **fields)
    except (yaml.YAMLError, TypeError, AttributeError) as error:
        raise ValueError(f"{file}: expected the fields of a symptom, got {error!r}") from error


def of(symptom: str) -> ModuleType:
    """Import the module of a symptom; it imports Keras, and sometimes TensorFlow.

    Args:
        symptom: Its id, such as ``fewer-answers-than-rows``.

    Returns:
        A module with the functions ``broken``, ``mend`` and ``detect``.

    Raises:
        ModuleNotFoundError: There is no such symptom, or no framework.
    """
    return importlib.import_module(f"{__name__}.{symptom.replace('-', '_')}")
