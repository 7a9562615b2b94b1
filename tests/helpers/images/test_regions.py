"""Regions: found in real strings of digits, padded, and cut out of feature maps."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.data import digit_strings
from helpers.images.regions import CropRegions, ink_boxes, pad_boxes
from helpers.keras_private import mask_of

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
RNG = np.random.default_rng(9)


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(0)


def numpy(x):
    return ops.convert_to_numpy(x)


# --- ink_boxes -----------------------------------------------------------------------------------


def test_boxes_of_real_strings_hold_all_the_ink_and_no_empty_edge():
    for heights, channels in (((8, 8), False), ((8, 14), True)):
        images, labels = digit_strings(100, heights=heights)
        for image, label in zip(images, labels, strict=True):
            boxes = ink_boxes(image[..., None] if channels else image)
            assert boxes.dtype == np.float32
            assert 1 <= len(boxes) <= len(label)
            assert (np.diff(boxes[:, 1]) > 0).all()
            ink = 0
            for top, left, bottom, right in boxes.astype(int):
                piece = image[top:bottom, left:right]
                ink += int(piece.sum())
                assert all(edge.any() for edge in (piece[0], piece[-1], piece[:, 0], piece[:, -1]))
            assert ink == image.sum()


@pytest.mark.parametrize("split", ["train", "test"])
def test_how_often_it_counts_the_digits_of_a_string(split):
    images, labels = digit_strings(500, split=split)

    def exact(**options):
        return np.mean(
            [
                len(ink_boxes(image, **options)) == len(label)
                for image, label in zip(images, labels, strict=True)
            ]
        )

    assert 0.45 < exact() < 0.65  # a quarter of the neighbours touch
    assert exact(gap=2) < exact() - 0.1
    assert exact(widest=8) > 0.98


def test_one_digit_is_one_piece():
    images, _ = digit_strings(300, digits=(1, 1))
    for options in ({}, {"widest": 8}):
        for image in images:
            assert len(ink_boxes(image, **options)) == 1


def test_pieces_by_hand():
    image = np.zeros((5, 12))
    image[1:3, 1], image[2, 3:5], image[4, 8], image[0, 11] = 5, 5, 2, 1
    assert ink_boxes(image).tolist() == [
        [1, 1, 3, 2],
        [2, 3, 3, 5],
        [4, 8, 5, 9],
        [0, 11, 1, 12],
    ]
    assert ink_boxes(image, gap=2).tolist() == [[1, 1, 3, 5], [4, 8, 5, 9], [0, 11, 1, 12]]
    assert ink_boxes(image, gap=4).tolist() == [[0, 1, 5, 12]]
    assert ink_boxes(image, threshold=1).tolist() == ink_boxes(image)[:3].tolist()
    assert ink_boxes(image, smallest=2).tolist() == ink_boxes(image)[:2].tolist()
    assert ink_boxes(np.stack([image, 0 * image], axis=2)).tolist() == ink_boxes(image).tolist()


def test_a_wide_piece_is_cut_where_there_is_least_ink():
    image = np.array([[9, 9, 9, 1, 2, 9, 9, 9, 9, 9]])

    def spans(**options):
        return ink_boxes(image, **options)[:, 1::2].tolist()

    assert spans() == spans(widest=10) == [[0, 10]]
    assert spans(widest=8) == [[0, 4], [4, 10]]
    assert spans(widest=5) == [[0, 4], [4, 7], [7, 10]]
    assert spans(widest=1) == [[i, i + 1] for i in range(10)]
    hole = np.array([[9, 0, 0, 9, 0, 9]])
    assert ink_boxes(hole, gap=9, widest=3)[:, 1::2].tolist() == [[0, 1], [3, 6]]


@pytest.mark.parametrize("shape", [(8, 5), (8, 5, 3), (8, 0), (0, 0)])
def test_an_image_without_ink_has_no_region(shape):
    boxes = ink_boxes(np.zeros(shape))
    assert boxes.shape == (0, 4)
    assert boxes.dtype == np.float32


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ink_boxes(np.array([["a"]])), TypeError, "image: expected numbers, got dtype"),
        (lambda: ink_boxes(np.zeros(5)), ValueError, r"image: .* got shape \(5,\)"),
        (lambda: ink_boxes(np.array([[np.nan]])), ValueError, "image: expected finite numbers"),
        (lambda: ink_boxes(np.zeros((2, 2)), gap=0), ValueError, "gap: .* at least 1, got 0"),
        (lambda: ink_boxes(np.zeros((2, 2)), smallest=1.5), TypeError, "smallest: .* float 1.5"),
        (lambda: ink_boxes(np.zeros((2, 2)), widest=True), TypeError, "widest: .* got bool True"),
    ],
)
def test_bad_images_and_options_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- pad_boxes -----------------------------------------------------------------------------------

BOXES = [[[0, 0, 2, 2], [1, 1, 8, 9], [0, 3, 1.5, 4.25]], np.zeros((0, 4)), [[0, 0, 8, 4]], []]
SIZES = [(8, 9), (8, 3), (8, 4), (8, 8)]


def test_boxes_are_padded_in_their_order():
    for most, width in ((None, 3), (3, 3), (5, 5)):
        padded, counts = pad_boxes(BOXES, SIZES, most)
        assert (padded.shape, padded.dtype) == ((4, width, 4), np.float32)
        assert (counts.tolist(), counts.dtype) == ([3, 0, 1, 0], np.int32)
        for i, boxes in enumerate(BOXES):
            assert padded[i, : counts[i]].tolist() == np.asarray(boxes).tolist()
            assert (padded[i, counts[i] :] == 0).all()


def test_no_region_at_all_still_gives_one_step():
    padded, counts = pad_boxes([[], []], [(8, 3), (8, 4)])
    assert padded.shape == (2, 1, 4)
    assert counts.tolist() == [0, 0]


def test_more_regions_than_fit_need_a_decision():
    with pytest.raises(
        ValueError, match=r"boxes\[0\]: expected at most 2, got 3; overflow='first'"
    ):
        pad_boxes(BOXES, SIZES, 2)
    first, counts = pad_boxes(BOXES, SIZES, 2, overflow="first")
    assert first[0].tolist() == BOXES[0][:2]
    assert counts.tolist() == [2, 0, 1, 0]
    largest, counts = pad_boxes(BOXES, SIZES, 1, overflow="largest")
    assert largest[0].tolist() == [BOXES[0][1]]
    ties = [[[0, 0, 1, 1], [0, 1, 2, 2], [0, 2, 1, 3], [0, 3, 2, 4]]]
    kept, _ = pad_boxes(ties, [(8, 9)], 3, overflow="largest")
    assert kept[0, :, 1].tolist() == [0, 1, 3]


def test_boxes_that_stick_out_are_clipped_only_if_asked():
    boxes = [[[-1, -2.5, 4, 5]], [[2, 1, 9.5, 4]]]
    with pytest.raises(ValueError, match=r"boxes\[0\]\[0\]: .* within its image of 8 x 5 .*clip"):
        pad_boxes(boxes, [(8, 5), (9, 3)])
    padded, _ = pad_boxes(boxes, [(8, 5), (9, 3)], outside="clip")
    assert padded[:, 0].tolist() == [[0, 0, 4, 5], [2, 1, 9, 3]]
    with pytest.raises(ValueError, match=r"boxes\[1\]\[0\]: expected a box that overlaps .* 8 x 3"):
        pad_boxes([[], [[0, 3, 4, 6]]], [(8, 5), (8, 3)], outside="clip")


GOOD = [0, 0, 2, 2]


@pytest.mark.parametrize("outside", [None, "clip"])
@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([0, 0, np.nan, 2], "finite numbers"),
        ([0, 0, np.inf, 2], "finite numbers"),
        ([2, 0, 1, 2], "top < bottom and left < right"),
        ([0, 2, 2, 1], "top < bottom and left < right"),
        ([0, 2, 2, 2], "top < bottom and left < right"),
        ([9, 9, 4, 4], "top < bottom and left < right"),
    ],
)
def test_a_wrong_box_is_named(box, message, outside):
    with pytest.raises(ValueError, match=rf"boxes\[1\]\[2\]: expected {message}, got \["):
        pad_boxes([[GOOD], [GOOD, GOOD, box]], [(8, 5)] * 2, outside=outside)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pad_boxes([[GOOD]], [(8, 5)], overflow="last"), ValueError, "overflow: .*'last'"),
        (lambda: pad_boxes([[GOOD]], [(8, 5)], outside="drop"), ValueError, "outside: .*'drop'"),
        (lambda: pad_boxes([[GOOD]], [(8, 5)], 0), ValueError, "most: .* at least 1, got 0"),
        (lambda: pad_boxes([[GOOD]], [(8, 5)], 2.0), TypeError, "most: .* got float 2.0"),
        (lambda: pad_boxes([[GOOD]], [(8.0, 5.0)]), TypeError, "sizes: expected integers"),
        (lambda: pad_boxes([[GOOD]], [(8, 5)] * 2), ValueError, r"sizes: expected \(1, 2\)"),
        (lambda: pad_boxes([GOOD], [(8, 5)]), ValueError, r"boxes\[0\]: .* got shape \(4,\)"),
        (lambda: pad_boxes([[GOOD[:3]]], [(8, 5)]), ValueError, r"got shape \(1, 3\)"),
        (lambda: pad_boxes([[["a"] * 4]], [(8, 5)]), TypeError, r"boxes\[0\]: expected numbers"),
        (lambda: pad_boxes(None, [(8, 5)]), TypeError, "^boxes: expected a list .*, got NoneType"),
        (lambda: pad_boxes(np.array(3), [(8, 5)]), TypeError, "^boxes: .*, got ndarray"),
        (lambda: pad_boxes(iter([[]]), [(8, 5)]), TypeError, "^boxes: .*, got list_iterator"),
        (lambda: pad_boxes({0: []}, [(8, 5)]), TypeError, "^boxes: .*, got dict"),
    ],
)
def test_bad_boxes_and_options_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- CropRegions ---------------------------------------------------------------------------------


def by_hand(image, box, size, stride):
    """One region of one image's own map, by loops."""
    values = []
    for i in range(size[0]):
        for j in range(size[1]):
            place = []
            for axis, part in ((0, i), (1, j)):
                start, end = box[axis], box[axis + 2]
                centre = start + (end - start) * (part + 0.5) / size[axis]
                place.append(np.clip(centre / stride[axis] - 0.5, 0, image.shape[axis] - 1))
            y, x = place
            top, left = int(y), int(x)
            bottom, right = min(top + 1, len(image) - 1), min(left + 1, image.shape[1] - 1)
            down, across = y - top, x - left
            values.append(
                (1 - down) * ((1 - across) * image[top, left] + across * image[top, right])
                + down * ((1 - across) * image[bottom, left] + across * image[bottom, right])
            )
    return np.concatenate(values)


