import keras


def provoke():
    keras.layers.Lambda(lambda x: keras.ops.sum(x, axis=1) / x.shape[1])(keras.Input((None, 3)))


def mend():
    def average(x):
        steps = keras.ops.shape(x)[1]
        return keras.ops.sum(x, axis=1) / keras.ops.cast(steps, x.dtype)

    layers = [keras.layers.Lambda(average), keras.layers.Dense(1)]
    return keras.Sequential([keras.Input((None, 3)), *layers]), [(4, 5, 3), (4, 7, 3)]
