import keras
from keras import layers

model = keras.Sequential(
    [
        keras.Input((48, 64, 1)),
        layers.Conv2D(8, 3, activation="relu"),
        layers.GlobalMaxPooling2D(),
        layers.Dense(3, "softmax"),
    ]
)
model.compile("adam", "sparse_categorical_crossentropy")
