"""PerFrame: a layer for every frame, right where TimeDistributed is wrong."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from leak_parts import predict_forgets_steps

from helpers.images.frames import PerFrame
from helpers.images.sequences import ToSequence
from helpers.keras_private import mask_of

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(5)
CLIPS = [RNG.normal(size=(time, 6, 5, 2)).astype("float32") for time in (7, 5, 1)]


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


def numpy(x):
    return ops.convert_to_numpy(x)


def functional():
    image = keras.Input((None, None, 2))
    return keras.Model(image, layers.GlobalMaxPooling2D()(layers.Conv2D(3, 2)(image)))


LAYERS = {
    "convolution": lambda: layers.Conv2D(3, 2, strides=2, bias_initializer="ones"),
    "dense": lambda: layers.Dense(4, bias_initializer="ones"),
    "pooling": lambda: layers.GlobalAveragePooling2D(),
    "sequential": lambda: keras.Sequential([layers.Conv2D(3, 2), layers.Flatten()]),
    "functional": functional,
}


def rows(count, time):
    return RNG.normal(size=(count, time, 6, 5, 2)).astype("float32")


def shapes(model, kind):
    """The shapes that predict gives for 4 clips of 5 and of 9 frames, in both orders."""
    found = []
    for times in ((5, 9), (9, 5)):
        fresh = keras.Sequential([keras.Input((None, 6, 5, 2)), kind(model())])
        found += [fresh.predict(rows(4, time), verbose=0).shape[:2] for time in times]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("times", [(5, 9)] if BACKEND == "jax" else [(5, 9), (9, 5)])
def test_predict_on_two_lengths_is_right_frame_by_frame(name, times):
    layer = LAYERS[name]()
    model = keras.Sequential([keras.Input((None, 6, 5, 2)), PerFrame(layer)])
    assert model.output_shape == (None, None, *layer.compute_output_shape((None, 6, 5, 2))[1:])
    for time in times:
        x = rows(4, time)
        found = model.predict(x, verbose=0)
        expected = np.stack([numpy(layer(x[:, t])) for t in range(time)], axis=1)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_allclose(numpy(model(x)), expected, atol=1e-5)
        assert model.layers[0].compute_output_shape(x.shape) == expected.shape


@pytest.mark.slow
def test_where_time_distributed_is_wrong_this_is_right():
    right = [(4, 5), (4, 9), (4, 9), (4, 5)]
    assert shapes(layers.GlobalAveragePooling2D, PerFrame) == right
    if not predict_forgets_steps():
        assert shapes(layers.GlobalAveragePooling2D, layers.TimeDistributed) == right


@pytest.mark.slow
@pytest.mark.skipif(not predict_forgets_steps(), reason="TimeDistributed is right here")
def test_time_distributed_returns_as_many_frames_as_the_batch_has_rows():
    model = keras.Sequential(
        [keras.Input((None, 6, 5, 2)), layers.TimeDistributed(layers.GlobalAveragePooling2D())]
    )
    assert model.predict(rows(4, 5), verbose=0).shape == (4, 5, 2)
    assert model.predict(rows(4, 9), verbose=0).shape == (4, 4, 2)
    assert model.predict(rows(3, 6), verbose=0).shape == (3, 3, 2)


class Marked(layers.Layer):
    """Gives frames a mask: a frame is real unless its first number is NaN or 9."""

    def call(self, x):
        return x

    def compute_mask(self, x, mask=None):
        first = x[(..., *[0] * (len(x.shape) - 2))]
        return ops.logical_not(ops.logical_or(ops.isnan(first), ops.equal(first, 9)))


def padded(time, value):
    x = np.full((len(CLIPS), time, 6, 5, 2), value, "float32")
    for i, clip in enumerate(CLIPS):
        x[i, : len(clip)] = clip
    return x


def video():
    inputs = keras.Input((None, 6, 5, 2))
    x = PerFrame(keras.Sequential([layers.Conv2D(3, 2, bias_initializer="ones")]))(Marked()(inputs))
    x = PerFrame(layers.GlobalAveragePooling2D())(x)
    return keras.Model(inputs, layers.LSTM(2)(x))


@pytest.mark.slow
def test_the_mask_travels_and_padding_has_no_influence():
    model = video()
    alone = np.concatenate([numpy(model(clip[None])) for clip in CLIPS])
    for time, value in ((8, 9.0), (11, np.nan)):
        found = model.predict(padded(time, value), verbose=0)
        np.testing.assert_allclose(found, alone, atol=1e-5)
    layer = PerFrame(layers.Dense(2, bias_initializer="ones"))
    outputs = layer(Marked()(padded(8, np.nan)))
    mask = numpy(mask_of(outputs))
    assert mask.sum(axis=1).tolist() == [7, 5, 1]
    assert (numpy(outputs)[~mask] == 0).all()
    assert (numpy(outputs)[mask] != 0).all()
    assert mask_of(layer(padded(8, 0))) is None


@pytest.mark.slow
def test_fit_does_not_depend_on_the_padding_and_nan_reaches_no_weight():
    model = video()
    model.compile(keras.optimizers.SGD(0.5), "mse")
    before, changes = model.get_weights(), []
    for time, value in ((7, 9.0), (9, np.nan)):
        model.set_weights(before)
        model.fit(padded(time, value), np.ones((3, 2)), verbose=0)
        changes.append([new - old for new, old in zip(model.get_weights(), before, strict=True)])
    assert len(changes[0]) == 5
    for one, other in zip(*changes, strict=True):
        assert np.abs(one).max() > 1e-4
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_training_reaches_the_layer():
    layer = PerFrame(keras.Sequential([layers.BatchNormalization(), layers.Dropout(0.5)]))
    x = rows(2, 3) + 5
    assert (numpy(layer(x)) != 0).all()
    assert 0.2 < (numpy(layer(x, training=True)) == 0).mean() < 0.8
    moving_mean = layer.layer.layers[0].moving_mean
    assert (numpy(moving_mean) > 0).all()


@pytest.mark.slow
def test_frames_with_sizes_through_a_model_of_two_inputs():
    image, size = keras.Input((None, None, 2)), keras.Input((2,), dtype="int32")
    reader = keras.Model([image, size], layers.LSTM(3)(ToSequence("cells")([image, size])))
    clips, sizes = keras.Input((None, None, None, 2)), keras.Input((None, 2), dtype="int32")
    outputs = PerFrame(reader)([clips, sizes])
    assert outputs.shape == (None, None, 3)
    model = keras.Model([clips, sizes], outputs)
    for time in (4, 2):
        x = rows(3, time)
        true = RNG.integers(1, 6, size=(3, time, 2)).astype("int32")
        found = model.predict([x, true], verbose=0)
        for i, t in ((0, 0), (1, time - 1), (2, 1)):
            height, width = true[i, t]
            alone = numpy(reader([x[i, t][None, :height, :width], true[i, t][None]]))[0]
            np.testing.assert_allclose(found[i, t], alone, atol=1e-5)


@pytest.mark.slow
def test_it_saves_and_loads(tmp_path):
    model = video()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(
        tmp_path / "model.keras", custom_objects={"Marked": Marked, "PerFrame": PerFrame}
    )
    x = padded(9, np.nan)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)


class Two(layers.Layer):
    def call(self, x):
        return x, x


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: PerFrame(3), TypeError, "^layer: expected a layer or a model, got int$"),
        (lambda: PerFrame(layers.Dense), TypeError, "^layer: .*, got type$"),
        (lambda: PerFrame(Two())(rows(2, 3)), ValueError, "layer: expected one output, got 2"),
        (
            lambda: PerFrame(layers.Dense(1))(np.ones(3)),
            ValueError,
            "^inputs: .*time.* shape .3,.$",
        ),
        (lambda: PerFrame(layers.Dense(1))(None), ValueError, "^inputs: .*time.*, got None$"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
