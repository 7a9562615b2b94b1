"""The path of a mask through a model: where it is born, kept, used and lost, call by call."""

import html
import itertools
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import keras
import numpy as np

from helpers.keras_private import names_kept, plain_name
from helpers.masking import recording
from helpers.masking.recording import Call

NO_MASK, BORN, KEPT, CONSUMED = "no mask", "born", "kept", "consumed"
WARNED, SILENT = "dropped with a warning", "dropped silently"
LOST = (WARNED, SILENT)
_CSS = {
    NO_MASK: "none",
    BORN: "born",
    KEPT: "kept",
    CONSUMED: "used",
    WARNED: "lost",
    SILENT: "lost",
}

# Operations that look at the shape of a tensor only: a mask has nothing to say there.
_SHAPE_ONLY = {"OnesLike", "ZerosLike", "FullLike", "Shape", "ConvertToTensor"}
_AXES = {
    1: ("batch",),
    3: ("batch", "time", "features"),
    4: ("batch", "height", "width", "features"),
    5: ("batch", "time", "height", "width", "features"),
}
FALSE_ALARM = "Keras warns that it destroys the mask, but a layer inside has used it"
UNSEEN = "operations in its call could not be seen: it does not run on shapes"
_WIDTHS = (22, 34, 16, 22)  # of the table's columns, at most; with the gaps 100


class Mask(NamedTuple):
    """A mask as the trace saw it.

    Attributes:
        shape: Its shape with the names of the axes, such as ``(batch 4, time 9)``.
        real: How many of its values are True, or None where only the shape is known.
        size: How many values it has.
    """

    shape: str
    real: int | None
    size: int

    def __str__(self) -> str:
        return self.shape if self.real is None else f"{self.real} of {self.size}"


@dataclass(frozen=True)
class Step:
    """One call of a layer or an operation, and what became of the mask there.

    Attributes:
        path: Names of the layers and nested models around the call, without the traced model.
        name: Name of the layer or operation.
        kind: Its class name.
        call_number: 1 for the first call of this layer in the trace, then 2, ...
        shared: True if the layer is called more than once.
        operation: True for a plain operation such as ``h + h``.
        nested: True if steps of the trace happen inside this one.
        uses_mask: True if the layer's ``call`` takes a mask.
        inputs: Shapes that came in, such as ``(batch 4, time 9, features 12)``.
        outputs: Shapes that came out.
        mask_in: One `Mask` or None per input.
        mask_out: One `Mask` or None per output.
        fate: ``"no mask"``, ``"born"``, ``"kept"``, ``"consumed"``, ``"dropped with a warning"`` or
            ``"dropped silently"``.
        notes: What else is worth knowing about this call.
        restored: Why a loss here does not matter, if so: ``"given again to X"``, the next layer
            that takes a mask, by hand or by the graph of a Functional model; ``"put back by X"`` or
            ``"dropped by X"``, the layer around the call, which decides on the mask of its output
            before anything asks for one; else ``""``.
    """

    path: tuple[str, ...]
    name: str
    kind: str
    call_number: int
    shared: bool
    operation: bool
    nested: bool
    uses_mask: bool
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    mask_in: tuple[Mask | None, ...]
    mask_out: tuple[Mask | None, ...]
    fate: str
    notes: tuple[str, ...] = ()
    restored: str = ""

    @property
    def depth(self) -> int:
        """How deep the call is nested in the traced model."""
        return len(self.path)

    @property
    def where(self) -> str:
        """Full name of the call, such as ``encoder/dense (call 2)``."""
        return "/".join((*self.path, self.label))

    @property
    def label(self) -> str:
        """Name of the call without what is around it."""
        return f"{self.name} (call {self.call_number})" if self.shared else self.name

    @property
    def partly(self) -> str:
        """``"mask in: 1 of 2"`` if only some of the inputs have a mask, else ``""``."""
        masks = [
            mask
            for mask, shape in zip(self.mask_in, self.inputs, strict=True)
            if mask is not None or shape.count(",") > 1
        ]
        have = sum(mask is not None for mask in masks)
        return f"mask in: {have} of {len(masks)}" if 0 < have < len(masks) else ""


