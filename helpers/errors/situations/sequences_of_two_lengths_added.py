import keras


def provoke():
    question, text = keras.Input((5, 3)), keras.Input((7, 3))
    keras.layers.Add()([question, text])