MAPS = [RNG.normal(size=(*size, 2)).astype("float32") for size in ((8, 9), (5, 4), (8, 3), (1, 7))]
MAP_SIZES = np.array([m.shape[:2] for m in MAPS], "int32")


def random_boxes(count, height, width):
    corners = np.sort(RNG.uniform(0, 1, size=(count, 2, 2)), axis=1) * [height, width]
    whole = [[0, 0, height, width]]
    return np.concatenate([corners.reshape(count, 4), whole])


def padded_maps(height, width, value):
    x = np.full((len(MAPS), height, width, 2), value, "float32")
    for i, feature_map in enumerate(MAPS):
        x[i, : feature_map.shape[0], : feature_map.shape[1]] = feature_map
    return x


@pytest.mark.parametrize("size", [(1, 1), (4, 3), (2, 12)])
@pytest.mark.parametrize("stride", [1, (2, 4)])
def test_regions_are_what_a_loop_reads_from_each_image_alone(size, stride):
    strides = (stride, stride) if stride == 1 else stride
    pixels = MAP_SIZES * strides
    boxes = [random_boxes(n, *pixel) for n, pixel in zip((3, 1, 2, 0), pixels, strict=True)]
    boxes, counts = pad_boxes(boxes, pixels, 5, outside="clip")
    layer = CropRegions(size, stride)
    for height, width, value in ((8, 9, 0), (10, 14, np.nan)):
        inputs = [padded_maps(height, width, value), boxes, counts, MAP_SIZES]
        outputs = layer(inputs)
        found, mask = numpy(outputs), numpy(mask_of(outputs))
        assert found.shape == layer.compute_output_shape([x.shape for x in inputs])
        assert mask.sum(axis=1).tolist() == counts.tolist() == [4, 2, 3, 1]
        assert (found[~mask] == 0).all()
        for i, feature_map in enumerate(MAPS):
            for j in range(counts[i]):
                expected = by_hand(feature_map, boxes[i, j], size, strides)
                np.testing.assert_allclose(found[i, j], expected, atol=1e-4)


