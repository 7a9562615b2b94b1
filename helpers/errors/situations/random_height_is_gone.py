import keras


def provoke():
    keras.layers.RandomHeight(0.2)
