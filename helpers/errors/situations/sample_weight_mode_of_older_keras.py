import keras


def provoke():
    model = keras.Sequential([keras.layers.LSTM(1, return_sequences=True)])
    model.compile(loss="mse", optimizer="sgd", sample_weight_mode="temporal")
