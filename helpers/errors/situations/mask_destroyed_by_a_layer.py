import keras


def provoke():
    layers = [keras.layers.Masking(), keras.layers.Conv1D(4, 3), keras.layers.LSTM(2)]
    keras.Sequential([keras.Input((None, 3)), *layers])
