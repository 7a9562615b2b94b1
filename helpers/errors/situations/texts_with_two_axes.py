import keras
import numpy as np


def provoke():
    words = np.array([["a", "b"], ["b", "a"]])
    keras.layers.TextVectorization(vocabulary=["a", "b"])(words)


def mend():
    texts = keras.layers.TextVectorization(vocabulary=["a", "b"])
    layers = [keras.layers.Embedding(4, 2), keras.layers.GlobalMaxPooling1D()]
    model = keras.Sequential([keras.Input((None,), dtype="int32"), *layers])
    batches = [["a", "b"], ["b", "a"]], [["a", "b", "a"], ["b", "a", "a"]]
    joined = [[" ".join(words) for words in rows] for rows in batches]
    ids = [keras.ops.convert_to_numpy(texts(np.array(rows))) for rows in joined]
    return model, [(each, np.ones((2, 2))) for each in ids]
