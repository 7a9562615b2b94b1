"""How the calls of layers and operations are observed.

Keras has no public hook for "a layer was called". So, while a block of `record_calls` is open,
``keras.Layer.__call__``, ``keras.Operation.__call__``, ``keras.Operation.symbolic_call`` and the
``warnings`` that ``Layer.__call__`` uses are replaced; the last block to close puts them back.
"""

import contextlib
import inspect
import logging
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from helpers.keras_private import (
    Calls,
    functional,
    layers_of,
    losses_kept,
    mask_of,
    run_on_shapes,
    set_mask,
    wants_mask,
)

DESTROYS = "destroy the mask"
_GRAPHS = (*functional(), keras.Sequential)
_CONTAINERS = {base for cls in _GRAPHS for base in cls.__mro__}


@dataclass(eq=False)
class Call:
    """One call of a layer or of an operation.

    Attributes:
        path: Names of the layers and models around the call, outermost first.
        name: Name of the layer or operation.
        kind: Its class name.
        layer: The object that was called.
        operation: True for a plain operation, False for a layer.
        inside: ``"own"`` if a user-defined ``call`` ran, ``"graph"`` for a Functional or Sequential
            model, and ``""`` for a layer or operation that is looked at from outside only.
        inputs: Tensors that came in, flat, without masks and weights.
        outputs: Tensors that came out, flat.
        mask_in: One mask or None per input: the one given by hand, else the tensor's own.
        mask_out: One mask or None per output.
        masks_given: Masks passed as arguments, flat.
        takes_mask: True if ``call`` has an argument ``mask`` or ``*_mask``.
        got_mask: True if ``call`` was really given a mask.
        warned: True if Keras warned that the layer destroys the mask.
        call_number: 1 for the first call of this object within one outermost call, then 2, ...
        parent: The call around this one, or None.
        stripped: One bool per input: the call took the mask off its own input tensor.
        unseen: Why the inside could not be run symbolically, or ``""``.
        seen: Shapes of the outputs in each execution of a TensorFlow graph, if asked for.
    """

    path: tuple[str, ...]
    name: str
    kind: str
    layer: Any
    operation: bool
    inside: str
    inputs: list
    mask_in: list
    masks_given: list
    takes_mask: bool
    call_number: int
    parent: "Call | None" = None
    got_mask: bool = False
    warned: bool = False
    stripped: list = field(default_factory=list)
    unseen: str = ""
    outputs: list = field(default_factory=list)
    mask_out: list = field(default_factory=list)
    seen: list = field(default_factory=list)

    @property
    def depth(self) -> int:
        """How many recorded layers and models are around the call."""
        return len(self.path)

    def __repr__(self) -> str:
        return f"Call({'/'.join((*self.path, self.name))}, {self.kind}, {self.call_number})"


@contextlib.contextmanager
def record_calls(
    *, look_inside: bool = False, graph_shapes: bool = False, failed: bool = False
) -> Iterator[list[Call]]:
    """Record the calls of layers and operations that a user wrote into a model.

    Recorded are calls by the user's code, by Functional and Sequential models and by user-defined
    layers and models. Not recorded is what happens inside Keras's own layers (the cell of an RNN,
    the layer inside Bidirectional), inside ``build`` and inside ``compute_mask``, nor calls in
    other threads. A call that raises is not kept, nor what it had called, unless ``failed``.
    Keras's warning that a layer destroys the mask is noted in the call and not shown.

    Args:
        look_inside: Record calls on ``KerasTensor`` instead of skipping them, and run the ``call``
            of user-defined layers on them, so that plain operations such as ``h + h`` are seen. No
            node is added to any layer meanwhile.
        graph_shapes: On the TensorFlow backend note in ``Call.seen`` the output shapes of every
            execution of a graph, where static shapes may hold None. The graph must not be compiled
            by XLA. On other backends nothing changes.
        failed: Keep calls that raise, without outputs, and what they had called.

    Yields:
        The list of calls in the order in which they began, a model before its layers.

    Example:
        >>> model = keras.Sequential([keras.layers.Embedding(9, 4, mask_zero=True)])
        >>> with record_calls() as calls:
        ...     _ = model(np.array([[3, 0]]))
        >>> [(call.kind, call.mask_out[0] is not None) for call in calls]
        [('Sequential', True), ('Embedding', True)]
    """
    recorder = _Recorder(look_inside, graph_shapes, failed)
    _open(recorder)
    try:
        yield recorder.calls
    finally:
        _close(recorder)


