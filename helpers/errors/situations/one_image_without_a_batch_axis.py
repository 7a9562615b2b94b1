import keras
import numpy as np


def provoke():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.predict(np.ones((28, 40, 3)), verbose=0)


def mend():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    pictures = [np.ones((28, 40, 3)), np.ones((9, 8, 3))]
    return model, [(image[None], np.ones((1, 4))) for image in pictures]
