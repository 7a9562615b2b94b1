import keras


def provoke():
    keras.layers.PReLU()(keras.Input((None, 4)))


def mend():
    model = keras.Sequential([keras.Input((None, 4)), keras.layers.PReLU(shared_axes=[1])])
    return model, [(2, 5, 4), (2, 7, 4)]
