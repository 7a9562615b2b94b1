"""Every private name of Keras that the helpers use: here, once, and nowhere else.

Keras promises nothing about these names, and Keras 3.16 is known to change how masks travel. Each
has a row in `NAMES`: where it is defined, and what no longer works without it. Once a name has
gone, the first use of it warns, and the helpers go on with what is left. All names were seen in
the versions `SEEN`; ``tests/helpers/test_keras_private.py`` uses each of them on the version at
hand.
"""

import contextlib
import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import keras

SEEN = ("3.13.2", "3.15.1")
_UPSTREAM = "https://github.com/keras-team/keras/blob/v{}/{}"


class Private(NamedTuple):
    """A private name of Keras.

    Attributes:
        file: Where it is defined, in the repository of Keras.
        lost: What no longer works without it.
    """

    file: str
    lost: str

    @property
    def link(self) -> str:
        """Address of the file in the newest version in which the name was seen."""
        return _UPSTREAM.format(SEEN[-1], self.file)


_ADAPTER = "keras.src.trainers.data_adapters.py_dataset_adapter.PyDatasetAdapter.get_tf_dataset"
# A name with a class, such as "Layer._losses", is an attribute of its objects.
NAMES = {
    "keras.src.backend.get_keras_mask": Private(
        "keras/src/backend/common/masking.py",
        "masks of tensors are not seen: losses and metrics count padding, traces show no mask",
    ),
    "keras.src.backend.set_keras_mask": Private(
        "keras/src/backend/common/masking.py",
        "a trace on shapes alone shows masks behind MultiHeadAttention that are gone",
    ),
    "keras.src.backend.in_symbolic_scope": Private(
        "keras/src/backend/common/symbolic_scope.py",
        "on PyTorch, labels for CTC may be refused while a model is built",
    ),
    "keras.src.backend.compute_output_spec": Private(
        "keras/src/backend/tensorflow/core.py",
        "a model is built by its first call, which may move its state",
    ),
    "keras.src.backend.common.global_state.get_global_attribute": Private(
        "keras/src/backend/common/global_state.py",
        "layers made for a check count for the automatic names of later ones",
    ),
    "keras.src.layers.layer.Node": Private(
        "keras/src/layers/layer.py",
        "a trace on shapes alone leaves nodes in the layers, which changes `layer.input`",
    ),
    "keras.src.ops.operation.Node": Private(
        "keras/src/ops/operation.py",
        "a trace on shapes alone leaves nodes in the layers, which changes `layer.input`",
    ),
    "keras.src.layers.layer.warnings": Private(
        "keras/src/layers/layer.py",
        "a trace shows a mask that is dropped with a warning as dropped silently",
    ),
    "keras.src.models.functional.Functional": Private(
        "keras/src/models/functional.py",
        "a trace does not look into functional models",
    ),
    "keras.src.utils.naming.to_snake_case": Private(
        "keras/src/utils/naming.py",
        "a trace writes the names of operations in another way",
    ),
    "Layer._flatten_layers": Private(
        "keras/src/layers/layer.py",
        "layers that are held in attributes of other layers are not found",
    ),
    "Layer._losses": Private(
        "keras/src/layers/layer.py",
        "the losses that layers have added are not put back after a check",
    ),
    "Layer._loss_ids": Private(
        "keras/src/layers/layer.py",
        "the losses that layers have added are not put back after a check",
    ),
    "Lambda._fn_expects_mask_arg": Private(
        "keras/src/layers/core/lambda_layer.py",
        "a trace takes every Lambda for one that uses a mask",
    ),
    "KerasTensor._keras_history": Private(
        "keras/src/ops/node.py",
        "the layers of a functional model are not found from its tensors",
    ),
    "Operation._inbound_nodes": Private(
        "keras/src/ops/operation.py",
        "the layers of a functional model are not found from its tensors",
    ),
    _ADAPTER: Private(
        "keras/src/trainers/data_adapters/py_dataset_adapter.py",
        "Keras may take an axis for fixed if the first two batches of a PlannedDataset agree there "
        "and later ones do not; pass helpers.feeding.tf_dataset(store=False) instead",
    ),
}


