"""What goes wrong without OneDraw, and raises nothing."""

import keras
import numpy as np
import pytest
from drawn_scenes import CLIPS, FILLED, LAYERS, assert_belong_together, numpy, rectangle, scene
from keras import layers

from helpers.augmentation.one_draw import OneDraw

pytestmark = pytest.mark.any_backend

BACKEND = keras.backend.backend()
VERSION = tuple(int(part) for part in keras.__version__.split(".")[:2])


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
