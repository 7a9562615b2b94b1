"""Cards through a pipeline: one draw for image and mask is told from two, whatever colours do."""

import numpy as np
import pytest
from keras import layers, ops

from helpers.augmentation import ContractError, Declared, OneDraw, alignment_cards, check_contract
from helpers.augmentation.cards import moved_apart

pytestmark = pytest.mark.any_backend

SIZE = (48, 64)
TURNS = {
    "RandomFlip": {},
    "RandomRotation": {"factor": 0.1},
    "RandomTranslation": {"height_factor": 0.3, "width_factor": 0.3},
    "RandomZoom": {"height_factor": (-0.4, 0.3)},
    "RandomShear": {"x_factor": 0.4, "y_factor": 0.4},
    "RandomCrop": {"height": 30, "width": 40},
    "RandomPerspective": {"scale": 0.8},
}
COLOURS = {
    "AutoContrast": {},
    "RandomBrightness": {"factor": 0.6},
    "RandomContrast": {"factor": 0.9},
    "RandomErasing": {},
    "RandomGaussianBlur": {"kernel_size": 5, "sigma": 0.9},
    "RandomGrayscale": {"factor": 0.5},
    "RandomHue": {"factor": 0.5},
    "RandomInvert": {"factor": 0.5},
    "RandomPosterization": {"factor": 1},
    "RandomSaturation": {"factor": 0.9},
    "RandomSharpness": {"factor": 0.9},
    "Solarization": {"threshold_factor": 0.5},
}
RANGED = set(COLOURS) - {"RandomGrayscale"}


def layer(name, seed=0, **options):
    if not hasattr(layers, name):
        pytest.skip(f"no {name} in this version")
    options = {**TURNS.get(name, {}), **COLOURS.get(name, {}), **options}
    ranged = {"value_range": (0, 1)} if name in RANGED else {}
    seeded = {} if name in ("AutoContrast",) else {"seed": seed}
    return getattr(layers, name)(**options, **ranged, **seeded)


def numpy(x):
    return ops.convert_to_numpy(x)


def labels(masks, change):
    """Masks through a layer for images."""
    return numpy(change(masks[..., None].astype("float32"), training=True))[..., 0].astype("int32")


def check(images, masks, **options):
    images, masks = np.asarray(images), np.asarray(masks)
    image = Declared(("batch", "height", "width", images.shape[-1]), str(images.dtype))
    mask = Declared(("batch", "height", "width", *masks.shape[3:]), str(masks.dtype))
    return check_contract([(images, masks)], (image, mask), aligned=("x", "y"), **options)


def refuse(images, masks):
    with pytest.raises(ContractError, match="y: expected masks that are where x is, got") as caught:
        check(images, masks)
    assert (caught.value.batch, caught.value.part) == (0, "y")


@pytest.mark.parametrize("name", TURNS)
def test_one_draw_is_told_from_two(name):
    images, masks = alignment_cards(16, SIZE, channels=3)
    nearest = {} if name in ("RandomFlip", "RandomCrop") else {"interpolation": "nearest"}
    filled = {"fill_mode": "constant"} if nearest and name != "RandomPerspective" else {}
    drawn = OneDraw(layer(name, **filled))({"images": images, "masks": masks})
    assert check(numpy(drawn["images"]), numpy(drawn["masks"])).rows == 16
    refuse(numpy(drawn["images"]), labels(masks, layer(name, seed=1, **nearest, **filled)))


@pytest.mark.parametrize("name", COLOURS)
def test_a_change_of_colours_alone_is_no_alarm(name):
    images, masks = alignment_cards(16, SIZE, channels=3)
    changed = numpy(layer(name)(images, training=True))
    assert check(changed, masks).rows == 16
    refuse(changed[:, ::-1], masks)


@pytest.mark.parametrize(
    ("fill_mode", "classes"),
    [("constant", (1, 2)), ("constant", (0, 1)), ("reflect", (0, 1)), ("nearest", (7, 3))],
)
def test_light_before_and_after_a_turn(fill_mode, classes):
    images, masks = alignment_cards(16, SIZE, channels=3, classes=classes)
    turn = layer("RandomRotation", fill_mode=fill_mode)
    light = [layer("RandomInvert", factor=1), layer("RandomBrightness", factor=0.1)]
    drawn = OneDraw([light[0], turn, light[1]])({"images": images, "masks": masks})
    assert check(numpy(drawn["images"]), numpy(drawn["masks"])).rows == 16
    refuse(numpy(drawn["images"]), masks)  # only the image was turned
    refuse(images, numpy(drawn["masks"]))  # only the mask


def test_resizing_and_cropping_alike():
    images, masks = alignment_cards(8, (64, 96))
    for change in (layers.Resizing(40, 70), layers.CenterCrop(30, 50)):
        drawn = OneDraw(change)({"images": images, "masks": masks})
        assert check(numpy(drawn["images"]), numpy(drawn["masks"])).rows == 8
    assert check(images[:, 5:40, 9:50], masks[:, 5:40, 9:50]).rows == 8
    refuse(images[:, 5:40, 9:50], masks[:, :35, :41])


