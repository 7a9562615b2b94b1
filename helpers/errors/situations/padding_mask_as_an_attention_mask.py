import keras
import numpy as np


def provoke():
    features, mask = np.ones((2, 5, 4)), np.ones((2, 5), bool)
    keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)(features, features, attention_mask=mask)


def mend():
    features = keras.Input((None, 4))
    mask = keras.ops.any(features != 0, axis=-1)
    layer = keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)
    answers = layer(features, features, attention_mask=mask[:, None, :])
    return keras.Model(features, answers), [(2, 5, 4), (3, 7, 4)]
