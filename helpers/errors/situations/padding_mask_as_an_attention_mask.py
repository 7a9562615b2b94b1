import keras
import numpy as np


def provoke():
    features, mask = np.ones((2, 5, 4)), np.ones((2, 5), bool)
    keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)(features, features, attention_mask=mask)
