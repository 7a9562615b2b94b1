"""The paths of an image through layers that branch and meet again, read off a model.

Tensor 0 is the image, and step ``i`` makes tensor ``i + 1``.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from math import lcm
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from helpers.images.rules import (
    JOINING,
    TO_ONE_CELL,
    check_channels,
    named,
    size_rule,
    times,
)
from helpers.keras_private import made_by, names_kept

CELL = -1  # in place of a tensor: one cell for the whole image, and what is computed from it
MOST_SIZES = 4096  # as many sizes are tried before it is said that no image fits
ARITHMETIC = (
    *(ops.add, ops.subtract, ops.multiply, ops.divide, ops.true_divide),
    *(ops.maximum, ops.minimum),
)
ACTIVATIONS = (ops.relu, ops.relu6, ops.sigmoid, ops.tanh, ops.silu, ops.gelu)


class Step(NamedTuple):
    """One layer on the way.

    Attributes:
        layer: A layer, or an operation such as ``x + y``.
        rule: As `size_rule` says; None where the size stays.
        takes: The tensors that go in, which must be of one size.
    """

    layer: keras.Operation
    rule: tuple | None
    takes: tuple[int, ...]


class Paths(NamedTuple):
    """The steps of some layers, in an order in which they can run.

    Attributes:
        steps: At least one.
        end: The tensor that comes out.
        loose: Tensors that no step takes but global pooling, without ``end``.
        strides: Pixels of the image between two cells of ``end``, down the rows and along columns.
        smallest: Height and width of the smallest image that leaves a cell everywhere, and one
            size wherever paths meet.
    """

    steps: list[Step]
    end: int
    loose: tuple[int, ...]
    strides: tuple[Fraction, ...]
    smallest: tuple[int, int]


def read_paths(layers: Any) -> Paths:
    """Read the steps off layers.

    Args:
        layers: As for `output_sizes`.

    Raises:
        TypeError: As for `output_sizes`.
        ValueError: It is empty, or paths meet that never leave one size.
    """
    reader = _Reader()
    try:
        end = reader.part(layers, 0)
    except RecursionError:
        raise ValueError("layers: expected layers, got lists nested without end") from None
    steps = reader.steps
    if end == CELL:
        raise TypeError(
            f"layers: expected layers that leave a height and a width, got {named(reader.pooled)}; "
            "pass the layers before it"
        )
    if not steps:
        raise ValueError("layers: expected at least one layer, got none")
    strides, period = _strides(steps)
    taken = {place for step in steps for place in step.takes}
    loose = tuple(i for i in range(1, len(steps) + 1) if i not in taken and i != end)
    return Paths(steps, end, loose, strides[end], _smallest(steps, period))


def sizes_on_the_way(steps: list[Step], sizes: Any, xp: Any = ops) -> Iterator[Any]:
    """Compute the size of each tensor, of the first one too; where paths disagree, that of one.

    Args:
        steps: The steps of some paths.
        sizes: int32 ``(..., 2)``, of the image.
        xp: `keras.ops`, or NumPy for arrays.

    Yields:
        Sizes of the same kind, where a size without a cell is (0, 0).
    """
    found = [after_rule(None, sizes, xp)]
    yield found[0]
    for step in steps:
        found.append(after_rule(step.rule, found[step.takes[0]], xp))
        yield found[-1]


def after_rule(rule: tuple | None, sizes: Any, xp: Any = ops) -> Any:
    """Apply a rule of `size_rule` to sizes; a size without a cell becomes (0, 0).

    Args:
        rule: ``(multiply, add, divide)``, or None.
        sizes: int32 ``(..., 2)``.
        xp: `keras.ops`, or NumPy for arrays.

    Returns:
        The new sizes, of the same kind.
    """
    after = sizes
    if rule is not None:
        multiply, add, divide = (np.asarray(pair, "int32") for pair in rule)
        after = xp.floor_divide(xp.add(xp.multiply(sizes, multiply), add), divide)
    some = xp.greater(xp.min(xp.minimum(sizes, after), axis=-1, keepdims=True), 0)
    return xp.multiply(after, some.astype("int32") if xp is np else ops.cast(some, "int32"))


class _Reader:
    """Reads parts of a stack one after the other, each from the tensor that comes into it."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.pooled: Any = None  # the last layer that pooled the whole image

    def part(self, part: Any, at: int) -> int:
        """Read layers into steps, and return the tensor that comes out."""
        if isinstance(part, list | tuple):
            for each in part:
                at = self.part(each, at)
            return at
        if isinstance(part, keras.Sequential):
            return self.part(part.layers, at)
        if isinstance(part, keras.Model):
            return self._model(part, at)
        if isinstance(part, keras.layers.InputLayer):
            return at
        if isinstance(part, keras.Layer):
            return self._layer(part, [at])
        raise TypeError(f"layers: expected layers, got {type(part).__name__}")

    def _model(self, model: keras.Model, at: int) -> int:
        """Read a functional model, followed from its output back to its input."""
        outputs = getattr(model, "outputs", None)
        if outputs is None:
            raise TypeError(
                f"layers: expected a list of layers, a Sequential or a functional model, got "
                f"{named(model)}, which does not say what it runs"
            )
        if len(outputs) != 1:
            raise ValueError(
                f"layers: expected one output, got {len(outputs)} in {named(model)}; "
                "keras.Model(model.inputs, one) takes one of them"
            )
        places: dict[int, int] = {}
        entry = None
        waiting = [outputs[0]]
        while waiting:  # no recursion: deep models have more layers than Python takes calls
            tensor = waiting[-1]
            if id(tensor) in places:
                waiting.pop()
                continue
            if any(tensor is each for each in model.inputs):
                if entry is not None:
                    raise ValueError(f"layers: expected one image as input of {named(model)}")
                entry = places[id(tensor)] = at
                continue
            layer, before = made_by(tensor)
            missing = [each for each in before if id(each) not in places]
            if missing:
                waiting.extend(missing)
            else:
                takes = [places[id(each)] for each in before]
                places[id(tensor)] = self._called(layer, takes, [*before, tensor])
        return places[id(outputs[0])]

    def _called(self, layer: Any, takes: list[int], tensors: list) -> int:
        """Read the call of a layer, a model or an operation within a model."""
        if not isinstance(layer, keras.Layer):
            return self._operation(layer, takes, tensors)
        if isinstance(layer, JOINING):
            return self._join(layer, takes)
        if len(takes) != 1:
            raise ValueError(f"layers: expected one input, got {len(takes)} of {named(layer)}")
        return self.part(layer, takes[0])

    def _layer(self, layer: keras.Layer, takes: list[int]) -> int:
        if isinstance(layer, JOINING):
            raise TypeError(
                f"layers: expected a functional model, which says what {named(layer)} joins, got "
                "it in a list"
            )
        if isinstance(layer, TO_ONE_CELL):
            check_channels(layer)
            self.pooled = layer
            return CELL
        if takes == [CELL]:
            return _still_one_cell(layer)
        return self._step(layer, size_rule(layer), takes)

    def _join(self, layer: keras.Layer, takes: list[int]) -> int:
        maps = [place for place in takes if place != CELL]
        if isinstance(layer, keras.layers.Concatenate):
            if layer.axis not in (-1, 3):
                raise ValueError(
                    f"layers: expected axis -1, the channels, got {layer.axis} in {named(layer)}"
                )
            if maps and len(maps) < len(takes):
                raise ValueError(
                    f"layers: expected maps of one size, got a map and the one cell of "
                    f"{named(self.pooled)} in {named(layer)}"
                )
        return self._step(layer, None, maps) if maps else CELL

    def _operation(self, operation: keras.Operation, takes: list[int], tensors: list) -> int:
        """Read ``x + y`` and its kin: they must neither add axes nor stretch a map."""
        arithmetic, activations = _kinds()
        if not isinstance(operation, arithmetic + activations):
            raise TypeError(
                f"layers: expected layers, sums, products or activations, got {named(operation)}"
            )
        shapes = [tuple(tensor.shape) for tensor in tensors]
        array = len(takes) == 1 and shapes[0][1:3] != shapes[1][1:3]  # no single number
        ranks = set(map(len, shapes))
        if array or len(ranks) > 1 or (ranks != {4} and set(takes) != {CELL}):
            raise ValueError(
                f"layers: expected maps and single numbers, got shapes {shapes[:-1]} in "
                f"{named(operation)}"
            )
        return self._join(operation, takes)

    def _step(self, layer: Any, rule: tuple | None, takes: list[int]) -> int:
        self.steps.append(Step(layer, rule, tuple(takes)))
        return len(self.steps)


