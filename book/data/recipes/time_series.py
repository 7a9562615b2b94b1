import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
lengths = rng.integers(10, 40, 32)  # of each series
series = [np.sin(np.arange(n) / 2 + rng.uniform(0, 6)) for n in lengths]


def padded(parts):
    parts = [part[:, None] for part in parts]  # one feature
    return keras.utils.pad_sequences(
        parts, dtype="float32", padding="post"
    )


x = padded([each[:-1] for each in series])
y = padded([each[1:] for each in series])  # the next value, at each step
real = np.arange(x.shape[1]) < lengths[:, None] - 1
weight = real * real.size / real.sum()  # so the loss is of real steps only
lstm = layers.LSTM(16, return_sequences=True)
model = keras.Sequential([keras.Input((None, 1)), lstm, layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, y, sample_weight=weight, batch_size=32, verbose=0)

steps = model.predict(padded(series), verbose=0)[..., 0]
forecasts = steps[np.arange(len(series)), lengths - 1]  # at the last step
