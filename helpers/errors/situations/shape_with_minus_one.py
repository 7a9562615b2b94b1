import keras


def provoke():
    keras.Input((-1, 3))


def mend():
    model = keras.Sequential([keras.Input((None, 3)), keras.layers.SimpleRNN(2)])
    return model, [(2, 5, 3), (2, 7, 3)]
