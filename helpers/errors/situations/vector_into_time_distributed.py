import keras


def provoke():
    inputs = keras.Input((None, 4))
    keras.layers.TimeDistributed(keras.layers.Dense(2))(keras.layers.LSTM(3)(inputs))


def mend():
    layers = [keras.layers.SimpleRNN(3, return_sequences=True), keras.layers.Dense(2)]
    model = keras.Sequential([keras.Input((None, 4)), *layers])
    return model, [(2, 5, 4), (2, 7, 4)]
