import keras
from helpers import data
from keras import layers, ops

rows, y = data.japanese_vowels()  # 7 to 26 frames of 12 numbers
x = keras.utils.pad_sequences(rows, dtype="float32", padding="post")

frames = keras.Input((None, 12))
mask = ops.any(ops.not_equal(frames, 0), axis=-1)
h = layers.Conv1D(16, 3, padding="same", activation="relu")(frames)
h = h * ops.cast(mask, h.dtype)[..., None]  # the convolution fills padding
h, mask = layers.MaxPooling1D(2)(h), mask[:, 1::2]  # half as many steps
h = layers.LSTM(16)(h, mask=mask)
model = keras.Model(frames, layers.Dense(9, "softmax")(h))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(x, y, epochs=2, verbose=0)
answers = model.predict(x, verbose=0)
