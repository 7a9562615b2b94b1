"""What an article of 2025-01-30 claims about images of varying size and an LSTM, settled by a run.

The networks are those of the article where a claim is about them, untrained; elsewhere they are
small. `book/claims.yml` names these tests.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from claim_runs import MOVED, SAME, apart, randomised
from claim_runs import seeded as seeded
from keras import layers
from keras.applications import VGG16, ResNet50

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
SIZES = [(8, 20), (14, 9), (12, 31)]  # height and width


def without_xla(model):
    """XLA would compile a large network anew for every size of image, for seconds each."""
    model.jit_compile = False
    return model


@pytest.fixture(scope="module")
def resnet():
    """The network of the first listing, its weights drawn at random."""
    return without_xla(ResNet50(weights=None, include_top=False, pooling="avg"))


@pytest.fixture(scope="module")
def vgg():
    """The network of the third listing, its weights drawn at random."""
    return without_xla(VGG16(weights=None, include_top=False, pooling="avg"))


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    """Paths of two images of different sizes."""
    folder = tmp_path_factory.mktemp("images")
    paths = []
    for height, width in ((123, 77), (40, 96)):
        paths.append(str(folder / f"{height}.png"))
        keras.utils.save_img(paths[-1], image(height, width, 3), scale=True)
    return paths


def image(height, width, channels=1, batch=()):
    return RNG.uniform(0.1, 1, (*batch, height, width, channels)).astype("float32")


def padded(rows, steps):
    """Return sequences as one array, with zeros behind each."""
    out = np.zeros((len(rows), steps, rows[0].shape[-1]), "float32")
    for row, array in zip(out, rows, strict=True):
        row[: len(array)] = array
    return out


def backbone(channels=1, filters=6):
    """Return a small CNN which keeps the axes of the map."""
    stack = [layers.Conv2D(4, 3, activation="relu"), layers.Conv2D(filters, 3)]
    return randomised(keras.Sequential([keras.Input((None, None, channels)), *stack]))


def reader(features, *before, units=5):
    """Return an LSTM over sequences of any length."""
    stack = [*before, layers.LSTM(units)]
    return randomised(keras.Sequential([keras.Input((None, features)), *stack]), seed=1)


def two_tiles():
    """Return two images with the same two drawings in both orders, and a CNN that sees each alone.

    A drawing is 6 columns wide, and so are window and stride.
    """
    first, second = image(6, 6), image(6, 6)
    orders = [np.concatenate(pair, axis=1)[None] for pair in ((first, second), (second, first))]
    tiles = layers.Conv2D(8, 6, strides=6, activation="relu")
    return orders, randomised(keras.Sequential([keras.Input((None, None, 1)), tiles]))


def bars(count, seed=0):
    """Return images with one bar in noise, 12 to 20 columns wide, and whether it is upright.

    Both bars are 8 pixels of the same grey, so the sum of the pixels gives nothing away.
    """
    rng = np.random.default_rng(seed)
    images, upright = [], rng.integers(0, 2, count)
    for stands in upright:
        width = rng.integers(12, 21)
        pixels = rng.uniform(0.01, 0.3, (8, width)).astype("float32")
        if stands:
            pixels[:, rng.integers(width)] = 1
        else:
            left = rng.integers(width - 8 + 1)
            pixels[rng.integers(8), left : left + 8] = 1
        images.append(pixels)
    return images, upright


def share_right(*stack, shape):
    """Train a model to tell upright bars from lying ones; return its accuracy on other images."""
    model = keras.Sequential([keras.Input(shape), *stack, layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", jit_compile=False)
    data = []
    for seed, count in ((0, 512), (1, 256)):
        images, upright = bars(count, seed)
        columns = padded([pixels.T for pixels in images], 20)
        data.append((columns.reshape(count, *(n or 20 for n in shape)), upright))
    model.fit(*data[0], epochs=8, verbose=0)
    x, upright = data[1]
    return np.mean((np.asarray(model(x))[:, 0] > 0.5) == upright)


def rectangle(top, left, bottom, right):
    return np.array([top, left, bottom, right])


BOXES = [rectangle(0, 2, 6, 8), rectangle(2, 8, 8, 15), rectangle(1, 14, 7, 19)]


def regions(photograph, boxes, extract, most=10):
    """Return the features of the regions, cut out as the second listing does it."""
    features = []
    for box in boxes[:most]:
        roi = photograph[:, box[0] : box[2], box[1] : box[3]]
        features.append(extract(roi))
    return np.array(features)


def pooled():
    """Return a function from a region `(1, height, width, 1)` to its six features."""
    model = keras.Sequential([backbone(), layers.GlobalAveragePooling2D()])
    return lambda roi: np.asarray(model(roi))[0]


# What an LSTM takes


def test_images_of_two_sizes_have_no_common_array(photographs):
    arrays = [keras.utils.img_to_array(keras.utils.load_img(path)) for path in photographs]
    assert [array.shape for array in arrays] == [(123, 77, 3), (40, 96, 3)]
    with pytest.raises(ValueError, match="all input arrays must have the same shape"):
        np.stack(arrays)


def test_an_lstm_takes_sequences_of_any_length():
    model = reader(4)
    model.compile("sgd", "mse")
    for steps in (3, 17, 60):
        assert model.predict(np.ones((2, steps, 4)), verbose=0).shape == (2, 5)
        assert np.isfinite(model.train_on_batch(np.ones((2, steps, 4)), np.ones((2, 5))))


def test_an_lstm_takes_three_axes_and_a_fixed_number_of_features():
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=4"):
        layers.LSTM(5)(image(8, 20, batch=(1,)))
    lstm = layers.LSTM(5)
    assert lstm(image(8, 20, batch=(1,))[..., 0]).shape == (1, 5)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        lstm(image(8, 21, batch=(1,))[..., 0])


def test_an_lstm_learns_from_raw_columns():
    lstm = [layers.Masking(), layers.LSTM(16)]
    assert share_right(*lstm, shape=(None, 8)) > 0.9
    assert share_right(layers.GlobalAveragePooling2D(), shape=(20, 8, 1)) < 0.7


def test_an_lstm_reads_raw_columns_of_any_width_without_a_cnn():
    model = reader(8, layers.Masking())
    columns = [pixels.T for pixels in bars(5)[0]]
    alone = np.concatenate([model(row[None]) for row in columns])
    assert len({len(row) for row in columns}) > 1
    for steps in (20, 47):
        assert apart(model(padded(columns, steps)), alone) < SAME


# What a CNN gives


def test_a_small_cnn_tells_upright_bars_from_lying_ones():
    cnn = [layers.Conv2D(8, 5, activation="relu"), layers.GlobalMaxPooling2D()]
    assert share_right(*cnn, shape=(20, 8, 1)) > 0.9


def test_only_global_pooling_gives_one_number_of_features():
    maps = backbone()
    for height, width in SIZES:
        x = image(height, width, batch=(1,))
        assert maps(x).shape == (1, height - 4, width - 4, 6)
        assert layers.GlobalAveragePooling2D()(maps(x)).shape == (1, 6)
        assert layers.Flatten()(maps(x)).shape == (1, (height - 4) * (width - 4) * 6)
    with pytest.raises(ValueError, match="must be fully-defined"):
        keras.Sequential([maps, layers.Flatten(), layers.Dense(2)]).build((None, None, None, 1))


def test_a_pooled_vector_does_not_say_what_stands_where():
    (one, other), tiles = two_tiles()
    assert apart(one, other) > MOVED
    for pooling in (layers.GlobalAveragePooling2D(), layers.GlobalMaxPooling2D()):
        assert apart(pooling(tiles(one)), pooling(tiles(other))) < SAME


# Ways to read a feature map


def columns(maps):
    """Return `(batch, width, height * channels)`."""
    maps = np.swapaxes(maps, 1, 2)
    return maps.reshape(*maps.shape[:2], -1)


def rows(maps):
    """Return `(batch, height, width * channels)`."""
    return np.reshape(maps, (*maps.shape[:2], -1))


def cells(maps, order="rows"):
    """Return `(batch, height * width, channels)`."""
    maps = np.swapaxes(maps, 1, 2) if order == "columns" else np.asarray(maps)
    return maps.reshape(len(maps), -1, maps.shape[-1])


def test_a_map_can_be_read_by_rows_or_by_columns():
    maps = backbone()
    by_columns, by_rows, by_cells = reader(4 * 6), reader(9 * 6), reader(6)
    for length in (9, 20, 33):  # the other side of the image is fixed
        assert by_columns(columns(maps(image(8, length, batch=(1,))))).shape == (1, 5)
        assert by_rows(rows(maps(image(length, 13, batch=(1,))))).shape == (1, 5)
    for size in SIZES:
        for order in ("rows", "columns"):
            assert by_cells(cells(maps(image(*size, batch=(1,))), order)).shape == (1, 5)


def test_a_sequence_of_cells_says_what_stands_where():
    (one, other), tiles = two_tiles()
    model = reader(8)
    assert apart(model(cells(tiles(one))), model(cells(tiles(other)))) > MOVED
    numbers = np.arange(2 * 5).reshape(1, 2, 5, 1)
    steps = cells(numbers)[0, :, 0].tolist()
    assert steps.index(numbers[0, 1, 0, 0]) - steps.index(numbers[0, 0, 0, 0]) == 5
    assert steps.index(numbers[0, 0, 1, 0]) - steps.index(numbers[0, 0, 0, 0]) == 1


def test_the_order_in_which_the_cells_are_read_moves_the_result():
    maps, model = np.asarray(backbone()(image(8, 9, batch=(1,)))), reader(6)
    by_rows, by_columns = cells(maps), cells(maps, "columns")
    assert sorted(by_rows[0].tolist()) == sorted(by_columns[0].tolist())
    results = [model(x) for x in (by_rows, by_columns, by_rows[:, ::-1])]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert apart(results[first], results[second]) > MOVED


# The first listing: one image through ResNet50


def image_to_sequence(path, network, size=(224, 224)):
    """The function of the first listing; `size=None` leaves the image as it is."""
    loaded = keras.utils.load_img(path, target_size=size)
    array = np.expand_dims(keras.utils.img_to_array(loaded), axis=0)
    prepared = keras.applications.resnet50.preprocess_input(array)
    return network.predict(prepared, verbose=0).flatten()


def test_the_first_listing_prints_2048(photographs, resnet):
    assert image_to_sequence(photographs[0], resnet).shape == (2048,)


def test_without_resizing_the_vector_has_2048_numbers_too(photographs, resnet):
    native = [image_to_sequence(path, resnet, None) for path in photographs]
    assert [vector.shape for vector in native] == [(2048,), (2048,)]
    assert np.isfinite(native).all()
    assert resnet.input_shape == (None, None, None, 3)


def test_no_size_of_image_gives_a_vector_to_pad_or_to_cut(resnet):
    for height, width in ((32, 32), (17, 40), (1, 1), (64, 33)):
        features = resnet.predict(image(height, width, 3, batch=(1,)), verbose=0)
        assert features.shape == (1, 2048)
    model = reader(2048)
    with pytest.raises((ValueError, tf.errors.InvalidArgumentError)):
        model(features[:, None, :2000])


def test_the_first_listing_keeps_no_axis_of_the_image(resnet):
    assert resnet.output_shape == (None, 2048)
    before = resnet.layers[-2].output
    assert before.shape == (None, None, None, 2048)
    maps = image(4, 3, 5, batch=(1,))
    shuffled = maps.reshape(1, 12, 5)[:, np.random.default_rng(0).permutation(12)]
    pooling = resnet.layers[-1]
    assert apart(pooling(maps), pooling(shuffled.reshape(maps.shape))) < SAME


def test_a_vector_of_features_needs_two_more_axes():
    vector = image(1, 2048)[..., 0]
    for wrong in (vector[0], vector):
        with pytest.raises(ValueError, match=rf"expected ndim=3, found ndim={wrong.ndim}"):
            layers.LSTM(2)(wrong)
    with pytest.raises(ValueError, match="Invalid input shape"):
        reader(2048).predict(vector, verbose=0)
    assert reader(2048).predict(vector[None], verbose=0).shape == (1, 5)


def test_a_model_of_one_feature_reads_a_vector_as_so_many_steps():
    vector = image(1, 40)[..., 0]
    result = reader(1).predict(vector, verbose=0)
    assert apart(result, reader(1).predict(vector.reshape(1, 40, 1), verbose=0)) < SAME


def test_loading_an_image_is_documented_in_keras_utils():
    old, new = tf.keras.preprocessing.image, keras.utils
    assert old.load_img is new.load_img
    assert old.img_to_array is new.img_to_array


# The second listing: regions


def test_regions_become_a_sequence_for_an_lstm():
    sequence = regions(image(8, 20, batch=(1,)), BOXES, pooled())
    assert sequence.shape == (3, 6)
    assert reader(6)(sequence[None]).shape == (1, 5)


def test_boxes_of_a_detector_are_no_slices():
    photograph = image(8, 20, batch=(1,))
    with pytest.raises(TypeError, match="slice indices must be integers"):
        regions(photograph, np.array(BOXES, "float32"), pooled())
    for dtype in ("float32", "int32"):
        detections = np.array([BOXES * 2], dtype)  # what predict gives: (images, boxes, 4)
        with pytest.raises(TypeError, match="only integer scalar arrays"):
            regions(photograph, detections, pooled())


def test_the_slice_cuts_a_region_only_from_an_image_with_a_batch_axis():
    photograph = image(100, 200, 3)

    def cut(array, box):
        return array[:, box[0] : box[2], box[1] : box[3]]

    box = rectangle(10, 0, 30, 80)
    np.testing.assert_array_equal(cut(photograph[None], box)[0], photograph[10:30, 0:80])
    assert cut(photograph, box).shape == (100, 20, 3)  # all rows, 20 columns
    turned = box[[1, 0, 3, 2]]  # left, top, right, bottom, as many detectors have it
    assert cut(photograph[None], turned).shape == (1, 80, 20, 3)


def test_a_limit_does_not_give_one_number_of_regions():
    photograph, extract = image(8, 20, batch=(1,)), pooled()
    lengths = [len(regions(photograph, BOXES * times, extract)) for times in (0, 1, 4)]
    assert lengths == [0, 3, 10]


def test_an_image_without_regions_has_no_features_either():
    empty = regions(image(8, 20, batch=(1,)), np.zeros((0, 4), int), pooled())
    assert empty.shape == (0,)
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        layers.LSTM(2)(empty[None])


def test_regions_of_several_sizes_stack_only_behind_global_pooling():
    photograph, maps = image(8, 20, batch=(1,)), backbone()
    assert len({(box[2:] - box[:2]).tobytes() for box in BOXES}) == 3
    features = regions(photograph, BOXES, pooled())
    assert features.shape == (3, 6)
    assert np.concatenate(list(features)).shape == (18,)
    with pytest.raises(ValueError, match="inhomogeneous shape"):
        regions(photograph, BOXES, lambda roi: np.ravel(maps(roi)))


def test_padded_regions_count_unless_a_mask_hides_them():
    sequence = regions(image(8, 20, batch=(1,)), BOXES, pooled())
    for before, limit in (([], None), ([layers.Masking()], SAME)):
        model = reader(6, *before)
        change = apart(model(sequence[None]), model(padded([sequence], 10)))
        assert change > MOVED if limit is None else change < limit


def test_regions_in_another_order_give_another_result():
    sequence = regions(image(8, 20, batch=(1,)), BOXES, pooled())
    model = reader(6)
    assert apart(model(sequence[None]), model(sequence[None, [2, 0, 1]])) > MOVED


# The third listing: one vector, repeated


def repeat_feature_vector(features, steps=50):
    return np.repeat(features, steps, axis=0)


def test_the_third_listing_prints_50_and_512_with_numpy_and_an_image(vgg):
    names = {}
    exec("import tensorflow as tf\nfrom tensorflow.keras.applications import VGG16", names)
    with pytest.raises(NameError, match="'np' is not defined"):
        eval("np.repeat([[1.0]], 50, axis=0)", names)
    with pytest.raises(ValueError, match="Unrecognized data type: x=Ellipsis"):
        vgg.predict(..., verbose=0)
    features = vgg.predict(image(224, 224, 3, batch=(1,)), verbose=0)
    assert repeat_feature_vector(features).shape == (50, 512)


def test_repeating_gives_any_length_asked_for():
    features = image(1, 12)[..., 0]
    for steps in (1, 7, 50):
        repeated = repeat_feature_vector(features, steps)
        assert repeated.shape == (steps, 12)
        np.testing.assert_array_equal(repeated, layers.RepeatVector(steps)(features)[0])


def test_repeated_steps_say_no_more_than_one():
    (one, other), tiles = two_tiles()
    pooling, model = layers.GlobalAveragePooling2D(), reader(8)
    repeated = [repeat_feature_vector(pooling(tiles(x)))[None] for x in (one, other)]
    assert np.ptp(repeated[0], axis=1).max() == 0
    assert apart(*map(model, repeated)) < SAME
    assert apart(model(cells(tiles(one))), model(cells(tiles(other)))) > MOVED


def test_a_repeated_vector_needs_a_batch_axis():
    repeated = repeat_feature_vector(image(1, 12)[..., 0])
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        layers.LSTM(2)(repeated)
    assert layers.LSTM(2)(repeated[None]).shape == (1, 2)


def test_one_step_is_a_sequence_too():
    features = image(3, 12)[..., 0]
    assert reader(12)(features[:, None]).shape == (3, 5)


def test_vgg_takes_images_from_32_pixels_up(vgg):
    for height, width in ((32, 32), (48, 100), (65, 33)):
        features = vgg.predict(image(height, width, 3, batch=(1,)), verbose=0)
        assert features.shape == (1, 512)
        assert np.isfinite(features).all()
    try:
        features = vgg.predict(image(31, 40, 3, batch=(1,)), verbose=0)
    except (ValueError, tf.errors.AbortedError, tf.errors.InvalidArgumentError):
        return  # where TensorFlow pools with oneDNN
    assert np.isnan(features).all()


# The advice at the end


def test_with_a_mask_no_length_is_better_than_another_and_cutting_loses_columns():
    model = reader(8, layers.Masking())
    sequences = [pixels.T for pixels in bars(5)[0]]
    alone = np.concatenate([model(row[None]) for row in sequences])
    for steps in (20, 64):
        assert apart(model(padded(sequences, steps)), alone) < SAME
    cut = np.stack([row[:12] for row in sequences])
    assert apart(model(cut), alone) > MOVED