@dataclass(frozen=True)
class Trace:
    """What `trace` returns: print it, show it in a notebook, or read its attributes.

    Attributes:
        name: Name of the traced model.
        kind: Its class name.
        batch: Shapes that it was called with, with the names of the axes.
        steps: One `Step` per call, in the order of execution, a nested model before its layers.
        remarks: What concerns no single step.
    """

    name: str
    kind: str
    batch: tuple[str, ...]
    steps: tuple[Step, ...]
    remarks: tuple[str, ...] = ()

    @property
    def lost(self) -> tuple[Step, ...]:
        """The steps in which a mask was dropped for good; of a nested model the innermost ones."""
        lost = (step for step in self.steps if step.fate in LOST and not step.restored)
        return tuple(step for step in lost if not (step.nested and step.fate == SILENT))

    @property
    def born(self) -> tuple[Step, ...]:
        """The steps in which a mask was born; of a nested model the innermost ones."""
        return tuple(s for s in self.steps if s.fate == BORN and not s.nested)

    @property
    def notes(self) -> tuple[str, ...]:
        """All notes, those of a step with its name."""
        of_steps = (f"{step.where}: {note}" for step in self.steps for note in step.notes)
        return (*of_steps, *self.remarks)

    @property
    def summary(self) -> str:
        """Where the mask is lost, if it is, in a sentence."""
        said = "There is no mask in this model."
        if self.lost:
            said = "Lost: " + ", ".join(f"{step.where} ({step.fate})" for step in self.lost) + "."
        elif self.born or any(any(step.mask_in) for step in self.steps):
            said = "The mask is lost nowhere."
        unseen = any(UNSEEN in note for note in self.notes)
        return said + " Some operations could not be seen; see the notes." * unseen

    def __str__(self) -> str:
        head = ("layer", "shape, in and out", "mask", "what became of it")
        rows = [head, *(_cells(step, marks) for step, marks in self._marked())]
        cells = [
            [_wrapped(text, width) for text, width in zip(row, _WIDTHS, strict=True)]
            for row in rows
        ]
        widths = [max(len(line) for row in cells for line in row[i]) for i in range(len(head))]
        lines = [*_fold(f"Masks in {self._title()}"), ""]
        for number, row in enumerate(cells):
            for i in range(max(len(cell) for cell in row)):
                parts = (cell[i] if i < len(cell) else "" for cell in row)
                padded = (part.ljust(width) for part, width in zip(parts, widths, strict=True))
                lines.append("  ".join(padded).rstrip())
            if number == 0:
                lines.append("  ".join("-" * width for width in widths))
        lines += ["", *_fold(self.summary)]
        for number, note in enumerate(self.notes, 1):
            lines += _fold(f"[{number}] {note}", "    ")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Trace of {self.name}: {len(self.steps)} steps, {len(self.lost)} lost>"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        rows = "".join(_html_row(step, marks) for step, marks in self._marked())
        notes = "".join(f"<li>{html.escape(note)}</li>" for note in self.notes)
        title = html.escape(f"Masks in {self._title()}")
        return (
            f'<div class="re-trace-box" role="region" aria-label="{title}" tabindex="0">'
            f'<table class="re-trace"><caption>{title}. {html.escape(self.summary)}</caption>'
            '<thead><tr><th scope="col">Layer</th><th scope="col">Shape, in and out</th>'
            '<th scope="col">Mask</th><th scope="col">What became of it</th></tr></thead>'
            f"<tbody>{rows}</tbody></table>"
            + (f'<ol class="re-trace-notes">{notes}</ol>' if notes else "")
            + "</div>"
        )

    def _title(self) -> str:
        return f"{self.name} ({self.kind}), called with {', '.join(self.batch)}"

    def _marked(self) -> Iterator[tuple[Step, str]]:
        """Each step with the numbers of its notes, such as ``" [1] [2]"``."""
        number = 0
        for step in self.steps:
            marks = "".join(f" [{number + i}]" for i in range(1, len(step.notes) + 1))
            number += len(step.notes)
            yield step, marks


