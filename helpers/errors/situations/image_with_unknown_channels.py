import keras


def provoke():
    keras.layers.Conv2D(4, 3)(keras.Input((None, None, None)))
