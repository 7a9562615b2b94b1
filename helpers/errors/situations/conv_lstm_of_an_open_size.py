import keras


def provoke():
    keras.layers.ConvLSTM2D(2, 3)(keras.Input((None, None, None, 1)))


def mend():
    model = keras.Sequential([keras.Input((None, 8, 8, 1)), keras.layers.ConvLSTM2D(2, 3)])
    return model, [(2, 3, 8, 8, 1), (2, 5, 8, 8, 1)]
