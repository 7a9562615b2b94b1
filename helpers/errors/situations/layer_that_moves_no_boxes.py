import keras
import numpy as np


def provoke():
    boxes = {"boxes": np.ones((2, 1, 4)), "labels": np.ones((2, 1))}
    layer = keras.layers.RandomElasticTransform(bounding_box_format="xyxy")
    layer({"images": np.ones((2, 6, 9, 3)), "bounding_boxes": boxes})


def instead():
    flip = keras.layers.RandomFlip(bounding_box_format="xyxy")

    def in_the_box(height, width, box):
        left, top, right, bottom = box
        image = np.zeros((1, height, width, 3))
        image[:, top:bottom, left:right] = 1
        boxes = {"boxes": np.array([[box]], float), "labels": np.zeros((1, 1))}
        batch = flip({"images": image, "bounding_boxes": boxes}, training=True)
        image = keras.ops.convert_to_numpy(batch["images"])
        moved = keras.ops.convert_to_numpy(batch["bounding_boxes"]["boxes"])[0, 0]
        left, top, right, bottom = moved.round().astype(int)
        inside = image[0, top:bottom, left:right, 0]
        return inside.shape, float(inside.mean())  # all of it is 1

    return [
        (in_the_box(6, 9, [1, 2, 5, 4]), ((2, 4), 1.0)),
        (in_the_box(8, 5, [0, 3, 2, 6]), ((3, 2), 1.0)),
    ]
