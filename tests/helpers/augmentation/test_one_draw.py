"""OneDraw: one draw for all frames of a clip, for its masks and its boxes."""

import keras
import numpy as np
import pytest
from drawn_scenes import (
    CLIPS,
    FILLED,
    HEIGHT,
    LAYERS,
    MOVES,
    TIME,
    WIDTH,
    assert_belong_together,
    numpy,
    scene,
    still_clips,
)
from keras import layers, ops

from helpers.augmentation.one_draw import MOVING, VALUES, OneDraw

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
SAME_FOR_ALL = ("CenterCrop", "RandomCrop", "Resizing", "AutoContrast", "Rescaling")
WORK_ALWAYS = ("CenterCrop", "Resizing", "AutoContrast", "Rescaling")


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
    for given in (None, {"images": None}, {**RGB, "masks": None}, {**RGB, "boxes": None}):
        with pytest.raises(TypeError, match=r"^[a-z]+: expected a tensor, got None"):
            OneDraw(TURN)(given)
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
