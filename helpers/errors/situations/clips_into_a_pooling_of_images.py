import keras


def provoke():
    keras.layers.MaxPooling2D()(keras.Input((None, 28, 28, 1)))


def mend():
    clips = keras.Input((None, 28, 28, 1))
    maps = keras.layers.MaxPooling3D((1, 2, 2))(clips)
    vectors = keras.ops.mean(maps, axis=(2, 3))
    model = keras.Model(clips, keras.layers.SimpleRNN(2)(vectors))
    return model, [(2, 5, 28, 28, 1), (3, 2, 28, 28, 1)]
