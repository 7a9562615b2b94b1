import keras
import numpy as np


def provoke():
    images = keras.Input((32, 32, 3))
    maps = keras.layers.Conv2D(4, 3)(images)
    model = keras.Model(images, keras.layers.GlobalMaxPooling2D()(maps))
    model.predict(np.ones((1, 40, 56, 3)), verbose=0)


def mend():
    images = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(4, 3)(images)
    model = keras.Model(images, keras.layers.GlobalMaxPooling2D()(maps))
    return model, [(1, 40, 56, 3), (2, 32, 32, 3)]