def trace(
    model: keras.Layer,
    batch: Any,
    *,
    lengths: Sequence[int] | None = None,
    axes: Any = None,
    predict: bool = True,
) -> Trace:
    """Follow the masks through a model, one row per call of a layer and per plain operation.

    The model runs eagerly on ``batch``, then on shapes alone if it has user-defined layers (only so
    can ``h + h`` in a ``call`` be seen), then through ``predict_on_batch`` at full and at half
    length in both orders, where masks and shapes are compared with the eager run. Its variables,
    compiled functions and graph stay as they were; an unbuilt model is built.

    What becomes of a mask at a step:

    - ``"born"``: none came in, one went out.
    - ``"kept"``: one came in, one went out.
    - ``"consumed"``: one came in, none went out, and the layer's ``call`` was given it, or an
      operation used it by hand, as in ``h * keras.ops.cast(mask, h.dtype)[..., None]``.
    - ``"dropped with a warning"``: none went out, and Keras warned.
    - ``"dropped silently"``: none went out, nobody used it and nobody said so.
    - ``"no mask"``: there was none.

    Plain operations in a user-defined layer whose ``call`` was given a mask are that layer's own
    business and not shown, nor are operations that only work on masks.

    Args:
        model: Any Keras model or layer.
        batch: What ``model`` is called with: an array ``(batch, ...)``, or a list, tuple or dict.
        lengths: ``(batch,)`` real timesteps of each row. With it, a mask that is born with another
            number of real steps is noted.
        axes: Names of the input's axes, such as ``("batch", "time", "features")``, in the structure
            of ``batch``. None guesses them: two axes are (batch, time) for integers and (batch,
            features) for floats, three (batch, time, features), four (batch, height, width,
            features), five (batch, time, height, width, features).
        predict: Whether to run through ``predict_on_batch`` too, which takes most of the time.

    Returns:
        A `Trace`. Axes of later shapes are named by their sizes and places, so take a batch in
        which batch, time and features differ.

    Raises:
        TypeError: ``model`` is not a Keras layer, or ``batch`` or ``lengths`` is of a wrong type.
        ValueError: ``lengths`` or ``axes`` does not fit the batch. Keras's own error if the model
            cannot be called with the batch.

    Example:
        >>> inputs = keras.Input((None,))
        >>> h = keras.layers.Embedding(9, 4, mask_zero=True)(inputs)
        >>> model = keras.Model(inputs, keras.layers.LSTM(3)(h + h))
        >>> steps = trace(model, np.array([[3, 5, 0], [2, 0, 0]])).steps
        >>> [(step.kind, step.fate) for step in steps]
        [('Embedding', 'born'), ('Add', 'dropped silently'), ('LSTM', 'no mask')]
    """
    if not isinstance(model, keras.Layer):
        raise TypeError(f"model: expected a Keras model or layer, got {type(model).__name__}")
    batch = _checked_batch(batch)
    leaves = keras.tree.flatten(batch)
    names = _Names(leaves, _checked_axes(axes, batch, leaves))
    real = _checked_lengths(lengths, leaves, names)

    recording.build(model, batch)
    with recording.state_kept(model):
        try:
            with recording.record_calls() as eager:
                model(batch)
        except Exception as error:
            error.add_note("batch: the model could not be called with it; see the error above.")
            raise
        with names_kept():
            symbolic = _symbolic(model, batch, eager)
            found, remarks = {}, []
            if predict:
                with recording.quietly():
                    found, remarks = _predicted(model, batch, names, eager)

    rows = _merge(eager, symbolic)
    steps, more = _steps(rows, eager, symbolic, names, real, found)
    return Trace(
        name=model.name,
        kind=type(model).__name__,
        batch=tuple(names.shape(leaf.shape, leaf.dtype) for leaf in leaves),
        steps=tuple(steps),
        remarks=(*more, *remarks),
    )


# --- arguments -----------------------------------------------------------------------------------


def _checked_batch(batch: Any) -> Any:
    if batch is None:
        raise TypeError("batch: expected what the model is called with, got None")
    leaves = keras.tree.flatten(batch)
    if not leaves:
        raise TypeError(f"batch: expected an array or a structure of arrays, got {batch!r}")
    for leaf in leaves:
        if not (hasattr(leaf, "shape") and hasattr(leaf, "dtype")):
            raise TypeError(
                "batch: expected an array (batch, ...) or a list, tuple or dict of arrays, "
                f"got {type(leaf).__name__} in it"
            )
        if not len(leaf.shape):
            raise ValueError("batch: expected arrays (batch, ...), got a scalar")
    return batch


def _checked_axes(axes: Any, batch: Any, leaves: list) -> list[tuple[str, ...] | None]:
    if axes is None:
        return [None] * len(leaves)
    if all(isinstance(name, str) for name in axes) and not isinstance(axes, dict):
        named = [axes]
    elif isinstance(axes, dict):
        if not isinstance(batch, dict) or set(axes) != set(batch):
            raise ValueError(f"axes: expected the keys of batch, got {list(axes)}")
        named = [axes[key] for key in sorted(axes)]  # the order in which Keras flattens a dict
    else:
        named = list(axes)
    if len(named) != len(leaves):
        raise ValueError(f"axes: expected names for {len(leaves)} arrays, got {len(named)}")
    for one, leaf in zip(named, leaves, strict=True):
        if isinstance(one, str) or len(one) != len(leaf.shape):
            raise ValueError(
                f"axes: expected {len(leaf.shape)} names for the shape {tuple(leaf.shape)}, "
                f"got {one!r}"
            )
    return [tuple(one) for one in named]


