import keras
import numpy as np


def provoke():
    batch = np.zeros((2, 8, 9, 3))
    for place, image in zip(batch, [np.ones((8, 9, 3)), np.ones((8, 9))], strict=True):
        place[:] = image


def mend():
    def colours(image):
        if image.ndim == 2:
            return np.repeat(image[..., None], 3, axis=-1)
        return image[..., :3]

    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    batches = [[np.ones((8, 9)), np.ones((8, 9, 4))], [np.ones((5, 7, 3)), np.ones((5, 7))]]
    return model, [(np.stack([*map(colours, images)]), np.ones((2, 4))) for images in batches]
