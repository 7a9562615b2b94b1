import keras


def provoke():
    features, mask = keras.ops.ones((2, 5, 4)), keras.ops.ones((2, 5))
    keras.ops.multiply(features, mask)


def mend():
    features = keras.Input((None, 4))
    mask = keras.ops.cast(keras.ops.any(features != 0, axis=-1), "float32")
    outputs = keras.layers.Dense(1)(features * mask[..., None])
    return keras.Model(features, outputs), [(2, 5, 4), (3, 7, 4)]