def _checked_lengths(lengths: Any, leaves: list, names: "_Names") -> np.ndarray | None:
    if lengths is None:
        return None
    array = np.asarray(lengths)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise TypeError(
            f"lengths: expected whole numbers (batch,), got shape {array.shape} of {array.dtype}"
        )
    if len(array) != leaves[0].shape[0]:
        raise ValueError(
            f"lengths: expected one per row of the batch, which has {leaves[0].shape[0]}, "
            f"got {len(array)}"
        )
    longest = max(names.times, default=None)
    if longest is None:
        raise ValueError("lengths: expected a batch with a time axis, got one without; pass axes")
    if len(array) and (array.min() < 0 or array.max() > longest):
        raise ValueError(
            f"lengths: expected 0 to {longest}, the batch's timesteps, "
            f"got {array.min()} to {array.max()}"
        )
    return array


class _Names:
    """Guesses the names of axes from those of the batch."""

    def __init__(self, leaves: list, axes: list[tuple[str, ...] | None]):
        self.size = int(leaves[0].shape[0])
        self.given = {len(one): one for one in axes if one}
        whole = [_is_whole(leaf.dtype) for leaf in leaves]
        self.inputs = []
        for leaf, one, is_whole in zip(leaves, axes, whole, strict=True):
            rank = len(leaf.shape)
            second = ("batch", "time" if is_whole else "features")
            default = second if rank == 2 else _AXES.get(rank, ("batch",) + ("?",) * (rank - 1))
            self.inputs.append(one or default)
        self.times = {
            int(size)
            for leaf, one in zip(leaves, self.inputs, strict=True)
            for size, name in zip(leaf.shape, one, strict=True)
            if name == "time"
        }

    def of(self, shape: Sequence[int], dtype: Any = None) -> tuple[str, ...]:
        """One name per axis."""
        rank = len(shape)
        if rank in self.given:
            return self.given[rank]
        first = ("batch" if rank and shape[0] == self.size else "?",)
        timed = [axis for axis in range(1, rank) if shape[axis] in self.times]
        if rank == 2:
            return (*first, "time" if timed or _is_whole(dtype) else "features")
        if rank == 3 and timed == [2]:
            return (*first, "?", "time")
        if rank == 4 and timed:
            rest = ["time" if axis in timed else "?" for axis in range(1, 4)]
            return (*first, *rest[:2], "time" if 3 in timed and 1 not in timed else "features")
        return first[:rank] + _AXES.get(rank, ("?",) * rank)[1:]

    def shape(self, shape: Sequence[int], dtype: Any = None) -> str:
        """The shape with its names, such as ``(batch 4, time 9, features 12)``."""
        shape = tuple(shape)
        parts = (f"{name} {size}" for name, size in zip(self.of(shape, dtype), shape, strict=True))
        return f"({', '.join(parts)})"


def _is_whole(dtype: Any) -> bool:
    """True for the dtypes of token ids and masks."""
    if dtype is None:
        return False
    return keras.backend.standardize_dtype(dtype).startswith(("int", "uint", "bool"))


# --- the three runs ------------------------------------------------------------------------------


def _symbolic(model: keras.Layer, batch: Any, eager: list[Call]) -> list[Call]:
    """The second run, on shapes; only user-defined layers can hide an operation."""
    if not any(call.inside == "own" for call in eager):
        return []
    try:
        with recording.record_calls(look_inside=True) as calls:
            model(recording.specs(batch))
    except Exception:  # a user's `call` may refuse tensors without values: no second view then
        return []
    return calls


class _Probe(keras.Model):
    """Calls a model, so that its own compiled functions stay untouched."""

    def __init__(self, model: keras.Layer):
        super().__init__(name="probe")
        self.model = model

    def call(self, inputs):
        return self.model(inputs)


