"""The contract of a pipeline: what every batch must be, and a walk that holds it to that."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, NoReturn

import keras
import numpy as np

from helpers.arguments import integer, is_integer, number, shown
from helpers.augmentation.cards import moved_apart
from helpers.tensors import as_numpy

KERAS_PARTS = ("x", "y", "sample_weight")


class ContractError(ValueError):
    """A batch that is not what was declared.

    Attributes:
        batch: The number of the batch, from 0; None if there was no batch.
        part: Where in the batch, by keys and places: ``"['images']"``. The places of a tuple or
            list of up to three are called ``x``, ``y`` and ``sample_weight``, as in Keras:
            ``"x['images'][0]"``. Empty for the batch as a whole.
        axis: The number of the axis, or None if it is no single axis.
    """

    def __init__(
        self,
        message: str,
        *,
        batch: int | None = None,
        part: str = "",
        axis: int | None = None,
    ):
        super().__init__(message)
        self.batch, self.part, self.axis = batch, part, axis


@dataclass(frozen=True)
class Declared:
    """What one part of every batch must be.

    Floats must be finite in any case: no NaN and no infinity.

    Args:
        shape: An entry for each axis, the batch first. An integer is the size of that axis, None
            is any size (0 too), a string is a name for any size that is the same wherever the name
            stands in a batch, and a tuple of integers is one of these sizes.
        dtype: The name of a dtype of bools, integers or floats: ``"float32"``.
        low: The least value, or None.
        high: The greatest value, or None. Both count as inside, as numbers of the part's dtype.

    Raises:
        TypeError: ``shape`` is no tuple of these, or a bound is no number.
        ValueError: A size is below 0, a tuple or a name is empty, ``dtype`` is not such a dtype, a
            bound is NaN or infinite, or ``low`` is above ``high``.

    Example:
        >>> Declared(("rows", 96, (96, 192), 1), "float32", low=0, high=1).shape
        ('rows', 96, (96, 192), 1)
    """

    shape: tuple
    dtype: str
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.shape, tuple | list):
            raise TypeError(f"shape: expected a tuple of axes, got {shown(self.shape)}")
        shape = tuple(_as_axis(i, entry) for i, entry in enumerate(self.shape))
        vague = self.dtype is int or self.dtype is float  # of how many bits?
        dtype = None if vague else _dtype(self.dtype)
        if dtype is None or dtype in ("string", "object") or "complex" in dtype:
            raise ValueError(
                f"dtype: expected a dtype of bools, integers or floats, got {shown(self.dtype)}"
            )
        for name, bound in (("low", self.low), ("high", self.high)):
            if bound is not None:
                number(name, bound)
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(
                f"low: expected at most high={shown(self.high)}, got {shown(self.low)}"
            )
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "dtype", dtype)


class Kept(NamedTuple):
    """What was seen where every batch kept the contract.

    Attributes:
        batches: How many batches.
        rows: How many rows: the sum of the first axis of the first declared part (1 for a part
            without axes).
        shapes: Every different batch: a set of tuples, with the shape of each declared part in the
            order of the declaration. A compiled model meets that many shapes.
    """

    batches: int
    rows: int
    shapes: set


def check_contract(
    batches: Iterable,
    declared: Any,
    *,
    limit: int | None = None,
    rule: Callable[[Any], str | None] | None = None,
    aligned: tuple[str, str] | None = None,
) -> Kept:
    """Walk the batches of a pipeline and hold each against what was declared.

    A model that trains proves little: NumPy and Keras broadcast, cast and pad what does not fit.
    The first break of the contract is an error that names the batch, its part, the axis, what came
    and what was declared. The parts of a tuple or list of up to three are called ``x``, ``y`` and
    ``sample_weight`` there, whatever they are.

    A ``PyDataset`` is walked at most once, in its current epoch, however large ``limit`` is, and
    does not go on to the next. A dataset with ``augment`` draws anew: ``fit`` sees other draws.
    In your own images nobody can see whether a mask moved with them: that takes ``aligned``.

    Args:
        batches: A ``PyDataset``, a ``tf.data.Dataset``, a list, or any other iterable of batches:
            arrays, tensors, or tuples, lists or dicts of them. An iterator is used up as walked.
        declared: A `Declared` for each array, nested as the batches are; a tuple counts as a list.
            None declares that there is None.
        limit: Walk at most so many batches; None walks all, where the batches end.
        rule: Called with each batch, its parts as NumPy arrays, after the rest has been checked.
            Returns None, or a message that says how the batch breaks a rule of yours.
        aligned: The parts with images and masks, as errors name them: ``("x", "y")``. They must be
            `alignment_cards` that went through your pipeline, and masks must be where images are.

    Returns:
        How many batches and rows kept the contract, and which shapes they had.

    Raises:
        ContractError: A batch breaks the contract, or there is no batch, or none in which image
            and mask can be compared. It is a ValueError.
        TypeError: ``batches``, ``declared``, ``limit``, ``aligned`` or what ``rule`` returns is
            something else.
        ValueError: ``limit`` is below 1 or missing; ``declared`` or ``aligned`` names no part.

    Example:
        >>> declared = (Declared(("rows", None, 12), "float32"), Declared(("rows",), "int64", 0, 8))
        >>> batch = (np.zeros((2, 20, 12), "float32"), np.array([0, 8]))
        >>> check_contract([batch, (batch[0], np.array([0, 9]))], declared)
        Traceback (most recent call last):
            ...
        helpers.augmentation.contract.ContractError: batch 1, y: expected at most 8, got 9 at (1,)
    """
    try:
        leaves = list(_declared_leaves(declared, ""))
    except RecursionError:
        raise ValueError("declared: expected parts, got lists nested without end") from None
    if not any(leaf is not None for leaf in leaves):
        raise ValueError("declared: expected at least one Declared, got none")
    if limit is not None:
        limit = integer("limit", limit, minimum=1, maximum=sys.maxsize)
    if rule is not None and not callable(rule):
        raise TypeError(f"rule: expected a function or None, got {type(rule).__name__}")
    if aligned is not None:
        _check_aligned(aligned, list(_part_names(declared, "")))
    count, rows, compared, shapes = 0, 0, 0, set()
    for count, batch in enumerate(islice(_iterate(batches, limit), limit), start=1):
        number = count - 1
        walk = _Walk(number)
        arrays = walk.check(batch, declared, "")
        if aligned is not None:
            compared += walk.compare(*aligned)
        if rule is not None:
            _follow(rule, arrays, number)
        rows += walk.shapes[0][0] if walk.shapes[0] else 1
        shapes.add(tuple(walk.shapes))
    if not count:
        raise ContractError("batches: expected at least one batch, got none")
    if aligned is not None and not compared:
        raise ContractError(
            "batches: expected alignment_cards whose image and mask show both classes, got none"
        )
    return Kept(count, rows, shapes)


class _Walk:
    """The walk through one batch: the sizes that names stand for, and the shapes that were seen."""

    def __init__(self, number: int):
        self.number = number
        # by the name of an axis: its size, the axis and the part where it stood first
        self.names: dict[str, tuple[int, int, str]] = {}
        self.arrays: dict[str, np.ndarray] = {}  # by the name of their part
        self.shapes: list[tuple[int, ...]] = []

    def check(self, part: Any, declared: Any, path: str) -> Any:
        """Return ``part`` with NumPy arrays, or raise a ContractError."""
        if isinstance(declared, Declared):
            return self._array(part, declared, path)
        if declared is None:
            if part is not None:
                self._fail(path, f"expected None, got {_kind(part)}")
            return None
        if isinstance(declared, dict):
            if not isinstance(part, dict) or set(part) != set(declared):
                expected = f"a dict with the keys {list(declared)}"
                got = f"the keys {list(part)}" if isinstance(part, dict) else _kind(part)
                self._fail(path, f"expected {expected}, got {got}")
            return {
                key: self.check(part[key], one, f"{path}[{key!r}]") for key, one in declared.items()
            }
        if not isinstance(part, tuple | list) or len(part) != len(declared):
            self._fail(path, f"expected a tuple of {len(declared)}, got {_kind(part)}")
        return tuple(
            self.check(one, wanted, name)
            for one, wanted, name in zip(part, declared, _places(declared, path), strict=True)
        )

    def compare(self, image: str, mask: str) -> int:
        """Return how many masks could be compared, or raise a ContractError if one is elsewhere."""
        images, masks = self.arrays[image], self.arrays[mask]
        if masks.ndim == images.ndim and masks.shape[-1] == 1:
            masks = masks[..., 0]
        if masks.ndim < 2 or masks.shape != images.shape[:-1]:
            expected = f"the shape of {image} without channels, {images.shape[:-1]}"
            self._fail(mask, f"expected {expected}, got {masks.shape}")
        labels = np.unique(masks)
        if len(labels) > 3:  # two and the filling
            self._fail(mask, f"expected the two classes of alignment_cards, got {len(labels)}")
        answers = moved_apart(images, masks)
        if any(answers):
            place = np.unravel_index(answers.index(True), masks.shape[:-2])
            self._fail(
                mask,
                f"expected masks that are where {image} is, got {answers.count(True)} of "
                f"{len(answers)} elsewhere, the first at {tuple(map(int, place))}; both must be "
                "moved by one draw",
            )
        return answers.count(False)

    def _array(self, part: Any, declared: Declared, path: str) -> np.ndarray:
        dtype = _dtype(getattr(part, "dtype", None))
        if not hasattr(part, "__array__") or type(part).__name__ == "RaggedTensor":
            self._fail(path, f"expected an array or a tensor, got {_kind(part)}")
        if dtype != declared.dtype:
            self._fail(path, f"expected dtype {declared.dtype}, got {dtype or part.dtype}")
        try:
            array = as_numpy(part, "array")
        except TypeError as error:  # a masked array
            self._fail(path, str(error).removeprefix("array: "))
        self._shape(array.shape, declared.shape, path)
        self.shapes.append(array.shape)
        self.arrays[path] = array
        self._values(array, declared, path)
        return array

    def _shape(self, shape: tuple, declared: tuple, path: str) -> None:
        if len(shape) != len(declared):
            self._fail(
                path,
                f"expected {_axes(len(declared))}, {declared}, got {_axes(len(shape))}, {shape}",
            )
        for axis, (size, entry) in enumerate(zip(shape, declared, strict=True)):
            if entry is None:
                continue
            if isinstance(entry, str):
                known, at, where = self.names.setdefault(entry, (size, axis, path))
                expected = f"{known}, which is {entry!r} in axis {at} of {where or 'the batch'}"
                allowed = (known,)
            else:
                allowed = entry if isinstance(entry, tuple) else (entry,)
                expected = " or ".join(map(str, allowed))
            if size not in allowed:
                self._fail(path, f"expected {expected}, got {size} in shape {shape}", axis)

    def _values(self, array: np.ndarray, declared: Declared, path: str) -> None:
        if declared.dtype != "bool" and "int" not in declared.dtype:
            self._refuse(array, ~np.isfinite(array), "a finite number", path)
        with np.errstate(over="ignore"):  # a bound beyond the dtype is infinite in it
            if declared.low is not None:
                self._refuse(array, array < declared.low, f"at least {declared.low}", path)
            if declared.high is not None:
                self._refuse(array, array > declared.high, f"at most {declared.high}", path)

    def _refuse(self, array: np.ndarray, wrong: np.ndarray, expected: str, path: str) -> None:
        if np.any(wrong):
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            more = int(np.sum(wrong)) - 1
            others = f"; {more} more of {array.size} are wrong" if more else ""
            self._fail(path, f"expected {expected}, got {array[place]} at {place}{others}")

    def _fail(self, path: str, message: str, axis: int | None = None) -> NoReturn:
        places = [f"batch {self.number}", path, "" if axis is None else f"axis {axis}"]
        place = ", ".join(filter(None, places))
        raise ContractError(f"{place}: {message}", batch=self.number, part=path, axis=axis)


def _iterate(batches: Any, limit: int | None) -> Iterator:
    if isinstance(batches, keras.utils.PyDataset):
        count = batches.num_batches  # None says that it never ends
        count = _asked(limit, "a PyDataset without a number of batches") if count is None else count
        return (batches[i] for i in range(count))
    if isinstance(batches, dict | str | bytes) or hasattr(batches, "__array__"):
        raise TypeError(
            f"batches: expected an iterable of batches, got {_kind(batches)}; one batch is [batch]"
        )
    cardinality = getattr(batches, "cardinality", None)
    if callable(cardinality) and int(cardinality()) == -1:
        _asked(limit, "a dataset that never ends")
    try:
        iterator = iter(batches)
    except TypeError:
        raise TypeError(
            f"batches: expected an iterable of batches, got {type(batches).__name__}"
        ) from None
    if iterator is batches:
        _asked(limit, f"an iterator ({type(batches).__name__}), which may never end")
    return iterator


def _asked(limit: int | None, what: str) -> int:
    if limit is None:
        raise ValueError(f"limit: expected a number of batches for {what}, got None")
    return limit


def _follow(rule: Callable[[Any], str | None], arrays: Any, number: int) -> None:
    message = rule(arrays)
    if message is not None and not isinstance(message, str):
        raise TypeError(f"rule: expected None or a message (str), got {shown(message)}")
    if message is not None:
        raise ContractError(f"batch {number}: {message}", batch=number)


def _check_aligned(aligned: Any, names: list[str]) -> None:
    if not isinstance(aligned, tuple | list) or len(aligned) != 2:
        raise TypeError(f"aligned: expected the names of two parts, got {shown(aligned)}")
    for name in aligned:
        if name not in names:
            raise ValueError(f"aligned: expected names of {', '.join(names)}, got {shown(name)}")


def _part_names(declared: Any, path: str) -> Iterator[str]:
    """The name that errors give each array that is declared."""
    if isinstance(declared, Declared):
        yield path
    elif isinstance(declared, dict):
        for key, one in declared.items():
            yield from _part_names(one, f"{path}[{key!r}]")
    elif declared is not None:
        for name, one in zip(_places(declared, path), declared, strict=True):
            yield from _part_names(one, name)


def _declared_leaves(declared: Any, path: str) -> Iterator[Declared | None]:
    if declared is None or isinstance(declared, Declared):
        yield declared
    elif isinstance(declared, dict):
        for key, one in declared.items():
            yield from _declared_leaves(one, f"{path}[{key!r}]")
    elif isinstance(declared, tuple | list):
        for i, one in enumerate(declared):
            yield from _declared_leaves(one, f"{path}[{i}]")
    else:
        raise TypeError(
            f"declared{path}: expected Declared, None, or a tuple, list or dict of them, got "
            f"{type(declared).__name__}"
        )


def _places(declared: Sequence, path: str) -> Sequence[str]:
    if not path and len(declared) <= len(KERAS_PARTS):
        return KERAS_PARTS[: len(declared)]
    return [f"{path}[{i}]" for i in range(len(declared))]


def _as_axis(i: int, entry: Any) -> int | str | tuple[int, ...] | None:
    if entry is None:
        return None
    if isinstance(entry, str):
        if not entry:
            raise ValueError(f"shape[{i}]: expected a name, got ''")
        return entry
    if isinstance(entry, tuple | list):
        if not entry:
            raise ValueError(f"shape[{i}]: expected one size or more, got {entry!r}")
        return tuple(_axis_size(i, size) for size in entry)
    return _axis_size(i, entry)


def _axis_size(i: int, size: Any) -> int:
    if not is_integer(size):
        raise TypeError(
            f"shape[{i}]: expected an integer, None, a name or a tuple of integers, "
            f"got {shown(size)}"
        )
    if size < 0:
        raise ValueError(f"shape[{i}]: expected at least 0, got {shown(size)}")
    return int(size)


def _dtype(dtype: Any) -> str | None:
    """The name of a dtype of any framework; None if it is none that Keras knows."""
    if dtype is None:
        return None
    try:
        return keras.backend.standardize_dtype(dtype)
    except (TypeError, ValueError):
        return None


def _axes(count: int) -> str:
    return "1 axis" if count == 1 else f"{count} axes"


def _kind(part: Any) -> str:
    if isinstance(part, tuple | list):
        return f"a {type(part).__name__} of {len(part)}"
    if isinstance(part, dict):
        return f"a dict with the keys {list(part)}"
    shape = getattr(part, "shape", None)
    name = "None" if part is None else type(part).__name__
    return name if shape is None else f"{name} of shape {tuple(shape)}"
