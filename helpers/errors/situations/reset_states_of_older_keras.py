import keras


def provoke():
    layers = [keras.layers.LSTM(4, stateful=True), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(batch_shape=(32, 5, 1)), *layers])
    model.reset_states()
