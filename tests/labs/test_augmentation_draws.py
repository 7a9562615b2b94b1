"""The lab on augmentation: one draw for all frames of a clip, and for picture, mask and boxes."""

import functools
import re

import keras
import lab_runs
import numpy as np
import pytest
from keras import layers, ops

from helpers.augmentation import OneDraw

pytestmark = pytest.mark.slow

untouched = lab_runs.fixture("augmentation")
right = functools.partial(lab_runs.right, "augmentation")
wrong = functools.partial(lab_runs.wrong, "augmentation")


@pytest.fixture(scope="module")
def names(untouched):
    return untouched[0]


@pytest.fixture(autouse=True)
def seeded():
    keras.utils.set_random_seed(3)


# --- 4: clips ------------------------------------------------------------------------------------


def shift(fill_mode="constant", **options):
    return layers.RandomTranslation(0.2, 0.2, fill_mode=fill_mode, **options)


def turn(fill_mode="constant"):
    return layers.RandomRotation(0.1, fill_mode=fill_mode)


class Around(layers.Layer):
    """`OneDraw` with something done before, behind or instead."""

    def __init__(self, work):
        super().__init__()
        self.supports_masking = True
        self.one = OneDraw([shift(), turn()])
        self.work = work

    def call(self, clips, training=None):
        return self.work(self.one, ops.convert_to_tensor(clips), training)

    def compute_mask(self, clips, mask=None):
        return mask


def all_clips_alike(one, clips, training):
    batch, time, high, wide, channels = ops.shape(clips)
    folded = ops.reshape(clips, (1, batch * time, high, wide, channels))
    return ops.reshape(one(folded, training=training), ops.shape(clips))


def frames_mixed_up(one, clips, training):
    return ops.flip(one(clips, training=training), axis=1)


def always(one, clips, training):
    return one(clips, training=True)


def the_same_again(one, clips, training):
    for variable in one.variables:
        if "seed" in variable.name:
            variable.assign(ops.zeros_like(variable) + 5)
    return one(clips, training=training)


def of_one_length(one, clips, training):
    return ops.reshape(one(clips, training=training), (-1, 5, 24, 24, 2))


def flat(one, clips, training):
    return ops.reshape(clips, (-1, *ops.shape(clips)[2:]))


class WithoutMask(layers.Layer):
    def __init__(self):
        super().__init__()
        self.one = OneDraw([shift(), turn()])

    def call(self, clips, training=None):
        return self.one(clips, training=training) * 1


class MaskOfPixels(Around):
    def compute_mask(self, clips, mask=None):
        return ops.any(ops.not_equal(clips, 0), axis=-1)


CAMERAS = {
    "frame by frame": (
        lambda: keras.Sequential([layers.TimeDistributed(part) for part in (shift(), turn())]),
        r"mended: the time axis: frame 1 of clip 0 is not moved as frame 0 is\. Every frame must ",
    ),
    "a layer for pictures": (
        turn,
        r"mended: it cannot be called with clips \(batch, time, height, width, channels\) of shape",
    ),
    "nothing": (layers.Identity, r"mended: in training no clip has moved\."),
    "one draw for all": (
        lambda: Around(all_clips_alike),
        r"mended: the batch axis: all clips get one draw, expected one for each clip\.",
    ),
    "frames in another order": (
        lambda: Around(frames_mixed_up),
        r"mended: the time axis: frame 1 of clip 0 is not moved as frame 0 is\.",
    ),
    "the same draw in every call": (
        lambda: Around(the_same_again),
        r"mended: a second call draws the same again: every epoch would be alike\.",
    ),
    "it only turns": (lambda: OneDraw([turn()]), r"mended: it shifts no clip: keep RandomTransl"),
    "it only shifts": (lambda: OneDraw([shift()]), r"mended: it turns no clip: keep RandomRotat"),
    "reflected": (
        lambda: OneDraw([shift("reflect"), turn("reflect")]),
        r"mended: what comes in at the edges is not 0: keep fill_mode=.constant., as it was",
    ),
    "at inference too": (lambda: Around(always), r"mended: it moves clips with training=False to"),
    "clips of five frames": (
        lambda: Around(of_one_length),
        r"mended: it cannot be called with clips .* of shape \(2, 9, 18, 30, 2\)|"
        r"mended: the batch axis: expected 2 rows",
    ),
    "four axes": (lambda: Around(flat), r"mended: expected 5 axes \(batch, time, height, width, c"),
    "no mask": (WithoutMask, r"mended: the mask \(batch, time\) of the frames is lost on the way"),
    "a mask of pixels": (
        lambda: MaskOfPixels(lambda one, clips, training: one(clips, training=training) * 1),
        r"mended: the mask \(batch, time\) comes out as another one, of shape \(12, 5, 24, 24\)",
    ),
    "a function": (lambda: turn, r"mended: expected a layer or a model, got the function turn\."),
}


@pytest.mark.filterwarnings("ignore:Layer 'without_mask")
@pytest.mark.parametrize("camera", CAMERAS)
def test_wrong_cameras(camera):
    make, message = CAMERAS[camera]
    assert re.match(message, wrong("clip", make()))


def test_what_the_lab_gives_shakes(names):
    assert wrong("clip", names["augmenter"]()).startswith("mended: the time axis: frame 1 of clip")


def test_cameras_in_another_style_are_right():
    right("clip", OneDraw([turn(), shift(seed=3)]))
    right("clip", keras.Sequential([OneDraw(shift()), OneDraw(turn())]))
    clips = keras.Input((None, None, None, 2))
    right("clip", keras.Model(clips, OneDraw([shift(), turn()])(clips)))


