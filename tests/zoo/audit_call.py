"""Programs whose fault is in the call: of ``fit``, its steps, its sizes, its data."""

import keras
import numpy as np
from audit_programs import breaks, compiled, dense
from keras import layers

# RE102: a generator for validation ends


@breaks("RE102")
def validation_generator_of_one_epoch(broken):
    x = np.ones((20, 4), "float32")

    def batches():
        while True:
            for i in range(0, 20, 5):
                yield x[i : i + 5], x[i : i + 5, :1]
            if broken:
                return

    fit = {"epochs": 3, "validation_steps": 4}
    return {"model": dense(), "data": (x, x[:, :1]), "validation": batches, "fit": fit}


# RE104: the batch axis is fixed


@breaks("RE104")
def held_out_rows_make_a_tail(broken):
    inputs = keras.Input((4,), batch_size=4)
    model = compiled(keras.Model(inputs, layers.Dense(1)(inputs)))
    x, y = np.ones((20, 4), "float32"), np.ones((20, 1), "float32")
    fit = {"batch_size": 4, "validation_split": 0.3 if broken else 0.2}
    return {"model": model, "data": (x, y), "fit": fit}
