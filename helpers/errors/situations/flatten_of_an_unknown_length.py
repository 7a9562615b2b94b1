import keras


def provoke():
    layers = [keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(1)]
    keras.Sequential([keras.Input((None,)), *layers])
