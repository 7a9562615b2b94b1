"""What it takes to run a model again and again: batches, weights, and a wrapper."""

import contextlib
import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from helpers.arguments import plain_array, shown
from helpers.keras_private import is_own_layer, layers_of
from helpers.masking.recording import states_of
from helpers.padding import as_rows, fill_value, pad
from helpers.tensors import as_numpy

_NOISE = ("rate", "dropout", "recurrent_dropout", "stddev")
# How far draws of random weights go: biases and embeddings' standard deviation, scales around 1.
# In a deep stack of normalised residual blocks wide biases drown what the input does.
CALM = ((0.5, 0.5), (0.1, 0.1), (0.02, 0.02))


@dataclass(frozen=True)
class Batches:
    """The rows of one or several inputs, and how a batch of them is made."""

    leaves: list  # for each input a list of rows, or an array that is never padded
    values: list
    axes: list[int]  # on how many axes the rows of each input are padded: 2 for pictures
    pack: Callable[[list], Any]
    make: Callable | None
    n: int

    @classmethod
    def of(
        cls,
        name: str,
        rows: Any,
        lengths: Any = None,
        value: Any = 0,
        make: Callable | None = None,
    ) -> "Batches":
        """Check rows in the forms that `padding_leak` takes; ``name`` is what errors call them."""
        keys, given, pack = _unpacked(rows)
        if not given:
            raise ValueError(f"{name}: expected at least one input, got {shown(rows)}")
        names = [f"{name}[{key!r}]" for key in keys] or [name]
        counts = _spread("lengths", lengths, keys)
        leaves = [_leaf(*three) for three in zip(names, given, counts, strict=True)]
        sizes = [len(leaf) for leaf in leaves]
        if len(set(sizes)) != 1 or not sizes[0]:
            raise ValueError(f"{name}: expected as many rows in every input, got {sizes}")
        values = _spread("value", value, keys)
        if make is None:
            for leaf, fill in zip(leaves, values, strict=True):
                if isinstance(leaf, list):
                    fill_value(fill, leaf[0].dtype)
        return cls(leaves, values, [_axes(leaf) for leaf in leaves], pack, make, sizes[0])

    @property
    def padded(self) -> bool:
        """Whether any input has a time axis to pad."""
        return any(isinstance(leaf, list) for leaf in self.leaves)

    @property
    def pictures(self) -> bool:
        """Whether any input is padded on two axes."""
        return 2 in self.axes

    def sizes(self, row: int) -> list[tuple[int, ...]]:
        """Return what a row measures on the padded axes of every input."""
        pairs = zip(self.leaves, self.axes, strict=True)
        return [leaf[row].shape[:axes] for leaf, axes in pairs if isinstance(leaf, list)]

    def length(self, row: int) -> str:
        """Name the length of a row in every input, for a message."""
        return f"length {' and '.join(' x '.join(map(str, size)) for size in self.sizes(row))}"

    def extremes(self) -> list[int]:
        """Return the shortest and the longest row: the most padding and the least."""
        steps = [sum(map(math.prod, self.sizes(row))) for row in range(self.n)]
        return sorted({int(np.argmin(steps)), int(np.argmax(steps))})

    def nudged(self) -> "Batches | None":
        """Return rows with other values in all steps; None if the data has only one value.

        Integers are replaced by others of the same input, since there may be no more classes. An
        input that holds one number in all rows, such as a mask, stays as it is beside others.
        """
        found = [_nudged(leaf) if isinstance(leaf, list) else leaf for leaf in self.leaves]
        pairs = list(zip(self.leaves, found, strict=True))
        if all(new is None for old, new in pairs if isinstance(old, list)):
            return None
        return replace(self, leaves=[old if new is None else new for old, new in pairs])

    def cut(self) -> "Batches":
        """Return the rows cut to the length of the shortest, so that none is padded."""
        leaves = []
        for leaf, axes in zip(self.leaves, self.axes, strict=True):
            if isinstance(leaf, list):
                least = np.min([row.shape[:axes] for row in leaf], axis=0)
                leaf = [row[tuple(map(slice, least))] for row in leaf]
            leaves.append(leaf)
        return replace(self, leaves=leaves)

    def take(self, rows: Sequence[int] | None, side: str, amount: int) -> Any:
        """Make a batch of some rows (None: all), ``amount`` steps longer than the longest."""
        rows = list(range(self.n) if rows is None else rows)
        chosen: list = []
        lengths: list = []
        for leaf, axes in zip(self.leaves, self.axes, strict=True):
            if isinstance(leaf, list):
                chosen.append([leaf[i] for i in rows])
                most = np.max([row.shape[:axes] for row in chosen[-1]], axis=0) + amount
                lengths.append(tuple(most.tolist()) if axes == 2 else int(most[0]))
            else:
                chosen.append(leaf[rows])
                lengths.append(None)
        if self.make is not None:
            return self.make(self.pack(chosen), self.pack(lengths), side)
        parts = zip(chosen, lengths, self.axes, self.values, strict=True)
        return self.pack(
            [
                part if length is None else pad(part, length, axes=axes, side=side, value=fill)[0]
                for part, length, axes, fill in parts
            ]
        )


