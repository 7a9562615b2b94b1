"""Each private name of Keras is there, does what the helpers use it for, and is missed if not."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import ast
import importlib.metadata
import warnings
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

from helpers import keras_private
from helpers.keras_private import NAMES, SEEN

pytestmark = pytest.mark.any_backend
HELPERS = Path(keras_private.__file__).parent
ADAPTER = next(name for name in NAMES if name.endswith("get_tf_dataset"))


class Add(keras.layers.Layer):
    """Adds something that was not there."""

    def call(self, x):
        self.add_loss(ops.sum(x))
        return x + 0


def chain():
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(2, name="last")(layers.Dense(3, name="first")(inputs)))


def masked():
    return layers.Embedding(9, 2, mask_zero=True)(np.array([[3, 0]]))


def get_and_set_keras_mask():
    x = masked()
    mask = np.asarray(ops.convert_to_numpy(keras_private.mask_of(x)))
    assert mask.tolist() == [[True, False]]
    keras_private.set_mask(x, None)
    assert keras_private.mask_of(x) is None


def in_symbolic_scope():
    seen = []

    class Ask(keras.layers.Layer):
        def call(self, x):
            seen.append(keras_private.only_shapes())
            return x

    layer = Ask()
    layer(keras.KerasTensor((2, 3)))
    layer(np.ones((2, 3), "float32"))
    assert seen == [True, False]


def compute_output_spec():
    model = keras.Sequential([layers.Dense(2)])
    keras_private.run_on_shapes(model, keras.KerasTensor((2, 3)))
    assert model.built


def get_global_attribute():
    first = layers.Dense(1).name
    with keras_private.names_kept():
        second = layers.Dense(1).name
    assert first != second == layers.Dense(1).name
    keras.random.uniform(())
    with keras_private.global_seed_kept():
        drawn = float(keras.random.uniform(()))
    assert float(keras.random.uniform(())) == drawn != float(keras.random.uniform(()))


class Stand:
    """Stands in for Keras's class Node and for the module warnings in its file of layers."""

    def __init__(self):
        self.nodes, self.said = 0, []

    def node(self, original, *args, **kwargs):
        self.nodes += 1
        return original(*args, **kwargs)

    def warn(self, message, *args, **kwargs):
        self.said.append(message)


def calls(layer, *inputs):
    stand = Stand()
    replaced = keras_private.Calls(stand.node, stand)
    replaced.put()
    try:
        layer(*inputs)
    finally:
        replaced.restore()
    count = stand.nodes
    layer(*inputs)
    assert stand.nodes == count  # it is back
    return stand


def node_of_layers():
    assert calls(layers.Dense(2), keras.Input((3,))).nodes == 1


def node_of_operations():
    assert calls(ops.add, keras.Input((3,)), keras.Input((3,))).nodes == 1


def warnings_of_layers():
    flatten, x = layers.Flatten(), masked()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stand = calls(flatten, x)
    assert "destroy the mask" in stand.said[0]


def functional():
    assert isinstance(chain(), keras_private.functional())
    assert not isinstance(keras.Sequential(), keras_private.functional())


def to_snake_case():
    assert keras_private.plain_name("GetItem") == "get_item"


def flatten_layers():
    class Holds(keras.Model):
        def __init__(self):
            super().__init__()
            self.held = keras.Sequential([layers.Dense(1, name="inside")])

    names = [layer.name for layer in keras_private.layers_of(Holds())]
    assert names[0].startswith("holds")
    assert "inside" in names


def losses():
    layer = Add()
    layer(np.ones((2, 3), "float32"))
    with keras_private.losses_kept(layer):
        layer(np.zeros((2, 3), "float32"))
    assert [float(loss) for loss in layer.losses] == [6.0]
    layer.add_loss(ops.sum(ops.ones(2)))
    assert [float(loss) for loss in layer.losses] == [6.0, 2.0]


def loss_ids():
    layer = Add()
    layer(np.ones((2, 3), "float32"))
    held = set(layer._loss_ids)
    with keras_private.losses_kept(layer):
        layer._loss_ids.clear()
        layer._loss_ids.add(1)
    assert layer._loss_ids == held


def fn_expects_mask_arg():
    assert keras_private.wants_mask(layers.Lambda(lambda x, mask=None: x))
    assert not keras_private.wants_mask(layers.Lambda(lambda x: x))


def keras_history_and_inbound_nodes():
    model = chain()
    last, (before,) = keras_private.made_by(model.outputs[0])
    first, (inputs,) = keras_private.made_by(before)
    assert (last.name, first.name, inputs is model.inputs[0]) == ("last", "first", True)


def get_tf_dataset():
    asked = []

    class Asks(keras.utils.PyDataset):
        num_batches = property(lambda self: asked.append(keras_private.asked_for_shapes()) or 2)

        def __getitem__(self, index):
            asked.append(keras_private.asked_for_shapes())
            return np.zeros((1, 2)), np.zeros(1)

    dataset = Asks()
    assert (dataset.num_batches, len([dataset[0]]), asked) == (2, 1, [False, False])
    if keras.backend.backend() == "tensorflow":
        asked.clear()
        PyDatasetAdapter(dataset).get_tf_dataset()
        assert asked[-3:] == [True, True, True]


