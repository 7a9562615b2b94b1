import keras
from keras import layers, ops

steps = keras.Input((None, 4))
mask = ops.any(ops.not_equal(steps, 0), axis=-1, keepdims=True)
real = ops.cast(mask, "float32")  # (batch, time, 1)
h = layers.Conv1D(16, 3, padding="same", activation="relu")(steps)
h = layers.Conv1D(16, 3, padding="same")(h * real)  # so before each
mean = ops.sum(h * real, axis=1) / ops.sum(real, axis=1)
model = keras.Model(steps, layers.Dense(3, "softmax")(mean))
model.compile("adam", "sparse_categorical_crossentropy")
