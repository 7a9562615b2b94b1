"""Programs that a rule about the model tells apart: masks, rows, padding in layers, lengths."""

import keras
import numpy as np
from audit_programs import Rows, breaks, compiled, ids, vectors
from keras import layers, ops

# RE203: a mask that does not fit


class AttentionPooling(layers.Layer):
    def __init__(self, ends):
        super().__init__()
        self.supports_masking, self.ends = True, ends
        self.score = layers.Dense(1)

    def build(self, shape):
        self.score.build(shape)

    def call(self, x, mask=None):
        scores = self.score(x)[..., 0]
        scores = scores if mask is None else ops.where(mask, scores, -1e9)
        return ops.sum(ops.softmax(scores)[..., None] * x, axis=1)

    def compute_mask(self, inputs, mask=None):
        return None if self.ends else mask


@breaks("RE203")
def mask_on_a_vector(broken):
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    outputs = layers.Dense(2)(AttentionPooling(ends=not broken)(h))
    return {"model": compiled(keras.Model(inputs, outputs)), "data": (ids(), np.ones((4, 2)))}


@breaks("RE203")
def mask_as_wide_as_the_features(broken):
    # 7 steps and 7 features: only another length tells the axes apart
    inputs = keras.Input((None,), dtype="int32")
    h = layers.Embedding(9, 7, mask_zero=True)(inputs)
    outputs = AttentionPooling(ends=not broken)(h)
    return {"model": compiled(keras.Model(inputs, outputs)), "data": (ids(), np.ones((4, 7)))}


class Pooled(layers.MaxPooling1D):
    def __init__(self, stride_mask, **kwargs):
        super().__init__(2, **kwargs)
        self.supports_masking, self.stride_mask = True, stride_mask

    def call(self, x, mask=None):
        return super().call(x if mask is None else ops.where(mask[..., None], x, -1e9))

    def compute_mask(self, inputs, mask=None):
        if mask is None:
            return None
        steps = ops.shape(mask)[1] // 2
        return mask[:, 1::2] if self.stride_mask else mask[:, :steps]


@breaks("RE203")
def pooling_cuts_the_mask(broken):
    class Tagger(keras.Model):
        def __init__(self):
            super().__init__()
            self.mask, self.pool = layers.Masking(), Pooled(stride_mask=not broken)
            self.rnn = layers.GRU(2)

        def call(self, x):
            return self.rnn(self.pool(self.mask(x)))

    x = vectors((6, 2, 5, 4), steps=6)
    return {"model": compiled(Tagger()), "data": (x, np.ones((4, 2), "float32"))}


class Reversed(layers.Layer):
    def __init__(self, of_mask):
        super().__init__()
        self.supports_masking, self.of_mask = True, of_mask

    def call(self, x):
        return ops.flip(x, axis=1)

    def compute_mask(self, inputs, mask=None):
        return ops.flip(mask, axis=1) if mask is not None and self.of_mask else mask


@breaks("RE203")
def reversed_without_its_mask(broken):
    steps = [keras.Input((None, 3)), layers.Masking(), Reversed(not broken), layers.LSTM(2)]
    x = Rows(vectors(), np.ones((4, 2), "float32"), size=4)
    return {"model": compiled(keras.Sequential(steps)), "data": x}


@breaks("RE203")
def recurrence_from_the_end(broken):
    # go_backwards returns the steps turned around, and the mask as it came
    inputs = keras.Input((None,), dtype="int32", name="ids")
    h = layers.Embedding(9, 4, mask_zero=True)(inputs)
    h = layers.LSTM(3, return_sequences=True, go_backwards=broken)(h)
    model = compiled(keras.Model({"ids": inputs}, layers.GlobalAveragePooling1D()(h)))
    return {"model": model, "data": ({"ids": ids()}, np.ones((4, 3), "float32"))}


@breaks("RE203")
def cut_before_attention(broken):
    class Tail(layers.Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True

        def call(self, x):
            return x[:, 1:]

        def compute_mask(self, inputs, mask=None):
            return mask if mask is None or broken else mask[:, 1:]

    inputs = keras.Input((None,), dtype="int32")
    h = Tail()(layers.Embedding(9, 4, mask_zero=True)(inputs))
    h = layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(1, 2)(h, h))
    return {"model": compiled(keras.Model(inputs, h)), "data": (ids(), np.ones((4, 4), "float32"))}
