import keras
import numpy as np


def provoke():
    keras.layers.Conv3D(2, 3)(np.ones((4, 8, 8, 1)))


def mend():
    layers = [keras.layers.Conv3D(2, 3), keras.layers.GlobalMaxPooling3D()]
    model = keras.Sequential([keras.Input((None, 8, 8, 1)), *layers])
    return model, [(np.ones((frames, 8, 8, 1))[None], np.ones((1, 2))) for frames in (4, 6)]
