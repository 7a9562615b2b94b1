"""Programs that feed a mask of integers beside token ids, as models of KerasHub take it."""

import keras
import numpy as np
from audit_programs import breaks, compiled, ids
from keras import layers, ops


def encoder(masked):
    """Return a small encoder that takes what a BERT takes, and heeds the mask or not."""
    inputs = {
        name: keras.Input((None,), dtype="int32", name=name)
        for name in ("token_ids", "padding_mask", "segment_ids")
    }
    h = layers.Embedding(9, 4)(inputs["token_ids"])
    h = h + layers.Embedding(2, 4)(inputs["segment_ids"])
    seen = inputs["padding_mask"][:, None] > (0 if masked else -1)
    h = layers.LayerNormalization()(h + layers.MultiHeadAttention(2, 2)(h, h, attention_mask=seen))
    return keras.Model(inputs, layers.Dense(1)(h[:, 0]))


def tokens(mask=None):
    x = ids()
    real = (x > 0).astype("int32") if mask is None else np.full_like(x, mask)
    return {"token_ids": x, "padding_mask": real, "segment_ids": np.zeros_like(x)}


@breaks("RE202")
def mask_of_integers_that_is_not_used(broken):
    y = np.arange(4, dtype="float32")[:, None]
    return {"model": compiled(encoder(masked=not broken)), "data": (tokens(), y)}


@breaks("RE202")
def mean_of_tokens_beside_a_mask(broken):
    inputs = [keras.Input((None,), dtype="int32") for _ in range(2)]
    h = layers.Embedding(9, 4)(inputs[0])
    real = ops.cast(inputs[1], "float32")[..., None]
    total = ops.sum(h * (1.0 if broken else real), axis=1)
    model = compiled(keras.Model(inputs, layers.Dense(1)(total / ops.sum(real, axis=1))))
    x = tokens()
    y = np.arange(4, dtype="float32")[:, None]
    return {"model": model, "data": ((x["token_ids"], x["padding_mask"]), y)}
