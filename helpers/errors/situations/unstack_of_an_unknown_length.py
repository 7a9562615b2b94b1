import keras


def provoke():
    steps = keras.ops.unstack(keras.Input((None, 4)), axis=1)
    keras.ops.mean(keras.ops.stack(steps), axis=0)


def mend():
    inputs = keras.Input((None, 4))
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.ops.mean(inputs, axis=1)))
    return model, [(2, 5, 4), (2, 7, 4)]
