import keras


def provoke():
    layers = [keras.layers.RandomRotation(0.1), keras.layers.GlobalAveragePooling2D()]
    model = keras.Sequential([keras.Input((8, 8, 3)), *layers])
    model.compile(loss="mse", optimizer="sgd", jit_compile=True)