def test_without_sizes_a_box_at_the_edge_reads_the_padding():
    boxes, counts = pad_boxes([[[0, 0, *size]] for size in MAP_SIZES], MAP_SIZES)
    layer = CropRegions((16, 16))
    short, long = padded_maps(8, 9, 5.0), padded_maps(9, 10, 50.0)

    def moved(*sizes):
        one, other = (numpy(layer([x, boxes, counts, *sizes])) for x in (short, long))
        return np.abs(one - other).max(axis=(1, 2))

    assert (moved() > 1).all()
    assert (moved(MAP_SIZES) == 0).all()


@pytest.mark.parametrize("stride", [1, 2])
def test_it_is_exact_on_a_linear_ramp(stride):
    y, x = np.mgrid[:12, :16] + 0.5  # the values are the centres of the pixels
    ramp = np.stack([y, x, 3 * y - 2 * x + 1], axis=2)[None].astype("float32")
    if stride > 1:
        ramp = numpy(layers.AveragePooling2D(stride)(ramp))
    boxes = np.array([[[2, 3, 9, 8], [1.5, 2.25, 10.75, 12], [4, 4, 5, 5]]], "float32")
    found = numpy(CropRegions((3, 2), stride)([ramp, boxes, np.array([3])])).reshape(3, 3, 2, 3)
    for box, region in zip(boxes[0], found, strict=True):
        rows = box[0] + (box[2] - box[0]) * np.array([1, 3, 5]) / 6
        columns = box[1] + (box[3] - box[1]) * np.array([1, 3]) / 4
        rows, columns = np.meshgrid(rows, columns, indexing="ij")
        expected = np.stack([rows, columns, 3 * rows - 2 * columns + 1], axis=2)
        np.testing.assert_allclose(region, expected, atol=1e-5)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="TensorFlow's own op")
