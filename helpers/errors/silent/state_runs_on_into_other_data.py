import keras
import numpy as np

ones = {"kernel_initializer": "ones", "recurrent_initializer": "ones"}


def broken():
    rnn = keras.layers.SimpleRNN(1, stateful=True, **ones)
    model = keras.Sequential([keras.Input(batch_shape=(4, 3, 1)), rnn])
    x = np.full((4, 3, 1), 0.1)
    return model, x


def mend():
    rnn = keras.layers.SimpleRNN(1, **ones)
    model = keras.Sequential([keras.Input(batch_shape=(4, 3, 1)), rnn])
    x = np.full((4, 3, 1), 0.1)
    return model, x


def detect(model, x):
    first, second = (model.predict(x, batch_size=4, verbose=0) for _ in range(2))
    return float(second.mean()), float(first.mean())
