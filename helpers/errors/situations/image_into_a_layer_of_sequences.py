import keras


def provoke():
    keras.layers.Conv1D(4, 3)(keras.Input((28, 28, 1)))


def mend():
    layers = [keras.layers.Conv2D(4, (1, 3)), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 1)), *layers])
    return model, [(2, 6, 9, 1), (2, 4, 7, 1)]