@pytest.mark.parametrize("size", [(4, 3), (2, 2), (7, 5)])
def test_it_is_crop_and_resize_with_boxes_translated(size):
    import tensorflow as tf

    height, width = 20, 24
    x = RNG.normal(size=(3, height, width, 2)).astype("float32")
    boxes = []
    for _ in range(3):  # no part smaller than a cell, so that no centre is beyond the map's
        start = RNG.uniform(0, [height - 8, width - 8], size=(4, 2))
        boxes.append(np.concatenate([start, start + 8], axis=1))
    boxes, counts = pad_boxes(boxes, [(height, width)] * 3)
    found = numpy(CropRegions(size)([x, boxes, counts])).reshape(12, *size, 2)
    # crop_and_resize reads from corner to corner; corners count cells, and 1.0 is the last one
    flat = boxes.reshape(12, 4)
    part = (flat[:, 2:] - flat[:, :2]) / size
    first, last = flat[:, :2] + part / 2 - 0.5, flat[:, 2:] - part / 2 - 0.5
    corners = np.concatenate([first, last], axis=1) / np.tile([height - 1, width - 1], 2)
    index = np.repeat(np.arange(3), 4)
    expected = tf.image.crop_and_resize(x, corners.astype("float32"), index, size)
    np.testing.assert_allclose(found, expected, atol=1e-4)


class Moved(layers.Layer):
    """Adds trainable offsets to boxes."""

    def build(self, input_shape):
        self.offsets = self.add_weight(shape=(4,), initializer="zeros")

    def call(self, boxes):
        return boxes + self.offsets


