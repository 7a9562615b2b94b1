"""What the chapters say of Keras without a cell of their own beside it."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from helpers import augmentation, batching, data, feeding

pytestmark = pytest.mark.slow

ImageDataGenerator = tf.keras.preprocessing.image.ImageDataGenerator


def test_batch_normalisation_counts_padding_rows_whatever_their_weight():
    x = np.arange(3, dtype="float32")[:, None]
    plan = batching.fixed(3, 4, tail="pad")  # the fourth slot repeats row 0 with weight 0
    norm = layers.BatchNormalization(momentum=0.0)
    model = keras.Sequential([keras.Input((1,)), norm])
    model.compile("sgd", "mse")
    model.fit(feeding.PlannedDataset(plan, x, x), verbose=0)
    assert norm.moving_mean.numpy()[0] == pytest.approx(np.mean([0, 1, 2, 0]))


@pytest.mark.parametrize(("momentum", "kept"), [(0.5, 0.5), (0.99, 0.99)])
def test_a_batch_of_one_row_shrinks_the_moving_variance_to_its_momentum(momentum, kept):
    norm = layers.BatchNormalization(momentum=momentum)
    model = keras.Sequential([keras.Input((1,)), norm])
    model.compile("sgd", "mse")
    model.train_on_batch(np.arange(4.0)[:, None], np.zeros((4, 1)))
    before = norm.moving_variance.numpy()
    model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    assert norm.moving_variance.numpy() / before == pytest.approx(kept)
    assert layers.BatchNormalization().momentum == 0.99


def test_a_second_lstm_still_gets_the_mask():
    """The reason for keras<3.16: there it no longer does, and more padding changes the output."""
    model = keras.Sequential(
        [
            keras.Input((None, 3)),
            layers.Masking(),
            layers.LSTM(4, return_sequences=True),
            layers.LSTM(4),
        ]
    )
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    padded = np.concatenate([x, np.zeros((2, 4, 3), "float32")], axis=1)
    np.testing.assert_allclose(
        model.predict(padded, verbose=0), model.predict(x, verbose=0), atol=1e-6
    )


@pytest.mark.sampled(4)
@pytest.mark.parametrize("layer", [layers.LSTM, layers.GRU, layers.SimpleRNN])
@pytest.mark.parametrize("method", ["fit", "evaluate"])
def test_keras_3_13_takes_no_pydataset_for_a_stateful_rnn_even_if_all_batches_are_full(
    layer, method
):
    def run(*data, **options):
        rnn = layer(4, stateful=True)
        model = keras.Sequential([keras.Input(batch_shape=(4, 5, 3)), rnn, layers.Dense(1)])
        model.compile("sgd", "mse")
        options |= {"shuffle": False} if method == "fit" else {}
        getattr(model, method)(*data, verbose=0, **options)

    x, y = np.ones((8, 5, 3), "float32"), np.zeros((8, 1), "float32")
    plan = batching.fixed(8, 4)
    run(x, y, batch_size=4)
    run(feeding.tf_dataset(plan, x, y))
    pydataset = feeding.PlannedDataset(plan, x, y)
    if keras.__version__.startswith("3.13."):
        with pytest.raises(TypeError, match="Using a symbolic"):
            run(pydataset)
    else:
        run(pydataset)


def test_a_list_of_arrays_of_several_lengths_is_read_as_several_inputs():
    model = keras.Sequential([keras.Input((None, 3)), layers.LSTM(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    rows = [np.ones((length, 3), "float32") for length in (2, 3)]
    with pytest.raises(ValueError, match="Data cardinality is ambiguous"):
        model.fit(rows, np.zeros(2), verbose=0)


# Augmentation: ImageDataGenerator


def bright(height, width, row, column, copies):
    """Return black images with one bright pixel."""
    images = np.zeros((copies, height, width, 1), "float32")
    images[:, row, column] = 1
    return images


def places(images):
    """Return row and column of the brightest pixel of each image."""
    flat = np.asarray(images).reshape(len(images), -1).argmax(axis=1)
    return np.stack(np.unravel_index(flat, images.shape[1:3]), axis=1)


SHIFTS = [5, 0.2, [-4, 4]]  # in pixels, as a share of the side, or one of several


@pytest.mark.parametrize("shift", SHIFTS, ids=str)
@pytest.mark.parametrize(
    ("argument", "axis"), [("width_shift_range", 0), ("height_shift_range", 1)]
)
def test_the_shift_ranges_of_the_generator_are_exchanged(argument, axis, shift):
    """`width_shift_range` moves along axis 0, up and down; `height_shift_range` along axis 1."""
    generator = ImageDataGenerator(fill_mode="constant", **{argument: shift})
    flow = generator.flow(bright(21, 31, 10, 15, copies=40), batch_size=40, seed=0)
    moved = places(next(flow)) - (10, 15)
    assert not moved[:, 1 - axis].any()
    ends = moved[:, axis].min(), moved[:, axis].max()
    if shift == 0.2:  # the share is one of the side in the name: 0.2 of 31 and of 21 pixels
        assert ends == {0: (-6, 6), 1: (-4, 4)}[axis]
    assert ends[0] <= -4
    assert ends[1] >= 4


def test_random_translation_moves_along_the_axis_in_the_name():
    images = bright(21, 31, 10, 15, copies=30)
    for axis, factors in enumerate([(0.2, 0.0), (0.0, 0.2)]):  # height, width
        layer = layers.RandomTranslation(*factors, interpolation="nearest", seed=0)
        moved = places(layer(images)) - (10, 15)
        assert not moved[:, 1 - axis].any()
        assert len(np.unique(moved[:, axis])) > 4


def test_the_preprocessing_function_runs_once_per_image_between_augmentation_and_rescale():
    seen = []

    def function(image):
        seen.append(image)
        return np.full_like(image, 100)

    generator = ImageDataGenerator(
        height_shift_range=[3],  # always 3 pixels, one way or the other
        fill_mode="constant",
        preprocessing_function=function,
        rescale=0.1,
    )
    batch = next(generator.flow(bright(9, 11, 4, 5, copies=6)))
    assert len(seen) == 6
    assert {(type(image), image.shape, image.dtype.name) for image in seen} == {
        (np.ndarray, (9, 11, 1), "float32")
    }
    assert np.abs(places(np.stack(seen)) - (4, 5)).sum(axis=1).tolist() == [3] * 6
    np.testing.assert_allclose(batch, 10)


def test_the_preprocessing_function_must_keep_the_shape_and_nothing_else_is_checked():
    def first(function):
        images = np.ones((2, 8, 9, 3), "float32")
        return next(ImageDataGenerator(preprocessing_function=function).flow(images))

    for function in (
        lambda image: image[:6],
        lambda image: tf.image.resize(image, (6, 6)),
        lambda image: image.transpose(1, 0, 2),
    ):
        with pytest.raises(ValueError, match="could not broadcast input array"):
            first(function)
    assert np.isnan(first(lambda image: None)).all()  # a `return` that was forgotten
    grey = first(lambda image: image[..., :1] * np.arange(9)[None, :, None])
    assert (grey[..., 0] == np.arange(9)).all()  # one channel is repeated in all three
    assert (grey == grey[..., :1]).all()
    assert (first(lambda image: image.mean()) == 1).all()  # and so is one number


def orders(change=None, epochs=3):
    """Return in which order `fit` reads the rows of a generator in each epoch."""
    x = np.ones((12, 2, 2, 1), "float32")
    data = ImageDataGenerator().flow(x, np.zeros(12), batch_size=4)
    if change:
        change(data)
    seen = []
    record = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(tuple(data.index_array.tolist()))
    )
    model = keras.Sequential([layers.GlobalAveragePooling2D()])
    model.compile("sgd", "mse")
    model.fit(data, epochs=epochs, callbacks=[record], verbose=0)
    return seen


def test_reset_at_the_end_of_an_epoch_raises_on_a_map_or_freezes_the_order():
    wrapped = first = ImageDataGenerator().flow(np.ones((4, 2, 2, 1), "float32"))
    first.on_epoch_end = lambda: wrapped.reset()
    wrapped = map(tuple, wrapped)  # the name stands for something else when the epoch ends
    with pytest.raises(AttributeError, match="'map' object has no attribute 'reset'"):
        first.on_epoch_end()

    def freeze(data):
        data.on_epoch_end = data.reset

    np.random.seed(0)
    assert len(set(orders())) == 3
    assert len(set(orders(freeze))) == 1


def test_a_python_generator_over_an_image_data_generator_never_ends():
    data = ImageDataGenerator().flow(np.ones((6, 2, 2, 1), "float32"), batch_size=4)
    assert len(data) == 2
    batches = (batch for batch in data)
    assert [len(next(batches)) for _ in range(50)] == [4, 2] * 25


def test_flow_from_directory_resizes_to_256_unless_told_and_finds_no_file_without_a_class(
    tmp_path, capsys
):
    for name, size in (("a", (8, 9)), ("b", (30, 5))):
        (tmp_path / "class").mkdir(exist_ok=True)
        keras.utils.save_img(tmp_path / "class" / f"{name}.png", np.ones((*size, 3)))
    generator = ImageDataGenerator()
    assert next(generator.flow_from_directory(tmp_path))[0].shape == (2, 256, 256, 3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'target_size'"):
        ImageDataGenerator(target_size=(8, 9))
    told = generator.flow_from_directory(tmp_path, target_size=(8, 9))
    assert next(told)[0].shape == (2, 8, 9, 3)
    assert len(generator.flow_from_directory(tmp_path / "class")) == 0  # files without a folder
    assert "Found 0 images" in capsys.readouterr().out


# Augmentation: Keras's own layers


def test_random_crop_crops_in_training_only_and_enlarges_what_is_too_small():
    layer = layers.RandomCrop(6, 6, seed=0)
    x = np.random.default_rng(0).uniform(size=(4, 8, 8, 1)).astype("float32")
    assert layer(x, training=True).shape == (4, 6, 6, 1)
    assert layer(x, training=False).shape == (4, 8, 8, 1)
    np.testing.assert_array_equal(layer(x, training=False), x)
    small = x[:, :5, :5]
    assert layer(small, training=True).shape == (4, 6, 6, 1)  # resized
    assert layer(small, training=False).shape == (4, 5, 5, 1)


def test_a_model_with_random_crop_and_flatten_trains_and_cannot_predict():
    stack = [layers.RandomCrop(6, 6), layers.Flatten(), layers.Dense(1)]
    model = keras.Sequential([keras.Input((8, 8, 1)), *stack])
    model.compile("sgd", "mse")
    x = np.ones((4, 8, 8, 1), "float32")
    model.fit(x, np.zeros((4, 1)), verbose=0)
    with pytest.raises(ValueError, match="to have value 36, but received input with shape"):
        model.predict(x, verbose=0)


@pytest.mark.parametrize("then", [None, layers.CenterCrop], ids=["alone", "then CenterCrop"])
def test_behind_global_pooling_nobody_notices_that_random_crop_cuts_in_training_only(then):
    sizes = []

    class Watched(layers.Layer):
        def call(self, x):
            sizes.append(tuple(x.shape[1:3]))
            return x

    stack = [layers.RandomCrop(6, 6), *([then(6, 6)] if then else []), Watched()]
    stack += [layers.GlobalAveragePooling2D(), layers.Dense(1)]
    model = keras.Sequential([keras.Input((8, 8, 1)), *stack])
    model.compile("sgd", "mse")
    x = np.ones((4, 8, 8, 1), "float32")
    seen = []
    for run in (
        lambda: model.fit(x, np.zeros((4, 1)), verbose=0),
        lambda: model.predict(x, verbose=0),
    ):
        sizes.clear()
        run()  # and raises nothing
        seen.append(set(sizes))
    assert seen == [{(6, 6)}, {(6, 6) if then else (8, 8)}]


def test_random_crop_takes_no_unknown_size_in_tf_data():
    images = tf.data.Dataset.from_generator(
        lambda: iter([np.ones((8, 9, 3))]), output_signature=tf.TensorSpec((None, None, 3))
    )
    assert next(iter(images.map(layers.RandomFlip()))).shape == (8, 9, 3)
    with pytest.raises(TypeError, match="Using a symbolic"):
        images.map(layers.RandomCrop(4, 4))


@pytest.mark.parametrize(
    "kind", [layers.RandomTranslation, layers.RandomZoom, layers.RandomRotation]
)
def test_a_layer_augments_by_hand_and_in_tf_data_and_not_in_predict(kind):
    layer = kind(*([0.4] * (1 + (kind is layers.RandomTranslation))), seed=0)
    x = np.random.default_rng(0).uniform(size=(4, 16, 16, 1)).astype("float32")
    model = keras.Sequential([keras.Input((16, 16, 1)), layer])
    mapped = next(iter(tf.data.Dataset.from_tensor_slices(x).batch(4).map(layer)))
    by_hand = layer(x), model(x), keras.Sequential([layer])(x)  # `training` is not given
    for augmented in (*by_hand, mapped, layer(x, training=True)):
        assert np.abs(np.asarray(augmented) - x).max() > 0.1
    for plain in (model.predict(x, verbose=0), model(x, training=False), layer(x, training=False)):
        np.testing.assert_array_equal(plain, x)


def test_validation_data_through_the_same_map_is_augmented_unless_told():
    layer = layers.RandomTranslation(0.4, 0.4, fill_mode="constant", seed=0)
    x = np.random.default_rng(0).uniform(size=(8, 16, 16, 1)).astype("float32")
    rows = tf.data.Dataset.from_tensor_slices((x, x)).batch(4)
    model = keras.Sequential([keras.Input((16, 16, 1)), layers.Activation("linear")])
    model.compile(loss="mse")  # 0 if the images come as they are
    same = rows.map(lambda image, target: (layer(image), target))
    told = rows.map(lambda image, target: (layer(image, training=False), target))
    assert model.evaluate(same, verbose=0) > 0.05
    assert model.evaluate(told, verbose=0) == 0


def test_resizing_makes_one_wall_from_near_and_from_far_alike_and_padding_does_not():
    near = data.textures()["brick"][:72, :72, None] / np.float32(255)
    far = near.reshape(36, 2, 36, 2, 1).mean(axis=(1, 3))
    resized = [np.asarray(layers.Resizing(48, 48)(image)) for image in (near, far)]
    assert np.abs(resized[0] - resized[1]).mean() < 0.02
    (bucket,) = augmentation.pad_to_bucket([near, far], [(72, 72)])
    padded = bucket.images[:, :36, :36]  # where both have pixels of their own
    assert np.abs(padded[0] - padded[1]).mean() > 0.05
    assert bucket.sizes.tolist() == [[72, 72], [36, 36]]


def test_random_brightness_destroys_images_between_0_and_1_unless_told():
    x = np.random.default_rng(0).uniform(0.1, 0.9, size=(200, 4, 4, 3)).astype("float32")
    assert layers.RandomBrightness(0.2).value_range == [0, 255]
    drawn = np.asarray(layers.RandomBrightness(0.2, seed=1)(x))
    black = (drawn == 0).all(axis=(1, 2, 3)).mean()
    bright = (drawn > 1).all(axis=(1, 2, 3)).mean()
    assert black > 0.4  # of the images nothing is left
    assert bright > 0.4  # brighter than white
    assert black + bright > 0.95
    assert 40 < drawn.max() < 0.2 * 255 + 1
    told = np.asarray(layers.RandomBrightness(0.2, value_range=(0, 1), seed=1)(x))
    assert 0 <= told.min() < told.max() <= 1
    assert 0.1 < np.abs(told - x).max() < 0.2 + 1e-6
