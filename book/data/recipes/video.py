import keras
import numpy as np
from keras import layers, ops

rng = np.random.default_rng(0)
lengths = np.array([5, 9, 3, 12] * 3)
clips = [rng.uniform(0, n, (n, 16, 16, 1)) for n in lengths]
clips[0][4] = 0  # a black frame is no padding
y = rng.integers(0, 2, len(clips))


def batch(clips):
    x = keras.utils.pad_sequences(clips, dtype="float32", padding="post")
    number = np.array([len(clip) for clip in clips])
    return [x, np.arange(x.shape[1]) < number[:, None]]


video = keras.Input((None, 16, 16, 1))  # (time, height, width, channels)
real = keras.Input((None,), dtype="bool")
h = layers.Conv3D(8, (1, 3, 3), activation="relu")(video)  # frame by frame
h = ops.mean(h, axis=(2, 3))  # (batch, time, features)
h = layers.LSTM(8)(h, mask=real)
model = keras.Model([video, real], layers.Dense(2, "softmax")(h))
model.compile("adam", "sparse_categorical_crossentropy")
model.fit(batch(clips), y, batch_size=4, verbose=0)
answers = model.predict(batch(clips), verbose=0)
