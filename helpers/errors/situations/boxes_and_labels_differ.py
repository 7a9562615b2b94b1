import keras
import numpy as np


def provoke():
    boxes = {"boxes": np.ones((1, 2, 4)), "labels": np.ones(2)}
    flip = keras.layers.RandomFlip(bounding_box_format="xyxy")
    flip({"images": np.ones((1, 8, 8, 3)), "bounding_boxes": boxes}, training=True)
