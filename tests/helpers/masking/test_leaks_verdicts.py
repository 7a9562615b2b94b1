"""The verdicts of padding_leak: one for each side, for losses with weights, and for pictures."""

import os

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import pytest
from keras import layers, ops
from leak_models_leaky import Positions
from leak_parts import floats, numbers, tokens, words

from helpers.images import SizedStack
from helpers.masking import padding_leak
from helpers.masking.probing import Weights
from helpers.padding import pad

pytestmark = [
    pytest.mark.any_backend,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*destroy the mask", "ignore:.*a `quantize` method"),
]

ONCE = {"seeds": 1, "amounts": (7,)}
POST = {**ONCE, "sides": "post"}
LOSS = {**POST, "check": "loss", "loss": "mse"}


# --- sides ---------------------------------------------------------------------------------------


def with_positions(last):
    x, h = words()
    return keras.Model(x, last(Positions(name="position_embedding")(h)))


def test_positions_are_right_if_padding_comes_after_the_rows():
    leak = padding_leak(with_positions(layers.GlobalAveragePooling1D()), tokens(), **ONCE)
    assert leak.leaks is True
    assert [one.leaks for one in leak.sides.values()] == [False, True]
    assert leak.sides["post"].first_layer is None
    assert leak.sides["pre"].first_layer == leak.first_layer == "position_embedding"
    lines = str(leak).splitlines()
    assert lines[0] == "padded after:  changes nothing"
    assert lines[1].startswith(f"padded before: changes {leak.moved:.2g}, first in position_embedd")
    assert [line.split(":")[0].strip() for line in lines[2:]] == ["moved by side", "moved by way"]


def test_each_side_has_a_culprit_of_its_own():
    leak = padding_leak(with_positions(lambda h: h[:, -1]), tokens(), **ONCE)
    first = {side: one.first_layer for side, one in leak.sides.items()}
    assert first["post"].startswith("get_item")  # Keras counts the operations of a session
    assert first["pre"] == "position_embedding"
    assert f"first in {first['post']}, which gets no mask" not in str(leak)  # it is given one
    assert str(leak).count("first in ") == 2


def test_a_batch_with_lengths_is_padded_after_its_rows():
    model = with_positions(layers.GlobalAveragePooling1D())
    leak = padding_leak(model, pad(tokens())[0], lengths=[3, 6, 3], **ONCE)
    assert (leak.leaks, list(leak.sides)) == (False, ["post"])


class Deaf(layers.Layer):
    def call(self, h, mask=None):
        return ops.sum(h, axis=1)


def test_a_layer_that_is_given_a_mask_need_not_use_it():
    x, h = words()
    leak = padding_leak(keras.Model(x, Deaf(name="deaf")(h)), tokens(), **POST)
    assert leak.reason == "deaf lets padding into the real steps although it is given the mask"


@pytest.mark.parametrize(
    "add", [lambda h: ops.pad(h, ((0, 0), (1, 1), (0, 0))), layers.ZeroPadding1D(1)]
)
def test_steps_added_at_the_edges_are_not_to_blame_but_what_reads_them(add):
    x = keras.Input((None, 4))
    h = add(layers.Dense(4, bias_initializer="ones")(x))
    leak = padding_leak(keras.Model(x, layers.Conv1D(2, 3, name="conv")(h)), floats(), **ONCE)
    assert (leak.leaks, leak.first_layer) == (True, "conv")


# --- loss ----------------------------------------------------------------------------------------


def per_step(units=1, masked=False, **options):
    x, h = numbers(masked)
    return keras.Model(x, layers.Dense(units, **options)(h))


def test_a_loss_that_does_not_read_the_rows_shows_nothing():
    model = per_step(masked=True, kernel_initializer="zeros")
    targets = [row[:, :1] for row in floats(seed=5)]
    leak = padding_leak(model, floats(), weights="own", targets=targets, **LOSS)
    assert leak.leaks is None
    assert "the loss hardly reads its input" in leak.reason
    with pytest.raises(ValueError, match=r"^inconclusive: "):
        bool(leak)


