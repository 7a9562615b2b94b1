import keras
import numpy as np


def provoke():
    frames = keras.Input((5, 8, 8, 1))
    masked = keras.layers.Masking()(frames)
    maps = keras.layers.TimeDistributed(keras.layers.Conv2D(2, 3))(masked)
    features = keras.layers.TimeDistributed(keras.layers.GlobalAveragePooling2D())(maps)
    model = keras.Model(frames, keras.layers.LSTM(4)(features))
    model.predict(np.ones((2, 5, 8, 8, 1)), verbose=0)


def mend():
    frames = keras.Input((None, 8, 8, 1))
    mask = keras.ops.max(keras.ops.abs(frames), axis=(2, 3, 4)) > 0
    features = keras.ops.max(frames, axis=(2, 3))
    model = keras.Model(frames, keras.layers.SimpleRNN(2)(features, mask=mask))
    return model, [(2, 5, 8, 8, 1), (3, 7, 8, 8, 1)]
