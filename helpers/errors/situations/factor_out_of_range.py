import keras


def provoke():
    keras.layers.RandomBrightness(20)