def test_clips_one_image_and_an_axis_of_one_channel():
    images, masks = alignment_cards(6, (32, 32))
    assert check(images, masks[..., None]).rows == 6
    clip, frames = (np.repeat(x[:, None], 3, axis=1) for x in (images, masks))
    declared = {
        "images": Declared((6, 3, 32, 32, 1), "float32"),
        "m": Declared(frames.shape, "int32"),
    }
    names = ("['images']", "['m']")
    check_contract([{"images": clip, "m": frames}], declared, aligned=names)
    frames = frames.copy()
    frames[4, 1] = frames[4, 1].T
    with pytest.raises(ContractError, match=r"\['m'\]: .*got 1 of 18 elsewhere.*at \(4, 1\); both"):
        check_contract([{"images": clip, "m": frames}], declared, aligned=names)
    one = Declared((32, 32, 1), "float32"), Declared((32, 32), "int32")
    check_contract([(images[0], masks[0])], one, aligned=("x", "y"))
    with pytest.raises(ContractError, match=r"1 of 1 elsewhere, the first at \(\)"):
        check_contract([(images[0], masks[0].T)], one, aligned=("x", "y"))


def test_the_answer_of_a_card_that_shows_nothing_is_none():
    images, masks = alignment_cards(3, (32, 32))
    images[1] = 1
    masks[2] = 0
    assert moved_apart(images, masks) == [False, None, None]
    assert moved_apart(images[:, :2], masks[:, :2]) == [None] * 3
    assert moved_apart(images[:0], masks[:0]) == []
    assert moved_apart(images[:, :0], masks[:, :0]) == [None] * 3
    assert check(images, masks).rows == 3
    with pytest.raises(ContractError, match=r"^batches: expected alignment_cards .* got none"):
        check(images[1:], masks[1:])


def test_masks_of_another_shape_or_with_more_classes():
    images, masks = alignment_cards(2, (32, 32))
    declared = Declared((2, 32, 32, 1), "float32"), Declared((2, 16, 16), "int32")
    with pytest.raises(ContractError, match=r"y: expected the shape of x .*\(2, 32, 32\), got"):
        check_contract([(images, masks[:, ::2, ::2])], declared, aligned=("x", "y"))
    masks[0, 0, :5] = range(5)
    with pytest.raises(ContractError, match=r"y: expected the two classes .* got 5"):
        check(images, masks)


def test_cards_are_what_was_asked_for():
    images, masks = alignment_cards(5, (50, 70), channels=2, value_range=(0, 255), classes=(9, -1))
    assert (images.shape, images.dtype) == ((5, 50, 70, 2), np.float32)
    assert (masks.shape, masks.dtype) == ((5, 50, 70), np.int32)
    assert np.unique(masks).tolist() == [-1, 9]
    assert np.allclose(images[..., 0], np.where(masks == 9, 51, 178.5))
    assert (images[..., 0] == images[..., 1]).all()
    assert len({mask.tobytes() for mask in masks}) == 5
    again, other = alignment_cards(5, (50, 70), seed=0)[1], alignment_cards(5, (50, 70), seed=1)[1]
    assert ((again == 2) == (masks == -1)).all()
    assert (again != other).any()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"count": 0}, ValueError, "^count: "),
        ({"size": (15, 40)}, ValueError, "^size: .*at least 16, got 15 x 40"),
        ({"size": 32}, TypeError, "^size: "),
        ({"channels": 0}, ValueError, "^channels: "),
        ({"value_range": (1, 0)}, ValueError, "^value_range: .*got 1.0 and 0.0"),
        ({"value_range": 255}, TypeError, "^value_range: .*two numbers, got 255"),
        ({"classes": (1, 1)}, ValueError, "^classes: .*different integers, got"),
        ({"classes": (0.5, 1)}, ValueError, "^classes: "),
        ({"classes": 2}, TypeError, "^classes: "),
        ({"seed": -1}, ValueError, "^seed: "),
    ],
)
def test_bad_cards_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        alignment_cards(**{"count": 2, "size": (32, 32), **arguments})


@pytest.mark.parametrize(
    ("aligned", "error", "message"),
    [
        ("xy", TypeError, "^aligned: expected the names of two parts, got 'xy'"),
        (("x",), TypeError, "^aligned: .*two parts"),
        (("x", "z"), ValueError, "^aligned: expected names of x, y, got 'z'"),
    ],
)
def test_bad_names_are_refused(aligned, error, message):
    both = Declared((2, 32, 32, 1), "float32"), Declared((2, 32, 32), "int32")
    with pytest.raises(error, match=message):
        check_contract([alignment_cards(2, (32, 32))], both, aligned=aligned)


def test_two_maps_of_a_dataset_with_two_seeds_are_seen():
    """The pipeline of the fault: right shapes, right ranges, and masks of other places."""
    images, masks = alignment_cards(16, SIZE)
    flips = [layers.RandomFlip(seed=seed) for seed in (0, 1)]
    batch = numpy(flips[0](images, training=True)), labels(masks, flips[1])
    declared = Declared((16, *SIZE, 1), "float32", 0, 1), Declared((16, *SIZE), "int32", 0, 2)
    assert check_contract([batch], declared).rows == 16
    with pytest.raises(ContractError, match="must be moved by one draw"):
        check_contract([batch], declared, aligned=("x", "y"))
