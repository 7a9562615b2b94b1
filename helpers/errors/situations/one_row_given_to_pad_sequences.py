import keras


def provoke():
    keras.utils.pad_sequences([4, 2, 7])