@pytest.mark.slow
@pytest.mark.parametrize("left", [2, 2.5, 1.75])  # 2: exactly at the centre of a cell
def test_gradients_reach_the_map_and_the_boxes(left):
    image = keras.Input((None, None, 1))
    boxes, counts = keras.Input((None, 4)), keras.Input((), dtype="int32")
    feature_map = layers.Conv2D(1, 1, kernel_initializer="ones", use_bias=False)(image)
    outputs = CropRegions((1, 1))([feature_map, Moved()(boxes), counts])
    model = keras.Model([image, boxes, counts], outputs)
    model.compile(keras.optimizers.SGD(1.0), lambda y_true, y_pred: ops.mean(y_pred, axis=-1))
    ramp = np.tile(np.arange(10.0)[None, None, :, None] + 0.5, (1, 6, 1, 1))
    box = np.array([[[1, left, 4, 7], [np.nan] * 4]], "float32")  # the second is padding
    model.train_on_batch([ramp, box, np.array([1])], np.zeros((1, 2, 1)))
    moved = {weight.shape: numpy(weight) for weight in model.trainable_weights}
    # the mean of the region is (left + right) / 2 times the kernel
    np.testing.assert_allclose(moved[(4,)], [0, -0.5, 0, -0.5], atol=1e-6)
    np.testing.assert_allclose(moved[(1, 1, 1, 1)].item(), 1 - (left + 7) / 2, atol=1e-5)


@pytest.mark.slow
def test_the_padding_gives_a_box_at_the_edge_no_gradient():
    inputs = [keras.Input((None, None, 1)), keras.Input((None, 4)), keras.Input((), dtype="int32")]
    inputs.append(keras.Input((2,), dtype="int32"))
    outputs = CropRegions((1, 1))([inputs[0], Moved()(inputs[1]), *inputs[2:]])
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.SGD(1.0), lambda y_true, y_pred: ops.mean(y_pred, axis=-1))
    box = np.array([[[3, 5, 4, 6]]], "float32")  # its centre is that of the last cell
    x = [np.ones((1, 7, 9, 1)), box, np.array([1]), np.array([[4, 6]])]
    model.train_on_batch(x, np.zeros((1, 1, 1)))
    assert numpy(model.trainable_weights[0]).tolist() == [0, 0, 0, 0]


def regions_model():
    inputs = [
        keras.Input((None, None, 1)),
        keras.Input((None, 4)),
        keras.Input((), dtype="int32"),
        keras.Input((2,), dtype="int32"),
    ]
    outputs = CropRegions((4, 3))(inputs)
    assert outputs.shape == (None, None, 12)
    return keras.Model(inputs, layers.LSTM(3)(outputs))


def strings(extra=0, most=None, value=np.nan):
    """Real strings of digits, one image without ink, with their boxes, padded."""
    images, _ = digit_strings(5, digits=(1, 4), heights=(8, 11), seed=2)
    images.append(np.zeros((8, 6), np.uint8))
    sizes = np.array([image.shape for image in images], "int32")
    height, width = sizes.max(axis=0) + extra
    x = np.full((6, height, width, 1), value, "float32")
    for i, image in enumerate(images):
        x[i, : image.shape[0], : image.shape[1], 0] = image / 16
    return [x, *pad_boxes([ink_boxes(image, widest=8) for image in images], sizes, most), sizes]


def one(inputs, i):
    """Image ``i`` alone, unpadded, with its own regions."""
    x, boxes, counts, sizes = (array[i : i + 1] for array in inputs)
    return [x[:, : sizes[0, 0], : sizes[0, 1]], boxes[:, : max(1, counts[0])], counts, sizes]


@pytest.mark.slow
def test_an_image_alone_and_in_a_padded_batch_gives_an_lstm_the_same():
    model = regions_model()
    inputs = strings()
    assert inputs[2].tolist()[-1] == 0
    alone = np.concatenate([numpy(model(one(inputs, i))) for i in range(6)])
    assert np.isfinite(alone).all()
    assert (alone[-1] == 0).all()
    assert (np.abs(alone[:-1]).max(axis=1) > 0).all()
    orders = [(inputs, strings(3, 7)), (strings(3, 7), inputs)]
    for order in orders[:1] if BACKEND == "jax" else orders:
        fresh = regions_model()
        fresh.set_weights(model.get_weights())
        for x in order:
            np.testing.assert_allclose(fresh.predict(x, verbose=0), alone, atol=1e-5)


