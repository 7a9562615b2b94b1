import keras
import numpy as np


def provoke():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    model.predict(np.ones((2, 3, 8, 9)), verbose=0)


def mend():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    batches = [np.ones((2, 3, 8, 9)), np.ones((2, 3, 5, 12))]
    return model, [(np.moveaxis(images, 1, -1), np.ones((2, 4))) for images in batches]
