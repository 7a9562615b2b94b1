import keras
import numpy as np


def provoke():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.predict(np.ones((2, 8, 9, 1)), verbose=0)


def mend():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    grey = [np.ones((2, 8, 9, 1)), np.ones((2, 5, 12, 1))]
    return model, [(np.repeat(images, 3, axis=-1), np.ones((2, 4))) for images in grey]
