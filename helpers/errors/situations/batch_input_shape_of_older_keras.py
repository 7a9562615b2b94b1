import keras


def provoke():
    keras.layers.LSTM(4, batch_input_shape=(32, 5, 1), stateful=True)
