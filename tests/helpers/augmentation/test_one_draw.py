"""OneDraw: one draw for all frames of a clip, for its masks and its boxes."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from helpers.augmentation.one_draw import MOVING, VALUES, OneDraw
from helpers.keras_private import mask_of, set_mask

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])
RNG = np.random.default_rng(5)
# Few shapes and always the same: JAX compiles every operation anew for each
HEIGHT, WIDTH, CLIPS, TIME = 20, 16, 6, 2

FILLED = {"fill_mode": "constant", "seed": 1}
LAYERS = {
    "CenterCrop": lambda: layers.CenterCrop(12, 10),
    "RandomCrop": lambda: layers.RandomCrop(12, 10, seed=1),
    "RandomElasticTransform": lambda: layers.RandomElasticTransform(
        factor=(1.0, 1.0), scale=(0.5, 0.5), **FILLED
    ),
    "RandomFlip": lambda: layers.RandomFlip(seed=1),
    "RandomPerspective": lambda: layers.RandomPerspective(factor=(1.0, 1.0), scale=0.3, seed=1),
    "RandomRotation": lambda: layers.RandomRotation(0.2, **FILLED),
    "RandomShear": lambda: layers.RandomShear((0.0, 0.4), (0.0, 0.4), **FILLED),
    "RandomTranslation": lambda: layers.RandomTranslation(0.3, 0.3, **FILLED),
    "RandomZoom": lambda: layers.RandomZoom(0.4, 0.3, **FILLED),
    "Resizing": lambda: layers.Resizing(23, 31),
    "Resizing, padded": lambda: layers.Resizing(23, 31, pad_to_aspect_ratio=True),
    "Resizing, cropped": lambda: layers.Resizing(
        12, 10, crop_to_aspect_ratio=True, interpolation="bicubic"
    ),
    "AutoContrast": lambda: layers.AutoContrast(),
    "RandomBrightness": lambda: layers.RandomBrightness(0.4, seed=1),
    "RandomColorDegeneration": lambda: layers.RandomColorDegeneration(0.9, seed=1),
    "RandomColorJitter": lambda: layers.RandomColorJitter(
        brightness_factor=0.3, contrast_factor=0.3, saturation_factor=0.3, hue_factor=0.3, seed=1
    ),
    "RandomContrast": lambda: layers.RandomContrast(0.7, seed=1),
    "RandomErasing": lambda: layers.RandomErasing(factor=(0.5, 1.0), scale=(0.1, 0.4), seed=1),
    "RandomGaussianBlur": lambda: layers.RandomGaussianBlur(
        factor=(0.5, 0.5), kernel_size=5, sigma=(0.6, 1.0), seed=7
    ),
    "RandomGrayscale": lambda: layers.RandomGrayscale(0.5, seed=1),
    "RandomHue": lambda: layers.RandomHue(0.7, seed=1),
    "RandomInvert": lambda: layers.RandomInvert(factor=(0.5, 0.5), seed=7),
    "RandomPosterization": lambda: layers.RandomPosterization([1, 7], seed=1),
    "RandomSaturation": lambda: layers.RandomSaturation((0.1, 0.9), seed=1),
    "RandomSharpness": lambda: layers.RandomSharpness((0.1, 0.9), seed=1),
    "Rescaling": lambda: layers.Rescaling(1 / 255, offset=0.5),
    "Solarization": lambda: layers.Solarization(0.5, 0.5, seed=1),
}
MOVES = [name for name in LAYERS if name.split(",")[0] in MOVING]
SAME_FOR_ALL = ("CenterCrop", "RandomCrop", "Resizing", "AutoContrast", "Rescaling")
WORK_ALWAYS = ("CenterCrop", "Resizing", "AutoContrast", "Rescaling")


def numpy(x):
    return keras.tree.map_structure(ops.convert_to_numpy, x)


def still_clips(clips=CLIPS, time=TIME, height=HEIGHT, width=WIDTH):
    """Clips whose frames are all equal: what differs afterwards was drawn apart."""
    frame = RNG.uniform(20, 230, (height, width, 3)).astype("float32")
    return np.tile(frame, (clips, time, 1, 1, 1))


def scene(lead=(CLIPS, TIME), dtype="uint8"):
    """One object of class 7: bright in the image, in the mask, in the first of two boxes."""
    mask = np.zeros((HEIGHT, WIDTH), dtype)
    mask[5:14, 4:11] = 7
    image = np.repeat(np.where(mask != 0, 200, 0).astype("float32")[..., None], 3, -1)
    boxes = np.array([[5, 4, 14, 11], [0, 0, 0, 0]], "float32")
    return {
        "images": np.tile(image, (*lead, 1, 1, 1)),
        "masks": np.tile(mask, (*lead, 1, 1)),
        "boxes": np.tile(boxes, (*lead, 1, 1)),
        "labels": np.arange(len(lead) and lead[0]),
    }


def rectangle(mask):
    """Top, left, bottom, right of what is True; 0 if nothing is."""
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return [0, 0, 0, 0]
    return [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]


def assert_belong_together(out):
    """The object is at the same place in image, mask and box, in every frame.

    Where the image was interpolated, at the edge, the nearest pixel may be of either class.
    """
    shape = out["masks"].shape
    images = out["images"].reshape(-1, *out["images"].shape[-3:])
    masks = out["masks"].reshape(-1, *shape[-2:])
    boxes = out["boxes"].reshape(-1, *out["boxes"].shape[-2:])
    assert len(images) == len(masks) == len(boxes) > 0
    assert set(np.unique(masks)) <= {0, 7}
    assert (masks == 7).any()
    for image, mask, box in zip(images, masks, boxes, strict=True):
        differ = (image[..., 0] > 100) != (mask == 7)
        assert differ.sum() <= 8
        assert not (differ & (np.abs(image[..., 0] - 100) > 60)).any()
        np.testing.assert_array_equal(box[0], rectangle(mask == 7))
        np.testing.assert_allclose(box[0], rectangle(image[..., 0] > 100), atol=1)
        np.testing.assert_array_equal(box[1], 0)


def test_every_layer_of_the_lists_is_tested():
    assert {name.split(",")[0] for name in LAYERS} == {*MOVING, *VALUES}


@pytest.mark.parametrize("name", LAYERS)
def test_all_frames_of_a_clip_get_its_draw_and_each_clip_gets_its_own(name):
    clips = still_clips()
    out = numpy(OneDraw(LAYERS[name]())(clips))
    assert out.shape[:2] == (CLIPS, TIME)
    np.testing.assert_allclose(out, np.repeat(out[:, :1], TIME, 1), atol=1e-4)
    differ = [np.abs(row - out[0]).max() > 1e-2 for row in out[1:]]
    assert any(differ) == (name.split(",")[0] not in SAME_FOR_ALL)
    if name == "RandomElasticTransform" and BACKEND == "torch":
        return  # there Keras's seed does not decide it
    alone = numpy(_keras(LAYERS[name](), clips[:, 0]))
    np.testing.assert_allclose(out[:, 0], alone, atol=1e-3)


def _keras(layer, images, training=True):
    """What Keras's layer does alone."""
    given = ops.convert_to_tensor(images.copy())
    return layer(given) if isinstance(layer, layers.Rescaling) else layer(given, training=training)


