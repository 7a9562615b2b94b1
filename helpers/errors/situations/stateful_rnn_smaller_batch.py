import keras
import numpy as np

from helpers import batching, feeding
from helpers.errors.situations.shared import Rows


def provoke():
    inputs = keras.Input(batch_shape=(32, 5, 4))
    outputs = keras.layers.GRU(16, stateful=True)(inputs)
    model = keras.Model(inputs, outputs)
    model.predict(Rows(np.ones((41, 5, 4)), np.ones(41)), verbose=0)


def mend():
    inputs = keras.Input(batch_shape=(4, 5, 3))
    model = keras.Model(inputs, keras.layers.SimpleRNN(2, stateful=True)(inputs))

    def batches(rows):
        plan = batching.fixed(rows, 4, tail="pad")
        return feeding.tf_dataset(plan, np.ones((rows, 5, 3)), np.ones((rows, 2)))

    return model, [batches(6), batches(3)]
