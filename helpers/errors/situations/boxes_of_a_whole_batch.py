import numpy as np


def provoke():
    image, detections = np.ones((28, 40)), np.ones((1, 5, 4), int)
    for box in detections:
        image[box[0] : box[2], box[1] : box[3]]