@pytest.mark.parametrize("name", ["RandomRotation", "RandomCrop", "RandomContrast", "Resizing"])
@pytest.mark.parametrize("rank", [3, 4])
def test_images_without_time_come_out_as_from_keras_alone(name, rank):
    images = still_clips()[:, 0] if rank == 4 else still_clips()[0, 0]
    out = numpy(OneDraw(LAYERS[name]())(images))
    np.testing.assert_array_equal(out, numpy(_keras(LAYERS[name](), images)))


@pytest.mark.parametrize("name", MOVES)
def test_masks_and_boxes_go_where_the_pixels_go(name):
    given = scene()
    before = {key: value.copy() for key, value in given.items()}
    held = dict(given)
    out = numpy(OneDraw(LAYERS[name]())(given))
    assert out["masks"].dtype == "uint8"
    assert out["boxes"].dtype == "float32"
    assert_belong_together(out)
    np.testing.assert_array_equal(out["labels"], before["labels"])
    assert all(given[key] is held[key] for key in held)
    for key, value in before.items():
        np.testing.assert_array_equal(given[key], value)


@pytest.mark.parametrize("name", sorted(set(LAYERS) - set(MOVES)))
def test_layers_that_change_values_leave_masks_and_boxes(name):
    given = scene()
    given["images"] = still_clips()
    out = numpy(OneDraw(LAYERS[name]())(given))
    for key in ("masks", "boxes", "labels"):
        np.testing.assert_array_equal(out[key], given[key])
    np.testing.assert_allclose(out["images"], numpy(OneDraw(LAYERS[name]())(given["images"])))


