import keras
from keras import layers, ops

steps = keras.Input((None, 4))
mask = ops.any(ops.not_equal(steps, 0), axis=-1)
real = ops.cast(mask, "float32")[..., None]
h = layers.Conv1D(16, 3, padding="same", activation="relu")(steps)
h = layers.Conv1D(16, 3, padding="same")(h * real)  # so before each
h = layers.GlobalAveragePooling1D()(h, mask=mask)
model = keras.Model(steps, layers.Dense(3, "softmax")(h))
model.compile("adam", "sparse_categorical_crossentropy")
