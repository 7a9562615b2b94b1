import keras
import numpy as np


def provoke():
    features, mask = np.ones((2, 7, 4)), np.tril(np.ones((2, 10, 10), bool))
    layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1)
    layer(features, features, attention_mask=mask)


def mend():
    features, mask = keras.Input((None, 4)), keras.Input((None, None), dtype="bool")
    layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1)
    answers = layer(features, features, attention_mask=mask)
    model = keras.Model([features, mask], answers)
    causal = np.tril(np.ones((2, 10, 10), bool))
    sizes = 7, 10
    return model, [([np.ones((2, n, 4)), causal[:, :n, :n]], np.ones((2, n, 4))) for n in sizes]
