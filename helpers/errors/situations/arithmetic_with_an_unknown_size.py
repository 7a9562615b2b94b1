import keras


def provoke():
    images = keras.Input((None, None, 1))
    columns = keras.layers.Permute((2, 1, 3))(keras.layers.Conv2D(4, 3)(images))
    keras.layers.Reshape((-1, columns.shape[2] * columns.shape[3]))(columns)


def mend():
    images = keras.Input((None, None, 1))
    columns = keras.ops.max(keras.layers.Conv2D(4, 3)(images), axis=1)
    model = keras.Model(images, keras.layers.SimpleRNN(2)(columns))
    return model, [(4, 28, 12, 1), (4, 20, 40, 1)]
