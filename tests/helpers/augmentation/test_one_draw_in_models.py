"""OneDraw in models, in files, compiled, and in tf.data: shapes are known and draws the same."""

import keras
import numpy as np
import pytest
from drawn_scenes import (
    FILLED,
    HEIGHT,
    LAYERS,
    RNG,
    WIDTH,
    assert_belong_together,
    numpy,
    scene,
    still_clips,
)
from keras import layers, ops

from helpers.augmentation.one_draw import OneDraw
from helpers.keras_private import mask_of, set_mask

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()


@pytest.mark.slow
@pytest.mark.parametrize("times", [(2, 5)] if BACKEND == "jax" else [(2, 5), (5, 2)])
def test_predict_and_fit_on_two_lengths_and_sizes(times):
    frames = keras.Input((None, None, None, 1))
    drawn = OneDraw([layers.RandomTranslation(0.2, 0.2, seed=1), layers.Resizing(6, 5)])(frames)
    assert drawn.shape == (None, None, 6, 5, 1)
    model = keras.Model(frames, layers.Dense(1)(layers.GlobalAveragePooling3D()(drawn)))
    look = keras.Model(frames, drawn)
    model.compile("sgd", "mse")
    for time in times:
        clips = RNG.uniform(0, 1, (3, time, 8 + time, 8, 1)).astype("float32")
        out = look.predict(clips, verbose=0)
        flat = numpy(layers.Resizing(6, 5)(clips.reshape(-1, 8 + time, 8, 1)))
        np.testing.assert_allclose(out, flat.reshape(3, time, 6, 5, 1), atol=1e-5)
        model.fit(clips, np.zeros((3, 1)), verbose=0)


def functional():
    inputs = {
        "images": keras.Input((None, HEIGHT, WIDTH, 3), name="images"),
        "masks": keras.Input((None, HEIGHT, WIDTH), dtype="uint8", name="masks"),
        "boxes": keras.Input((None, 2, 4), name="boxes"),
    }
    turn = [layers.RandomShear((0.0, 0.3), (0.0, 0.3), **FILLED), layers.CenterCrop(12, 10)]
    return keras.Model(inputs, OneDraw(turn, mask_value=9)(inputs))


def test_in_a_model_shapes_and_dtypes_are_known_and_it_is_saved(tmp_path):
    model = functional()
    specs = {key: (x.shape, x.dtype) for key, x in model.output.items()}
    assert specs == {
        "images": ((None, None, 12, 10, 3), "float32"),
        "masks": ((None, None, 12, 10), "uint8"),
        "boxes": ((None, None, 2, 4), "float32"),
    }
    given = {key: value for key, value in scene().items() if key != "labels"}
    before = numpy(model(given, training=False))
    assert before["boxes"][0, 0, 0].tolist() == [1, 1, 10, 8]  # 4 rows and 3 columns are cut
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    layer = next(layer for layer in loaded.layers if isinstance(layer, OneDraw))
    assert [type(one).__name__ for one in layer.layers] == ["RandomShear", "CenterCrop"]
    assert layer.mask_value == 9
    seen, expected = numpy(loaded(given, training=True)), numpy(model(given, training=True))
    for key in given:
        np.testing.assert_array_equal(seen[key], expected[key])


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_comes_back_from_its_config(name):
    config = OneDraw(LAYERS[name](), mask_value=3).get_config()
    again = OneDraw.from_config(config)
    assert type(again.layers[0]) is type(LAYERS[name]())
    assert again.get_config() == config


def test_output_shapes():
    layer = OneDraw([layers.RandomFlip(), layers.RandomCrop(6, 5), layers.RandomContrast(0.1)])
    assert layer.compute_output_shape((None, None, 8, 8, 3)) == (None, None, 6, 5, 3)
    assert layer.compute_output_shape((8, 8, 3)) == (6, 5, 3)
    shapes = {"images": (2, 8, 8, 3), "masks": (2, 8, 8), "boxes": (2, 7, 4), "labels": (2,)}
    assert layer.compute_output_shape(shapes) == {
        "images": (2, 6, 5, 3),
        "masks": (2, 6, 5),
        "boxes": (2, 7, 4),
        "labels": (2,),
    }


