import keras


def provoke():
    keras.ops.image.crop_images(keras.Input((None, None, 3)), 1, 1, 1, 1)


def mend():
    layers = [keras.layers.Conv2D(2, 3), keras.layers.GlobalMaxPooling2D()]
    model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Cropping2D(1), *layers])
    return model, [(2, 8, 9, 3), (2, 10, 12, 3)]
