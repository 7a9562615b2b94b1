import keras


def provoke():
    padded = keras.utils.pad_sequences([[0.5, 0.2], [0.7]], dtype="float32")
    model = keras.Sequential([keras.layers.Masking(), keras.layers.LSTM(4)])
    model.predict(padded, verbose=0)
