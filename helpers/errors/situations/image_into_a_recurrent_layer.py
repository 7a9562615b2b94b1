import keras


def provoke():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.LSTM(8)]
    keras.Sequential([keras.Input((None, None, 1)), *layers])


def mend():
    layers = [
        keras.layers.Conv2D(4, 3),
        keras.layers.Permute((2, 1, 3)),
        keras.layers.Reshape((-1, 26 * 4)),
        keras.layers.SimpleRNN(2),
    ]
    model = keras.Sequential([keras.Input((28, None, 1)), *layers])
    return model, [(4, 28, 12, 1), (4, 28, 40, 1)]
