import keras
import numpy as np


def provoke():
    layers = [keras.layers.Conv2D(4, 5), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    model.predict(np.ones((2, 28, 3, 1)), verbose=0)


def mend():
    layers = [keras.layers.Conv2D(4, 5), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    small = [np.ones((1, height, 3, 1)) for height in (28, 9)]
    padded = [np.pad(images, ((0, 0), (0, 0), (0, 2), (0, 0))) for images in small]
    return model, [(images, np.ones((1, 4))) for images in padded]
