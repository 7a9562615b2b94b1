import keras


def provoke():
    keras.layers.Conv2D(4, 3)(keras.Input((None, 28, 28, 1)))


def mend():
    layers = [keras.layers.Conv3D(4, (1, 3, 3)), keras.layers.GlobalMaxPooling3D()]
    model = keras.Sequential([keras.Input((None, 28, 28, 1)), *layers])
    return model, [(2, 5, 28, 28, 1), (3, 2, 28, 28, 1)]
