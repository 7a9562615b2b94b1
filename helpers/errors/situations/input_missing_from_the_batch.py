import keras
import numpy as np


def provoke():
    x, lengths = keras.Input((None, 4), name="x"), keras.Input((1,), name="lengths")
    model = keras.Model({"x": x, "lengths": lengths}, x * lengths[:, None])
    model.predict({"x": np.ones((2, 5, 4))}, verbose=0)


def mend():
    x, lengths = keras.Input((None, 4), name="x"), keras.Input((1,), name="lengths")
    means = keras.ops.sum(x, axis=1) / lengths
    model = keras.Model({"x": x, "lengths": lengths}, keras.layers.Dense(1)(means))

    def of_length(steps):
        x, lengths = np.ones((2, steps, 4)), np.full((2, 1), steps)
        return {"x": x, "lengths": lengths}, np.ones((2, 1))

    return model, [of_length(5), of_length(7)]
