import keras


def provoke():
    inputs = keras.Input((None, 4))
    mask = keras.backend.any(keras.backend.not_equal(inputs, 0), axis=-1)
    keras.layers.LSTM(3)(inputs, mask=mask)
