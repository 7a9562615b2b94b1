import keras
import numpy as np


def provoke():
    batch = {
        "images": np.ones((2, 6, 9, 3), "float32"),
        "segmentation_masks": np.ones((2, 6, 9), "int32"),
    }
    keras.layers.RandomRotation(0.2)(batch)


def instead():
    flip, turn = keras.layers.RandomFlip(), keras.layers.RandomRotation(0.2)

    def moved(masks):
        masks = masks[..., None]
        images = np.repeat(masks, 3, axis=-1).astype("float32")  # the same, to compare
        flipped = flip({"images": images, "segmentation_masks": masks}, training=True)
        images, masks = map(keras.ops.convert_to_numpy, flipped.values())
        turned = turn({"images": images, "segmentation_masks": masks}, training=True)
        return tuple(turned["segmentation_masks"].shape), int(np.sum(images[..., :1] != masks))

    return [
        (moved(np.arange(2 * 6 * 9).reshape(2, 6, 9)), ((2, 6, 9, 1), 0)),
        (moved(np.arange(8 * 5).reshape(1, 8, 5)), ((1, 8, 5, 1), 0)),
    ]
