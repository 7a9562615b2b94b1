"""Values that no argument expects, and what a function may do with one."""

import contextlib
import copy
import datetime
import decimal
import fractions
import io
import math
import pathlib
import pickle
import re
import traceback
import warnings

import keras
import numpy as np

import helpers
from helpers.augmentation import ContractError

HELPERS = pathlib.Path(helpers.__file__).parent

ODD = {
    "None": lambda: None,
    "text": lambda: "",
    "digit": lambda: "3",
    "bytes": lambda: b"",
    "True": lambda: True,
    "np.True_": lambda: np.True_,
    "0": lambda: 0,
    "-1": lambda: -1,
    "2**31": lambda: 2**31,
    "2**63": lambda: 2**63,
    "-2**63": lambda: -(2**63),
    "10**400": lambda: 10**400,
    "int8": lambda: np.int8(2),
    "uint64": lambda: np.uint64(2**64 - 1),
    "3.0": lambda: 3.0,
    "1e300": lambda: 1e300,
    "nan": lambda: math.nan,
    "-inf": lambda: -math.inf,
    "float16": lambda: np.float16(65504),
    "1j": lambda: 1j,
    "Decimal": lambda: decimal.Decimal("1.5"),
    "Decimal nan": lambda: decimal.Decimal("sNaN"),
    "Fraction": lambda: fractions.Fraction(1, 3),
    "masked": lambda: np.ma.masked,
    "masked array": lambda: np.ma.masked_array([1, 2, 3], mask=[False, True, False]),
    "object": object,
    "objects": lambda: np.array([1, None, "a"], object),
    "object rows": lambda: np.array([[1, 2], [3]], object),
    "0-d": lambda: np.array(3),
    "0-d object": lambda: np.array(None),
    "no items": lambda: [],
    "no rows": lambda: np.zeros((0, 3)),
    "no steps": lambda: np.zeros((3, 0), int),
    "ragged": lambda: [[1, 2], [3]],
    "nested": lambda: [[[[[1]]]]],
    "deeply nested": lambda: _nested(3000),
    "in itself": lambda: _in_itself(),
    "mixed": lambda: [1, "a", None],
    "Nones": lambda: [None, None, None],
    "bools": lambda: [True, False, True],
    "floats": lambda: [1.5, 2.5, 3.5],
    "infinities": lambda: np.array([np.inf, -np.inf, np.nan]),
    "beyond": lambda: [2**63, 2**64, 1],
    "below": lambda: [2**63, -1, 1],
    "large": lambda: np.array([2**62, 2**62, 2**62]),
    "uint64s": lambda: np.array([2**64 - 1, 1, 2], np.uint64),
    "generator": lambda: (i for i in range(3)),
    "range": lambda: range(3),
    "set": lambda: {1, 2, 3},
    "dict": lambda: {"a": 1},
    "no keys": dict,
    "no pair": tuple,
    "strings": lambda: np.array(["a", "b", "c"]),
    "dates": lambda: np.array(["2020-01-01", "NaT", "2021-01-01"], "datetime64[D]"),
    "duration": lambda: np.timedelta64(3),
    "date": lambda: datetime.date(2020, 1, 1),
    "records": lambda: np.zeros(3, [("a", int), ("b", float)]),
    "complex": lambda: np.array([1j, 2, 3]),
    "tensor": lambda: keras.ops.convert_to_tensor([[1, 2, 3]]),
    "scalar tensor": lambda: keras.ops.convert_to_tensor(3),
    "symbol": lambda: keras.KerasTensor((None, 3)),
    "four axes": lambda: np.ones((2, 2, 2, 2)),
    "class": lambda: int,
    "function": lambda: lambda *a, **k: None,
    "path": lambda: pathlib.Path("nowhere"),
    "long list": lambda: [5] * 1025,
    "long text": lambda: "x" * 5000,
    "read only": lambda: _read_only(np.arange(1, 4)),
    "slice": lambda: slice(3),
    "ellipsis": lambda: ...,
}


def _nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def _in_itself():
    value = [1]
    value.append(value)
    return value


def _read_only(array):
    array.flags.writeable = False
    return array


def _holed(value):
    array = np.ma.masked_array(np.array(value), mask=False)
    array[(0,) * array.ndim] = np.ma.masked
    return array


def _first(item):
    """Make a copy of lists, the first number of which is another."""

    def spoil(value):
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if not isinstance(value, list | tuple) or not value:
            raise ValueError
        first = value[0]
        nested = isinstance(first, list | tuple | np.ndarray) and len(first)
        return [spoil(first) if nested else item, *value[1:]]

    return spoil


