import keras
from keras import layers, ops

steps = keras.Input((None, 4))
mask = ops.any(ops.not_equal(steps, 0), axis=-1)
h = layers.Dense(16)(steps)
heads = layers.MultiHeadAttention(2, 8)
h = h + heads(h, h, attention_mask=mask[:, None])
h = layers.GlobalAveragePooling1D()(h, mask=mask)
model = keras.Model(steps, layers.Dense(3, "softmax")(h))
model.compile("adam", "sparse_categorical_crossentropy")
