import keras
import numpy as np


def provoke():
    boxes = np.array([[0.1, 0.2, 0.5, 0.9]])
    keras.utils.bounding_boxes.convert_format(boxes, "rel_xyxy", "xyxy")


def instead():
    def in_pixels(image, boxes):
        height, width, _ = image.shape
        pixels = keras.utils.bounding_boxes.convert_format(
            boxes, "rel_xyxy", "xyxy", height=height, width=width
        )
        return keras.ops.convert_to_numpy(pixels).tolist()

    boxes = np.array([[0.25, 0.5, 0.75, 1.0]])
    return [
        (in_pixels(np.ones((8, 12, 3)), boxes), [[3.0, 4.0, 9.0, 8.0]]),
        (in_pixels(np.ones((20, 4, 3)), boxes), [[1.0, 10.0, 3.0, 20.0]]),
    ]
