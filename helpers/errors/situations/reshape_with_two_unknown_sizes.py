import keras


def provoke():
    images = keras.Input((None, None, 1))
    columns = keras.layers.Permute((2, 1, 3))(keras.layers.Conv2D(4, 3)(images))
    keras.layers.Reshape((-1, -1))(columns)