def test_a_small_loss_leaks_too():
    tiny = keras.initializers.RandomNormal(stddev=1e-4, seed=1)
    targets = [np.zeros((len(row), 1), "float32") for row in floats()]
    model = per_step(kernel_initializer=tiny)
    leak = padding_leak(model, floats(), weights="own", targets=targets, **LOSS)
    assert leak.leaks is True
    assert leak.by_way["loss"] < 1e-6
    model = per_step(masked=True, kernel_initializer=tiny)
    assert not padding_leak(model, floats(), weights="own", targets=targets, **LOSS)


def test_sample_weights_are_padded_with_zero():
    mean = keras.losses.MeanSquaredError("mean_with_sample_weight")
    options = {**LOSS, "loss": mean, "targets": [row[:, :1] for row in floats(seed=5)]}
    weights = [np.ones(len(row), "float32") for row in floats()]
    assert not padding_leak(per_step(), floats(), sample_weight=weights, **options)
    diluted = padding_leak(per_step(), floats(), sample_weight=weights, **options | {"loss": "mse"})
    assert diluted.leaks is True  # this reduction divides by padded steps too
    leak = padding_leak(per_step(), floats(), **options)
    assert leak.leaks is True
    assert leak.reason.endswith("give sample_weight or target_value")
    with pytest.raises(ValueError, match="sample_weight: expected 3 rows, got 2"):
        padding_leak(per_step(), floats(), sample_weight=weights[:2], **options)


def test_targets_are_padded_with_what_the_loss_skips():
    crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    options = {**LOSS, "loss": crossentropy, "targets": [row % 3 for row in tokens()]}
    assert not padding_leak(per_step(3), floats(), target_value=-1, **options)
    assert padding_leak(per_step(3), floats(), **options)


# --- weights and pictures ------------------------------------------------------------------------


def test_scales_of_quantised_kernels_are_not_drawn():
    model = keras.Sequential([keras.Input((None, 4)), layers.Dense(3)])
    model.quantize("int8")
    before = {v.path: np.asarray(ops.convert_to_numpy(v)) for v in model.variables}
    Weights(model).draw(0)
    same = {
        v.name: bool(np.all(ops.convert_to_numpy(v) == before[v.path])) for v in model.variables
    }
    assert same["kernel_scale"]
    assert not same["bias"]


PICTURES = [
    np.random.default_rng(i).normal(size=(*size, 1)).astype("float32")
    for i, size in enumerate([(5, 8), (9, 6), (7, 7)])
]


def convolutions():
    return [layers.Conv2D(2, 3, padding="same", name=name) for name in ("one", "two")]


def test_pictures_are_padded_on_two_axes():
    shapes = set()

    class Spy(layers.Layer):
        def call(self, x):
            shapes.add(tuple(x.shape))
            return x

    x = keras.Input((None, None, 1))
    model = keras.Model(x, keras.Sequential([Spy(), *convolutions()], name="stack")(x))
    leak = padding_leak(model, PICTURES, **ONCE)
    assert (leak.leaks, leak.first_layer, list(leak.sides)) == (True, "two", ["post"])
    assert {(1, 5, 8, 1), (1, 9, 6, 1), (3, 16, 15, 1)} <= shapes
    with pytest.raises(ValueError, match="sides: expected 'post' for pictures"):
        padding_leak(model, PICTURES, sides="pre")


def test_a_sized_stack_keeps_padding_out_of_pictures():
    x, sizes = keras.Input((None, None, 1)), keras.Input((2,), dtype="int32")
    feature_map, _ = SizedStack([*convolutions(), layers.MaxPooling2D(2)])([x, sizes])
    shapes = np.array([picture.shape[:2] for picture in PICTURES])
    assert not padding_leak(keras.Model([x, sizes], feature_map), (PICTURES, shapes), **ONCE)
