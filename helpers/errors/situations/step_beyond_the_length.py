import keras


def provoke():
    steps = keras.Input((5, 3))
    keras.layers.Dense(1)(steps[:, 7])


def mend():
    steps = keras.Input((None, 3))
    return keras.Model(steps, keras.layers.Dense(1)(steps[:, -1])), [(2, 5, 3), (2, 8, 3)]