@pytest.mark.parametrize("name", LAYERS)
def test_at_inference_it_does_what_keras_does(name):
    given = scene()
    given["images"] = still_clips()
    given["boxes"][:, :, 0] += 0.25  # nothing is rounded where nothing moves
    out = numpy(OneDraw(LAYERS[name]())(given, training=False))
    if name.split(",")[0] not in WORK_ALWAYS:
        for key in given:
            np.testing.assert_array_equal(out[key], given[key])
    alone = numpy(_keras(LAYERS[name](), given["images"][:, 0], training=False))
    np.testing.assert_allclose(out["images"][:, 0], alone, atol=1e-4)
    moves = name in MOVES and name.split(",")[0] in WORK_ALWAYS
    assert (out["masks"].shape == given["masks"].shape) == (not moves)


@pytest.mark.parametrize("lead", [(CLIPS, TIME)] if BACKEND == "jax" else [(), (3,), (2, 2)])
def test_layers_in_turn_and_every_rank(lead):
    turn = [
        layers.RandomRotation(0.1, **FILLED),
        layers.RandomBrightness(0.02, seed=1),
        layers.RandomTranslation(0.1, 0.1, **FILLED),
        layers.Resizing(23, 31),
        layers.CenterCrop(12, 10),
    ]
    given = scene(lead)
    out = numpy(OneDraw(turn)(given))
    assert out["images"].shape == (*lead, 12, 10, 3)
    assert out["masks"].shape == (*lead, 12, 10)
    assert_belong_together(out)


def test_without_a_dict_come_images_without_a_dict():
    assert tuple(OneDraw(layers.RandomFlip())(still_clips()).shape) == still_clips().shape


def test_frames_of_a_clip_may_differ_and_keep_their_own_masks_and_boxes():
    given = scene()
    for frame, shift in enumerate((-3, 4)):  # the object walks down
        for key, axis in (("images", 1), ("masks", 1)):
            given[key][:, frame] = np.roll(given[key][:, frame], shift, axis)
        given["boxes"][:, frame, 0] += [shift, 0, shift, 0]
    out = numpy(OneDraw(layers.RandomZoom((0.1, 0.3), (0.2, 0.4), **FILLED))(given))
    assert_belong_together(out)
    assert (np.diff(out["boxes"][:, :, 0, 0], axis=1) > 0).all()


def test_a_box_out_of_sight_becomes_zeros_and_the_filling_has_the_mask_value():
    given = scene((CLIPS,))
    away = layers.RandomTranslation((0.8, 0.8), (0.0, 0.0), fill_value=255.0, **FILLED)
    out = numpy(OneDraw(away, mask_value=255)(given))
    np.testing.assert_array_equal(out["boxes"], 0)
    np.testing.assert_array_equal(out["masks"][:, :16], 255)  # 0.8 * 20 rows came from nowhere
    np.testing.assert_array_equal(out["masks"][:, 16:], given["masks"][:, :4])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint16", "int32", "int64"])
def test_masks_keep_their_dtype(dtype):
    given = scene((2,), dtype)
    known = ops.convert_to_tensor(given["masks"]).dtype  # JAX has no int64
    out = OneDraw(layers.RandomFlip("vertical", seed=1))(given)
    assert out["masks"].dtype == known
    for before, after in zip(given["masks"], numpy(out["masks"]), strict=True):
        assert (after == before).all() or (after == before[::-1]).all()


