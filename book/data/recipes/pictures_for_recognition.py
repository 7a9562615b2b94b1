import keras
import numpy as np
from helpers import data
from keras import layers, ops

pictures, strings = data.digit_strings(96)  # 8 pixels high, of any width
widths = np.array([each.shape[1] for each in pictures])
x = np.zeros((len(pictures), 8, widths.max(), 1), "float32")
for padded, picture in zip(x, pictures, strict=True):
    padded[:, : picture.shape[1], 0] = picture / 16
y = keras.utils.pad_sequences([s + 1 for s in strings], padding="post")
real = (np.arange(widths.max()) < widths[:, None]).astype("float32")

image, columns = keras.Input((8, None, 1)), keras.Input((None,))
h = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
h = layers.Reshape((-1, 8 * 8))(layers.Permute((2, 1, 3))(h))
lstm = layers.LSTM(32, return_sequences=True)
h = layers.Bidirectional(lstm)(h, mask=columns > 0)
blank = ops.one_hot(ops.cast(columns * 0, "int32"), 11) * 40 - 20
keep = columns[..., None]  # padding is read as blank, class 0
scores = keep * layers.Dense(11)(h) + (1 - keep) * blank
model = keras.Model([image, columns], scores)
model.compile("adam", keras.losses.CTC())
model.fit([x, real], y, epochs=2, verbose=0)

best = model.predict([x, real], verbose=0).argmax(-1)  # a class per column
first = np.diff(best, axis=1, prepend=0) != 0  # of equal neighbours
read = [b[f & (b > 0)] - 1 for b, f in zip(best, first, strict=True)]