def sort_of(layer: keras.Layer) -> str:
    """Tell how a layer is looked at: ``"own"``, ``"graph"`` or ``""``; see `Call`.

    A class that changes one of Keras's own layers, such as a subclass of ``Dense``, counts as that
    layer and is not looked into.
    """
    owners = [cls for cls in type(layer).__mro__ if "call" in vars(cls)]
    ours = [cls for cls in owners if _is_ours(cls)]
    if any(cls not in _CONTAINERS for cls in ours):
        return ""
    if owners[0] not in ours:
        return "own"
    return "graph" if isinstance(layer, _GRAPHS) else ""


def build(model: keras.Layer, batch: Any) -> None:
    """Create a model's variables from shapes alone, so that no state moves; see `state_kept`.

    A model that cannot run on shapes is left unbuilt; its first real call builds it.

    Args:
        model: Any layer or model.
        batch: What it is called with: arrays ``(batch, ...)``, nested at will.
    """
    if all(layer.built for layer in layers_of(model)):
        return
    with contextlib.suppress(Exception), record_calls():  # which also keeps warnings quiet
        run_on_shapes(model, specs(batch))


def specs(batch: Any) -> Any:
    """Return a ``KerasTensor`` of the same shape and dtype for every array in ``batch``."""
    return keras.tree.map_structure(
        lambda leaf: keras.KerasTensor(
            tuple(leaf.shape), dtype=keras.backend.standardize_dtype(leaf.dtype)
        ),
        batch,
    )


def tensors_in(structure: Any) -> list:
    """Return the tensors and arrays in a nested structure, flat; weights are left out."""
    return [leaf for leaf in keras.tree.flatten(structure) if _is_tensor(leaf)]


@contextlib.contextmanager
def state_kept(model: keras.Layer) -> Iterator[None]:
    """Put a model's variables and recorded losses back when the block ends, also after an error.

    Variables that are created within the block keep what they hold then, but the states of RNN
    layers that are built within it are reset.
    """
    built = {id(layer) for layer in layers_of(model) if layer.built}
    values = [(v, np.array(keras.ops.convert_to_numpy(v))) for v in _state(model)]
    try:
        with losses_kept(model):
            yield
    finally:
        for variable, value in values:
            variable.assign(value)
        for layer in layers_of(model):
            if id(layer) not in built and getattr(layer, "stateful", False):
                layer.reset_state()


def states_of(model: keras.Layer) -> list[keras.Variable]:
    """The states of stateful RNN layers, which Keras does not count among the variables."""
    found = keras.tree.flatten([getattr(layer, "states", None) for layer in layers_of(model)])
    return [state for state in found if isinstance(state, keras.Variable)]