@cache
def _kinds() -> tuple[tuple[type, ...], tuple[type, ...]]:
    """Classes of what arithmetic and activations leave in a functional model."""

    def kinds(functions: Sequence, count: int) -> tuple[type, ...]:
        given = [keras.KerasTensor((1, 1, 1, 1))] * count
        return tuple(type(made_by(function(*given))[0]) for function in functions)

    with names_kept():
        return kinds(ARITHMETIC, 2), kinds(ACTIVATIONS, 1)


def _still_one_cell(layer: keras.Layer) -> int:
    """What a layer makes of the one cell of an image: one cell, or it is refused."""
    if isinstance(layer, keras.layers.Flatten):
        return CELL
    if isinstance(layer, keras.layers.Reshape):
        size = tuple(layer.target_shape[:-1])
    else:
        rule = size_rule(layer) or ((1, 1), (0, 0), (1, 1))
        size = tuple((m + a) // d for m, a, d in zip(*rule, strict=True))
    if set(size) - {1}:
        raise ValueError(f"layers: expected one cell to stay one, got {size} of {named(layer)}")
    return CELL


def _strides(steps: list[Step]) -> tuple[list[tuple[Fraction, ...]], int]:
    """Pixels between two cells of each tensor, and after how many pixels all sizes repeat."""
    strides: list[tuple[Fraction, ...]] = [(Fraction(1), Fraction(1))]
    periods = [1]
    for step in steps:
        first, *others = (strides[place] for place in step.takes)
        for other in others:
            if other != first:
                raise ValueError(
                    f"layers: expected paths of one stride where they meet, got {_spelled(first)} "
                    f"and {_spelled(other)} (rows x columns) at {named(step.layer)}"
                )
        period = lcm(*(periods[place] for place in step.takes))
        if step.rule is not None:
            multiply, _, divide = step.rule
            first = tuple(s * d / m for s, m, d in zip(first, multiply, divide, strict=True))
            period *= lcm(*divide)
        strides.append(first)
        periods.append(period)
    return strides, lcm(*periods)


def _smallest(steps: list[Step], period: int) -> tuple[int, int]:
    needed = [np.ones(2, "int64") for _ in range(len(steps) + 1)]
    for i, step in reversed(list(enumerate(steps, start=1))):
        least = needed[i]
        if step.rule is not None:
            multiply, add, divide = np.asarray(step.rule)
            least = np.maximum(-((add - least * divide) // multiply), 1)  # rounded up
        for place in step.takes:
            needed[place] = np.maximum(needed[place], least)
    joints = [step for step in steps if len(step.takes) > 1]
    if not joints:
        return int(needed[0][0]), int(needed[0][1])
    tried = needed[0] + np.arange(min(period, MOST_SIZES))[:, None]
    found = list(sizes_on_the_way(steps, tried, np))
    agree = np.ones(tried.shape, bool)
    for step in joints:
        before, (first, *others) = agree, (found[place] for place in step.takes)
        agree = agree & np.all([first == other for other in others], axis=0)
        for axis in (0, 1):
            if not agree[:, axis].any():
                row = int(before[:, axis].argmax())
                left = " and ".join(times(found[place][row]) for place in step.takes)
                last = f" up to {times(tried[-1])}" if period > MOST_SIZES else ""
                raise ValueError(
                    f"layers: expected paths that leave one size where they meet, got {left} of "
                    f"{times(tried[row])} at {named(step.layer)}, and no better for another size"
                    f"{last}"
                )
    height, width = (int(tried[agree[:, axis].argmax(), axis]) for axis in (0, 1))
    return height, width


def _spelled(strides: tuple[Fraction, ...]) -> str:
    return " x ".join(map(str, strides))
