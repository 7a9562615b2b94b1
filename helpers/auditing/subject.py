"""What the rules look at: the model, its data, and facts that are worked out once for all rules."""

from functools import cached_property
from typing import Any

import keras
import numpy as np

from helpers.arguments import shown
from helpers.auditing.axes import Axes, axes_of
from helpers.auditing.feeds import Feed, Looked
from helpers.auditing.padded import Padded, has_time, is_picture, padded_as, padding_in, steps_of
from helpers.auditing.rule import Undecided
from helpers.keras_private import layers_of
from helpers.masking import Leak, Trace, padding_leak, trace
from helpers.raised import first_line

_ROWS = 6  # that go through the model to measure a leak


class NothingToCheck(Exception):
    """Raised by ``check`` where the fault cannot exist; its text says why."""


class Subject:
    """The model and the data of one audit.

    Attributes:
        model: The model.
        feeds: What was looked at, by the argument of `audit`: data, and maybe others.
        fit: Keyword arguments of ``fit``.
        rows: How many rows the data was made of, or None.
        given: The arguments lengths, value and side.
        assumed: Sentences on what was inferred.
    """

    def __init__(
        self, model: keras.Layer, feeds: dict[str, Feed], fit: dict, rows: int | None, given: dict
    ):
        self.model, self.feeds, self.fit, self.rows, self.given = model, feeds, fit, rows, given
        self.assumed: list[str] = []

    @property
    def data(self) -> Feed:
        """The training data."""
        return self.feeds["data"]

    def read(self, feed: Feed) -> tuple[Looked, ...]:
        """Return the batches of a feed that were looked at, or say why there are none."""
        if feed.kind == "generator":
            raise Undecided(
                f"{feed.name} is a generator object, and what is drawn from it is gone; give the "
                "function that makes it"
            )
        if feed.problem:
            raise Undecided(f"{feed.name}: {feed.problem}")
        if not feed.looked:
            raise Undecided(f"{feed.name}: it gives no batch")
        return feed.looked

    @cached_property
    def batch(self) -> Looked:
        """The batch of the training data with the most different lengths, else the first."""
        looked = self.read(self.data)

        def spread(batch: Looked) -> int:
            padded = self.padding_of(batch)
            return max((len(np.unique(one.lengths)) for one in padded), default=0)

        return max(looked, key=lambda batch: (spread(batch), -batch.index))

    @cached_property
    def marks(self) -> list:
        """Values that the model's own layers mask."""
        found: list = []
        for layer in layers_of(self.model):
            if isinstance(layer, keras.layers.Embedding) and layer.mask_zero:
                found.append(0)
            if isinstance(layer, keras.layers.Masking):
                found.append(layer.mask_value)
        return list(dict.fromkeys(found))

    @cached_property
    def padding(self) -> list[Padded]:
        """The padding in `batch`; nothing if there is none. Says what was assumed."""
        padded = self.padding_of(self.batch)
        names = self.names
        for one in padded:
            if one.how != "given":
                self.assumed.append(
                    f"{names[one.place]} is padded {one.side} with {one.value}: {one.how}; real "
                    f"steps of rows in batch {self.batch.index}: {one.lengths.min()} to "
                    f"{one.lengths.max()} of {steps_of(self.leaves[one.place], one.axis).shape[1]}"
                )
        return padded

    def padding_of(self, batch: Looked) -> list[Padded]:
        """Return the padding of any batch of the training data, by the same assumptions."""
        leaves = keras.tree.flatten(batch.x)
        lengths = self.given["lengths"]
        if callable(lengths):
            lengths = self._asked(lengths, batch)
        elif lengths is not None:
            size = self.data.looked[0].rows or 0
            lengths = lengths[batch.index * size : batch.index * size + (batch.rows or 0)]
        wide = self._free_axes(leaves)
        held, side = self.given["value"], self.given["side"]
        places = [i for i, leaf in enumerate(leaves) if self.has_time(i, leaf)]
        return padding_in(leaves, self.marks, lengths, held, side, wide, places)

    @cached_property
    def axes(self) -> Axes:
        """What the model takes axis 1 of its inputs for, seen with the first batch."""
        return axes_of(self.model, self.read(self.data)[0].x)

    def has_time(self, place: int, leaf: Any) -> bool:
        """Whether an input is a sequence; ids may come as floats, and integers may be features."""
        if not has_time(leaf):
            table = np.ndim(leaf) == 2 and getattr(leaf, "dtype", np.dtype(int)).kind == "f"
            return table and place in self.axes.ids
        return leaf.ndim > 2 or place not in self.axes.features

    def _free_axes(self, leaves: list) -> dict[int, int]:
        """Return the axis on which pictures may be padded by the number of their input."""
        found = {}
        inputs = getattr(self.model, "inputs", None) or []
        for i, leaf in enumerate(leaves):
            if is_picture(leaf):
                known = len(inputs) == len(leaves) and len(inputs[i].shape) == 4
                height, width = inputs[i].shape[1:3] if known else (0, None)
                if width is None or height is None:
                    found[i] = 2 if width is None else 1
        return found if inputs or self.given["lengths"] is not None else {}

    @staticmethod
    def _asked(lengths: Any, batch: Looked) -> np.ndarray:
        try:
            found = np.asarray(lengths(batch.x))
        except Exception as error:
            why = f"{type(error).__name__}: {first_line(error)}"
            raise Undecided(f"lengths raises with batch {batch.index}: {why}") from error
        if found.shape != (batch.rows,) or found.dtype.kind not in "iu":
            raise Undecided(
                f"lengths: expected integers ({batch.rows},) for batch {batch.index}, got "
                f"{shown(found)}"
            )
        return found

    @cached_property
    def leaves(self) -> list:
        """Inputs of `batch`, flat."""
        return keras.tree.flatten(self.batch.x)

    @cached_property
    def names(self) -> list[str]:
        """Names of the inputs, flat: ``x``, ``x[0]`` or ``x['ids']``."""
        paths = [path for path, _ in keras.tree.flatten_with_path(self.batch.x)]
        return ["x" + "".join(f"[{key!r}]" for key in path) for path in paths]

    @cached_property
    def outputs(self) -> Any:
        """What the model answers to `batch`, in inference mode, as arrays in their structure."""
        try:
            answers = self.model(self.batch.x, training=False)
        except Exception as error:
            raise Undecided(
                f"the model cannot be called with batch {self.batch.index}: {first_line(error)}"
            ) from error
        return keras.tree.map_structure(keras.ops.convert_to_numpy, answers)

    @cached_property
    def trace(self) -> Trace:
        """The path of the masks through the model."""
        _ = self.outputs  # so that a model that cannot be called says so in one way
        return trace(self.model, self.batch.x, predict=False)

    @cached_property
    def leak(self) -> "Leak | str":
        """What padding changes, or why that cannot be measured."""
        _ = self.outputs
        try:
            return padding_leak(
                self.model,
                self._rows(),
                sides=(self.padding[0].side,),
                value=self._values(),
                make=self._make(),
                seeds=2,
            )
        except (ValueError, TypeError) as error:
            return first_line(error)

    def need_padding(self) -> list[Padded]:
        """Return the padding in `batch`, or say why a rule about padding has nothing to go by."""
        timed = any(self.has_time(i, leaf) for i, leaf in enumerate(self.leaves))
        timed = timed or bool(self._free_axes(self.leaves))
        if not timed and self.given["lengths"] is None:
            raise NothingToCheck("no input has a time axis")
        if not self.padding:
            raise Undecided(
                "no padding was found in the batches that were looked at; give value= or lengths="
            )
        unknown = [self.names[one.place] for one in self.padding if one.value is None]
        if unknown:
            raise Undecided(f"the padding of {unknown[0]} holds several values; give value=")
        return self.padding

    def _rows(self) -> Any:
        """Return a few rows of `batch` without their padding, as `padding_leak` takes them."""
        lengths = self.padding[0].lengths
        real = np.flatnonzero(lengths)
        if not len(real):
            raise ValueError(f"all rows of batch {self.batch.index} are padding")
        order = real[np.argsort(lengths[real], kind="stable")]
        picked = np.unique(np.linspace(0, len(order) - 1, min(_ROWS, len(order))).astype(int))
        chosen = order[picked]
        by_place = {one.place: one for one in self.padding}

        def cut(place: int, leaf: np.ndarray) -> Any:
            if place not in by_place:
                return leaf[chosen]
            one = by_place[place]
            if leaf.ndim == 4:
                turned = np.moveaxis(leaf, one.axis, 1)
                return [np.moveaxis(turned[i, : one.lengths[i]], 0, one.axis - 1) for i in chosen]
            start = {i: leaf.shape[1] - one.lengths[i] if one.side == "pre" else 0 for i in chosen}
            return [leaf[i, start[i] : start[i] + one.lengths[i]] for i in chosen]

        whole = [  # ids that came as floats must stay ids where other data is drawn
            leaf.astype("int64") if place in self.axes.ids else leaf
            for place, leaf in enumerate(self.leaves)
        ]
        return self._like_x([cut(i, leaf) for i, leaf in enumerate(whole)])

    def _make(self) -> Any:
        """Return what pads pictures in width alone, as `padding_leak` takes it, or None."""
        places = [one.place for one in self.padding]
        if not any(is_picture(self.leaves[place]) for place in places):
            return None
        values = _parts(self._values())
        axes = {one.place: one.axis for one in self.padding}

        def make(rows: Any, lengths: Any, side: str) -> Any:
            each = zip(_parts(rows), _parts(lengths), values, strict=True)
            return self._like_x(
                [padded_as(*one[:2], side, one[2], axes.get(i, 1)) for i, one in enumerate(each)]
            )

        return make

    def _values(self) -> Any:
        held = {one.place: one.value for one in self.padding}
        return self._like_x([held.get(i, 0) for i in range(len(self.leaves))])

    def _like_x(self, parts: list) -> Any:
        """Put one thing for each input into the structure of the inputs, as `padding_leak` does."""
        x = self.batch.x
        if isinstance(x, dict) and len(x) == len(parts):
            return dict(zip(sorted(x), parts, strict=True))
        if isinstance(x, tuple | list) and len(x) == len(parts):
            return tuple(parts)
        if len(parts) == 1:
            return parts[0]
        raise ValueError(f"inputs nested as {shown(x)} are not taken apart")


def _parts(packed: Any) -> list:
    """Take apart what `Subject._like_x` has put together."""
    if isinstance(packed, dict):
        return [packed[key] for key in sorted(packed)]
    return list(packed) if isinstance(packed, tuple) else [packed]
