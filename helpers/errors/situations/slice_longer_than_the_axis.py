import keras
import numpy as np


def provoke():
    keras.ops.image.crop_images(np.ones((8, 12, 3)), 0, 0, target_height=9, target_width=9)


def mend():
    layers = [keras.layers.Conv2D(2, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    images = [np.ones((2, size, 12, 3))[:, :9, :9] for size in (8, 12)]
    return model, [(each, np.ones((2, 2))) for each in images]
