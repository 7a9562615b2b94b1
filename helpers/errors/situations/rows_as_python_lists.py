import keras


def provoke():
    layers = [keras.layers.Embedding(10, 4, mask_zero=True), keras.layers.LSTM(2)]
    keras.Sequential(layers).predict([[1, 2, 3], [4]], verbose=0)