# The right value, spoiled; one that cannot be spoiled so raises.
SPOILED = {
    "with a hole": _holed,
    "as objects": lambda value: np.array(value, object),
    "as floats": lambda value: np.array(value, float) + 0.5,
    "as text": lambda value: np.array(value, str),
    "as complex": lambda value: np.array(value, complex),
    "as bools": lambda value: np.array(value, bool),
    "as a generator": lambda value: (item for item in value),
    "as a set": lambda value: set(map(str, value)),
    "as a dict": lambda value: dict(enumerate(value)),
    "as a tensor": lambda value: keras.ops.convert_to_tensor(np.array(value)),
    "in a list": lambda value: [value],
    "one more axis": lambda value: np.array(value)[..., None],
    "one axis less": lambda value: np.array(value)[0],
    "one item less": lambda value: value[:-1],
    "one item more": lambda value: [*value, *value[:1]],
    "many times": lambda value: list(value) * 700,
    "negative": lambda value: -np.array(value),
    "times 2**62": lambda value: np.array(value) * 2**62,
    "with NaN": _first(math.nan),
    "with None": _first(None),
    "with text": _first("3"),
    "with True": _first(True),
    "with 2**63": _first(2**63),
    "with -1": _first(-1),
    "with a list": _first([1, 2]),
    "with masked": _first(np.ma.masked),
}


def odd_value(name, valid):
    """Make an odd value, or None in a tuple of its own: (value,) or () if there is none."""
    if name in ODD:
        return (ODD[name](),)
    try:
        return (SPOILED[name](valid),)
    except Exception:  # it is of a kind that cannot be spoiled so
        return ()


def state(value):
    """What can be compared of a value before and after a call; None for what cannot be kept."""
    if isinstance(value, np.ma.MaskedArray):  # to print one sets its fill value
        value = np.asarray(value), np.ma.getmaskarray(value)
    if isinstance(value, type(i for i in ()) | keras.KerasTensor):
        return None
    if any(isinstance(leaf, keras.Layer) for leaf in _leaves(value)):  # each copy is another one
        return None
    try:
        return pickle.dumps(copy.deepcopy(value))
    except Exception:
        return None


def _leaves(value, depth=0):
    if depth > 6:
        return
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, np.ndarray) and value.dtype == object:
        value = value.tolist()
    if isinstance(value, list | tuple | set):
        for item in list(value)[:2000]:
            yield from _leaves(item, depth + 1)
    else:
        yield value


def has_nan(value):
    """Whether there is a NaN in nested lists, arrays and tensors."""
    for leaf in _leaves(value):
        try:
            if keras.ops.is_tensor(leaf):
                leaf = keras.ops.convert_to_numpy(leaf)
            if np.isnan(np.asarray(leaf)).any():
                return True
        except Exception:  # no number
            continue
    return False


def kind(value):
    """The kind that an accepted value must share with the right one, or None where any may be."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    return "text" if isinstance(value, str) else None


def is_kind(wanted, value):
    """Whether a value is of a kind."""
    if isinstance(value, np.timedelta64):
        return False
    if wanted == "bool":
        return isinstance(value, bool)
    if wanted == "integer":
        return isinstance(value, int | np.integer) and not isinstance(value, bool)
    if wanted == "number":
        real = isinstance(value, int | float | np.integer | np.floating)
        return real and not isinstance(value, bool) and np.isfinite(value)
    return isinstance(value, str)


def recorded(function, arguments):
    """Call a function: what it returned, what it raised, and NumPy's warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "__array__ implementation")  # of Keras's own variables
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                returned, error = function(**arguments), None
        except Exception as raised:
            returned, error = None, raised
    numpy = (RuntimeWarning, np.exceptions.ComplexWarning, DeprecationWarning, FutureWarning)
    return returned, error, [str(w.message) for w in caught if issubclass(w.category, numpy)]


def faults(function, arguments, argument, name, any_kind=()):
    """What is wrong with a call whose ``argument`` is odd: a list of words, empty if nothing is.

    It may return something of the kind that was asked for, or raise a short ValueError or TypeError
    of our own that names an argument. It never warns, changes what it got, or makes a NaN.
    """
    given = odd_value(name, arguments[argument])
    if not given:
        return None
    before = state(given[0])
    returned, error, warned = recorded(function, {**arguments, argument: given[0]})
    wrong = [f"warning: {words[:100]}" for words in warned[:1]]
    if before is not None and state(given[0]) not in (before, None):
        wrong.append("changes its argument")
    if error is not None:
        return wrong + _faults_of(error, arguments)
    wanted = None if argument in any_kind else kind(arguments[argument])
    if wanted and given[0] is not None and not is_kind(wanted, given[0]):
        wrong.append(f"takes it for {wanted}")
    if has_nan(returned) and not has_nan(given[0]):
        wrong.append("makes NaN")
    return wrong


def _faults_of(error, arguments):
    said, wrong = str(error), []
    if len(said) > 400:
        wrong.append(f"says {len(said)} characters")
    if isinstance(error, AssertionError | ContractError):  # the verdict on what was given
        return wrong
    if not isinstance(error, ValueError | TypeError | IndexError):
        wrong.append("is of another type")
    if any(note.partition(":")[0] in arguments for note in getattr(error, "__notes__", ())):
        return wrong  # the error is Keras's, and a note of ours says what it is about
    raised_in = traceback.extract_tb(error.__traceback__)[-1].filename
    if not pathlib.Path(raised_in).is_relative_to(HELPERS):
        wrong.append(f"is raised in {pathlib.Path(raised_in).name}")
    named = any(re.search(rf"\b{name}\b", said[:120]) for name in arguments)
    if not named and not (isinstance(error, IndexError) and said.startswith("batch ")):
        wrong.append("names no argument")
    return [f"{type(error).__name__} {words}: {said[:120]}" for words in wrong]
