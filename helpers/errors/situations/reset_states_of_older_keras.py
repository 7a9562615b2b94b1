import keras
import numpy as np


def provoke():
    layers = [keras.layers.LSTM(4, stateful=True), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(batch_shape=(32, 5, 1)), *layers])
    model.reset_states()


def instead():
    layers = [keras.layers.LSTM(4, stateful=True), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input(batch_shape=(2, None, 1)), *layers])

    def answers(steps):
        for layer in model.layers:
            if getattr(layer, "stateful", False):
                layer.reset_state()
        return keras.ops.convert_to_numpy(model(np.ones((2, steps, 1))))

    def change(steps):
        first, second = answers(steps), answers(steps)
        return steps, round(float(np.abs(second - first).max()), 6)

    return [(change(5), (5, 0.0)), (change(7), (7, 0.0))]