def _found(name: str) -> Any:
    """The object of this name, or None."""
    *home, last = name.split(".")
    if home[-1][0].isupper():  # a class
        return getattr(_found(".".join(home)), last, None)
    with contextlib.suppress(ImportError):
        return getattr(importlib.import_module(".".join(home)), last, None)
    return None


_OBJECTS = {name: _found(name) for name in NAMES if name.startswith("keras.")}
_told: set[str] = set()


def _gone(name: str) -> None:
    """Warn, once for each name, that Keras no longer has it."""
    if name not in _told:
        _told.add(name)
        warnings.warn(
            f"Keras {keras.__version__} has no {name}: {NAMES[name].lost}. The helpers know Keras "
            f"{SEEN[0]} to {SEEN[-1]}; see {NAMES[name].link}",
            stacklevel=3,
        )


def _use(name: str) -> Any:
    found = _OBJECTS[name]
    if found is None:
        _gone(name)
    return found


def mask_of(tensor: Any) -> Any:
    """Return the mask attached to a tensor, or None."""
    get = _use("keras.src.backend.get_keras_mask")
    return None if get is None else get(tensor)


def set_mask(tensor: Any, mask: Any) -> None:
    """Attach a mask to a tensor, or take it off with None."""
    put = _use("keras.src.backend.set_keras_mask")
    if put is not None:
        put(tensor, mask)


def only_shapes() -> bool:
    """Whether Keras is only after shapes now. PyTorch has tensors then, but made-up ones."""
    scope = _use("keras.src.backend.in_symbolic_scope")
    return scope is not None and scope()


def run_on_shapes(model: keras.Layer, specs: Any) -> None:
    """Call a model on ``KerasTensor`` without leaving a trace in it, which builds it."""
    run = _use("keras.src.backend.compute_output_spec")
    if run is not None:
        run(model, specs)


@contextlib.contextmanager
def names_kept() -> Iterator[None]:
    """Let objects that are made within the block not count for Keras's automatic names."""
    get = _use("keras.src.backend.common.global_state.get_global_attribute")
    key = "object_name_uids"
    held = {} if get is None else dict(get(key, {}))
    try:
        yield
    finally:
        counts = None if get is None else get(key)
        if counts is not None:
            counts.clear()
            counts.update(held)


@contextlib.contextmanager
def global_seed_kept() -> Iterator[None]:
    """Put the state of Keras's global seed generator back when the block ends.

    A generator that is made within the block stays, since none was there to be put back.
    """
    get = _use("keras.src.backend.common.global_state.get_global_attribute")
    generator = None if get is None else get("global_seed_generator")
    before = None if generator is None else keras.ops.convert_to_numpy(generator.state).copy()
    try:
        yield
    finally:
        if generator is not None:
            generator.state.assign(before)


def plain_name(kind: str) -> str:
    """Return a class name as Keras writes names: ``"GetItem"`` as ``"get_item"``."""
    snake = _use("keras.src.utils.naming.to_snake_case")
    return kind.lower() if snake is None else snake(kind)


def functional() -> tuple[type, ...]:
    """Return the class of functional models, in a tuple that is empty if it has gone."""
    found = _use("keras.src.models.functional.Functional")
    return () if found is None else (found,)