# --- 5: one draw for three -----------------------------------------------------------------------


def sheared(**options):
    return layers.RandomShear(0.3, 0.3, fill_mode="constant", bounding_box_format="yxyx", **options)


def mirrored(**options):
    return layers.RandomFlip("horizontal", **options)


def drawn_by(*parts, of=("images", "masks", "boxes"), then=lambda *drawn: drawn):
    """Make an answer that draws by `OneDraw` and changes what comes out."""
    one = OneDraw(list(parts) or [mirrored(), sheared()])

    def augmented(pictures, masks, boxes):
        drawn = one({"images": pictures, "masks": masks, "boxes": boxes})
        return then(*(ops.convert_to_numpy(drawn[name]) for name in of))

    return augmented


def apart(pictures, masks, boxes):
    """Two draws."""
    one, other = drawn_by()(pictures, masks, boxes), drawn_by()(pictures, masks, boxes)
    return one[0], other[1], one[2]


def boxes_stay(pictures, masks, boxes):
    return *drawn_by()(pictures, masks, boxes)[:2], boxes


def boxes_of_another_draw(pictures, masks, boxes):
    *one, _ = drawn_by()(pictures, masks, boxes)
    return *one, drawn_by()(pictures, masks, boxes)[2]


def blended(pictures, masks, boxes):
    """Masks that are interpolated, from layers with the same seeds as the pictures'."""
    drawn = []
    for part in (pictures, masks[..., None].astype("float32")):
        drawn.append(sheared(seed=5)(mirrored(seed=4)(part)))
    return drawn[0], drawn[1][..., 0], boxes


def from_keras(pictures, masks, boxes):
    labels = np.zeros(boxes.shape[:2], "int32")
    given = {"images": pictures, "bounding_boxes": {"boxes": boxes, "labels": labels}}
    for part in (mirrored(bounding_box_format="yxyx"), sheared()):
        given = part(given)
    seen = ops.convert_to_numpy(given["images"]) > 0.5
    masks = np.where(seen[..., 1], 7, np.where(seen[..., 0], 3, 0))
    return given["images"], masks, given["bounding_boxes"]["boxes"]


def fails(pictures, masks, boxes):
    return OneDraw(sheared())({"images": pictures, "mask": masks})


WRONG_DRAWS = {
    "two draws": (apart, r"masks: pictures and masks share \d+% of their objects, expected 90%: t"),
    "boxes stay": (
        boxes_stay,
        r"boxes: object \d of picture \d+ is in \d+, \d+, \d+, \d+ \(top, left, bottom, right\), it"
        r"s box says \d+, \d+, \d+, \d+\. The boxes have not moved with the pictures\.",
    ),
    "boxes of another draw": (boxes_of_another_draw, r"boxes: object \d of .* a draw of their own"),
    "blended masks": (
        blended,
        r"masks: there are classes that did not come in, such as \S+: a mask is read at the nearest"
        r" pixel, never interpolated\. Its classes are \[0, 3, 7\]\.",
    ),
    "boxes of Keras's shear": (
        from_keras,
        r"boxes: (object|picture) \d+ .*(`OneDraw` reads them from the|expected 0, 0, 0, 0)",
    ),
    "float masks": (
        drawn_by(then=lambda x, masks, boxes: (x, masks.astype("float32"), boxes)),
        r"masks: expected integers, got float32\.",
    ),
    "padding moved": (
        drawn_by(then=lambda x, masks, boxes: (x, masks, boxes + np.float32([1, 0, 1, 0]))),
        r"boxes: picture 0 has one object only, and its second box, which is padding, becomes 1, 0",
    ),
    "nothing": (lambda *given: given, r"mended: no picture has moved\."),
    "only flipped": (drawn_by(mirrored()), r"mended: no picture is sheared: keep RandomShear, as"),
    "only sheared": (drawn_by(sheared()), r"mended: no picture is flipped: keep RandomFlip, as"),
    "two parts": (drawn_by(of=("images", "masks")), r"mended: expected pictures, masks and boxes"),
    "an axis of classes": (
        drawn_by(then=lambda x, masks, boxes: (x, masks[..., None], boxes)),
        r"masks: expected 3 axes \(batch, height, width\), got 4",
    ),
    "an unknown key": (fails, r"mended: it fails: .*expected keys of"),
    "what it returned": (5, r"mended: expected the function `augmented` itself, got 5\."),
}


@pytest.mark.parametrize("draw", WRONG_DRAWS)
def test_wrong_draws(names, draw):
    mended, message = WRONG_DRAWS[draw]
    assert re.match(message, wrong("together", mended, scenes=names["scenes"]))


def test_what_the_lab_gives_draws_twice(names):
    assert wrong("together", names["augmented"], scenes=names["scenes"]).startswith("masks: ")


def from_the_picture(pictures, masks, boxes):
    """Boxes from the mask, and a mask of a layer that draws the same and does not interpolate."""
    options = {"interpolation": "nearest"}
    x = sheared(seed=5, **options)(mirrored(seed=4)(pictures))
    y = sheared(seed=5, **options)(mirrored(seed=4)(masks[..., None].astype("float32")))
    y = ops.convert_to_numpy(y)[..., 0].round().astype("int64")
    found = np.zeros_like(boxes)
    for row, k in np.ndindex(boxes.shape[:2]):
        places = np.argwhere(y[row] == (3, 7)[k])
        if len(places):
            found[row, k] = *places.min(axis=0), *(places.max(axis=0) + 1)
    return x, y, found


def test_draws_in_another_style_are_right(names):
    right("together", drawn_by(sheared(), mirrored()), scenes=names["scenes"])
    right("together", from_the_picture, scenes=names["scenes"])
