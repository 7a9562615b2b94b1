import numpy as np


def provoke():
    image, box = np.ones((28, 40)), np.array([3.2, 5.0, 19.7, 12.4])
    image[box[0] : box[2], box[1] : box[3]]
