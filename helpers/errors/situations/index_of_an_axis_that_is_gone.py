import keras


def provoke():
    states = keras.layers.LSTM(4)(keras.Input((None, 3)))
    keras.layers.Dense(1)(states[:, -1, :])


def mend():
    inputs = keras.Input((None, 3))
    states = keras.layers.LSTM(4)(inputs)
    return keras.Model(inputs, keras.layers.Dense(1)(states)), [(2, 5, 3), (2, 7, 3)]
