import keras
import numpy as np


def provoke():
    images = [np.ones((8, 9, 3)), np.ones((7, 12, 3))]
    np.concatenate([image[None] for image in images])


def mend():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    lists = [[np.ones((8, 9, 3)), np.ones((7, wide, 3))] for wide in (12, 7)]

    def padded(images):
        height, width, channels = np.max([image.shape for image in images], axis=0)
        batch = np.zeros((len(images), height, width, channels))
        for row, image in zip(batch, images, strict=True):
            row[: image.shape[0], : image.shape[1]] = image
        return batch

    return model, [(padded(images), np.ones((2, 4))) for images in lists]