class Probe(keras.Model):
    """The model in a wrapper of its own: what is compiled and traced for it is not the model's."""

    def __init__(self, model: keras.Layer):
        super().__init__(name="probe")
        self.model = model
        self.ran = False  # for whoever runs it to note

    def call(self, inputs: Any, training: Any = None) -> Any:
        """Call the model."""
        return self.model(inputs, training=training)


class Weights:
    """The float variables of a model: sets them to random draws, and puts its own back."""

    def __init__(self, model: keras.Layer):
        # Keras does not count the states of stateful recurrent layers among a model's variables.
        found = {id(v): v for v in [*model.variables, *states_of(model)]}
        self.variables = [v for v in found.values() if "float" in str(v.dtype)]
        self.own = self.values()
        self.current = self.own
        self.seed: tuple[int, int] | None = None
        self.calm: dict[int | None, int] = {}  # how calm a draw must be for the input to be seen
        # A scale belongs to the integers beside it, which are not drawn.
        kept = (layer.variables for layer in layers_of(model) if layer.quantization_mode)
        self.kept = {id(v) for v in itertools.chain(*kept) if not v.trainable}

    def draw(self, seed: int | None) -> None:
        """Set every variable to its value of this draw; None means the model's own."""
        wanted = None if seed is None else (seed, self.calm.get(seed, 0))
        if wanted != self.seed:
            self.seed = wanted
            self.current = self.own
            if wanted is not None:  # NumPy draws the same on every backend
                spread, around = CALM[wanted[1]]
                rngs = (np.random.default_rng((seed, i)) for i in range(len(self.variables)))
                pairs = zip(self.variables, rngs, strict=True)
                self.current = [
                    own if id(v) in self.kept else drawn(v, rng, spread, around)
                    for (v, rng), own in zip(pairs, self.own, strict=True)
                ]
        self._assign(trainable=True)
        self.reset()

    def reset(self) -> None:
        """Put back what a run without training may have changed: the states of layers."""
        self._assign(trainable=False)

    def restore(self) -> None:
        """Put the model's own values back."""
        self.current, self.seed = self.own, None
        self.draw(None)

    def values(self) -> list[np.ndarray]:
        """Return what the variables hold now, as copies."""
        return [np.array(keras.ops.convert_to_numpy(v)) for v in self.variables]

    def _assign(self, trainable: bool) -> None:
        for variable, value in zip(self.variables, self.current, strict=True):
            if variable.trainable == trainable:
                variable.assign(value)


def drawn(
    variable: keras.Variable, rng: np.random.Generator, spread: float = 0.5, around: float = 0.5
) -> np.ndarray:
    """Draw a variable so that activations neither vanish nor saturate: float32 of its shape."""
    name, shape = variable.name, tuple(variable.shape)
    if not shape or any(word in name for word in ("variance", "stddev", "gamma", "scale")):
        value = rng.uniform(1 - around, 1 + around, shape)
    elif "embedding" in name:
        value = 0.5 * rng.normal(size=shape)
    elif len(shape) == 1:
        value = spread * rng.normal(size=shape)
    else:
        value = rng.normal(size=shape) / math.sqrt(math.prod(shape[:-1]) or 1)
    value = np.asarray(value, "float32")
    if variable.constraint is None:
        return value
    return keras.ops.convert_to_numpy(variable.constraint(keras.ops.convert_to_tensor(value)))


@contextlib.contextmanager
def without_noise(model: keras.Layer) -> Iterator[None]:
    """Set the dropout rates and the noise of Keras's own layers to 0 while the block runs.

    What they draw depends on the padded shape, so that no seed would make two lengths comparable.
    """
    changed = []
    try:
        for layer in layers_of(model):
            if is_own_layer(layer):
                for name in _NOISE:
                    rate = vars(layer).get(name)
                    if isinstance(rate, int | float) and rate > 0:
                        changed.append((layer, name, rate))
                        setattr(layer, name, 0.0)
        yield
    finally:
        for layer, name, rate in changed:
            setattr(layer, name, rate)


def caller(model: keras.Layer) -> Callable[[Any], list[np.ndarray]]:
    """Return a function that calls the model in inference mode: its outputs, flat, as arrays."""

    def eagerly(batch: Any) -> list[np.ndarray]:
        return flat(model(batch, training=False))

    if keras.backend.backend() != "jax":
        return eagerly
    # JAX would compile every loop of a recurrent layer anew at each eager call.
    import jax

    takes_training = "training" in inspect.signature(model.call).parameters
    options = {"training": False} if takes_training else {}
    compiled = jax.jit(lambda *args: model.stateless_call(*args, **options))

    def call(batch: Any) -> list[np.ndarray]:
        if states_of(model) or not all(layer.built for layer in layers_of(model)):
            return eagerly(batch)
        states = (model.trainable_variables, model.non_trainable_variables)
        outputs, after = compiled(*([v.value for v in part] for part in states), batch)
        for variable, value in zip(model.non_trainable_variables, after, strict=True):
            variable.assign(value)  # a random generator goes on, as in an eager call
        return flat(outputs)

    return call


