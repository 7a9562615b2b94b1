import keras
import numpy as np


def provoke():
    layers = [keras.layers.Conv2D(4, 5), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    model.predict(np.ones((2, 28, 3, 1)), verbose=0)