def _predicted(
    model: keras.Layer, batch: Any, names: _Names, eager: list[Call]
) -> tuple[dict[int, str], list[str]]:
    """The third run: what ``predict_on_batch`` does otherwise, by the call's place in ``eager``."""
    runs = {"full": batch}
    seen = {"full": eager}
    if max(names.times, default=1) > 1:
        half = _cut(batch, names)
        try:
            with recording.record_calls() as calls:
                model(half)
            same = [call.layer for call in calls] == [call.layer for call in eager]
        except Exception:  # built for one length: then there is no second one to compare
            same = False
        if same:
            runs["half"], seen["half"] = half, calls
    orders = [tuple(runs)]
    if len(runs) > 1 and keras.backend.backend() == "tensorflow":
        # A graph is traced again for a second length and then serves all, so the order matters.
        # JAX compiles every length on its own, and PyTorch compiles nothing.
        orders.append(("half", "full"))
    found: dict[int, str] = {}
    for order in orders:
        try:
            observed = _predict(model, [runs[which] for which in order])
        except Exception as error:
            return found, [f"predict_on_batch was not compared: it raised {type(error).__name__}"]
        for which, ran in zip(order, observed, strict=True):
            first = ", ".join(names.shape(shape) for shape in _shapes(runs[order[0]]))
            before = "" if which == order[0] else f"after a batch {first} "
            said = _differences(seen[which], ran, names, before)
            if said is None:
                return found, ["predict_on_batch was not compared: it calls other layers"]
            found = said | found
    return found, []


def _shapes(batch: Any) -> list[tuple[int, ...]]:
    return [tuple(leaf.shape) for leaf in keras.tree.flatten(batch)]


