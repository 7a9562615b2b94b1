import keras
from keras import layers, ops

image = keras.Input((48, None, 2))  # (height, width, channels)
real = image[..., 1:]
h = layers.Conv2D(4, 3, padding="same", activation="relu")(image) * real
h = layers.Permute((2, 1, 3))(h)  # columns first
h = layers.Reshape((-1, 48 * 4))(h)
h = layers.LSTM(16)(h, mask=ops.any(real[..., 0] > 0, axis=1))
model = keras.Model(image, layers.Dense(3, "softmax")(h))
model.compile("adam", "sparse_categorical_crossentropy")