def test_a_mask_of_frames_passes_through():
    clips = ops.convert_to_tensor(still_clips(2))
    set_mask(clips, ops.convert_to_tensor([[True, True], [True, False]]))
    out = OneDraw(layers.RandomFlip())(clips)
    np.testing.assert_array_equal(numpy(mask_of(out)), [[True, True], [True, False]])


@pytest.mark.skipif(BACKEND != "jax", reason="jax.jit")
def test_compiled_by_jax_it_is_the_same():
    import jax

    def make():
        turn = [layers.RandomRotation(0.1, **FILLED), layers.RandomTranslation(0.1, 0.1, **FILLED)]
        return OneDraw(turn)

    given = scene()
    expected, layer = numpy(make()(given)), make()
    layer(given)
    state = make().non_trainable_variables
    compiled = jax.jit(lambda x: layer.stateless_call([], state, x, training=True)[0])
    state = [ops.convert_to_tensor(variable) for variable in state]
    for key, value in numpy(compiled(given)).items():
        np.testing.assert_allclose(value, expected[key], atol=1e-3)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="tf.data")
@pytest.mark.parametrize("batched", [False, True])
def test_in_tf_data(batched):
    import tensorflow as tf

    given = scene((4, 2))
    layer = OneDraw([layers.RandomRotation(0.1, **FILLED), layers.RandomZoom(0.2, **FILLED)])
    dataset = tf.data.Dataset.from_tensor_slices(given)
    if not batched:  # a clip at a time is a batch of frames: each frame has a draw
        dataset = dataset.map(
            lambda clip: {key: value[:1] for key, value in clip.items() if key != "labels"}
        )
    else:
        dataset = dataset.batch(3)
    shapes = set()
    for drawn in dataset.map(layer):
        assert drawn["masks"].dtype == "uint8"
        assert_belong_together(numpy(drawn))
        shapes.add(drawn["images"].shape[0])
    assert shapes == ({3, 1} if batched else {1})


@pytest.mark.skipif(BACKEND != "tensorflow", reason="sizes are known on the other backends")
def test_in_tf_data_with_sizes_that_only_the_graph_knows():
    import tensorflow as tf

    def clips():
        for height, time in ((8, 2), (6, 3)):
            yield {
                "images": np.ones((2, time, height, 7, 1), "float32"),
                "masks": np.full((2, time, height, 7), 7, "int32"),
                "boxes": np.tile(np.array([0, 0, height, 7], "float32"), (2, time, 1, 1)),
            }

    shapes = {
        "images": tf.TensorSpec((None, None, None, None, 1)),
        "masks": tf.TensorSpec((None, None, None, None), tf.int32),
        "boxes": tf.TensorSpec((None, None, None, 4)),
    }
    dataset = tf.data.Dataset.from_generator(clips, output_signature=shapes)
    flip = OneDraw([layers.RandomFlip(), layers.RandomContrast(0.5)])
    for drawn, given in zip(dataset.map(flip), clips(), strict=True):
        for key, value in given.items():  # a full frame, flipped, is what it was
            np.testing.assert_array_equal(numpy(drawn[key]), value)


@pytest.mark.skipif(BACKEND != "tensorflow", reason="sizes are known on the other backends")
@pytest.mark.parametrize(
    "name", ["RandomCrop", "RandomErasing", "RandomPerspective", "RandomElasticTransform"]
)
def test_sizes_that_keras_needs_are_asked_for(name):
    import tensorflow as tf

    layer = OneDraw(LAYERS[name]())
    compiled = tf.function(
        lambda x: layer(x), input_signature=[tf.TensorSpec((2, 2, None, None, 3))]
    )
    with pytest.raises(ValueError, match=f"expected a known .*{name}"):
        compiled(still_clips(2))
