import keras
import numpy as np


def provoke():
    clips = keras.Input((None, 28, 28, 3))
    model = keras.Model(clips, keras.layers.Conv3D(2, (1, 3, 3))(clips))
    model(np.ones((2, 5, 32, 32, 3)))


def mend():
    clips = keras.Input((None, None, None, 3))
    maps = keras.layers.Conv3D(2, (1, 3, 3))(clips)
    vectors = keras.ops.max(maps, axis=(2, 3))
    model = keras.Model(clips, keras.layers.SimpleRNN(2)(vectors))
    return model, [(2, 5, 28, 28, 3), (2, 4, 9, 12, 3)]
