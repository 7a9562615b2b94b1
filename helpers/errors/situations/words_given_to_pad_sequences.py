import keras


def provoke():
    keras.utils.pad_sequences([["a", "word"], ["two", "more", "words"]], value="")