def _cut(batch: Any, names: _Names) -> Any:
    """The batch with the first half of its timesteps."""
    kinds = iter(names.inputs)

    def cut(leaf):
        which = next(kinds)
        if "time" not in which:
            return leaf
        axis = which.index("time")
        return leaf[(slice(None),) * axis + (slice(0, max(1, leaf.shape[axis] // 2)),)]

    leaves = [cut(leaf) for leaf in keras.tree.flatten(batch)]
    return keras.tree.pack_sequence_as(batch, leaves)


def _predict(model: keras.Layer, batches: list) -> list[list[tuple[Call, list]]]:
    """Run batches through one compiled function; per batch the calls and their output shapes."""
    probe = _Probe(model)
    if keras.backend.backend() == "tensorflow":
        probe.jit_compile = False  # XLA cannot run what tells us the real shapes
    result = []
    with recording.record_calls(graph_shapes=True) as calls:
        for batch in batches:
            start, counts = len(calls), [len(call.seen) for call in calls]
            probe.predict_on_batch(batch)
            if any(call.seen for call in calls):
                counts += [0] * (len(calls) - len(counts))
                ran = [c for c, n in zip(calls, counts, strict=True) if len(c.seen) > n]
                ran = [(call, call.seen[-1]) for call in ran]
            else:
                ran = [(call, [tuple(t.shape) for t in call.outputs]) for call in calls[start:]]
            roots = [i for i, (call, _) in enumerate(ran) if call.layer is model]
            result.append(ran[roots[-1] :] if roots else [])
    return result


def _differences(
    eager: list[Call], ran: list[tuple[Call, list]], names: _Names, before: str
) -> dict[int, str] | None:
    """What differs, by the place in the list; None if the calls are not the same ones."""
    if [call.layer for call in eager] != [call.layer for call, _ in ran]:
        return None
    said = {}
    for index, (call, (other, shapes)) in enumerate(zip(eager, ran, strict=True)):
        expected = [tuple(int(n) for n in tensor.shape) for tensor in call.outputs]
        if shapes != expected:
            got = ", ".join(names.shape(shape) for shape in shapes)
            want = ", ".join(names.shape(shape) for shape in expected)
            said[index] = f"{before}predict returns {got}, not {want} as when called directly"
            continue
        masks = [mask is not None for mask in call.mask_out]
        if [mask is not None for mask in other.mask_out] != masks:
            missing = "has no mask, but has one" if any(masks) else "has a mask, but has none"
            said[index] = f"{before}predict's output {missing} when called directly"
    return said


# --- the rows ------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """A call to show: ``call`` as it really ran, or an operation that only shapes went through."""

    call: Call
    parent: Call | None
    symbolic: bool


def _merge(eager: list[Call], symbolic: list[Call]) -> list[_Row]:
    """Eager calls in order, with the operations that the symbolic run saw between them."""
    if not eager:
        return []
    twins: dict[Call, Call] = {}
    if symbolic and symbolic[0].layer is eager[0].layer:
        twins[eager[0]] = symbolic[0]
    return list(_merged(eager[0], None, eager, symbolic, twins))


def _merged(call, parent, eager, symbolic, twins) -> Iterator[_Row]:
    yield _Row(call, parent, False)
    children = [c for c in eager if c.parent is call]
    twin = twins.get(call)
    others = [c for c in symbolic if c.parent is twin] if twin and not twin.unseen else []
    own = call.inside == "own"
    real = [c for c in others if not c.operation or any(c.layer is e.layer for e in children)]
    if others and [c.layer for c in real] != [c.layer for c in children]:
        others, twin.unseen = [], "there it calls other layers"
    left = iter(children)
    for other in others:
        if other in real:
            child = next(left)
            twins[child] = other
            yield from _merged(child, call, eager, symbolic, twins)
        elif own:
            yield _Row(other, call, True)
    for child in left:
        yield from _merged(child, call, eager, symbolic, twins)


class _Insight(NamedTuple):
    """What the other calls of a run tell about one call."""

    by_hand: bool  # an operation on a tensor made from a mask
    only_masks: bool  # it works on masks alone, or only on shapes
    stripped: Call | None  # this call took the mask off an input of ours before


def _insights(calls: list[Call]) -> dict[Call, _Insight]:
    made = {
        id(mask)
        for call in calls
        for mask in (*call.mask_in, *call.mask_out, *call.masks_given)
        if mask is not None
    }
    strippers: dict[int, Call] = {}
    insights = {}
    for call in calls:
        from_mask = [id(t) in made or _is_bool(t) for t in call.inputs]
        bare = [t for t, mask in zip(call.inputs, call.mask_in, strict=True) if mask is None]
        stripped = next((strippers[id(t)] for t in bare if id(t) in strippers), None)
        pure = call.operation and all(from_mask) and bool(from_mask)
        makes = call.operation and bool(call.outputs) and all(map(_is_bool, call.outputs))
        if pure:
            made.update(id(t) for t in call.outputs)
        alone = pure or makes or call.kind in _SHAPE_ONLY
        insights[call] = _Insight(any(from_mask), alone and call.operation, stripped)
        for tensor, gone in zip(call.inputs, call.stripped, strict=True):
            if gone and not call.inside:
                strippers[id(tensor)] = call
    return insights


def _is_bool(tensor: Any) -> bool:
    return keras.backend.standardize_dtype(tensor.dtype) == "bool"


def _steps(rows, eager, symbolic, names, lengths, found) -> tuple[list[Step], list[str]]:
    insights = _insights(eager) | _insights(symbolic)
    masks = _mask_values(rows, eager, symbolic)
    given = _given_again(eager) | _given_again(symbolic)
    place = {call: index for index, call in enumerate(eager)}
    twins_unseen = {c.layer: c.unseen for c in symbolic if c.unseen}
    shown = [row for row in rows if not _hidden(row, insights)]
    if len(shown) > 1:
        shown = [row for row in shown if row.parent is not None]  # the model itself is the title
    counts: dict[int, int] = {}
    for row in shown:
        counts[id(row.call.layer)] = counts.get(id(row.call.layer), 0) + 1
    labels = _labels(shown)
    steps, remarks = [], []
    for row in shown:
        call, insight = row.call, insights[row.call]

        def described(mask):
            return None if mask is None else _described(masks.get(id(mask), mask), names)

        fate = _fate(call, insight)
        again = given[call] if fate in LOST else None
        notes = list(_notes(call, insight, lengths, masks, names))
        if not row.symbolic and place[call] in found:
            notes.append(found[place[call]])
        if call.inside == "own" and call.layer in twins_unseen:
            notes.append(f"{UNSEEN} ({twins_unseen[call.layer]})")
        steps.append(
            Step(
                path=_path(row),
                name=labels[call],
                kind=call.kind,
                call_number=call.call_number,
                shared=counts[id(call.layer)] > 1,
                operation=call.operation,
                nested=any(other.parent is call for other in shown),
                uses_mask=call.takes_mask,
                inputs=tuple(names.shape(t.shape, t.dtype) for t in call.inputs),
                outputs=tuple(names.shape(t.shape, t.dtype) for t in call.outputs),
                mask_in=tuple(described(mask) for mask in call.mask_in),
                mask_out=tuple(described(mask) for mask in call.mask_out),
                fate=fate,
                notes=tuple(notes),
                restored=f"given again to {again}" if again else "",
            )
        )
    root = eager[0]
    if shown[0].call is not root and root.layer in twins_unseen:
        remarks.append(f"{root.name}: {UNSEEN} ({twins_unseen[root.layer]})")
    if any(call.inside == "own" for call in eager) and not symbolic:
        remarks.append(f"{root.name}: {UNSEEN}")
    return _with_restored(_with_nested_fates(steps)), remarks


def _given_again(calls: list[Call]) -> dict[Call, str | None]:
    """For each call, the name of the next one that takes a mask, if every such one was given one.

    A layer may be given a mask that its input has lost: ``lstm(h[:, 1:], mask=mask[:, 1:])``. A
    Functional model does the same by itself where the mask was still there when it was built.
    """
    order = {call: index for index, call in enumerate(calls)}
    users: dict[int, list[Call]] = {}
    for call in calls:
        for tensor in call.inputs:
            users.setdefault(id(tensor), []).append(call)

    def takers(call: Call) -> Iterator[Call | None]:
        users_of_outputs = (users.get(id(tensor), ()) for tensor in call.outputs)
        # later ones only: Dropout may return the very tensor that it was given
        nexts = [u for u in itertools.chain(*users_of_outputs) if order[u] > order[call]]
        if not nexts:
            yield None  # an output of the model: its loss may want the mask
        for user in nexts:
            if user.got_mask and not user.inside:
                yield user
            elif not user.takes_mask and not user.inside:
                yield from takers(user)
            else:
                yield None

    given = {}
    for call in calls:
        found = list(takers(call)) if not call.inside else [None]
        given[call] = found[0].name if all(found) else None
    return given


def _hidden(row: _Row, insights: dict[Call, _Insight]) -> bool:
    call = row.call
    if not call.operation:
        return False
    if insights[call].only_masks:
        return True
    around = row.parent
    own = around is not None and around.inside == "own"
    return own and around.takes_mask and around.got_mask


def _path(row: _Row) -> tuple[str, ...]:
    if row.parent is None:
        return ()
    return (*row.parent.path, row.parent.name)[1:]


def _labels(rows: list[_Row]) -> dict[Call, str]:
    """Names; an operation in a user-defined layer has none of its own and is counted there."""
    labels, counts = {}, {}
    for row in rows:
        call = row.call
        labels[call] = call.name
        if row.symbolic:
            base = plain_name(call.kind)
            key = (id(row.parent), base)
            labels[call] = f"{base}_{counts[key]}" if key in counts else base
            counts[key] = counts.get(key, 0) + 1
    return labels


def _mask_values(rows, eager, symbolic) -> dict[int, Any]:
    """Masks with values for those of the symbolic run, by id."""
    values = {}
    pairs = zip(
        [call for call in eager if not call.operation],
        [call for call in symbolic if not call.operation],
        strict=False,
    )
    for real, other in pairs:
        if real.layer is not other.layer:
            break
        for mine, theirs in (
            *zip(real.mask_out, other.mask_out, strict=False),
            *zip(real.mask_in, other.mask_in, strict=False),
        ):
            if mine is not None and theirs is not None:
                values[id(theirs)] = mine
    return values


def _described(mask: Any, names: _Names) -> Mask:
    size = int(np.prod(mask.shape))
    if isinstance(mask, keras.KerasTensor):
        return Mask(names.shape(mask.shape, "bool"), None, size)
    return Mask(names.shape(mask.shape, "bool"), int(_values(mask).sum()), size)


def _values(mask: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(mask)).astype(bool)


def _fate(call: Call, insight: _Insight) -> str:
    came = any(mask is not None for mask in call.mask_in) or bool(call.masks_given)
    went = any(mask is not None for mask in call.mask_out)
    if went:
        return KEPT if came else BORN
    if call.warned:
        return WARNED
    if not came:
        return SILENT if insight.stripped else NO_MASK
    used = insight.by_hand if call.operation else call.got_mask and call.takes_mask
    return CONSUMED if used else SILENT


def _with_nested_fates(steps: list[Step]) -> list[Step]:
    """A nested model that swallows a mask did so in one of its own steps, or used it there."""
    result = []
    for index, step in enumerate(steps):
        if step.nested and step.fate in (*LOST, CONSUMED):
            depths = [other.depth for other in steps[index + 1 :]]
            end = next((i for i, depth in enumerate(depths) if depth <= step.depth), len(depths))
            inner = steps[index + 1 : index + 1 + end]
            fates = {other.fate for other in inner if not other.nested}
            if fates & {*LOST}:
                step = replace(step, fate=step.fate if step.fate in LOST else SILENT)
            elif CONSUMED in fates:
                said = (FALSE_ALARM,) if step.fate == WARNED else ()
                step = replace(step, fate=CONSUMED, notes=(*step.notes, *said))
        result.append(step)
    return result


def _with_restored(steps: list[Step]) -> list[Step]:
    """Mark losses inside a layer that decides on its output's mask before anyone needs one."""
    return [
        replace(step, restored=_decided_by(steps, index))
        if step.fate in LOST and not step.restored
        else step
        for index, step in enumerate(steps)
    ]


def _decided_by(steps: list[Step], index: int) -> str:
    """What a layer around a step does with the mask that is lost there, or ``""``."""
    depth = steps[index].depth
    for above in range(index - 1, -1, -1):
        around = steps[above]
        if around.depth >= depth:
            continue
        depth = around.depth
        if any(around.mask_out) or around.fate == WARNED:
            inside = itertools.takewhile(lambda s, d=depth: s.depth > d, steps[index + 1 :])
            asking = (step for step in inside if step.uses_mask and not step.nested)
            if not all(any(step.mask_in) for step in asking):
                return ""
            what = "put back" if any(around.mask_out) else "dropped"
            return f"{what} by {around.name}"
    return ""


def _notes(call, insight, lengths, masks, names) -> Iterator[str]:
    first = next((mask for mask in call.mask_out if mask is not None), None)
    came = any(mask is not None for mask in call.mask_in) or bool(call.masks_given)
    if first is not None and not came and not call.inside and lengths is not None:
        mask = masks.get(id(first), first)
        if not isinstance(mask, keras.KerasTensor) and mask.shape[0] == len(lengths):
            yield from _born_notes(_values(mask), lengths, names)
    if insight.stripped is not None:
        taker = insight.stripped
        yield (
            f"{taker.name} took the mask off this input before: {taker.kind} removes it from the "
            "very tensor that it is given"
        )
    if call.warned and first is not None:
        yield "Keras warns that it destroys the mask, but the mask is still there"
    own = [mask for mask in call.mask_in if mask is not None]
    if own and call.takes_mask and not call.got_mask and not call.inside:
        yield (
            "its call takes a mask but was given none: with several tensors Keras fills in only "
            "the arguments named after them"
        )


def _born_notes(values: np.ndarray, lengths: np.ndarray, names: _Names) -> Iterator[str]:
    if values.ndim != 2 or values.shape[1] not in names.times:
        return
    counts = values.sum(axis=1)
    if values.all() and lengths.sum() < values.size:
        yield (
            f"marks no step as padding, but by lengths {values.size - lengths.sum()} of "
            f"{values.size} are"
        )
    elif (counts != lengths).any():
        rows = np.flatnonzero(counts != lengths).tolist()
        yield (
            f"marks {counts.sum()} of {values.size} steps as real, by lengths {lengths.sum()} are; "
            f"it differs in {'row' if len(rows) == 1 else 'rows'} {', '.join(map(str, rows[:5]))}"
            + (" ..." if len(rows) > 5 else "")
        )


# --- printing ------------------------------------------------------------------------------------


def _cells(step: Step, marks: str) -> tuple[str, str, str, str]:
    before, after = ([str(m or "none") for m in masks] for masks in (step.mask_in, step.mask_out))
    used = step.fate == KEPT and step.uses_mask and not step.nested
    fate = ("used and kept" if used else step.fate) + marks
    if step.partly:
        fate += f"\n{step.partly}"
    if step.restored:
        fate += f"\n{step.restored}"
    return (
        "  " * step.depth + step.label,
        _change(step.inputs, step.outputs),
        _change(before or ["none"], after or ["none"]),
        fate,
    )


def _change(before: Sequence[str], after: Sequence[str]) -> str:
    """What went in, an arrow, what came out; once if both are the same."""
    before, after = (one[:1] if len(set(one)) == 1 else one for one in (before, after))
    if tuple(before) == tuple(after):
        return "\n".join(after)
    short = len(before) == len(after) == 1 and len(before[0] + after[0]) < 20
    return "\n".join(before) + (" → " if short else "\n→ ") + "\n  ".join(after)


def _wrapped(text: str, width: int) -> list[str]:
    lines = []
    for line in text.split("\n"):
        indent = " " * (len(line) - len(line.lstrip()) + 2)
        lines += textwrap.wrap(line, width, subsequent_indent=indent) or [""]
    return lines


def _fold(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(text, 98, subsequent_indent=indent)


def _html_row(step: Step, marks: str) -> str:
    name, shape, after, fate = (html.escape(cell) for cell in _cells(step, marks))
    style = f' style="padding-left:{0.5 + step.depth}em"' if step.depth else ""
    fate_class = f"re-fate-{'none' if step.restored else _CSS[step.fate]}"
    row = ' class="re-trace-nested"' if step.nested else ""
    return (
        f'<tr{row}><th scope="row"{style}>{name.strip()}</th>'
        f"<td>{'<br>'.join(shape.split(chr(10)))}</td><td>{'<br>'.join(after.split(chr(10)))}</td>"
        f'<td class="re-fate {fate_class}">{"<br>".join(fate.split(chr(10)))}</td></tr>'
    )
