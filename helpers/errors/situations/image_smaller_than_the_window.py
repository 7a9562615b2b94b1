import keras
import numpy as np

from helpers import padding


def provoke():
    layers = [keras.layers.Conv2D(4, 5), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    model.predict(np.ones((2, 28, 3, 1)), verbose=0)


def mend():
    layers = [keras.layers.Conv2D(4, 5), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    small = [padding.pad([np.ones((size, 3, 1))], axes=2, length=(size, 5))[0] for size in (28, 9)]
    return model, [(images, np.ones((1, 4))) for images in small]