def flat(outputs: Any) -> list[np.ndarray]:
    """Return the arrays in a model's outputs."""
    return [np.asarray(keras.ops.convert_to_numpy(x)) for x in keras.tree.flatten(outputs)]


def _unpacked(rows: Any) -> tuple[list, list, Callable[[list], Any]]:
    """Return the keys, the inputs, and what puts a list of inputs back into the structure."""
    if isinstance(rows, dict):
        keys = list(rows)
        return keys, list(rows.values()), lambda parts: dict(zip(keys, parts, strict=True))
    if isinstance(rows, tuple):
        return list(range(len(rows))), list(rows), tuple
    return [], [rows], lambda parts: parts[0]


def _spread(name: str, given: Any, keys: list) -> list:
    """Return one entry per input: the entry of a tuple or dict, else the same for all."""
    if not (keys and isinstance(given, tuple | dict)):
        return [given] * max(len(keys), 1)
    found = given if isinstance(given, dict) else dict(enumerate(given))
    if set(found) != set(keys):
        raise ValueError(f"{name}: expected one entry for each of {keys}, got {list(found)}")
    return [found[key] for key in keys]


def _leaf(name: str, rows: Any, lengths: Any) -> list[np.ndarray] | np.ndarray:
    """Check one input: a list of rows, or an array that is never padded."""
    if isinstance(rows, np.ndarray) and lengths is None:
        if not rows.ndim or isinstance(rows, np.ma.MaskedArray):
            raise TypeError(f"{name}: expected an array (n, ...) without a mask, got {shown(rows)}")
        return rows
    if isinstance(rows, list) and any(isinstance(row, str) for row in rows):
        raise TypeError(
            f"{name}: expected numbers, got strings; make ids of them first, as "
            "keras.layers.TextVectorization does"
        )
    if isinstance(rows, list) and rows and all(np.isscalar(row) for row in rows):
        return np.asarray(rows)
    if lengths is not None:
        rows = _cut(name, rows, lengths)
    try:
        rows = as_rows(rows, name, axes=_axes(rows))
    except ValueError as error:
        lists = isinstance(rows, list) and all(isinstance(row, list | tuple) for row in rows)
        if not lists:
            raise
        hint = "; several inputs go in a tuple or a dict of lists of rows"
        raise ValueError(f"{error}{hint}") from None
    sizes = np.array([math.prod(row.shape[: _axes(rows)]) for row in rows])
    if not sizes.all():
        raise ValueError(f"{name}: expected at least 1 timestep, row {sizes.argmin()} is empty")
    return rows


def _axes(rows: Any) -> int:
    """Return 2 for pictures, arrays ``(height, width, ...)`` of several widths, else 1."""
    if not isinstance(rows, list) or not all(isinstance(row, np.ndarray) for row in rows):
        return 1
    widths = {row.shape[1:2] for row in rows}
    return 2 if len(widths) > 1 and {row.ndim for row in rows} == {3} else 1


def _nudged(rows: list[np.ndarray]) -> list[np.ndarray] | None:
    """Return rows of the same shapes with other values; None if there are no others.

    Integers become one of those that occur, the same in all of a row: there may be no more classes,
    and the same ones in another order would be nothing new to a mean.
    """
    if rows[0].dtype.kind not in "iu":
        return [(1.5 - 2 * row).astype(row.dtype) for row in rows]
    known = np.unique(np.concatenate([row.ravel() for row in rows]))
    if len(known) == 1:
        return None
    first, last = known[0], known[-1]
    return [np.full_like(row, first if (row == last).all() else last) for row in rows]


def _cut(name: str, batch: Any, lengths: Any) -> list[np.ndarray]:
    """Cut the rows out of a batch that is padded after them."""
    sizes = plain_array("lengths", lengths)
    batch = as_numpy(batch, name) if hasattr(batch, "__array__") else batch
    if not isinstance(batch, np.ndarray) or batch.ndim < 2:
        raise ValueError(f"lengths: expected a padded batch for {name}, got {type(batch).__name__}")
    if sizes.dtype.kind not in "iu" or sizes.shape != (len(batch),):
        raise ValueError(
            f"lengths: expected {len(batch)} integers for {name}, got {shown(lengths)}"
        )
    if sizes.min(initial=0) < 0 or sizes.max(initial=0) > batch.shape[1]:
        raise ValueError(
            f"lengths: expected 0 to {batch.shape[1]}, the steps of {name}, got {shown(lengths)}"
        )
    return [row[:size] for row, size in zip(batch, sizes, strict=True)]
