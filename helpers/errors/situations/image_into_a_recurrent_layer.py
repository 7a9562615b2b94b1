import keras


def provoke():
    layers = [keras.layers.Conv2D(4, 3), keras.layers.LSTM(8)]
    keras.Sequential([keras.Input((None, None, 1)), *layers])