def _state(model: keras.Layer) -> list:
    """All variables of the model, states and random generators too, each once."""
    variables = [v for layer in layers_of(model) for v in layer.variables] + states_of(model)
    found = {id(v): v for v in variables}
    return [v for v in found.values() if v.dtype != "string"]


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Hide what says nothing about the model: probes are traced again and again on purpose."""

    def wanted(record: logging.LogRecord) -> bool:
        return "triggered tf.function retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(wanted)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*destroy the mask")
            warnings.filterwarnings("ignore", message=".*does not have any trainable weights")
            yield
    finally:
        logger.removeFilter(wanted)


# One set of patches serves all open blocks: with one per block, blocks of several threads that
# close in another order than they opened would put a dead patch back.
_lock = threading.Lock()
_recorders: list["_Recorder"] = []
_originals: dict[str, Any] = {}


class _Frame:
    """A call that is under way. ``open`` is True while calls inside it are to be recorded."""

    def __init__(self, layer: Any, call: Call | None):
        self.layer = layer
        self.call = call
        self.open = False


class _Recorder:
    def __init__(self, look_inside: bool, graph_shapes: bool, failed: bool):
        self.calls: list[Call] = []
        self.look_inside = look_inside
        self.graph_shapes = graph_shapes
        self.failed = failed
        self.thread = threading.get_ident()
        self.stack: list[_Frame] = []
        self.counts: dict[int, int] = {}

    def enter(self, layer: Any, args: tuple, kwargs: dict, symbolic: bool) -> None:
        around = self.stack[-1] if self.stack else None
        wanted = (around is None or around.open) and (self.look_inside or not symbolic)
        self.stack.append(_Frame(layer, None))
        if not wanted:
            return
        parent = around.call if around else None
        if parent is None:
            self.counts.clear()
        self.counts[id(layer)] = number = self.counts.get(id(layer), 0) + 1
        is_layer = isinstance(layer, keras.Layer)
        inputs, mask_in, given = _arguments(layer, args, kwargs)
        call = Call(
            path=(*parent.path, parent.name) if parent else (),
            name=layer.name,
            kind=type(layer).__name__,
            layer=layer,
            operation=not is_layer,
            inside=sort_of(layer) if is_layer else "",
            inputs=inputs,
            mask_in=mask_in,
            masks_given=given,
            takes_mask=is_layer and _takes_mask(layer),
            call_number=number,
            parent=parent,
            stripped=[mask_of(tensor) is not None for tensor in inputs],
        )
        self.stack[-1].call = call
        self.calls.append(call)

    def leave(self, outputs: Any) -> None:
        call = self.stack.pop().call
        if call is None:
            return
        if self.look_inside and isinstance(call.layer, keras.layers.MultiHeadAttention):
            # Its `call`, which a symbolic run skips, takes the masks off its inputs in place.
            for tensor in call.inputs:
                set_mask(tensor, None)
        call.stripped = [
            had and mask_of(tensor) is None
            for tensor, had in zip(call.inputs, call.stripped, strict=True)
        ]
        call.outputs = tensors_in(outputs)
        call.mask_out = [mask_of(tensor) for tensor in call.outputs]
        if self.graph_shapes:
            _note_shapes(call)

    def fail(self) -> None:
        call = self.stack.pop().call
        if call is not None and not self.failed:
            self.drop(call)

    def drop(self, call: Call, *, itself: bool = True) -> None:
        """Forget what a call had called, and the call itself."""
        del self.calls[self.calls.index(call) + (not itself) :]


def _open(recorder: _Recorder) -> None:
    with _lock:
        if not _recorders:
            _originals.update(
                layer_call=keras.Layer.__call__,
                operation_call=keras.Operation.__call__,
                symbolic_call=keras.Operation.symbolic_call,
            )
            keras.Layer.__call__ = _layer_call
            keras.Operation.__call__ = _operation_call
            keras.Operation.symbolic_call = _symbolic_call
            _calls.put()
        _recorders.append(recorder)


def _close(recorder: _Recorder) -> None:
    with _lock:
        _recorders.remove(recorder)
        if not _recorders:
            keras.Layer.__call__ = _originals["layer_call"]
            keras.Operation.__call__ = _originals["operation_call"]
            keras.Operation.symbolic_call = _originals["symbolic_call"]
            _calls.restore()


def _mine() -> list[_Recorder]:
    """The open recorders of this thread, outermost first."""
    thread = threading.get_ident()
    return [recorder for recorder in _recorders if recorder.thread == thread]


def _observed(original: Any, layer: Any, args: tuple, kwargs: dict) -> Any:
    mine = _mine()
    symbolic = _symbolic(args, kwargs)
    for recorder in mine:
        recorder.enter(layer, args, kwargs, symbolic)
    try:
        outputs = original(layer, *args, **kwargs)
    except BaseException:
        for recorder in mine:
            recorder.fail()
        raise
    for recorder in mine:
        recorder.leave(outputs)
    return outputs


# The three functions below stand in for methods of Keras, hence ``self`` is the layer or operation.
def _layer_call(self: keras.Layer, *args: Any, **kwargs: Any) -> Any:
    return _observed(_originals["layer_call"], self, args, kwargs)


def _operation_call(self: Any, *args: Any, **kwargs: Any) -> Any:
    if not isinstance(self, keras.Layer):
        return _observed(_originals["operation_call"], self, args, kwargs)
    # Layer.__call__ gets here once the arguments and masks are ready: exactly the run of `call`.
    frames = [(r, r.stack[-1]) for r in _mine() if r.stack and r.stack[-1].layer is self]
    frames = [(r, frame) for r, frame in frames if frame.call is not None]
    for _, frame in frames:
        frame.call.got_mask = any(
            _is_mask_name(name) and tensors_in(value) for name, value in kwargs.items()
        ) or bool(frame.call.masks_given)
        frame.open = bool(frame.call.inside)
    try:
        if any(frame.open for _, frame in frames) and _symbolic(args, kwargs):
            return _run_symbolically(self, frames, args, kwargs)
        return _originals["operation_call"](self, *args, **kwargs)
    finally:
        for _, frame in frames:
            frame.open = False


def _symbolic_call(self: Any, *args: Any, **kwargs: Any) -> Any:
    # `h + h` and `keras.ops.relu(h)` on a KerasTensor come here without passing `__call__`.
    return _observed(_originals["symbolic_call"], self, args, kwargs)


def _node(original: type, *args: Any, **kwargs: Any) -> Any:
    """Add no node to a layer in a symbolic run: it would change ``layer.input`` for good."""
    if any(recorder.look_inside for recorder in _mine()):
        return None
    return original(*args, **kwargs)


class _Warnings:
    """Stands in for the module ``warnings`` in the file of ``Layer.__call__``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(warnings, name)

    def warn(self, message: Any, category: Any = None, stacklevel: int = 1, **kwargs: Any) -> None:
        mine = _mine()
        if not mine or DESTROYS not in str(message):
            warnings.warn(message, category, stacklevel=stacklevel + 1, **kwargs)
            return
        for recorder in mine:
            if recorder.stack and recorder.stack[-1].call is not None:
                recorder.stack[-1].call.warned = True


