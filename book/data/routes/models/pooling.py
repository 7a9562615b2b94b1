import keras
from keras import layers, ops

steps = keras.Input((None, 4))
mask = ops.any(ops.not_equal(steps, 0), axis=-1, keepdims=True)
real = ops.cast(mask, "float32")  # (batch, time, 1)
h = layers.Dense(16, activation="relu")(steps)  # each one by itself
mean = ops.sum(h * real, axis=1) / ops.sum(real, axis=1)
model = keras.Model(steps, layers.Dense(3, "softmax")(mean))
model.compile("adam", "sparse_categorical_crossentropy")
