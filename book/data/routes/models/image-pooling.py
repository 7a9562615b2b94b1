import keras
from keras import layers, ops

image = keras.Input((None, None, 2))
real = image[..., 1:]
h = layers.Conv2D(8, 3, padding="same", activation="relu")(image) * real
h = layers.Conv2D(8, 3, padding="same", activation="relu")(h) * real
mean = ops.sum(h, axis=(1, 2)) / ops.sum(real, axis=(1, 2))
model = keras.Model(image, layers.Dense(3, "softmax")(mean))
model.compile("adam", "sparse_categorical_crossentropy")