_calls = Calls(_node, _Warnings())


def _run_symbolically(layer: keras.Layer, frames: list, args: tuple, kwargs: dict) -> Any:
    try:
        return layer.call(*args, **kwargs)
    except Exception as error:  # whatever a user's `call` does with a tensor without values
        reason = f"{type(error).__name__}: {str(error).strip().splitlines()[0][:120]}".rstrip()
    for recorder, frame in frames:
        recorder.drop(frame.call, itself=False)
        frame.call.unseen = reason
        frame.open = False
    return _originals["operation_call"](layer, *args, **kwargs)


def _arguments(layer: Any, args: tuple, kwargs: dict) -> tuple[list, list, list]:
    """Sort the arguments of a call into inputs, their masks, and the masks given by hand."""
    if not isinstance(layer, keras.Layer):
        inputs = tensors_in((args, kwargs))
        return inputs, [mask_of(tensor) for tensor in inputs], []
    named = _named(layer, args, kwargs)
    given = {name: value for name, value in named.items() if _is_mask_name(name)}
    inputs, masks = [], []
    for position, (name, value) in enumerate((n, v) for n, v in named.items() if n not in given):
        leaves = tensors_in(value)
        by_hand = given.get(f"{name}_mask", given.get("mask") if position == 0 else None)
        by_hand = [] if by_hand is None else keras.tree.flatten(by_hand)
        by_hand = by_hand if len(by_hand) == len(leaves) else [None] * len(leaves)
        inputs += leaves
        masks += [
            mask_of(leaf) if mask is None else mask
            for leaf, mask in zip(leaves, by_hand, strict=True)
        ]
    return inputs, masks, tensors_in(list(given.values()))


def _named(layer: keras.Layer, args: tuple, kwargs: dict) -> dict[str, Any]:
    """Arguments by the names that ``call`` gives them."""
    positional = [
        name
        for name, parameter in inspect.signature(layer.call).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    names = positional + [f"argument {i}" for i in range(len(positional), len(args))]
    return dict(zip(names, args, strict=False)) | kwargs


def _takes_mask(layer: keras.Layer) -> bool:
    if isinstance(layer, keras.layers.Lambda):
        return wants_mask(layer)
    return any(_is_mask_name(name) for name in inspect.signature(layer.call).parameters)


def _is_mask_name(name: str) -> bool:
    return name == "mask" or (name.endswith("_mask") and name != "use_causal_mask")


def _is_tensor(leaf: Any) -> bool:
    if isinstance(leaf, keras.Variable):
        return False
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype")


def _symbolic(args: tuple, kwargs: dict) -> bool:
    return any(isinstance(leaf, keras.KerasTensor) for leaf in keras.tree.flatten((args, kwargs)))


def _is_ours(cls: type) -> bool:
    """Keras's own layers, and the layers of this package, are looked at from outside."""
    home = cls.__module__
    layer = home.startswith("helpers.masking.") and not issubclass(cls, keras.Model)
    return layer or home.split(".")[0] == "keras"


def _note_shapes(call: Call) -> None:
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    if tf.executing_eagerly() or not call.outputs:
        return

    # In a TensorFlow graph the static shape is what Keras promises; only the run knows the shape
    # that comes out. JAX traces with full shapes, and PyTorch runs eagerly.
    def note(*shapes: Any) -> np.int32:
        call.seen.append([tuple(int(n) for n in shape) for shape in shapes])
        return np.int32(0)

    tf.numpy_function(note, [tf.shape(output) for output in call.outputs], tf.int32)
