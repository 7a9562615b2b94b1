import keras
import numpy as np


def provoke():
    layer = keras.layers.RandomFlip(bounding_box_format="xyxy")
    layer({"images": np.ones((2, 6, 9, 3)), "bounding_boxes": {"boxes": np.ones((2, 1, 4))}})


def instead():
    flip = keras.layers.RandomFlip(bounding_box_format="xyxy")

    def heights(images, boxes):
        boxes = {"boxes": boxes, "labels": np.zeros(boxes.shape[:2])}
        batch = flip({"images": images, "bounding_boxes": boxes}, training=True)
        _, top, _, bottom = keras.ops.unstack(batch["bounding_boxes"]["boxes"], axis=-1)
        return keras.ops.convert_to_numpy(bottom - top).round().tolist()

    one, two = np.array([[[1.0, 2.0, 5.0, 4.0]]]), np.array([[[0.0, 0.0, 3.0, 3.0], [1, 1, 3, 5]]])
    return [
        (heights(np.ones((1, 6, 9, 3)), one), [[2.0]]),
        (heights(np.ones((1, 8, 5, 3)), two), [[3.0, 4.0]]),
    ]