def test_halfway_between_two_pixels_the_upper_left_one_counts():
    labels = np.arange(HEIGHT * WIDTH, dtype="int32").reshape(1, HEIGHT, WIDTH)
    given = {"images": np.zeros((1, HEIGHT, WIDTH, 1), "float32"), "masks": labels}
    out = numpy(OneDraw(layers.Resizing(HEIGHT // 2, WIDTH // 2))(given))
    np.testing.assert_array_equal(out["masks"], labels[:, ::2, ::2])


def test_masks_with_a_fill_mode_that_mirrors():
    given = scene((CLIPS,))
    del given["boxes"]
    out = numpy(OneDraw(layers.RandomTranslation(0.5, 0.5, fill_mode="reflect", seed=2))(given))
    differ = (out["images"][..., 0] > 100) != (out["masks"] == 7)
    assert differ.sum(axis=(1, 2)).max() <= 3


def test_elastic_transform_of_a_range_without_0_and_1():
    elastic = layers.RandomElasticTransform(
        factor=(1.0, 1.0), scale=(0.5, 0.5), value_range=(50, 210), **FILLED
    )
    assert_belong_together(numpy(OneDraw(elastic)(scene())))


def test_noise_of_erasing_is_the_same_in_every_frame():
    clips = np.zeros_like(still_clips())
    erase = layers.RandomErasing(factor=(1.0, 1.0), scale=(0.5, 0.5), seed=1)
    out = numpy(OneDraw(erase)(clips))
    assert len(np.unique(out[0, 0])) > 5  # it is noise
    np.testing.assert_array_equal(out, np.repeat(out[:, :1], TIME, 1))


RGB = {"images": np.zeros((2, 8, 8, 3), "float32")}
MASKS = {**RGB, "masks": np.zeros((2, 8, 8), "uint8")}
BOXES = {**RGB, "boxes": np.zeros((2, 1, 4), "float32")}
TURN = layers.RandomRotation(0.1, fill_mode="constant")
REFUSED = {
    "unknown key": (TURN, {**RGB, "segmentation_masks": MASKS["masks"]}, "segmentation_masks"),
    "no images": (TURN, {"masks": MASKS["masks"]}, "images"),
    "rank": (TURN, {"images": np.zeros((8, 8), "float32")}, "images: expected"),
    "mask's shape": (TURN, {**RGB, "masks": np.zeros((2, 8, 7), "uint8")}, "masks: expected"),
    "mask's rank": (TURN, {**RGB, "masks": np.zeros((2, 8, 8, 1), "uint8")}, "masks: expected"),
    "boxes' shape": (TURN, {**RGB, "boxes": np.zeros((2, 4), "float32")}, "boxes: expected"),
    "boxes' batch": (TURN, {**RGB, "boxes": np.zeros((3, 1, 4), "float32")}, "boxes: expected"),
    "wrap": (layers.RandomRotation(0.1, fill_mode="wrap"), MASKS, "wrap"),
    "mirrored boxes": (layers.RandomRotation(0.1), BOXES, "fill_mode='constant' with boxes"),
    "float16": (layers.RandomZoom(0.1, dtype="float16"), MASKS, "float32"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_come_out_right_is_refused(name):
    layer, given, message = REFUSED[name]
    with pytest.raises(ValueError, match=message):
        OneDraw(layer)(given)


def test_wrong_dtypes_are_refused():
    with pytest.raises(TypeError, match="masks: expected integers or booleans"):
        OneDraw(TURN)({**RGB, "masks": np.zeros((2, 8, 8), "float32")})
    with pytest.raises(TypeError, match="boxes: expected floats"):
        OneDraw(TURN)({**RGB, "boxes": np.zeros((2, 1, 4), "int32")})
    with pytest.raises(ValueError, match="mask_value: expected 0 to 255"):
        OneDraw(TURN, mask_value=-1)(MASKS)
    with pytest.raises(TypeError, match="mask_value"):
        OneDraw(TURN, mask_value=0.5)


@pytest.mark.parametrize(
    "layer",
    [layers.RandAugment(), layers.MixUp(), layers.CutMix(), layers.Dense(2), "RandomFlip"],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_it_does_not_know_are_refused(layer):
    with pytest.raises(TypeError, match=rf"layers\[1\].*RandomRotation.*{type(layer).__name__}"):
        OneDraw([TURN, layer])


def test_no_layer_and_channels_first_are_refused():
    with pytest.raises(ValueError, match="layers: expected at least one"):
        OneDraw([])
    with pytest.raises(ValueError, match="channels_last"):
        OneDraw(layers.RandomFlip(data_format="channels_first"))


def test_half_precision_is_fine_for_images_alone():
    given = {"images": still_clips(2), "labels": np.array([0.1, 0.2], "float32")}
    out = OneDraw(layers.RandomFlip(dtype="float16"), dtype="float16")(given)
    assert keras.backend.standardize_dtype(out["images"].dtype) == "float16"
    assert keras.backend.standardize_dtype(out["labels"].dtype) == "float32"


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


# What goes wrong without it, and raises nothing


def shifts(images):
    """Where the only bright pixel of each image went."""
    flat = images.reshape(len(images), -1)
    return [tuple(map(int, np.unravel_index(i, images.shape[1:3]))) for i in flat.argmax(axis=1)]


def test_time_distributed_shifts_the_frames_of_one_clip_apart():
    clip = np.zeros((1, 4, 15, 15, 1), "float32")
    clip[:, :, 7, 7] = 1
    move = {"interpolation": "nearest", "seed": 3}
    apart = numpy(
        layers.TimeDistributed(layers.RandomTranslation(0.3, 0.3, **move))(clip, training=True)
    )
    assert len(set(shifts(apart[0]))) > 1
    together = numpy(OneDraw(layers.RandomTranslation(0.3, 0.3, **move))(clip))
    assert len(set(shifts(together[0]))) == 1


def test_two_layers_draw_twice():
    given = scene((CLIPS,))
    turn = {"factor": 0.2, "fill_mode": "constant", "interpolation": "nearest"}
    image = numpy(layers.RandomRotation(**turn, seed=1)(given["images"], training=True))
    mask = numpy(
        layers.RandomRotation(**turn, seed=2)(
            given["masks"][..., None].astype("float32"), training=True
        )
    )
    wrong = ((image > 100) != (mask > 3)).all(axis=3).sum(axis=(1, 2))
    assert wrong.max() > 10  # of 63 pixels of the object
    assert_belong_together(numpy(OneDraw(layers.RandomRotation(**turn, seed=1))(given)))


def keras_dict():
    """The scene in the words of Keras's own layers: x before y."""
    given = scene((CLIPS,))
    boxes = {"boxes": given["boxes"][:, :1, [1, 0, 3, 2]], "labels": np.zeros((CLIPS, 1), "int32")}
    return {
        "images": given["images"],
        "segmentation_masks": given["masks"][..., None],
        "bounding_boxes": boxes,
    }


@pytest.mark.parametrize("name", ["RandomFlip", "RandomCrop"])
def test_two_layers_of_keras_overwrite_the_dict_they_are_given(name):
    given = {"images": scene((2,))["images"], "labels": np.arange(2)}
    before = given["images"]
    LAYERS[name]()(given, training=True)
    assert given["images"] is not before
    given = {"images": before}
    OneDraw(LAYERS[name]()).call(given)  # no copy that Keras makes around the call
    assert given["images"] is before


def test_keras_makes_classes_that_do_not_exist_until_it_was_mended():
    given = keras_dict()
    del given["bounding_boxes"]
    out = layers.RandomZoom((0.2, 0.4), **FILLED)(given, training=True)
    classes = len(np.unique(numpy(out["segmentation_masks"])))
    assert classes > 2 if VERSION <= (3, 13) else classes == 2 or VERSION < (3, 15)


@pytest.mark.parametrize(
    ("layer", "options", "off"),
    [
        (
            layers.RandomShear,
            {"x_factor": 0.0, "y_factor": (0.4, 0.4), "fill_mode": "constant"},
            1.2,
        ),
        (layers.RandomCrop, {"height": 12, "width": 15}, 3),
    ],
    ids=["shear", "crop"],
)
def test_keras_puts_boxes_of_shear_and_crop_elsewhere(layer, options, off):
    worst = 0
    for seed in range(3):  # one crop for a whole batch, and another on every backend
        given = {**options, "seed": seed}
        out = numpy(layer(**given, bounding_box_format="xyxy")(keras_dict(), training=True))
        true = [rectangle(image[..., 0] > 100) for image in out["images"]]
        boxes = out["bounding_boxes"]["boxes"][:, 0][:, [1, 0, 3, 2]]
        worst = max(worst, np.abs(boxes - true).max())
        assert_belong_together(numpy(OneDraw(layer(**given))(scene((CLIPS,)))))
    assert worst > off


@pytest.mark.skipif(BACKEND != "torch", reason="of PyTorch")
def test_on_pytorch_keras_turns_the_mask_about_another_point_than_the_image():
    given = keras_dict()
    del given["bounding_boxes"]
    out = numpy(layers.RandomRotation(0.1, **FILLED)(given, training=True))
    wrong = (out["images"][..., 0] > 100) != (out["segmentation_masks"][..., 0] > 3)
    wrong = wrong.sum(axis=(1, 2))
    assert wrong.max() > 30  # of 63 pixels of the object
    assert_belong_together(numpy(OneDraw(layers.RandomRotation(0.1, **FILLED))(scene((CLIPS,)))))


@pytest.mark.skipif(BACKEND != "tensorflow", reason="of TensorFlow")
def test_elastic_transform_gives_every_row_the_first_image_where_the_batch_is_unknown():
    import tensorflow as tf

    elastic = LAYERS["RandomElasticTransform"]()
    images = np.stack([np.full((20, 16, 1), value, "float32") for value in (10, 100, 200)])
    compiled = tf.function(
        lambda x: elastic(x, training=True), input_signature=[tf.TensorSpec((None, 20, 16, 1))]
    )
    assert numpy(compiled(images)).max() < 11
