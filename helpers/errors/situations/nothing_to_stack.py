import numpy as np


def provoke():
    boxes = np.zeros((0, 4))
    np.stack([np.ones(16) for box in boxes])


def instead():
    def features(image, boxes):
        means = [image[top:bottom, left:right].mean((0, 1)) for top, left, bottom, right in boxes]
        return np.concatenate([np.zeros((0, image.shape[-1])), *[[mean] for mean in means]])

    image = np.ones((8, 9, 3))
    return [
        (features(image, np.zeros((0, 4))).shape, (0, 3)),
        (features(image, np.array([[0, 0, 4, 4], [2, 3, 8, 9]])).shape, (2, 3)),
    ]
