import keras


def provoke():
    mask = keras.Input((None,), dtype="bool")
    if keras.ops.any(mask):
        keras.layers.Dense(1)(mask)


def mend():
    inputs = keras.Input((None, 4))
    mask = keras.ops.any(keras.ops.not_equal(inputs, 0.0), axis=-1, keepdims=True)
    model = keras.Model(inputs, keras.ops.where(mask, keras.layers.Dense(1)(inputs), 0.0))
    return model, [(2, 5, 4), (2, 7, 4)]
