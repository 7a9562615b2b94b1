import keras


def provoke():
    encoder = keras.layers.LSTM(3, return_sequences=True)
    keras.layers.RepeatVector(5)(encoder(keras.Input((None, 4))))


def mend():
    layers = [keras.layers.SimpleRNN(3), keras.layers.RepeatVector(5)]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    return model, [(2, 5, 4), (2, 7, 4)]
