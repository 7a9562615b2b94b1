import keras


def provoke():
    keras.preprocessing.image.ImageDataGenerator(horizontal_flip=True)


def mend():
    layers = [
        keras.layers.RandomFlip("horizontal"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(1),
    ]
    model = keras.Sequential([keras.Input((None, None, 3)), *layers])
    return model, [(2, 8, 8, 3), (1, 6, 9, 3)]
