"""What the judges of the labs' tasks are made of: say what is wrong and on which axis."""

import inspect
import pathlib
import sysconfig
import traceback
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np

from helpers import arguments
from helpers.raised import first_line

_MOST = 200  # characters of an error's message
_ROWS = 10**7  # that are counted one by one
_LIBRARIES = (
    str(pathlib.Path(__file__).parents[1]),
    sysconfig.get_paths()["stdlib"],
    "site-packages",
    "dist-packages",
    "__autograph_generated_file",
)
_UNITS = {"batch": "rows", "time": "steps", "height": "pixels", "width": "pixels"}


class Wrong(AssertionError):
    """An answer is wrong. A notebook shows the message alone, without a traceback."""

    __module__ = "helpers.labs"  # a plain traceback says the name that labs use

    def _render_traceback_(self) -> list[str]:
        return [f"Wrong: {self}"]


class Differs(Wrong):
    """An answer of the right kind that is another than the expected one.

    Args:
        message: what is wrong with it.
        where: on which axes, for example ["on the batch axis"]; empty if it has none.
    """

    def __init__(self, message: str, where: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.where = tuple(where)


class NotAttempted(Exception):
    """The reader's function returned a placeholder."""


def has_placeholder(answer: Any) -> bool:
    """Say whether `...` stands anywhere in an answer, in nested tuples, lists and dicts too."""
    if isinstance(answer, Mapping):
        return any(map(has_placeholder, answer.values()))
    if isinstance(answer, list | tuple | set):
        return any(map(has_placeholder, answer))
    if isinstance(answer, np.ndarray) and answer.dtype == object:
        return any(map(has_placeholder, answer.flat))
    return answer is ...


def attempted(value: Any) -> Any:
    """Return what the reader's function returned, unless it holds a placeholder."""
    if has_placeholder(value):
        raise NotAttempted
    return value


def check_shape(
    answer: Any,
    expected: Mapping[str, int | None],
    *,
    name: str = "shape",
    hint: str = "",
) -> None:
    """Compare a shape with the expected one, axis by axis and by name.

    Args:
        answer: a shape (a tuple, a list or a row of integers) or what has one (`.shape`).
        expected: axis name to size, in order; a size of None accepts any size.
        name: what the message calls the answer.
        hint: a sentence to add to the message.

    Raises:
        Wrong: names every axis whose size is wrong and those that are right.
        TypeError, ValueError: `expected`, `name` or `hint` is something else.

    Example:
        >>> check_shape((9, 26, 12), {"batch": 9, "time": None, "features": 12})
        >>> check_shape((32, 26), {"batch": 9, "time": 26}, name="last")
        Traceback (most recent call last):
        helpers.labs.checks.Differs: last: the batch axis: expected 9 rows, got 32; time is right.
    """
    arguments.mapping("expected", expected)
    for axis, size in expected.items():
        if size is not None:
            arguments.integer(f"expected[{axis!r}]", size, minimum=0)
    arguments.text("name", name)
    arguments.text("hint", hint)
    shape = _shape_of(answer, len(expected))
    if shape is None:
        raise Wrong(f"{name}: expected whole numbers {_axes(expected)}, got {brief(answer)}.")
    hint = f" {hint}" if hint else ""
    if len(shape) != len(expected):
        raise Differs(
            f"{name}: expected {len(expected)} {_plural('axis', len(expected))} {_axes(expected)}, "
            f"got {len(shape)}: {arguments.shown(shape)}.{hint}",
            ["in the number of axes"],
        )
    pairs = list(zip(expected.items(), shape, strict=True))
    wrong = [(axis, size, got) for (axis, size), got in pairs if size is not None and size != got]
    if not wrong:
        return
    if None not in expected.values() and sorted(shape) == sorted(expected.values()):
        raise Differs(
            f"{name}: the sizes are right, their order is not: "
            f"expected {_axes(expected)}, got {shape}.{hint}",
            ["in the order of axes"],
        )
    right = [axis for axis in expected if axis not in [w[0] for w in wrong]]
    said = "; ".join(
        f"the {axis} axis: expected {size}{_unit(axis)}, got {got}" for axis, size, got in wrong
    )
    if right:
        said += f"; {listed(right)} {'is' if len(right) == 1 else 'are'} right"
    raise Differs(f"{name}: {said}.{hint}", [f"on the {axis} axis" for axis, _, _ in wrong])


def check_number(
    answer: Any, expected: float, *, name: str, atol: float = 0.0, hint: str = ""
) -> None:
    """Compare a number with the expected one.

    Args:
        answer: a number, or an array or tensor that holds one.
        expected: the right value.
        name: what the message calls the answer.
        atol: how far the answer may be off.
        hint: a sentence to add to the message.

    Raises:
        Wrong: it is no number, or another one.
        TypeError, ValueError: `expected`, `name`, `atol` or `hint` is something else.
    """
    arguments.number("expected", expected)
    arguments.text("name", name)
    atol = arguments.number("atol", atol)
    arguments.text("hint", hint)
    expected = expected.item() if isinstance(expected, np.generic) else expected
    value = as_numbers(answer)
    hint = f" {hint}" if hint else ""
    if value is None or value.size != 1 or value.dtype.kind not in "iuf":
        raise Wrong(f"{name}: expected a number, got {brief(answer)}.{hint}")
    if not abs(value.item() - expected) <= atol:  # NaN is wrong too
        raise Differs(f"{name}: expected {expected:.4g}, got {value.item():.4g}.{hint}")


def check_names(answer: Any, known: Iterable[str], *, name: str) -> set[str]:
    """Check that an answer is a set of names, all of them known.

    Args:
        answer: a set, a list or whatever else gives names, but no dict.
        known: the names that there are.
        name: what the message calls the answer.

    Returns:
        The names.

    Raises:
        Wrong: it gives no names, or one that there is not.
    """
    known = list(known)
    such = f"{name}: expected a set of names, such as {{'a', 'b'}}, got {brief(answer)}."
    if isinstance(answer, str | Mapping) or not isinstance(answer, Iterable):
        raise Wrong(such)
    try:
        names = set(answer)
    except TypeError as error:  # lists in a list
        raise Wrong(such) from error
    if unknown := sorted(map(str, names - set(known))):
        raise Wrong(f"{name}: there is no {unknown[0]!r}; there are {', '.join(known)}.")
    return names


def check_table(answer: Any, known: Iterable[str], *, name: str) -> Mapping[str, Any]:
    """Check that an answer is a dict with these keys and no others; return it.

    Raises:
        Wrong: it is no dict, has another key or lacks one.
    """
    known = list(known)
    if not isinstance(answer, Mapping):
        raise Wrong(f"{name}: expected a dict with {', '.join(known)}, got {brief(answer)}.")
    if unknown := sorted(map(str, set(answer) - set(known))):
        raise Wrong(f"{name}: there is no {unknown[0]!r}; there are {', '.join(known)}.")
    if missing := [key for key in known if key not in answer]:
        raise Wrong(f"{name}: {missing[0]!r} is missing.")
    return answer


def check_rows_seen(seen: Iterable[int], n: int, *, name: str = "the dataset") -> None:
    """Check that every one of `n` rows was seen exactly once, in any order.

    Args:
        seen: row numbers, 0 to n - 1, in the order in which they came.
        n: the number of rows that there are.
        name: what the message calls the source of the rows.

    Raises:
        Wrong: names a row that there is not, the rows never seen and those seen more than once.
        TypeError, ValueError: `seen`, `n` or `name` is something else.
    """
    seen = arguments.listed("seen", seen)
    n = arguments.integer("n", n, minimum=0, maximum=_ROWS)
    arguments.text("name", name)
    strange = [row for row in seen if not (_is_whole(row) and 0 <= row < n)]
    if strange:
        got = arguments.shown(strange[0])
        raise Wrong(f"{name}: the batch axis: expected rows 0 to {n - 1}, got {got}.")
    counts = np.bincount(np.asarray(seen, dtype=np.int64), minlength=n)
    never, often = np.flatnonzero(counts == 0), np.flatnonzero(counts > 1)
    said = []
    if never.size:
        said.append(f"{spell_rows(never)} {_was(never)} never seen ({never.size} of {n})")
    if often.size:
        said.append(f"{spell_rows(often)} {_was(often)} seen more than once ({often.size} of {n})")
    if said:
        raise Wrong(f"{name}: the batch axis: {' and '.join(said)}.")


def rows_shown(
    batch: Sequence,
    numbers: Mapping[bytes, int],
    labels: Sequence[int] | np.ndarray,
    *,
    name: str,
    index: int,
    label: str = "label",
) -> list[int]:
    """Find out which rows a batch shows, and check that each comes with its own label.

    Zeros before and behind a row are padding, and a row of weight 0 is a padding slot.

    Args:
        batch: x `(batch, time, features)`, labels `(batch,)` and maybe weights `(batch,)` or None.
        numbers: the number of each row by its float32 bytes, without padding.
        labels: the right labels, by the number of the row.
        name: what the messages call the source of the batch.
        index: the number of the batch, for a message.
        label: what a message calls a label.

    Returns:
        The numbers of the rows, in the order of the batch, without padding slots.

    Raises:
        Wrong: a row is none of those in `numbers`, or its label is another row's.

    Example:
        >>> x = np.float32([[[5], [0]], [[6], [7]]])
        >>> numbers = {x[1].tobytes(): 0, x[0, :1].tobytes(): 1}
        >>> rows_shown((x, [30, 20]), numbers, [20, 30], name="feed", index=0)
        [1, 0]
    """
    x, y, *weights = (None if part is None else np.asarray(part) for part in batch)
    weighted = bool(weights) and weights[0] is not None
    real = weights[0] > 0 if weighted else np.ones(len(x), bool)
    shown = []
    for row, got in zip(x[real], np.ravel(y)[real], strict=True):
        steps = np.flatnonzero(row.any(axis=-1))
        key = row[steps[0] : steps[-1] + 1].astype("float32").tobytes() if steps.size else b""
        if key not in numbers:
            raise Wrong(
                f"{name}: the time axis: batch {index} has a row that is none of the utterances. "
                "Pad with zeros, and cut or scale nothing."
            )
        number = numbers[key]
        if got != labels[number]:
            raise Wrong(
                f"{name}: row {number} comes with {label} {got}, it should be {labels[number]}."
            )
        shown.append(number)
    return shown


def check_same_rows(
    answer: Any, expected: np.ndarray, axes: Sequence[str], *, name: str, atol: float = 1e-4
) -> None:
    """Compare an array with the expected one, row by row; find out if the rows only moved.

    Args:
        answer: an array or tensor, rows along its first axis.
        expected: the right array `(batch, ...)`.
        axes: the names of its axes, "batch" first.
        name: what the message calls the answer.
        atol: how far a value may be off.

    Raises:
        Wrong: names the axis of another size, the rows in another order or the rows that differ.
        TypeError, ValueError: `expected`, `axes`, `name` or `atol` is something else.
    """
    expected, axes = _check_expected(expected, axes)
    arguments.text("name", name)
    atol = arguments.number("atol", atol)
    array = as_numbers(answer)
    if array is None or not array.ndim:
        said = f"an array ({', '.join(axes)})"
        raise Wrong(f"{name}: expected {said}, got {brief(answer)}.{to_do(answer)}")
    check_shape(array, dict(zip(axes, expected.shape, strict=True)), name=name)
    answer = array
    lost = np.flatnonzero(np.isnan(answer.reshape(len(expected), -1)).any(axis=1))
    if lost.size and not np.isnan(expected).any():
        raise Wrong(
            f"{name}: the shape is right, but {spell_rows(lost)} "
            f"{'holds' if lost.size == 1 else 'hold'} NaN ({lost.size} of {len(expected)})."
        )
    far = np.abs(answer - expected).reshape(len(expected), -1).max(axis=1)
    wrong = np.flatnonzero(~(far <= atol))  # NaN is wrong too
    if not wrong.size:
        return
    distances = np.abs(expected - answer[wrong[0]]).reshape(len(expected), -1).max(axis=1)
    nearest = int(distances.argmin())
    if distances[nearest] <= atol:
        raise Wrong(
            f"{name}: the shape is right, the order along the batch axis is not: "
            f"at row {wrong[0]} stands the value of row {nearest}."
        )
    raise Wrong(
        f"{name}: the shape is right, the values are not: {spell_rows(wrong)} "
        f"{'differs' if wrong.size == 1 else 'differ'} from the truth ({wrong.size} of "
        f"{len(expected)})."
    )


def _check_expected(expected: Any, axes: Any) -> tuple[np.ndarray, list[str]]:
    """Return the right array and the names of its axes, or say what is wrong with them."""
    expected = arguments.plain_array("expected", expected)
    if expected.dtype.kind not in "biuf" or not expected.ndim or not expected.size:
        got = f"dtype {expected.dtype} and shape {expected.shape}"
        raise TypeError(f"expected: expected numbers (batch, ...), got {got}")
    axes = arguments.listed("axes", axes)
    for i, axis in enumerate(axes):
        arguments.text(f"axes[{i}]", axis)
    if len(axes) != expected.ndim or len(set(axes)) != len(axes):
        got = arguments.shown(axes)
        raise ValueError(f"axes: expected {expected.ndim} different names, got {got}")
    return expected, axes


def as_numbers(answer: Any) -> np.ndarray | None:
    """Return an array, a tensor or nested lists of numbers as an array, or None if it is none."""
    try:
        array = np.asarray(answer)
    except Exception:  # lists of several lengths, a symbolic tensor, another framework's refusal
        return None
    return array if array.dtype.kind in "biuf" else None


def check_model(answer: Any, name: str, what: str = "a model") -> None:
    """Check that an answer is a layer or a model of Keras, and no function that makes one.

    Raises:
        Wrong: it is something else; the message says what to do where that is clear.
    """
    import keras

    if not isinstance(answer, keras.Layer):
        raise Wrong(f"{name}: expected {what}, got {brief(answer)}.{to_do(answer)}")


def check_two_inputs(model: Any, name: str) -> None:
    """Check that a model which shows its inputs takes pictures and sizes.

    Raises:
        Wrong: it takes one input, for which Keras prints the whole batch.
    """
    if len(getattr(model, "inputs", None) or (1, 2)) == 1:
        raise Wrong(
            f"{name}: it has one input, and is called with two, [pictures, sizes]. Make the sizes "
            'a second input, `keras.Input((2,), dtype="int32")`, and give both to `keras.Model`.'
        )


def to_do(answer: Any) -> str:
    """Return advice for an answer that is no value: a function, a class or None; else nothing."""
    if answer is None:
        return " Does it return what it computed?"
    if isinstance(answer, type):
        return " A class is called: add `()`."
    return " A function is called: add `()`." if inspect.isroutine(answer) else ""


def brief(answer: Any) -> str:
    """Say in a few words what an answer is."""
    if isinstance(answer, type) or inspect.isroutine(answer):
        return f"the {'class' if isinstance(answer, type) else 'function'} {answer.__name__}"
    shape = getattr(answer, "shape", None)
    if shape is not None:
        return f"{type(answer).__name__} of shape {tuple(shape)}"
    try:
        text = repr(answer)
    except Exception:  # lists nested without end
        text = arguments.shown(answer)
    return text if len(text) <= 60 else f"{text[:60]} …"


def _shape_of(answer: Any, axes: int) -> tuple[int, ...] | None:
    """Return the shape that is meant; None if it is not one."""
    if isinstance(answer, str | Set | Mapping):
        return None
    if isinstance(answer, Iterable) and not hasattr(answer, "shape"):  # TensorFlow's shapes, too
        shape = tuple(answer)
    elif not hasattr(answer, "shape"):
        return None
    else:
        shape = tuple(answer.shape)
        if len(shape) == 1 and shape[0] == axes > 1:  # a row of integers, such as tf.shape gives
            row = as_numbers(answer)
            shape = shape if row is None or row.dtype.kind not in "iu" else tuple(row.tolist())
    return tuple(map(int, shape)) if all(map(_is_whole, shape)) else None


def spell_rows(rows: Sequence[int], most: int = 3) -> str:
    """Write row numbers as ranges, shortly.

    Args:
        rows: row numbers, increasing.
        most: how many ranges to write out.

    Returns:
        For example "row 4", "rows 96 to 104" or "rows 0, 2, 5 to 9 and more".

    Raises:
        TypeError, ValueError: `rows` holds no rows, or `most` is no integer of 1 or more.
    """
    most = arguments.integer("most", most, minimum=1)
    given, rows = rows, arguments.plain_array("rows", rows)
    if rows.dtype.kind not in "iu" or rows.ndim != 1 or not rows.size:
        raise TypeError(f"rows: expected a list of row numbers, got {arguments.shown(given)}")
    runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    parts = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    if len(parts) > most:
        parts = [*parts[:most], "more"]
    return f"{_plural('row', rows.size)} {listed(parts)}"


def _is_whole(size: Any) -> bool:
    return isinstance(size, int | np.integer) and not isinstance(size, bool)


def _axes(expected: Mapping[str, int | None]) -> str:
    return f"({', '.join(expected)})"


def _unit(axis: str) -> str:
    return f" {_UNITS[axis]}" if axis in _UNITS else ""


def _was(rows: np.ndarray) -> str:
    return "was" if rows.size == 1 else "were"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else {"axis": "axes"}.get(word, f"{word}s")


def listed(words: Sequence[str]) -> str:
    """Write words with commas and a last "and"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def told(error: Exception) -> str:
    """Tell in a sentence what an answer raised, and in which line of the reader's.

    Args:
        error: what was raised while an answer was judged.

    Returns:
        For example "it raises TypeError: … in your line `return len(x) / 2`".
    """
    text = first_line(error)
    text = text if len(text) <= _MOST else f"{text[:_MOST]} …"
    name = type(error).__name__
    said = f"it raises {name}" + ("" if text == name else f": {text.rstrip('.')}")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.line for frame in frames if frame.line and not _is_library(frame.filename)]
    return f"{said}, in your line `{own[-1]}`." if own else f"{said}."


def _is_library(filename: str) -> bool:
    return any(part in filename for part in _LIBRARIES)


def hand_over(model: Any, given: Sequence, own: Sequence) -> None:
    """Give the weights of the given model to the mended one, by name and shape, then in order.

    Args:
        model: the given Keras model; its layers' names are for the message.
        given: those of its variables that are handed over.
        own: the variables of the mended model, which are changed.

    Raises:
        Wrong: the mended model lacks one of them or has one more.
    """
    homes = {id(v): layer.name for layer in model.layers for v in layer.variables}
    left = list(own)
    for variable in given:
        key = (variable.name, tuple(variable.shape))
        index = next((i for i, v in enumerate(left) if (v.name, tuple(v.shape)) == key), None)
        if index is None:
            raise Wrong(
                f"mended: `{homes[id(variable)]}` is missing or has another size: there is no "
                f"`{key[0]}` of shape {key[1]}. Keep every layer as large as it is."
            )
        left.pop(index).assign(variable)
    if left:
        raise Wrong(
            f"mended: `{left[0].path}` {tuple(left[0].shape)} is a weight that the given model "
            "does not have. Nothing here needs one."
        )
