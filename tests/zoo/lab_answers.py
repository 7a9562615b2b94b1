"""Answers to the labs by chance: right ones in many styles, and wrong ones of the usual kinds."""

import collections
import dataclasses
import random
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf


@dataclasses.dataclass
class Kind:
    """A kind of answer: how else it may be written, and how it is spoiled. Both get the truth."""

    styles: dict[str, Callable]
    spoils: dict[str, Callable]


@dataclasses.dataclass
class Task:
    """A task: the kind and the truth of each part of its answer, and what its judge is given."""

    parts: dict[str, tuple[Kind, Any]]
    given: dict[str, Any] = dataclasses.field(default_factory=dict)


def drawn(tasks: dict[str, Task], seed: int, count: int) -> Iterator[tuple]:
    """Draw answers: every task in turn, a right and a wrong one.

    Yields:
        task, what was done to its parts, the answers with what the judge is given, and whether
        they are right.
    """
    chance = random.Random(seed)
    names = list(tasks)
    for number in range(count):
        name = names[number // 2 % len(names)]
        right = number % 2 == 0
        task = tasks[name]
        spoiled = None if right else chance.choice(list(task.parts))
        said, answers = {}, {}
        for part, (kind, truth) in task.parts.items():
            ways = kind.spoils if part == spoiled else kind.styles
            said[part] = chance.choice(list(ways))
            answers[part] = ways[said[part]](truth)
        yield name, said, answers | task.given, right


def choice(right: dict[str, Any], wrong: dict[str, Any]) -> tuple[Kind, None]:
    """A part for which right and wrong answers are written out."""

    def constant(answers):
        return {name: lambda _, answer=answer: answer for name, answer in answers.items()}

    return Kind(constant(right), constant(wrong)), None


NOTHING = {"None": lambda t: None, "text": str, "a function": lambda t: lambda: t}

NUMBER = Kind(
    {
        "int": int,
        "float": float,
        "int64": np.int64,
        "float32": np.float32,
        "array": np.array,
        "array of one": lambda t: np.array([t]),
        "tensor": tf.constant,
        "list of one": lambda t: [t],
    },
    NOTHING
    | {
        "bool": lambda t: True,
        "one more": lambda t: t + 1,
        "one less": lambda t: np.int32(t - 1),
        "a half more": lambda t: t + 0.5,
        "negative": lambda t: -t,
        "NaN": lambda t: float("nan"),
        "complex": complex,
        "two": lambda t: [t, t],
        "ragged": lambda t: [t, [t]],
        "set": lambda t: {t},
        "tensor": lambda t: tf.constant(t + 1),
    },
)

SHAPE = Kind(
    {
        "tuple": tuple,
        "list": list,
        "array": np.array,
        "tensor": tf.constant,
        "TensorShape": tf.TensorShape,
        "int32": lambda t: tuple(map(np.int32, t)),
        "what has it": lambda t: np.broadcast_to(np.float32(0), t),
        "generator": lambda t: (size for size in t),
    },
    NOTHING
    | {
        "set": set,
        "dict": lambda t: dict.fromkeys(t, 1),
        "last axis left out": lambda t: t[:-1],
        "batch left out": lambda t: t[1:],
        "one more axis": lambda t: (*t, 1),
        "batch off by one": lambda t: (t[0] + 1, *t[1:]),
        "last off by one": lambda t: [*t[:-1], t[-1] - 1],
        "turned": lambda t: t[::-1],
        "floats": lambda t: tuple(map(float, t)),
        "open": lambda t: (None, *t[1:]),
        "a number": lambda t: t[0],
        "bools": lambda t: (True, *t[1:]),
        "tensor off by one": lambda t: tf.constant([t[0] - 1, *t[1:]]),
    },
)

NUMBERS = Kind(
    {"list": list, "tuple": tuple, "array": np.array, "tensor": tf.constant, "int32": np.int32},
    NOTHING
    | {
        "one short": lambda t: t[:-1],
        "one more": lambda t: [*t, t[-1]],
        "off by one": lambda t: [t[0] + 1, *t[1:]],
        "all off by one": lambda t: np.array(t) - 1,
        "nested": lambda t: [t],
        "ragged": lambda t: [*t[:-1], [t[-1]]],
        "the first": lambda t: t[0],
    },
)

ARRAY = Kind(
    {
        "array": np.array,
        "float64": np.float64,
        "list": np.ndarray.tolist,
        "list of rows": list,
        "tuple": lambda t: tuple(map(tuple, t)),
        "tensor": tf.constant,
        "nearly": lambda t: t + 1e-6,
    },
    NOTHING
    | {
        "rows lost": lambda t: t[:-9],
        "rows moved": lambda t: np.roll(t, 1, axis=0),
        "backwards": lambda t: t[::-1],
        "one row off": lambda t: t + (np.arange(len(t)) == 7)[:, None],
        "NaN": lambda t: np.where(t == t[3], np.nan, t),
        "turned": np.transpose,
        "classes": lambda t: t.argmax(axis=1),
        "zeros": lambda t: np.zeros_like(t).tolist(),
        "ragged": lambda t: [*t[:-1].tolist(), [1.0]],
        "texts": lambda t: t.astype(str),
        "one row": lambda t: tf.constant(t[0]),
    },
)


def names_of(known: list[str]) -> Kind:
    """Make the kind of an answer that is a set of some of these names."""

    def other(t):
        return next(name for name in known if name not in t)

    return Kind(
        {
            "set": set,
            "list": list,
            "tuple": tuple,
            "frozenset": frozenset,
            "array": np.array,
            "keys": lambda t: dict.fromkeys(t).keys(),
            "generator": lambda t: (name for name in t),
            "twice": lambda t: [*t, *t],
            "backwards": lambda t: t[::-1],
        },
        {
            "None": lambda t: None,
            "text": ", ".join,
            "a function": lambda t: lambda: t,
            "nothing": lambda t: set(),
            "one missing": lambda t: set(t[1:]),
            "one too many": lambda t: [*t, other(t)],
            "another": lambda t: (*t[1:], other(t)),
            "all": lambda t: set(known),
            "the others": lambda t: set(known) - set(t),
            "unknown": lambda t: {*t, "no such"},
            "capitals": lambda t: {name.upper() for name in t},
            "dict": lambda t: {name: name in t for name in known},
            "nested": lambda t: [t],
            "numbers": lambda t: list(range(len(t))),
            "a number": len,
        },
    )


def table_of(other: Callable) -> Kind:
    """Make the kind of an answer that is a dict; `other` makes another value of one."""

    def changed(t, index):
        name = list(t)[index]
        return t | {name: other(t[name])}

    return Kind(
        {
            "dict": dict,
            "backwards": lambda t: dict(reversed(t.items())),
            "ordered": collections.OrderedDict,
            "proxy": types.MappingProxyType,
        },
        {
            "None": lambda t: None,
            "values": lambda t: list(t.values()),
            "pairs": lambda t: list(t.items()),
            "keys": set,
            "one missing": lambda t: dict(list(t.items())[1:]),
            "one too many": lambda t: t | {"no such": next(iter(t.values()))},
            "first changed": lambda t: changed(t, 0),
            "last changed": lambda t: changed(t, -1),
            "a None in it": lambda t: t | {next(iter(t)): None},
        },
    )
