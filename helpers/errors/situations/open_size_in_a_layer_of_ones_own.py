import keras


def provoke():
    class Own(keras.layers.Layer):
        def call(self, x):
            return keras.ops.sum(x, axis=1) / x.shape[1]

    keras.Sequential([keras.Input((None, 3)), Own()])


def mend():
    class Own(keras.layers.Layer):
        def call(self, x):
            steps = keras.ops.shape(x)[1]
            return keras.ops.sum(x, axis=1) / keras.ops.cast(steps, x.dtype)

    model = keras.Sequential([keras.Input((None, 3)), Own(), keras.layers.Dense(1)])
    return model, [(4, 5, 3), (4, 7, 3)]
