import keras


def provoke():
    layers = [keras.layers.Embedding(10, 4), keras.layers.Flatten(), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    for rows in ([[1, 2, 3], [4]], [[1, 2, 3, 4, 5], [6]]):
        model.predict(keras.utils.pad_sequences(rows), verbose=0)
