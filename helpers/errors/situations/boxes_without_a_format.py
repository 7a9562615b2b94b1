import keras
import numpy as np


def provoke():
    boxes = {"boxes": np.ones((2, 1, 4)), "labels": np.ones((2, 1))}
    keras.layers.RandomFlip()({"images": np.ones((2, 6, 9, 3)), "bounding_boxes": boxes})


def instead():
    flip = keras.layers.RandomFlip(bounding_box_format="xyxy")

    def widths(images, boxes):
        boxes = {"boxes": boxes, "labels": np.zeros(boxes.shape[:2])}
        batch = flip({"images": images, "bounding_boxes": boxes}, training=True)
        left, _, right, _ = keras.ops.unstack(batch["bounding_boxes"]["boxes"], axis=-1)
        return keras.ops.convert_to_numpy(right - left).round().tolist()

    one, two = np.array([[[1.0, 2.0, 5.0, 4.0]]]), np.array([[[0.0, 0.0, 3.0, 3.0], [1, 1, 3, 3]]])
    return [
        (widths(np.ones((1, 6, 9, 3)), one), [[4.0]]),
        (widths(np.ones((1, 8, 5, 3)), two), [[3.0, 2.0]]),
    ]