@pytest.mark.slow
def test_fit_with_an_image_without_regions():
    model = regions_model()
    model.compile(keras.optimizers.SGD(1.0), "mse")
    before, changes = model.get_weights(), []
    for inputs in (strings(value=0), strings(3, 7)):
        model.set_weights(before)
        history = model.fit(inputs, np.ones((6, 3)), verbose=0)
        assert np.isfinite(history.history["loss"]).all()
        changes.append([new - old for new, old in zip(model.get_weights(), before, strict=True)])
    for one_, other in zip(*changes, strict=True):
        assert np.isfinite(other).all()
        assert np.abs(one_).max() > 1e-5
        np.testing.assert_allclose(one_, other, atol=1e-4)


@pytest.mark.wide
@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="JAX always compiles, PyTorch has no XLA")
def test_it_compiles_with_xla():
    model, inputs = regions_model(), strings()
    expected = numpy(model(inputs))
    model.compile(jit_compile=True)
    for x in (inputs, strings(2, 6)):
        np.testing.assert_allclose(model.predict(x, verbose=0), expected, atol=1e-5)


@pytest.mark.slow
def test_it_saves_and_loads(tmp_path):
    model, inputs = regions_model(), strings()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        loaded.predict(inputs, verbose=0), model.predict(inputs, verbose=0), atol=1e-6
    )
    layer = CropRegions.from_config(CropRegions((2, 3), 4).get_config())
    assert (layer.size, layer.stride) == ((2, 3), (4, 4))


@pytest.mark.parametrize("dtype", ["bfloat16", "mixed_bfloat16"])
def test_boxes_keep_float32_where_the_layer_computes_in_half_precision(dtype):
    peak = np.zeros((1, 1, 600, 1))
    peak[0, 0, 301] = 1
    boxes = np.array([[[0, 301, 1, 302]]], "float32")  # bfloat16 has 300 and 302
    y = CropRegions((1, 1), dtype=dtype)([peak, boxes, np.array([1])])
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert numpy(ops.cast(y, "float32")).item() == 1


def test_nan_in_boxes_of_padding_has_no_influence():
    inputs = strings(0, 7)
    boxes = inputs[1].copy()
    for i, count in enumerate(inputs[2]):
        boxes[i, count:] = np.nan
    layer = CropRegions((2, 2))
    expected = numpy(layer(inputs))
    np.testing.assert_array_equal(numpy(layer([inputs[0], boxes, *inputs[2:]])), expected)


X = np.zeros((2, 4, 6, 1), "float32")
B = np.zeros((2, 3, 4), "float32")
C, S = np.array([3, 0]), np.array([[4, 6], [4, 5]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: CropRegions(3), TypeError, r"size: expected a pair \(height, width\), got 3"),
        (lambda: CropRegions((3, 0)), ValueError, r"size\[1\]: .* at least 1, got 0"),
        (lambda: CropRegions((3, 2), 1.5), TypeError, "stride: expected a pair .*got 1.5"),
        (lambda: CropRegions((3, 2), 0), ValueError, r"stride\[0\]: .* at least 1, got 0"),
        (lambda: CropRegions((3, 2))(X), ValueError, "inputs: expected .*got one tensor"),
        (lambda: CropRegions((3, 2))([X, B]), ValueError, "inputs: expected .*got 2 of them"),
        (lambda: CropRegions((3, 2))([X[0], B, C]), ValueError, r"feature_map: .*\(4, 6, 1\)"),
        (lambda: CropRegions((3, 2))([X, B[..., :3], C]), ValueError, r"boxes: .*\(2, 3, 3\)"),
        (lambda: CropRegions((3, 2))([X, B[0], C]), ValueError, r"boxes: .*\(3, 4\)"),
        (lambda: CropRegions((3, 2))([X, B, C * 1.0]), TypeError, "counts: expected integers"),
        (lambda: CropRegions((3, 2))([X, B, C[None]]), ValueError, r"counts: expected \(batch,\)"),
        (lambda: CropRegions((3, 2))([X, B, C + 1]), ValueError, "0 to 3, got 4 in row 0"),
        (lambda: CropRegions((3, 2))([X, B, C - 1]), ValueError, "0 to 3, got -1 in row 1"),
        (lambda: CropRegions((3, 2))([X, B, C, S + 1]), ValueError, "sizes: expected height 0 to"),
        (lambda: CropRegions((3, 2))([X, B, C, S * 1.0]), TypeError, "sizes: expected integers"),
    ],
)
def test_bad_inputs_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