class Calls:
    """What stands in for the names that a call of a layer uses: set by `put`, undone by `restore`.

    Args:
        node: Stands in for the class ``Node``, which enters a call into the graph of its layer. It
            gets the class itself as first argument.
        warning: Stands in for the module ``warnings`` in the file of ``Layer.__call__``.
    """

    def __init__(self, node: Callable, warning: Any):
        self._node, self._warning = node, warning
        self._held: list[tuple[Any, str, Any]] = []

    def put(self) -> None:
        """Put the stand-ins in."""
        for name in NAMES:
            module, _, attribute = name.rpartition(".")
            if attribute in ("Node", "warnings") and (original := _use(name)) is not None:
                home = importlib.import_module(module)
                self._held.append((home, attribute, original))
                setattr(home, attribute, self._stand_in(original, attribute))

    def restore(self) -> None:
        """Put the originals back."""
        for home, attribute, original in self._held:
            setattr(home, attribute, original)
        self._held.clear()

    def _stand_in(self, original: Any, attribute: str) -> Any:
        return self._warning if attribute == "warnings" else partial(self._node, original)


def layers_of(model: keras.Layer) -> list[keras.Layer]:
    """All layers of a model, nested ones too, and the model itself."""
    try:
        return list(model._flatten_layers())
    except AttributeError:
        if hasattr(model, "_flatten_layers"):
            raise
    _gone("Layer._flatten_layers")
    return [model, *(each for layer in getattr(model, "layers", ()) for each in layers_of(layer))]


@contextlib.contextmanager
def losses_kept(model: keras.Layer) -> Iterator[None]:
    """Put the losses that layers have added back when the block ends."""
    held = []
    for layer in layers_of(model):
        for name, kind in (("_losses", list), ("_loss_ids", set)):
            if hasattr(layer, name):
                held.append((layer, name, kind(getattr(layer, name))))
            else:
                _gone(f"Layer.{name}")
    try:
        yield
    finally:  # on JAX a compiled call makes Keras forget the losses of the last eager one
        for layer, name, before in held:
            values = getattr(layer, name)
            values.clear()
            (values.extend if isinstance(before, list) else values.update)(before)


def wants_mask(layer: keras.layers.Lambda) -> bool:
    """Whether the function in a Lambda takes a mask; the ``call`` around it always does."""
    try:
        return bool(layer._fn_expects_mask_arg)
    except AttributeError:
        _gone("Lambda._fn_expects_mask_arg")
        return True


def made_by(tensor: keras.KerasTensor) -> tuple[keras.Operation, list[keras.KerasTensor]]:
    """Return what a tensor of a functional model comes from: a layer, and what went in there."""
    if not hasattr(tensor, "_keras_history"):
        _gone("KerasTensor._keras_history")
    layer, node = tensor._keras_history[:2]
    if not hasattr(layer, "_inbound_nodes"):
        _gone("Operation._inbound_nodes")
    return layer, layer._inbound_nodes[node].input_tensors


def is_own_layer(layer: keras.Layer) -> bool:
    """Whether a layer is one of Keras's own or a subclass of one, beyond ``Layer`` and wrappers."""
    plain = {keras.Layer.__module__, keras.layers.Wrapper.__module__}
    home = keras.Layer.__module__.rpartition(".")[0]  # of all layers
    modules = {cls.__module__ for cls in type(layer).__mro__} - plain
    return any(module.startswith(f"{home}.") for module in modules)


def asked_for_shapes() -> bool:
    """Whether whoever asks our caller is Keras, which reads shapes off the first two batches.

    Keras on TensorFlow takes an axis of a ``PyDataset`` for fixed if its first two batches agree
    there, and a dataset has no way to say otherwise. So `helpers.feeding.PlannedDataset` must know
    when it is asked for that. Source: https://github.com/keras-team/keras/pull/19318, which chose
    two batches.
    """
    if keras.backend.backend() == "tensorflow":
        _use(_ADAPTER)
    *_, module, _, function = _ADAPTER.split(".")
    asking = sys._getframe(2)
    if asking.f_code.co_name == "<listcomp>":  # before Python 3.12, in a frame of its own
        asking = asking.f_back
    inside = asking.f_globals.get("__name__", "")
    return asking.f_code.co_name == function and inside.endswith(module)