USES = {
    "keras.src.backend.get_keras_mask": get_and_set_keras_mask,
    "keras.src.backend.set_keras_mask": get_and_set_keras_mask,
    "keras.src.backend.in_symbolic_scope": in_symbolic_scope,
    "keras.src.backend.compute_output_spec": compute_output_spec,
    "keras.src.backend.common.global_state.get_global_attribute": get_global_attribute,
    "keras.src.layers.layer.Node": node_of_layers,
    "keras.src.ops.operation.Node": node_of_operations,
    "keras.src.layers.layer.warnings": warnings_of_layers,
    "keras.src.models.functional.Functional": functional,
    "keras.src.utils.naming.to_snake_case": to_snake_case,
    "Layer._flatten_layers": flatten_layers,
    "Layer._losses": losses,
    "Layer._loss_ids": loss_ids,
    "Lambda._fn_expects_mask_arg": fn_expects_mask_arg,
    "KerasTensor._keras_history": keras_history_and_inbound_nodes,
    "Operation._inbound_nodes": keras_history_and_inbound_nodes,
    ADAPTER: get_tf_dataset,
}


def nothing(*args, **kwargs):
    return SimpleNamespace(**kwargs)


def made_by(**given):
    with pytest.raises(AttributeError):
        keras_private.made_by(nothing(**given))


def two_kept(**given):
    with keras_private.losses_kept(nothing(_flatten_layers=lambda: [nothing(**given)])):
        pass


def walked():
    inside = nothing(layers=[nothing()])
    assert len(keras_private.layers_of(nothing(layers=[inside]))) == 3


def named():
    with keras_private.names_kept():
        pass
    assert keras_private.plain_name("Add") == "add"


def quiet_calls():
    replaced = keras_private.Calls(nothing, nothing())
    replaced.put()
    replaced.restore()


LEFT = {  # what the helpers do without a name
    "keras.src.backend.get_keras_mask": lambda: keras_private.mask_of(masked()) is None or 1 / 0,
    "keras.src.backend.set_keras_mask": lambda: keras_private.set_mask(masked(), None),
    "keras.src.backend.in_symbolic_scope": lambda: keras_private.only_shapes() and 1 / 0,
    "keras.src.backend.compute_output_spec": lambda: keras_private.run_on_shapes(None, None),
    "keras.src.backend.common.global_state.get_global_attribute": named,
    "keras.src.layers.layer.Node": quiet_calls,
    "keras.src.ops.operation.Node": quiet_calls,
    "keras.src.layers.layer.warnings": quiet_calls,
    "keras.src.models.functional.Functional": lambda: keras_private.functional() and 1 / 0,
    "keras.src.utils.naming.to_snake_case": named,
    "Layer._flatten_layers": walked,
    "Layer._losses": lambda: two_kept(_loss_ids=set()),
    "Layer._loss_ids": lambda: two_kept(_losses=[]),
    "Lambda._fn_expects_mask_arg": lambda: keras_private.wants_mask(nothing()) or 1 / 0,
    "KerasTensor._keras_history": made_by,
    "Operation._inbound_nodes": lambda: made_by(_keras_history=(nothing(), 0)),
    ADAPTER: lambda: keras_private.asked_for_shapes() and 1 / 0,
}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_does_what_it_is_used_for(name):
    if name in keras_private._OBJECTS:
        assert keras_private._OBJECTS[name] is not None
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Keras .* has no")
        USES[name]()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_has_gone_is_missed_once(name, monkeypatch):
    if name == ADAPTER and keras.backend.backend() != "tensorflow":
        pytest.skip("only Keras on TensorFlow reads shapes off the first batches")
    monkeypatch.setattr(keras_private, "_told", set())
    if name in keras_private._OBJECTS:
        monkeypatch.setitem(keras_private._OBJECTS, name, None)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        LEFT[name]()
        LEFT[name]()
    said = [str(one.message) for one in seen if "has no" in str(one.message)]
    assert len(said) == 1
    assert said[0].startswith(f"Keras {keras.__version__} has no {name}: {NAMES[name].lost}.")
    assert f"/v{SEEN[-1]}/{NAMES[name].file}" in said[0]


def test_the_files_of_the_links_are_in_keras():
    files = {str(file) for file in importlib.metadata.files("keras")}
    assert {one.file for one in NAMES.values()} <= files


def test_this_version_is_one_of_those_in_which_the_names_were_seen():
    assert keras.__version__ in SEEN


def private_names():
    """Underscored attributes of Keras's layers, models, tensors, losses, metrics, optimizers."""
    model = chain()
    model.compile("sgd", "mse")
    objects = [model, *model.layers, model.outputs[0], model.optimizer, keras.Sequential()]
    objects += [layers.Lambda(abs), keras.losses.MeanSquaredError(), keras.metrics.Mean()]
    names = {name for one in objects for name in dir(one) if name.startswith("_")}
    return {name for name in names if not name.startswith("__")} | {"_keras_mask"}


def uses_in(source, names):
    """Attributes of others and strings that are such names, and what points into Keras."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            if node.attr in ("_getframe", "currentframe") or (node.attr in names and not own):
                yield node.attr
            if node.attr == "src":
                yield ast.unparse(node)
        elif isinstance(node, ast.Constant) and node.value in names:
            yield node.value
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras.src"):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.startswith("keras.src"))


def test_private_names_of_keras_stand_in_one_file():
    names = private_names()
    found = {}
    for path in sorted(HELPERS.rglob("*.py")):
        if path.name == "keras_private.py" or path.parent.name == "situations":
            continue  # a situation may do on purpose what no one should
        if used := set(uses_in(path.read_text("utf-8"), names)):
            found[path.name] = used
    assert found == {}
    assert {"keras.src", "_losses", "_flatten_layers", "_keras_history", "_getframe"} <= {
        *uses_in("import keras.src\nx._losses\nx._flatten_layers()\nsys._getframe(1)", names),
        *uses_in("getattr(x, '_keras_history')", names),
    }
