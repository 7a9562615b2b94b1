import keras


def provoke():
    keras.layers.Normalization().adapt([[1.0, 2.0, 3.0], [4.0]])
