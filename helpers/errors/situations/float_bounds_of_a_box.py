import numpy as np


def provoke():
    image, box = np.ones((28, 40)), np.array([3.2, 5.0, 19.7, 12.4])
    image[box[0] : box[2], box[1] : box[3]]


def instead():
    def crop(image, shares):
        corners = shares * [*image.shape, *image.shape]
        top, left = np.floor(corners[:2]).astype(int)
        bottom, right = np.ceil(corners[2:]).astype(int)
        return image[top:bottom, left:right]

    shares = np.array([0.11, 0.12, 0.7, 0.31])
    return [
        (crop(np.ones((28, 40)), shares).shape, (17, 9)),
        (crop(np.ones((10, 10)), shares).shape, (6, 3)),
    ]
